//! Readings that the lab did not take and nothing implies, given so that the rest of the way can be judged.
//!
//! What is said with them is no prediction: Envoy's listeners follow from what README.md says was done to the proxy,
//! and the rules from the redirect that they serve.

use super::cluster::{Capture, NODE};
use cilium_lb::bundle::Bundle;
use cilium_lb::model::Snapshot;
use cilium_lb::parse;
use serde_json::{Value, json};

/// Adds what is not there.
pub(crate) fn add(capture: &Capture, bundle: &mut Bundle) {
    let redirects = redirects(&parse::snapshot(bundle));
    let mut add = |path: String, text: String| {
        if bundle.get(&path).is_none() {
            bundle.insert(path, text);
        }
    };
    if capture
        .text(&format!("envoy/{NODE}/listeners.txt"))
        .is_none()
    {
        let listening = redirects.iter().filter(|_| proxy_listens(capture));
        add(
            format!("envoy/{NODE}/listeners.json"),
            statuses(listening.map(|port| (format!("listener-{port}"), *port))),
        );
    }
    let rules: String = redirects
        .iter()
        .map(|port| {
            format!(
                "-A CILIUM_PRE_mangle -p tcp -m mark --mark 0x{:04x}0200 -j TPROXY --on-port {port} --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff\n",
                port.swap_bytes()
            )
        })
        .collect();
    add(
        format!("cilium/{NODE}/iptables-save.txt"),
        format!("*mangle\n:CILIUM_PRE_mangle - [0:0]\n{rules}COMMIT\n"),
    );
    add(
        format!("cilium/{NODE}/ip-rule.txt"),
        "9:\tfrom all fwmark 0x200/0xf00 lookup 2004\n100:\tfrom all lookup local\n".to_owned(),
    );
    add(
        format!("cilium/{NODE}/ip-route-2004.txt"),
        "local default dev lo proto kernel scope host\n".to_owned(),
    );
}

/// Whether the proxy of the state took its listeners; README.md says what was done to it.
fn proxy_listens(capture: &Capture) -> bool {
    let state = capture.state.split('/').nth(1).unwrap();
    !matches!(state, "base-noenvoy" | "envoy-nack" | "envoy-nack-fresh")
}

/// The ports that the datapath redirects to.
fn redirects(snapshot: &Snapshot) -> Vec<u16> {
    let bpf = snapshot.agents[NODE].bpf.as_ref().unwrap();
    let mut ports: Vec<u16> = bpf
        .frontends
        .values()
        .filter(|frontend| frontend.redirects())
        .filter_map(|frontend| frontend.proxy_port)
        .collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// What Envoy prints of its listeners.
fn statuses(listeners: impl Iterator<Item = (String, u16)>) -> String {
    let listeners: Vec<Value> = listeners
        .map(|(name, port)| {
            json!({"name": name, "local_address":
                {"socket_address": {"address": "127.0.0.1", "port_value": port}}})
        })
        .collect();
    json!({"listener_statuses": listeners}).to_string()
}
