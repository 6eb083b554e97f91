//! The attributes that the AWS Load Balancer Controller sets on the target group of a Service port.
//!
//! Several annotations may name the same attribute. The order in which they win is that of
//! pkg/service/model_build_target_group.go, buildPortSpecificTargetGroupAttributes and buildTargetGroupAttributes.

use crate::check::objects::declared::{annotated, pairs};
use crate::model::kubernetes::Service;
use std::collections::BTreeMap;

/// Attributes of target groups, `key=value,key=value`; with `.PORT` behind it those of one Service port.
pub(super) const ANNOTATION: &str = "aws-load-balancer-target-group-attributes";

/// Whether a target group sends the PROXY protocol, which two more annotations decide.
const PROXY_PROTOCOL: &str = "proxy_protocol_v2.enabled";

/// An attribute that an annotation declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declared {
    /// Its value.
    pub(super) value: String,
    /// The field of the annotation that decides it.
    pub(super) by: String,
}

/// The attributes that annotations declare for the target group of a Service port, by name.
///
/// What the controller refuses declares nothing.
pub(super) fn attributes(service: &Service, port: u16) -> BTreeMap<String, Declared> {
    let mut all = BTreeMap::new();
    for name in [ANNOTATION.to_owned(), of_port(port)] {
        let Some((by, text)) = annotated(service, &name) else {
            continue;
        };
        // An empty value of one port keeps the one for all of them.
        let said = pairs(text).filter(|(_, value)| name == ANNOTATION || !value.is_empty());
        all.extend(said.map(|(key, value)| (key.to_owned(), declared(value, &by))));
    }
    if let Some((by, text)) =
        annotated(service, "aws-load-balancer-proxy-protocol-per-target-group")
    {
        let listed: Result<Vec<u16>, _> = text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(str::parse)
            .collect();
        all.remove(PROXY_PROTOCOL);
        if let Ok(listed) = listed {
            let on = listed.contains(&port).to_string();
            all.insert(PROXY_PROTOCOL.to_owned(), declared(&on, &by));
        }
    }
    if let Some((by, text)) = annotated(service, "aws-load-balancer-proxy-protocol") {
        all.remove(PROXY_PROTOCOL);
        if text == "*" {
            all.insert(PROXY_PROTOCOL.to_owned(), declared("true", &by));
        }
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
    use super::attributes;
    use crate::check::objects::annotated;
    use serde_json::json;

    fn of(annotations: &[(&str, &str)], port: u16) -> Vec<String> {
        let service = annotated::service(json!({}), annotations);
        let all = attributes(&service, port).into_iter();
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
    fn what_the_controller_refuses_declares_nothing() {
        let base = ("target-group-attributes", "proxy_protocol_v2.enabled=true");
        assert!(of(&[base, ("proxy-protocol", "true")], 80).is_empty());
        assert!(of(&[base, ("proxy-protocol-per-target-group", "https")], 80).is_empty());
    }
}
