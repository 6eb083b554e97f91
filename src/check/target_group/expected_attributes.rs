//! The attributes that the AWS Load Balancer Controller sets on the target group of a Service port.
//!
//! Several annotations may name the same attribute. The order in which they win is that of
//! pkg/service/model_build_target_group.go, buildPortSpecificTargetGroupAttributes and buildTargetGroupAttributes.

use crate::check::balancer::expected_attributes as balancer;
use crate::check::objects::declared::{annotated, pairs};
use crate::check::objects::go_bool;
use crate::model::kubernetes::Service;
use std::collections::BTreeMap;

/// Attributes of target groups, `key=value,key=value`; with `.PORT` behind it those of one Service port.
pub(super) const ANNOTATION: &str = "aws-load-balancer-target-group-attributes";

/// Whether a target group sends the PROXY protocol, which two more annotations decide.
const PROXY_PROTOCOL: &str = "proxy_protocol_v2.enabled";

/// The Service ports whose target groups send it.
const OF_PORTS: &str = "aws-load-balancer-proxy-protocol-per-target-group";

/// `*` where those of all ports do.
const OF_ALL: &str = "aws-load-balancer-proxy-protocol";

/// Whether targets see the client's address, which the controller itself asks for.
const PRESERVE: &str = "preserve_client_ip.enabled";

/// An attribute that an annotation declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declared {
    /// Its value.
    pub(super) value: String,
    /// The field of the annotation that decides it.
    pub(super) by: String,
}

/// The annotation that keeps the AWS Load Balancer Controller from changing anything for a Service, where one does: it
/// reads all of them before it changes the first (pkg/service/model_builder.go, Build).
pub(in crate::check) fn refused(service: &Service) -> Option<String> {
    let ports = service.spec.ports.iter();
    let mut of_groups = ports.filter_map(|port| attributes(service, port.port).err());
    let of_balancer = balancer::attributes(service).err();
    of_balancer.or_else(|| of_groups.next())
}

/// The attributes that annotations declare for the target group of a Service port, by name.
///
/// # Errors
/// The annotation that the controller refuses.
pub(super) fn attributes(
    service: &Service,
    port: u16,
) -> Result<BTreeMap<String, Declared>, String> {
    let mut all = listed(service, port);
    if let Some(text) = all.get(PRESERVE).map(|declared| &declared.value)
        && go_bool::parse(text).is_none()
    {
        return Err(format!("{PRESERVE}={text}"));
    }
    if let Some((by, text)) = annotated(service, OF_PORTS) {
        let words = text.split(',').map(str::trim);
        let listed: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        if listed.iter().any(|word| word.parse::<i64>().is_err()) {
            return Err(format!("{OF_PORTS}={text}"));
        }
        let on = listed.contains(&port.to_string().as_str()).to_string();
        all.insert(PROXY_PROTOCOL.to_owned(), declared(&on, &by));
    }
    if let Some((by, text)) = annotated(service, OF_ALL) {
        if text != "*" {
            return Err(format!("{OF_ALL}={text}"));
        }
        all.insert(PROXY_PROTOCOL.to_owned(), declared("true", &by));
    }
    Ok(all)
}

/// The attributes of the two annotations that list any, by name.
pub(super) fn listed(service: &Service, port: u16) -> BTreeMap<String, Declared> {
    let mut all = BTreeMap::new();
    for name in [ANNOTATION.to_owned(), of_port(port)] {
        let Some((by, text)) = annotated(service, &name) else {
            continue;
        };
        // An empty value of one port keeps the one for all of them.
        let said = pairs(text).filter(|(_, value)| name == ANNOTATION || !value.is_empty());
        all.extend(said.map(|(key, value)| (key.to_owned(), declared(value, &by))));
    }
    all
}

/// The annotation whose attributes are those of one Service port.
pub(super) fn of_port(port: u16) -> String {
    format!("{ANNOTATION}.{port}")
}

fn declared(value: &str, by: &str) -> Declared {
    Declared {
        value: value.to_owned(),
        by: by.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{attributes, refused};
    use crate::check::objects::annotated;
    use serde_json::json;

    fn of(annotations: &[(&str, &str)], port: u16) -> Vec<String> {
        let service = annotated::service(json!({}), annotations);
        let all = attributes(&service, port).unwrap().into_iter();
        all.map(|(key, declared)| format!("{key}={}", declared.value))
            .collect()
    }

    #[test]
    fn a_port_wins_over_all_ports_unless_it_is_empty() {
        let asked = [
            ("target-group-attributes", "a=1,b=2,c=3"),
            ("target-group-attributes.443", "b=4,c="),
        ];
        assert_eq!(of(&asked, 80), ["a=1", "b=2", "c=3"]);
        assert_eq!(of(&asked, 443), ["a=1", "b=4", "c=3"]);
    }

    #[test]
    fn the_annotations_of_the_proxy_protocol_win_over_the_attribute() {
        let base = ("target-group-attributes", "proxy_protocol_v2.enabled=true");
        let of_ports = ("proxy-protocol-per-target-group", "443, 8443");
        let (on, off) = (
            ["proxy_protocol_v2.enabled=true"],
            ["proxy_protocol_v2.enabled=false"],
        );
        assert_eq!(of(&[base], 80), on);
        assert_eq!(of(&[base, of_ports], 80), off);
        assert_eq!(of(&[base, of_ports], 443), on);
        assert_eq!(of(&[of_ports, ("proxy-protocol", "*")], 80), on);
    }

    #[test]
    fn what_the_controller_refuses_is_named() {
        let ports = json!({"spec": {"ports": [{"port": 80}, {"port": 443}]}});
        let refused = |name, value| {
            let service = annotated::service(ports.clone(), &[(name, value)]);
            refused(&service)
        };
        for (name, value) in [
            ("proxy-protocol", "true"),
            ("proxy-protocol-per-target-group", "443, https"),
            ("cross-zone-load-balancing-enabled", "yes"),
        ] {
            let said = format!("aws-load-balancer-{name}={value}");
            assert_eq!(refused(name, value), Some(said));
        }
        let preserved = "preserve_client_ip.enabled=on";
        let said = refused("target-group-attributes.443", preserved);
        assert_eq!(said.as_deref(), Some(preserved));
        assert_eq!(refused("proxy-protocol-per-target-group", "70000"), None);
    }
}
