//! The kernel rules that deliver a redirected packet to Envoy are not there.

use super::accepting::{ACCEPTED, accepts};
use super::host_network_node_port::fixed;
use crate::check::datapath::proxied::Redirect;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::restart::restart_agent;
use crate::check::node::running;
use crate::check::node::setting::Key;
use crate::check::outcome::{Checked, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::cilium::IpRule;
use crate::model::{Gap, Origin, Reason, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(7104),
    slug: "tproxy-rule-missing",
    hop: Hop::Proxy,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the rules that deliver redirected packets to Envoy are missing",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::EnvoyConfigs,
        Source::Iptables,
        Source::IpRules,
        Source::IpRoutes2004,
        Source::AgentConfig,
        Source::AgentStartConfig,
        Source::AgentLog,
        Source::AgentMetrics,
        Source::DbConfigs,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::Nodes,
        Source::Pods,
        Source::HubbleFlows,
    ],
    page: include_str!("tproxy_rule_missing.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let redirect = match Redirect::of(view, path, target)? {
        Ok(redirect) => redirect,
        Err(why) => return not_applicable(why),
    };
    let of = &redirect.of;
    if fixed(view, of.service, of.probe.service_port).is_some() {
        return not_applicable("a listener with its own address gets no such rule (CLB7201)");
    }
    let node = redirect.entry.node;
    if redirect.entry.address.is_ipv6() {
        return Err(Gap::new(
            Source::Iptables,
            format!("node {node}"),
            Reason::Partial("the rules for IPv6 are not read".to_owned()),
        ));
    }
    let missing = match missing(view, node, redirect.port) {
        Err(_) if accepts(view, target, &redirect) => return pass(ACCEPTED),
        Err(gap) => return redirect.unread(gap),
        Ok(missing) => missing,
    };
    let Some((piece, evidence)) = missing else {
        return pass("TPROXY rule, routing rule and route are there");
    };
    let tproxy = running::running(view, node, Key::BpfTproxy)?;
    if tproxy.on {
        return not_applicable("enable-bpf-tproxy delivers packets without these rules");
    }
    let finding = Finding::new(
        format!("{} is missing on the node, so a redirected packet never reaches Envoy", piece.title()),
        piece.title(),
        vec![evidence, redirect.evidence()],
    )
    .about([format!("Node/{node}")])
    .fix(Fix {
        summary: piece.summary().to_owned(),
        commands: vec![restart_agent(view, node)],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: "`iptables-save -t mangle`, `ip rule` and `ip route show table 2004` show it on every target node".to_owned(),
    });
    redirect.broken(finding)
}

/// A part of the way from the mark to Envoy's socket.
#[derive(Clone, Copy)]
enum Piece {
    /// Not even the rules of other proxy ports, which every agent writes.
    AllTproxy,
    Tproxy,
    Rule,
    Route,
}

impl Piece {
    fn title(self) -> &'static str {
        match self {
            Self::AllTproxy => "every TPROXY rule",
            Self::Tproxy => "the TPROXY rule for the redirect's port",
            Self::Rule => "the routing rule `fwmark 0x200/0xf00 lookup 2004`",
            Self::Route => "the local route of table 2004",
        }
    }

    fn summary(self) -> &'static str {
        match self {
            Self::AllTproxy => {
                "see in the agent's log whether it could write the rules: the node's kernel needs iptables with the modules \
                 iptable_mangle, xt_TPROXY, xt_socket and xt_mark; where they were written, stop what flushes them (another tool \
                 that rewrites iptables, an nft and legacy mix); then restart the agent, which writes them again"
            }
            Self::Tproxy | Self::Rule | Self::Route => {
                "stop what removes it (another tool that rewrites iptables, an nft and legacy mix, NetworkManager or \
                 systemd-networkd with ManageForeignRoutingPolicyRules), then restart the agent, which writes it again"
            }
        }
    }
}

/// The first part that is missing, with what says so.
fn missing(view: &View<'_>, node: &str, port: u16) -> Result<Option<(Piece, Evidence)>, Gap> {
    let agent = view.agent(node);
    let evidence = |origin: &Origin, field: &str, value: String| {
        Evidence::new(
            Layer::Programmed,
            origin,
            format!("Node/{node}"),
            field,
            value,
        )
    };
    let rules = agent.tproxy_rules()?;
    let wanted = mark(port);
    if !rules
        .iter()
        .any(|rule| rule.protocol == "tcp" && rule.port == port && rule.mark == wanted)
    {
        let present: Vec<String> = rules
            .iter()
            .filter(|rule| rule.protocol == "tcp")
            .map(|rule| format!("mark {:#x} to {}", rule.mark, rule.port))
            .collect();
        let (piece, present) = if present.is_empty() {
            (Piece::AllTproxy, "none".to_owned())
        } else {
            (Piece::Tproxy, present.join(", "))
        };
        let value = format!("none with mark {wanted:#x} to {port}; present: {present}");
        return Ok(Some((
            piece,
            evidence(&rules.origin, "mangle TPROXY tcp", value),
        )));
    }
    let routing = agent.ip_rules()?;
    if !routing.iter().any(IpRule::is_proxy_rule) {
        let present: Vec<&str> = routing.iter().map(|rule| rule.text.as_str()).collect();
        return Ok(Some((
            Piece::Rule,
            evidence(&routing.origin, "ip rule", present.join("; ")),
        )));
    }
    let routes = agent.routes_2004()?;
    if !routes.iter().any(|route| delivers_everything(route)) {
        let present = if routes.is_empty() {
            "empty".to_owned()
        } else {
            routes.join("; ")
        };
        return Ok(Some((
            Piece::Route,
            evidence(&routes.origin, "table 2004", present),
        )));
    }
    Ok(None)
}

/// `local default dev lo`, as Cilium writes it, however `ip` spells it.
fn delivers_everything(route: &str) -> bool {
    let mut words = route.split_whitespace();
    words.next() == Some("local") && matches!(words.next(), Some("default" | "0.0.0.0/0"))
}

/// The mark that the datapath puts on a packet for `port`: the port in network byte order above `0x0200`
/// (bpf/lib/common.h MARK_MAGIC_TO_PROXY).
fn mark(port: u16) -> u32 {
    (u32::from(port.swap_bytes()) << 16) | 0x200
}

#[cfg(test)]
mod tests {
    use super::{delivers_everything, mark};

    #[test]
    fn only_a_local_default_route_delivers_everything() {
        assert!(delivers_everything(
            "local default dev lo proto kernel scope host"
        ));
        assert!(delivers_everything("local 0.0.0.0/0 dev lo"));
        assert!(!delivers_everything("local 10.0.0.1 dev lo scope host"));
        assert!(!delivers_everything("default via 10.0.0.1 dev eth0"));
    }

    /// Of a real agent: `--mark 0xf7320200 … --on-port 13047`.
    #[test]
    fn marks_carry_the_port_in_network_byte_order() {
        assert_eq!(mark(13047), 0xf732_0200);
    }
}
