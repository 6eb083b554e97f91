//! Why a NodePort entry has no redirect although one was asked for and Envoy did not refuse it.

use super::affinity;
use super::probe::{Entry, row_key};
use super::proxied::{Proxied, of_frontend};
use crate::check::View;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::node::restart::restart_agent;
use crate::check::node::version;
use crate::model::cilium::Frontend;

/// The most exact thing that can be said about an entry without redirect.
pub fn finding(
    view: &View<'_>,
    of: &Proxied<'_>,
    entry: &Entry<'_, '_>,
    frontend: &Frontend,
) -> Finding {
    let mut found = affinity::refused(view, of, entry.node)
        .or_else(|| (frontend.proxy_port == Some(0)).then(|| port_zero(view, of, entry)))
        .or_else(|| node_port_left_out(view, of, entry))
        .unwrap_or_else(|| unexplained(view, of, entry));
    found.evidence.push(of_frontend(entry, of.probe, frontend));
    found
}

/// The flag with the reserved port 0, which the datapath takes for no redirect (bpf/lib/lb.h).
fn port_zero(view: &View<'_>, of: &Proxied<'_>, entry: &Entry<'_, '_>) -> Finding {
    let id = of.id();
    Finding::new(
        format!("the NodePort entries of {id} carry the reserved proxy port 0, which the datapath ignores"),
        format!("{id} proxy port 0"),
        Vec::new(),
    )
    .about([format!("Service/{id}"), format!("Node/{}", entry.node)])
    .fix(Fix {
        summary: "restart the agent of the node, which takes a port and writes the entries anew; no agent should ever \
                  write port 0, so keep its log and state for a bug report first"
            .to_owned(),
        commands: vec![
            view.agent_exec(entry.node, "cilium-dbg shell -- db/show envoy-resources"),
            restart_agent(view, entry.node),
        ],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: "the NodePort entries show l7-load-balancer with a proxy port above 0".to_owned(),
    })
}

/// 1.16 and 1.17 look up the NodePorts of a Service once, when they process the CiliumEnvoyConfig
/// (pkg/ciliumenvoyconfig/cec_manager.go getServiceNodeports). A Service that came later, or was made anew
/// with other NodePorts, is then redirected on its ClusterIP only.
fn node_port_left_out(view: &View<'_>, of: &Proxied<'_>, entry: &Entry<'_, '_>) -> Option<Finding> {
    let version = view.agent(entry.node).version().ok()?;
    if !version.at_least(1, 16) || version.at_least(1, 18) {
        return None;
    }
    let redirected = of
        .service
        .spec
        .cluster_ips
        .iter()
        .filter_map(|address| address.parse().ok())
        .filter_map(|address| entry.bpf.external_tcp(address, of.probe.service_port))
        .find(|frontend| frontend.redirects())?;
    let id = of.id();
    let subject = format!("Node/{}", entry.node);
    let mut evidence = vec![
        Evidence::new(
            Layer::Programmed,
            &entry.bpf.origin,
            &subject,
            row_key(redirected.key.address, redirected.key.port),
            redirected.raw.as_str(),
        ),
        version::row(entry.node, version),
    ];
    if let Ok(log) = view.agent(entry.node).log() {
        let told = log
            .notable
            .iter()
            .find(|line| line.contains("retrieved nil details for Service") && line.contains(&id));
        evidence.extend(
            told.map(|line| Evidence::new(Layer::Observed, &log.origin, &subject, "log", line)),
        );
    }
    Some(
        Finding::new(
            format!(
                "the ClusterIP of {id} is redirected to Envoy and its NodePort is not: the agents took the \
                 CiliumEnvoyConfig before the Service had this NodePort"
            ),
            format!("{id} NodePort left out"),
            evidence,
        )
        .about([format!("Service/{id}"), subject])
        .fix(Fix {
            summary: "restart the agents, which then process the CiliumEnvoyConfig with the present NodePorts; 1.18 \
                      matches Service ports and has no such list"
                .to_owned(),
            commands: vec![
                view.kubectl("rollout restart ds/cilium"),
                view.kubectl("rollout status ds/cilium"),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "the NodePort entries show l7-load-balancer on every target node".to_owned(),
        }),
    )
}

fn unexplained(view: &View<'_>, of: &Proxied<'_>, entry: &Entry<'_, '_>) -> Finding {
    let id = of.id();
    Finding::new(
        format!("the NodePort entries of {id} lack the l7-load-balancer flag and have 0 backends"),
        id.clone(),
        Vec::new(),
    )
    .about([format!("Service/{id}"), format!("Node/{}", entry.node)])
    .fix(Fix {
        summary:
            "see why the agent did not program the redirect: its configuration, the CiliumEnvoyConfig, \
             or a rejection by Envoy"
                .to_owned(),
        commands: vec![
            view.agent_exec(
                entry.node,
                "cilium-dbg config get enable-envoy-config",
            ),
            view.agent_exec(entry.node, "cilium-dbg shell -- db/show envoy-resources"),
        ],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "the NodePort entries show l7-load-balancer on every target node".to_owned(),
    })
}
