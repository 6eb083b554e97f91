//! Whether both ends of a target group speak the PROXY protocol: the balancer sends its header, Envoy expects it.
//!
//! `enable-gateway-api-proxy-protocol` is read by the operator alone, so the listener filter in the
//! CiliumEnvoyConfig is what counts (operator/pkg/model/translation/envoy_listener.go). The filter is
//! configured without `allow_requests_without_proxy_protocol`: it takes nothing but connections with the header.

use super::chains;
use crate::check::View;
use crate::check::datapath::annotation::annotate;
use crate::check::finding::{Evidence, Fix, Layer, Risk};
use crate::model::kubernetes::{CiliumEnvoyConfig, Object, Service};
use crate::model::{Fact, Gap, Reason, Source};
use crate::path::AwsName;
use serde_json::Value;

/// The attribute of a target group.
pub const ATTRIBUTE: &str = "proxy_protocol_v2.enabled";

/// What one end does, with what says so.
pub struct End {
    /// Whether it speaks the PROXY protocol.
    pub on: bool,
    /// What says so.
    pub evidence: Evidence,
}

/// Whether the load balancer sends a PROXY protocol header to the targets of a group.
///
/// # Errors
/// A gap when the target group's attributes were not read.
pub fn balancer(view: &View<'_>, group: &AwsName) -> Result<End, Gap> {
    let attributes = view
        .region(group, Source::TargetGroupAttributes)?
        .target_group_attributes(&group.name)?;
    let found = attributes.iter().find(|one| one.key == ATTRIBUTE);
    let value = found.map_or("absent, which means false", |one| one.value.as_str());
    Ok(End {
        on: value == "true",
        evidence: Evidence::new(
            Layer::Programmed,
            &attributes.origin,
            format!("TargetGroup/{}", group.name),
            ATTRIBUTE,
            value,
        ),
    })
}

/// Whether Envoy's listener for a Service port expects the header.
///
/// # Errors
/// A gap when the listener is not in the object.
pub fn envoy(config: &Fact<CiliumEnvoyConfig>, service: &str, port: u16) -> Result<End, Gap> {
    let listener = chains::listener(config, service, port).ok_or_else(|| {
        Gap::new(
            Source::EnvoyConfigs,
            config.metadata.name.clone(),
            Reason::Partial("its listener is not in the object".to_owned()),
        )
    })?;
    let names: Vec<&str> = listener["listenerFilters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|filter| filter["name"].as_str())
        .collect();
    Ok(End {
        on: listener["listenerFilters"]
            .as_array()
            .is_some_and(|all| all.iter().any(expects)),
        evidence: Evidence::new(
            Layer::Declared,
            &config.origin,
            config.id(),
            "listenerFilters[].name",
            if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            },
        ),
    })
}

fn expects(filter: &Value) -> bool {
    let kind = filter["typedConfig"]["@type"].as_str().unwrap_or_default();
    filter["name"] == "envoy.filters.listener.proxy_protocol"
        || kind.ends_with(".proxy_protocol.v3.ProxyProtocol")
}

/// Brings the balancer in line with Envoy: the attribute is set where the controller reads it.
pub fn follow_envoy(service: &Service, on: bool) -> Fix {
    let key = "service.beta.kubernetes.io/aws-load-balancer-target-group-attributes";
    let value = format!("{ATTRIBUTE}={on}");
    let gateway = service
        .metadata
        .owner_references
        .iter()
        .any(|owner| owner.kind == "Gateway");
    let helm = if gateway {
        "gatewayAPI.enableProxyProtocol"
    } else {
        "ingressController.enableProxyProtocol"
    };
    Fix {
        summary: format!(
            "set both ends alike: {value} on the target group (add it to what the annotation has already), or {helm}={} in Cilium \
             with a restart of the operator. It changes every connection at once",
            !on
        ),
        commands: vec![annotate(service, &[(key, Some(&value))])],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: format!(
            "describe-target-group-attributes shows {value}, and a request through the load balancer is answered"
        ),
    }
}
