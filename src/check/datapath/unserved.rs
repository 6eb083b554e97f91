//! Why Cilium does not serve a NodePort: a device or address that was left out, or a Service that was.

use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::kubernetes::Service;
use std::net::IpAddr;

/// The device that carries an address on which no NodePort is served.
pub struct UnservedDevice {
    /// Its name.
    pub name: String,
    /// Why it is left out, starting with a comma or bracket; empty where nothing says so.
    pub why: String,
    /// The devices that are served, in a sentence.
    pub served: String,
    /// What says so.
    pub evidence: Vec<Evidence>,
}

/// The device that carries `address`, from StateDB `devices` or the status.
///
/// `None` where neither was captured, or neither knows the address.
pub fn unserved_device(view: &View<'_>, node: &str, address: IpAddr) -> Option<UnservedDevice> {
    let agent = view.agent(node);
    let subject = format!("Node/{node}");
    let devices = agent.devices().ok()?;
    let device = devices
        .iter()
        .find(|device| device.addresses.contains(&address))?;
    let mut names: Vec<&str> = devices
        .iter()
        .filter(|device| device.selected)
        .map(|device| device.name.as_str())
        .collect();
    if let (true, Ok(status)) = (names.is_empty(), agent.status()) {
        names = status
            .devices
            .iter()
            .map(|device| device.name.as_str())
            .collect();
    }
    let served = if names.is_empty() {
        "no device".to_owned()
    } else {
        names.join(", ")
    };
    let mut evidence = vec![Evidence::new(
        Layer::Programmed,
        &devices.origin,
        subject.clone(),
        format!("devices {}", device.name),
        format!(
            "Selected={} {}",
            device.selected, device.not_selected_reason
        )
        .trim_end(),
    )];
    let why = if !device.selected && !device.not_selected_reason.is_empty() {
        format!(" (Selected=false: {})", device.not_selected_reason)
    } else if !device.selected {
        " (Selected=false)".to_owned()
    } else {
        let rows = agent.node_addresses().ok()?;
        let row = rows
            .iter()
            .find(|row| row.address == address && row.device == device.name)?;
        evidence.push(Evidence::new(
            Layer::Programmed,
            &rows.origin,
            subject,
            format!("node-addresses {address}"),
            format!("NodePort={} DeviceName={}", row.node_port, row.device),
        ));
        " as an address that is not selected for NodePorts (NodePort=false)".to_owned()
    };
    Some(UnservedDevice {
        name: device.name.clone(),
        why,
        served,
        evidence,
    })
}

/// An annotation or label that limits where or how Cilium serves a Service.
pub struct Limit<'a> {
    /// Its key.
    pub key: &'static str,
    /// Its value.
    pub value: &'a str,
    /// Whether it is a label.
    pub label: bool,
    /// Whether it excludes NodePorts on every node; the others depend on the node or on the agent's configuration.
    pub certain: bool,
}

/// The first annotation or label that can keep Cilium from serving a Service's NodePorts.
///
/// `service.cilium.io/type` (1.17 on) limits the frontends to one type; `service.cilium.io/node` (1.17) and
/// `service.cilium.io/node-selector` (1.18) limit the nodes; `service.kubernetes.io/service-proxy-name` hands the
/// Service to another proxy (pkg/loadbalancer/reflectors, pkg/annotation).
pub fn limit(service: &Service) -> Option<Limit<'_>> {
    let meta = &service.metadata;
    let found = |key: &'static str, label: bool, certain: bool| {
        let value = if label {
            &meta.labels
        } else {
            &meta.annotations
        }
        .get(key)?;
        Some(Limit {
            key,
            value,
            label,
            certain,
        })
    };
    found("service.cilium.io/type", false, true)
        .filter(|limit| limit.value != "NodePort")
        .or_else(|| found("service.cilium.io/node", false, false))
        .or_else(|| found("service.cilium.io/node-selector", false, false))
        .or_else(|| found("service.kubernetes.io/service-proxy-name", true, false))
}
