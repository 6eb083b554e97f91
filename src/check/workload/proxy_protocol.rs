//! Whether both ends of a target group speak the PROXY protocol: the balancer sends its header, Envoy expects it.
//!
//! `enable-gateway-api-proxy-protocol` is read by the operator alone, so the listener filter in the
//! CiliumEnvoyConfig is what counts (operator/pkg/model/translation/envoy_listener.go). Cilium configures the filter
//! without `allow_requests_without_proxy_protocol`: it takes nothing but connections with the header. An object made
//! by hand may allow both.

use super::chains;
use crate::check::View;
use crate::check::datapath::annotation::annotate;
use crate::check::finding::{Evidence, Fix, Layer, Risk};
use crate::model::kubernetes::{CiliumEnvoyConfig, Object, Service};
use crate::model::{Fact, Gap, Source};
use crate::path::AwsName;
use serde_json::Value;

/// The attribute of a target group.
pub const ATTRIBUTE: &str = "proxy_protocol_v2.enabled";

/// What one end does, with what says so.
pub struct End {
    /// Whether it speaks the PROXY protocol.
    pub on: bool,
    /// Whether it goes without the header as well.
    pub optional: bool,
    /// What says so.
    pub evidence: Evidence,
}

impl End {
    /// Whether what the balancer sends is what this end takes.
    pub fn takes(&self, sent: &Self) -> bool {
        self.on == sent.on || self.optional
    }
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
        optional: false,
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
    let listener = chains::listener(config, service, port)?;
    let filters = listener["listenerFilters"].as_array().into_iter().flatten();
    let names: Vec<&str> = filters
        .clone()
        .filter_map(|filter| filter["name"].as_str())
        .collect();
    let expecting: Vec<&Value> = filters.filter(|filter| expects(filter)).collect();
    Ok(End {
        on: !expecting.is_empty(),
        optional: !expecting.is_empty() && expecting.into_iter().all(is_optional),
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

/// Both spellings of the JSON form of protocol buffers.
fn is_optional(filter: &Value) -> bool {
    [
        "allowRequestsWithoutProxyProtocol",
        "allow_requests_without_proxy_protocol",
    ]
    .iter()
    .any(|field| filter["typedConfig"][*field] == true)
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
