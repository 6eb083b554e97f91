//! The INPUT chain of the node refuses the check, which goes to a socket of the node itself.

use super::input_chain::{Packet, refusal};
use super::probe::{Probe, entry};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::kubernetes::node::KUBE_PROXY_HEALTH;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6311),
    slug: "host-netfilter-refuses",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "a firewall of the node's own refuses the health check",
    since: "0.1.0",
    known_issues: &[],
    needs: &[Source::Services, Source::BpfLb, Source::Iptables],
    page: include_str!("host_netfilter_refuses.md"),
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    match ask(view, path, target) {
        Err(_) if target.state() == Some("healthy") => {
            not_applicable("the check is answered, so no firewall refuses it")
        }
        other => other,
    }
}

fn ask(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    let (Ok(node), Ok(address)) = (&target.node, &target.address) else {
        return not_applicable("the target is no node that is known");
    };
    if address.is_ipv6() {
        return not_applicable("only the rules for IPv4 are read");
    }
    let port = target.check.port;
    let to_proxy = match Probe::of(service, path, target) {
        Ok(probe) if probe.of_agent => false,
        Ok(_) if !service.is_proxied() => {
            return not_applicable("Cilium answers for NodePorts before netfilter is asked");
        }
        Ok(probe) => {
            let found = entry(view, target, probe)?;
            if !found.frontend.is_some_and(|frontend| frontend.redirects()) {
                return not_applicable("there is no redirect to Envoy");
            }
            true
        }
        Err(_) if port == KUBE_PROXY_HEALTH && target.id.starts_with("i-") => false,
        Err(why) => return not_applicable(why),
    };
    let chains = match view.agent(node).input_chains() {
        Ok(chains) if chains.rules.is_empty() => {
            return not_applicable("the filter table was not captured");
        }
        Ok(chains) => chains,
        // A firewall of the node's own is rare enough to ask for only where something is wrong.
        Err(_) if target.state() != Some("unhealthy") => {
            return not_applicable("netfilter was not read, and nothing speaks of it");
        }
        Err(gap) => return Err(gap),
    };
    let packet = Packet {
        address: *address,
        port,
        to_proxy,
    };
    let Some(rule) = refusal(chains, packet) else {
        // That is no proof that it passes: rules that are not understood, and those of nft, are passed over.
        return not_applicable("no rule of the node's INPUT chain is seen to refuse the check");
    };
    let what = if to_proxy {
        "which Cilium hands to Envoy through the node's own stack"
    } else {
        "which a process of the node answers"
    };
    fail(
        Finding::new(
            format!("netfilter of the node refuses the port of the health check, {what}: {rule}"),
            rule.clone(),
            vec![Evidence::new(
                Layer::Programmed,
                &chains.origin,
                format!("Node/{node}"),
                format!("filter table, from INPUT, for TCP port {port}"),
                rule.clone(),
            )],
        )
        .about([format!("Node/{node}")])
        .assuming("what the agent's iptables-save prints is the table that the kernel asks")
        .fix(Fix {
            summary: format!(
                "let TCP port {port}, and every other that a target group checks, in from the load balancer's subnets where that firewall is configured (NixOS \
                 networking.firewall, firewalld, ufw, a user data script); that `ss` shows nothing on a NodePort is normal with Cilium"
            ),
            commands: vec![
                view.agent_exec(node, "iptables-save -t filter"),
                format!(
                    "kubectl debug node/{node} -it --profile=sysadmin --image=busybox -- chroot /host iptables -I INPUT -p tcp --dport {port} -j ACCEPT   # until its next reload"
                ),
            ],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "the rule's packet counter in `iptables -vnL` stands still, and the target turns healthy".to_owned(),
        }),
    )
}
