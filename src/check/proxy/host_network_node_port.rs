//! The target group uses the NodePort of a Gateway or Ingress in host network mode, which nothing delivers to Envoy.

use super::fixed_address::addresses;
use super::requested::{Requested, requested};
use crate::check::datapath::probe::Probe;
use crate::check::datapath::proxied;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::running;
use crate::check::node::setting::Key;
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::workload::chains;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::{CiliumEnvoyConfig, Service};
use crate::model::{Fact, Source};
use crate::path::{Path, Target};
use std::net::SocketAddr;

/// The check.
pub static CHECK: Check = Check {
    code: Code(7201),
    slug: "host-network-node-port",
    hop: Hop::Proxy,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the NodePort of a Gateway or Ingress in host network mode leads to no Envoy listener",
    since: "0.1.0",
    needs: &[
        Source::AgentMetrics,
        Source::Services,
        Source::EnvoyConfigs,
        Source::Iptables,
        Source::AgentConfig,
        Source::AgentStartConfig,
        Source::DbConfigs,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::Nodes,
        Source::Pods,
        Source::AgentVersion,
        Source::AgentLog,
    ],
    page: include_str!("host_network_node_port.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let service = match proxied::service(view)? {
        Ok(service) => service,
        Err(why) => return not_applicable(why),
    };
    let probe = match Probe::of(service, path, target) {
        Ok(probe) => probe,
        Err(why) => return not_applicable(why),
    };
    let Some((config, bound)) = fixed(view, service, probe.service_port) else {
        // Without the object the other checks of this hop are unknown; it is normal for it to have no address.
        return not_applicable("the agent chooses the address of the listener");
    };
    let node = target.node.as_ref().map_err(Clone::clone)?;
    let ports: Vec<u16> = bound.iter().map(SocketAddr::port).collect();
    let rules = view.agent(node).tproxy_rules()?;
    if rules
        .iter()
        .any(|rule| rule.protocol == "tcp" && ports.contains(&rule.port))
    {
        return pass("a TPROXY rule delivers to the listener's own port");
    }
    let tproxy = running::running(view, node, Key::BpfTproxy)?;
    if tproxy.on {
        return not_applicable("enable-bpf-tproxy delivers packets without TPROXY rules");
    }
    let id = format!("{}/{}", config.metadata.namespace, config.metadata.name);
    let bound: Vec<String> = bound.iter().map(SocketAddr::to_string).collect();
    let present: Vec<String> = rules
        .iter()
        .filter(|rule| rule.protocol == "tcp")
        .map(|rule| rule.port.to_string())
        .collect();
    let finding = Finding::new(
        format!(
            "the listener of {id} has the address {} of host network mode, and no TPROXY rule delivers NodePorts to it: the \
             target group has to use the listener's own port",
            bound.join(", "),
        ),
        id.clone(),
        vec![
            Evidence::new(
                Layer::Declared,
                &config.origin,
                format!("CiliumEnvoyConfig/{id}"),
                "Listener address, additionalAddresses",
                bound.join(", "),
            ),
            Evidence::new(
                Layer::Programmed,
                &rules.origin,
                format!("Node/{node}"),
                "mangle TPROXY tcp, ports",
                if present.is_empty() { "none".to_owned() } else { present.join(", ") },
            ),
        ],
    )
    .about([format!("CiliumEnvoyConfig/{id}"), format!("Node/{node}")])
    .confidence(Confidence::Medium)
    .assuming("the kernel has no other way from the mark to the socket; read from the agent's code, not seen in the field")
    .fix(fix(path.port));
    if probe.of_agent {
        return Ok(Outcome::Note(finding));
    }
    fail(finding)
}

/// The object that asks for a port of the Service with a listener that has its own address.
pub(super) fn fixed<'a>(
    view: &View<'a>,
    service: &Service,
    port: u16,
) -> Option<(&'a Fact<CiliumEnvoyConfig>, Vec<SocketAddr>)> {
    let Ok(Requested::By(config)) = requested(view, service, port) else {
        return None;
    };
    let bound = addresses(chains::listener(config, &service.metadata.name, port).ok()?);
    (!bound.is_empty()).then_some((config, bound))
}

fn fix(port: u16) -> Fix {
    Fix {
        summary: format!(
            "register the nodes with port {port}, the listener's own, in a target group of your own with a TCP check on the \
             traffic port, and open that port instead of the NodePort; or turn host network mode off"
        ),
        commands: vec![
            format!(
                "aws elbv2 create-target-group --name <name> --target-type instance --protocol TCP --port {port} --vpc-id <VPC> \
                 --health-check-protocol TCP --health-check-port traffic-port"
            ),
            format!(
                "aws elbv2 register-targets --target-group-arn <ARN> --targets Id=<instance>,Port={port}"
            ),
        ],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: "the targets of the new group are healthy on the listener port".to_owned(),
    }
}
