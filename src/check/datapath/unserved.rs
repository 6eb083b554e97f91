//! Why Cilium does not serve a NodePort on an address: the device or address that was left out.

use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::check::network::cidr;
use crate::check::node::option::option;
use crate::model::cilium::statedb::Device;
use std::net::IpAddr;

/// Why no NodePort is served on an address of a node.
pub struct Unserved {
    /// The message.
    pub message: String,
    /// What decides it.
    pub decides: String,
    /// What says so.
    pub evidence: Vec<Evidence>,
}

/// Why no NodePort is served on `address`: its device is not selected, `nodeport-addresses` leaves it out,
/// or the agents have chosen another address of the device.
///
/// From StateDB `devices` and `node-addresses` (1.16 on), else from the device list of the status.
/// `None` where nothing that was captured knows the address.
pub fn unserved(view: &View<'_>, node: &str, address: IpAddr) -> Option<Unserved> {
    let agent = view.agent(node);
    let Ok(devices) = agent.devices() else {
        return not_listed(view, node, address);
    };
    let device = devices
        .iter()
        .find(|device| device.addresses.contains(&address))?;
    let evidence = Evidence::new(
        Layer::Programmed,
        &devices.origin,
        format!("Node/{node}"),
        format!("devices {}", device.name),
        format!(
            "Selected={} {}",
            device.selected, device.not_selected_reason
        )
        .trim_end(),
    );
    if device.selected {
        return not_chosen(view, node, address, device, evidence);
    }
    let selected = devices
        .iter()
        .filter(|device| device.selected)
        .map(|device| device.name.as_str());
    let served = served(view, node, selected);
    let why = match device.not_selected_reason.as_str() {
        "" => "Selected=false".to_owned(),
        reason => format!("Selected=false: {reason}"),
    };
    let mut evidence = vec![evidence];
    let mut asked = String::new();
    if let Some((text, from)) = option(view, node, "devices")
        && !text.is_empty()
    {
        asked = format!("; devices asks for {text:?}");
        evidence.push(from);
    }
    Some(Unserved {
        message: format!(
            "NodePorts are served on {served}, and the target's address is on {} ({why}){asked}",
            device.name
        ),
        decides: format!("device {}", device.name),
        evidence,
    })
}

/// The devices that are served, in words.
fn served<'s>(view: &View<'_>, node: &str, selected: impl Iterator<Item = &'s str>) -> String {
    let mut names: Vec<String> = selected.map(str::to_owned).collect();
    if let (true, Ok(status)) = (names.is_empty(), view.agent(node).status()) {
        names = status
            .devices
            .iter()
            .map(|device| device.name.clone())
            .collect();
    }
    if names.is_empty() {
        "no device".to_owned()
    } else {
        names.join(", ")
    }
}

/// The status lists the devices with their addresses, and the target's is none of them.
///
/// Up to 1.14 it lists of each device the addresses that serve NodePorts, later all: a device may carry the address
/// and be served on another.
fn not_listed(view: &View<'_>, node: &str, address: IpAddr) -> Option<Unserved> {
    let status = view.agent(node).status().ok()?;
    let with_addresses = status
        .devices
        .iter()
        .all(|device| !device.addresses.is_empty());
    let has = status
        .devices
        .iter()
        .any(|device| device.addresses.contains(&address));
    if status.devices.is_empty() || !with_addresses || has {
        return None;
    }
    let listed: Vec<String> = status
        .devices
        .iter()
        .map(|device| {
            let addresses: Vec<String> = device.addresses.iter().map(ToString::to_string).collect();
            format!("{} {}", device.name, addresses.join(" "))
        })
        .collect();
    let names = served(view, node, std::iter::empty());
    Some(Unserved {
        message: format!(
            "NodePorts are served on {names}, for which the agents do not list the target's address"
        ),
        decides: format!("device list {names}"),
        evidence: vec![Evidence::new(
            Layer::Programmed,
            &status.origin,
            format!("Node/{node}"),
            "kube-proxy-replacement.deviceList",
            listed.join(", "),
        )],
    })
}

/// The device is served, but not on this address.
fn not_chosen(
    view: &View<'_>,
    node: &str,
    address: IpAddr,
    device: &Device,
    of_device: Evidence,
) -> Option<Unserved> {
    let rows = view.agent(node).node_addresses().ok()?;
    let row = rows
        .iter()
        .find(|row| row.address == address && row.device == device.name && !row.node_port)?;
    let served: Vec<String> = rows
        .iter()
        .filter(|row| row.device == device.name && row.node_port)
        .map(|row| row.address.to_string())
        .collect();
    let mut evidence = vec![
        of_device,
        Evidence::new(
            Layer::Programmed,
            &rows.origin,
            format!("Node/{node}"),
            format!("node-addresses {address}"),
            format!("NodePort={} DeviceName={}", row.node_port, row.device),
        ),
    ];
    if !served.is_empty() {
        evidence.push(Evidence::new(
            Layer::Programmed,
            &rows.origin,
            format!("Node/{node}"),
            format!("node-addresses of {} with NodePort=true", device.name),
            served.join(", "),
        ));
    }
    let asked = option(view, node, "nodeport-addresses");
    let (message, decides) = match &asked {
        Some((text, _)) if excludes(text, address) => (
            format!("nodeport-addresses is {text:?}, which leaves out the target's address"),
            "nodeport-addresses",
        ),
        Some((text, _)) if text.is_empty() && !served.is_empty() => (
            format!(
                "nodeport-addresses is empty, so NodePorts are served on one address of {}, and the target's is another \
                 one (NodePort=false)",
                device.name
            ),
            "one address per device",
        ),
        _ => (
            format!(
                "NodePorts are served on other addresses of {}, and the target's is not selected for NodePorts \
                 (NodePort=false)",
                device.name
            ),
            "address not selected",
        ),
    };
    evidence.extend(asked.map(|(_, from)| from));
    Some(Unserved {
        message,
        decides: decides.to_owned(),
        evidence,
    })
}

/// Whether a list of blocks is readable, not empty and without `address`.
fn excludes(text: &str, address: IpAddr) -> bool {
    let blocks: Vec<&str> = text
        .split([',', ' '])
        .map(str::trim)
        .filter(|block| !block.is_empty())
        .collect();
    !blocks.is_empty()
        && blocks
            .iter()
            .all(|block| cidr::contains(block, address) == Ok(false))
}
