//! Envoy and a backend of its route share a node, and the backend's answers may not find back to Envoy.

use super::endpoints::Endpoints;
use super::upstream::service as service_of;
use crate::check::datapath::proxied;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::version;
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::proxy::requested::{Requested, requested};
use crate::check::workload::chains::resources;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::cilium::AgentStatus;
use crate::model::kubernetes::CiliumEnvoyConfig;
use crate::model::{Fact, Gap, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(8210),
    slug: "envoy-beside-backend",
    hop: Hop::Workload,
    severity: Severity::Warning,
    bearing: Bearing::Clients,
    title: "answers of a backend to the Envoy of its own node may be dropped",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::AgentVersion,
        Source::AgentStatus,
        Source::EnvoyConfigs,
        Source::EndpointSlices,
    ],
    page: include_str!("envoy_beside_backend.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let of = match proxied::service(view)? {
        Ok(of) => of,
        Err(why) => return not_applicable(why),
    };
    let Ok(node) = &target.node else {
        return not_applicable("the target is no node that is known");
    };
    let agent = view.agent(node);
    let version = agent.version();
    if version
        .as_ref()
        .is_ok_and(|version| version.at_least(1, 17))
    {
        return not_applicable("the reports with a known cause end with 1.16");
    }
    let status = agent.status()?;
    if status.host_routing.as_deref() != Some("BPF") {
        return pass("host routing is not that of BPF");
    }
    let Some(native) = native(node, status) else {
        return not_applicable("the agent's status does not say that routing is native");
    };
    let Requested::By(config) = requested(view, of, path.port)? else {
        return not_applicable("no CiliumEnvoyConfig asks for the port (CLB7101)");
    };
    let version = version?;
    let backends = backends_on(view, config, node)?;
    if backends.is_empty() {
        return pass("no backend of the CiliumEnvoyConfig runs on the node");
    }
    let subject = format!("Node/{node}");
    let evidence = vec![
        native,
        Evidence::new(
            Layer::Programmed,
            &status.origin,
            subject.clone(),
            "host routing",
            "BPF",
        ),
        version::row(node, version),
        Evidence::new(
            Layer::Declared,
            &config.origin,
            subject.clone(),
            "backends on the node",
            backends.join(", "),
        ),
    ];
    let id = format!("{}/{}", of.metadata.namespace, of.metadata.name);
    Ok(Outcome::Note(
        Finding::new(
            format!(
                "routing is native and host routing that of BPF: in this version the answers of a backend to the Envoy of its own node \
                 can be dropped, so that clients of {id} get 503 \"connection timeout\" wherever both share a node, \
                 while the health check passes"
            ),
            id.clone(),
            evidence,
        )
        .about([format!("Service/{id}"), subject])
        .confidence(Confidence::Medium)
        .fix(Fix {
            summary: "upgrade; until then let the host's own stack route to Pods (bpf.hostLegacyRouting), which costs throughput, and \
                      restart the agents"
                .to_owned(),
            commands: vec![
                view.helm_upgrade("--set bpf.hostLegacyRouting=true"),
                view.kubectl("rollout restart ds/cilium"),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: "requests over the NodePort of a node with a backend are answered every time".to_owned(),
        }),
    ))
}

/// What says that routing is native; a status without it (up to 1.15) says nothing.
fn native(node: &str, status: &Fact<AgentStatus>) -> Option<Evidence> {
    let routing = status.routing.as_ref()?;
    routing.mode.eq_ignore_ascii_case("native").then(|| {
        Evidence::new(
            Layer::Programmed,
            &status.origin,
            format!("Node/{node}"),
            "routing",
            routing.mode.clone(),
        )
    })
}

/// Addresses on the node of the Services that the object's clusters name.
fn backends_on(
    view: &View<'_>,
    config: &CiliumEnvoyConfig,
    node: &str,
) -> Result<Vec<String>, Gap> {
    let mut found = Vec::new();
    for cluster in resources(config, "envoy.config.cluster.v3.Cluster") {
        let Some((namespace, name)) = cluster["name"].as_str().and_then(service_of) else {
            continue;
        };
        let endpoints = Endpoints::named(view, namespace, name)?;
        let here = endpoints
            .all()
            .filter(|endpoint| endpoint.is_ready() && endpoint.node_name.as_deref() == Some(node));
        found.extend(here.flat_map(|endpoint| endpoint.addresses.iter().cloned()));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
