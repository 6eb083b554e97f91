//! The health-check node port answers 200 on a node without an endpoint, so the node gets clients it drops.

use super::probe::{CONNECTS_ONLY, Probe};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::restart::restart_agent;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::workload::endpoints::{Endpoints, GLOBAL};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::kubernetes::Object;
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6205),
    slug: "health-check-node-port-flatters",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "the health-check node port answers 200 on a node that has no endpoint",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::HealthCheckNodePort,
        Source::EndpointSlices,
    ],
    page: include_str!("health_check_node_port_flatters.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if service.is_proxied() {
        return not_applicable("Envoy serves the Service on every node");
    }
    match Probe::of(service, path, target) {
        Ok(probe) if probe.of_agent && probe.connects_only => return not_applicable(CONNECTS_ONLY),
        Ok(probe) if probe.of_agent => {}
        Ok(_) => return not_applicable("the check goes to the NodePort itself"),
        Err(why) => return not_applicable(why),
    }
    let node = target.node.as_ref().map_err(Clone::clone)?;
    let port = service.spec.health_check_node_port;
    let answer = view.agent(node).health_answer(port)?;
    if answer.code != Some(200) {
        return pass("the health-check node port promises nothing");
    }
    let endpoints = Endpoints::of(view, service)?;
    if endpoints.ready_on(node) > 0 {
        return pass("the node has the endpoint that its health-check node port promises");
    }
    if service.is_global() {
        return not_applicable(GLOBAL);
    }
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let who = if answer.by_kube_proxy {
        "kube-proxy answers"
    } else {
        "the agents answer"
    };
    let count = answer
        .local_endpoints
        .map_or("?".to_owned(), |count| count.to_string());
    let mut evidence = vec![Evidence::new(
        Layer::Observed,
        &answer.origin,
        format!("Node/{node}"),
        format!("http://127.0.0.1:{port}/healthz"),
        format!("{} localEndpoints={count}", answer.text),
    )];
    evidence.extend(endpoints.slices().iter().map(|slice| {
        let nodes: Vec<&str> = slice
            .endpoints
            .iter()
            .filter(|one| one.is_ready())
            .filter_map(|one| one.node_name.as_deref())
            .collect();
        Evidence::new(
            Layer::Declared,
            &slice.origin,
            slice.id(),
            "endpoints[].nodeName of those ready",
            nodes.join(","),
        )
    }));
    fail(
        Finding::new(
            format!(
                "{who} 200 on health-check node port {port} of {id} on nodes where EndpointSlices name no ready endpoint: \
                 the balancer sends clients there, and nobody serves them"
            ),
            format!("{id} {who}"),
            evidence,
        )
        .about([format!("Service/{id}"), format!("Node/{node}")])
        .confidence(Confidence::Medium)
        .assuming("the answer and the EndpointSlices are of the same moment")
        .fix(Fix {
            summary: "read both again; if they still differ, the agent is behind the cluster: mend its connection to the API \
                      server or restart it, and remove a kube-proxy that still runs beside it"
                .to_owned(),
            commands: vec![
                format!(
                    "kubectl -n {} get endpointslices -l kubernetes.io/service-name={} -o wide",
                    service.metadata.namespace, service.metadata.name
                ),
                restart_agent(view, node),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: format!("`curl http://127.0.0.1:{port}/healthz` answers 503 on nodes without an endpoint"),
        }),
    )
}
