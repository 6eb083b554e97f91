//! One end of the target group speaks the PROXY protocol and the other does not: the check passes, clients fail.

use super::proxy_protocol::{balancer, envoy, follow_envoy};
use crate::check::finding::Finding;
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::proxy::requested::{Requested, requested};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::Path;

/// The check.
pub static CHECK: Check = Check {
    code: Code(8107),
    slug: "proxy-protocol-mismatch",
    hop: Hop::Workload,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "only one of load balancer and Envoy speaks the PROXY protocol",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::EnvoyConfigs,
        Source::TargetGroupAttributes,
    ],
    page: include_str!("proxy_protocol_mismatch.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if !service.is_proxied() {
        return not_applicable("what an ordinary Service's Pods expect is not read");
    }
    let Some(group) = path.target_group.found() else {
        return not_applicable("no target group is known");
    };
    let Requested::By(config) = requested(view, service, path.port)? else {
        return not_applicable("no CiliumEnvoyConfig asks for the port (CLB7101)");
    };
    let envoy = envoy(config, &service.metadata.name, path.port)?;
    let balancer = balancer(view, group)?;
    if !envoy.on && !balancer.on {
        return not_applicable("neither load balancer nor Envoy speaks the PROXY protocol");
    }
    if envoy.takes(&balancer) {
        return pass("load balancer and Envoy agree on the PROXY protocol");
    }
    let message = if envoy.on {
        "Envoy's listener takes only connections with a PROXY protocol header, and the target group sends none: every request hangs \
         or is cut off"
    } else {
        "the target group sends a PROXY protocol header before every request, and Envoy's listener does not expect one: it answers \
         400 or breaks off the TLS handshake"
    };
    let id = format!("{}/{}", config.metadata.namespace, config.metadata.name);
    fail(
        Finding::new(
            message,
            format!(
                "{id} {}",
                if envoy.on {
                    "envoy only"
                } else {
                    "balancer only"
                }
            ),
            vec![envoy.evidence, balancer.evidence],
        )
        .about([
            format!("TargetGroup/{}", group.name),
            format!("CiliumEnvoyConfig/{id}"),
        ])
        .fix(follow_envoy(service, envoy.on)),
    )
}
