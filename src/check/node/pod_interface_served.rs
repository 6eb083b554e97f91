//! The host's ends of Pods' interfaces are among the devices on which Cilium serves NodePorts.

use super::option;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;

/// The check.
pub static CHECK: Check = Check {
    code: Code(5405),
    slug: "pod-interface-served",
    hop: Hop::Node,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "Cilium takes interfaces of Pods for devices of the host",
    since: "0.1.0",
    needs: &[
        Source::AgentStatus,
        Source::AgentStartConfig,
        Source::ConfigMaps,
    ],
    page: include_str!("pod_interface_served.md"),
    known_issues: &[],
    run: Run::Node(run),
};

fn run(view: &View<'_>, node: &str) -> Checked {
    let status = view.agent(node).status()?;
    let of_pods: Vec<&str> = status
        .devices
        .iter()
        .map(|device| device.name.as_str())
        .filter(|name| is_of_a_pod(name))
        .collect();
    if of_pods.is_empty() {
        return pass("the devices that serve NodePorts are the host's own");
    }
    let mut evidence = vec![Evidence::new(
        Layer::Programmed,
        &status.origin,
        format!("Node/{node}"),
        "kube-proxy-replacement.deviceList",
        of_pods.join(", "),
    )];
    let options = ["cni-chaining-mode", "devices"];
    evidence.extend(
        options
            .into_iter()
            .filter_map(|key| Some(option::option(view, node, key)?.1)),
    );
    let namespace = view.agent_namespace();
    Ok(Outcome::Note(
        Finding::new(
            "the devices on which Cilium serves NodePorts include the host's ends of Pods' interfaces, so its programs for \
             traffic from outside run on traffic of Pods as well",
            "pod interfaces",
            evidence,
        )
        .about([format!("ConfigMap/{namespace}/cilium-config")])
        .confidence(Confidence::Medium)
        .fix(Fix {
            summary: "name the host's devices instead of letting the agents find them, and restart the agents; `+` is a wildcard at \
                      the end of a name"
                .to_owned(),
            commands: vec![
                "kubectl get nodes -o name   # then `ip -brief link` on one of each kind: eth+ and ens+ are usual on EC2".to_owned(),
                view.helm_upgrade("--set devices='{eth+,ens+}'"),
                view.kubectl("rollout restart ds/cilium"),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "`cilium-dbg status` lists no eni… or lxc… under KubeProxyReplacement".to_owned(),
        }),
    ))
}

/// `lxc…` is Cilium's own name, `eni` and hexadecimal digits that of the Amazon VPC CNI.
///
/// EC2 names its interfaces `eth0` or `ens5`; an interface with a readable name after `eni` is somebody's own.
fn is_of_a_pod(name: &str) -> bool {
    let is_hex = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.starts_with("lxc")
        || name
            .strip_prefix("eni")
            .is_some_and(|rest| rest.len() >= 8 && is_hex(rest))
}

#[cfg(test)]
mod tests {
    use super::is_of_a_pod;

    #[test]
    fn names_of_pods_and_of_hosts() {
        assert!(is_of_a_pod("eni621c0fc8425") && is_of_a_pod("lxc1f3a"));
        assert!(!is_of_a_pod("ens5") && !is_of_a_pod("eni0") && !is_of_a_pod("enigma0"));
    }
}
