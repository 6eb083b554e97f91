//! A large bundle made from a small one: the healthy scenario's first node, many times over.

use super::scenario;
use cilium_lb::bundle::Bundle;
use serde_json::{Value, json};

/// The node that is multiplied, and what is unique about it.
const NODE: &str = "ip-10-80-1-24.eu-west-2.compute.internal";
const ADDRESS: &str = "10.80.1.24";
const INSTANCE: &str = "i-080cdead7875c5bb8";
/// What is renamed in the copy of a port.
type Ports = [(&'static str, &'static str); 3];
/// The ports that are doubled: Service port, NodePort, target group, and their copies.
const PORTS: [Ports; 2] = [
    [
        ("80", "8080"),
        ("30866", "30868"),
        ("ab026b9331", "ab026b9332"),
    ],
    [
        ("443", "8443"),
        ("31163", "31165"),
        ("a82b6fccb1", "a82b6fccb2"),
    ],
];

/// A healthy Gateway with four listeners on `nodes` nodes: four targets per node.
pub(crate) fn gateway(nodes: usize) -> Bundle {
    gateway_of(nodes, &PORTS)
}

/// The same with three listeners.
pub(crate) fn gateway_of_three(nodes: usize) -> Bundle {
    gateway_of(nodes, &PORTS[..1])
}

fn gateway_of(nodes: usize, copied: &[Ports]) -> Bundle {
    let small = scenario::one("obs-eu-dev-healthy").bundle;
    let mut fleet = Bundle::default();
    fleet.manifest = small.manifest.clone();
    for (path, bytes) in small.iter() {
        let text = std::str::from_utf8(bytes).unwrap();
        let mut parts = path.split('/');
        let top = parts.next().unwrap();
        match (top, parts.next()) {
            ("cilium" | "envoy", Some(NODE)) => agent(&mut fleet, path, text, nodes, copied),
            ("cilium" | "envoy", _) => {}
            _ => shared(&mut fleet, path, text, nodes, copied),
        }
    }
    fleet
}

fn agent(fleet: &mut Bundle, path: &str, text: &str, nodes: usize, copied: &[Ports]) {
    let text = if path.contains("bpf-lb-list") {
        let mut rows: Value = serde_json::from_str(text).unwrap();
        for [_, (from, to), _] in copied {
            let copy: Value = serde_json::from_str(&text.replace(from, to)).unwrap();
            rows.as_object_mut()
                .unwrap()
                .extend(copy.as_object().unwrap().clone());
        }
        rows.to_string()
    } else {
        text.to_owned()
    };
    for index in 0..nodes {
        let unique = unique(index);
        fleet.insert(path.replace(NODE, &unique[0]), rename(&text, &unique));
    }
}

fn shared(fleet: &mut Bundle, path: &str, text: &str, nodes: usize, copied: &[Ports]) {
    if path.ends_with(".yaml") && !path.starts_with("kubernetes/") {
        fleet.insert(path, text);
        return;
    }
    let mut value: Value = serde_saphyr::from_str(text).unwrap();
    let list = [
        "items",
        "Reservations",
        "Listeners",
        "TargetGroups",
        "TargetHealthDescriptions",
    ]
    .into_iter()
    .find(|field| value[*field].is_array());
    if let Some(field) = list {
        let before = value[field].as_array().unwrap().clone();
        let mut after = Vec::new();
        for item in &before {
            let text = item.to_string();
            if text.contains(INSTANCE) || (text.contains(NODE) && !text.contains("ip-10-80-2-")) {
                after.extend((0..nodes).map(|index| {
                    serde_json::from_str::<Value>(&rename(&text, &unique(index))).unwrap()
                }));
            } else if !names_another_node(&text) {
                after.push(item.clone());
            }
        }
        if matches!(field, "Listeners" | "TargetGroups") {
            for (item, renames) in before.iter().zip(copied) {
                after.push(duplicate(item, renames));
            }
        }
        value[field] = Value::Array(after);
    }
    ports(&mut value, copied);
    fleet.insert(path, value.to_string());
    for renames in copied {
        let (from, to) = renames[2];
        if path.contains(from) {
            fleet.insert(
                path.replace(from, to),
                duplicate(&value, renames).to_string(),
            );
        }
    }
}

/// Adds the copied ports to the Service and to the CiliumEnvoyConfig.
fn ports(value: &mut Value, copied: &[Ports]) {
    for item in value["items"].as_array_mut().into_iter().flatten() {
        let name = item["metadata"]["name"].as_str().unwrap_or_default();
        if name != "cilium-gateway-shared-gateway" {
            continue;
        }
        match item["kind"].as_str() {
            Some("Service") => {
                let ports = item["spec"]["ports"].as_array_mut().unwrap();
                for [(_, port), (_, node_port), _] in copied {
                    let number = |text: &str| text.parse::<u16>().unwrap();
                    ports.push(json!({"name": format!("port-{port}"), "port": number(port), "protocol": "TCP", "nodePort": number(node_port)}));
                }
            }
            Some("CiliumEnvoyConfig") => {
                for service in item["spec"]["services"]
                    .as_array_mut()
                    .into_iter()
                    .flatten()
                {
                    let more = copied.iter().map(|[(_, port), ..]| port.parse().unwrap());
                    service["ports"] = [80_u16, 443].into_iter().chain(more).collect();
                }
            }
            _ => {}
        }
    }
}

fn names_another_node(text: &str) -> bool {
    (text.contains("providerID")
        || text.contains("\"nodeName\"")
        || text.contains("\"InstanceId\"")
        || text.contains("\"Target\""))
        && !text.contains("EndpointSlice")
}

fn duplicate(value: &Value, renames: &[(&str, &str)]) -> Value {
    let mut text = value.to_string();
    let [(port, other), rest @ ..] = renames else {
        return value.clone();
    };
    text = text.replace(&format!("\"Port\":{port},"), &format!("\"Port\":{other},"));
    for (from, to) in rest {
        text = text.replace(from, to);
    }
    serde_json::from_str(&text).unwrap()
}

/// Name, address and instance of a copy.
fn unique(index: usize) -> [String; 3] {
    [
        format!("node-{index:04}"),
        format!("10.80.{}.{}", 128 + index / 250, 1 + index % 250),
        format!("i-{index:017x}"),
    ]
}

fn rename(text: &str, [name, address, instance]: &[String; 3]) -> String {
    // Quoted, slashed or followed by a colon: 10.80.1.24 must not match inside 10.80.1.241.
    let mut text = text.replace(NODE, name).replace(INSTANCE, instance);
    for end in ["\"", "/", ":", " ", "'", "\n"] {
        text = text.replace(&format!("{ADDRESS}{end}"), &format!("{address}{end}"));
    }
    text
}
