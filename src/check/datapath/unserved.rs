//! Why Cilium does not serve a NodePort on an address: the device or address that was left out.

use crate::check::View;
use crate::check::finding::{Evidence, Layer};
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
