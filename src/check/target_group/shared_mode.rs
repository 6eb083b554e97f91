//! The mode of cloud-provider-aws in which every Service of policy Cluster is checked on one port of the nodes.
//!
//! `ClusterServiceLoadBalancerHealthProbeMode=Shared` has them asked by HTTP on port 10256 and `/healthz`, unless the
//! cloud config names another port or path (pkg/providers/v1/aws.go, buildNLBHealthCheckConfiguration and
//! EnsureLoadBalancer). Nothing that is read tells the mode or what it names.

use crate::model::aws::TargetGroup;
use crate::model::kubernetes::Service;
use crate::model::{Gap, Reason, Source};

/// Whether that mode may have set the check of a target group. There it wins over the annotations.
pub(super) fn may_have_set(service: &Service, group: &TargetGroup) -> bool {
    let port = group.health_check_port.as_deref();
    let port = port.and_then(|port| port.parse::<u16>().ok());
    let of_node = |port| !service.spec.ports.iter().any(|own| own.node_port == port);
    !service.is_local()
        && group.health_check_protocol.as_deref() == Some("HTTP")
        && port.is_some_and(of_node)
}

/// The gap where only that mode would explain the port of a check.
pub(super) fn gap(source: Source, about: &str, port: u16) -> Gap {
    Gap::new(
        source,
        about,
        Reason::Partial(format!(
            "port {port} may be the ClusterServiceSharedLoadBalancerHealthProbePort of cloud-provider-aws, which only its cloud config tells"
        )),
    )
}
