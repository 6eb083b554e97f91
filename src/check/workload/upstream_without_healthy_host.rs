//! Envoy takes the connection and has no backend to pass the request on to.

use super::upstream::{Dead, Stale, dead, local_elsewhere, service, stale};
use crate::check::datapath::proxied;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::known_issue::{Component, KnownIssue};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::proxy::requested::{Requested, requested};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::CiliumEnvoyConfig;
use crate::model::{Fact, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(8104),
    slug: "upstream-without-healthy-host",
    hop: Hop::Workload,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "Envoy has no healthy host behind a route",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::EnvoyConfigs,
        Source::EnvoyListeners,
        Source::EnvoyClusters,
        Source::EndpointSlices,
    ],
    page: include_str!("upstream_without_healthy_host.md"),
    known_issues: &[KnownIssue {
        component: Component::Cilium,
        // The release that the report is of; where it ends is not established, so nothing is said of later ones.
        ranges: &[((1, 18, 1), (1, 18, 2))],
        link: "https://github.com/cilium/cilium/issues/41482",
        summary: "Envoy is not given the backends of a Service with externalTrafficPolicy Local (reported in 1.18.1, not in 1.17.7; \
                  the release that mends it is not known)",
        branch: "Local",
    }],
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
    if view.agent(node).envoy_listeners().is_err() {
        return not_applicable("the Envoy of the node was not asked (CLB7102)");
    }
    let Requested::By(config) = requested(view, of, path.port)? else {
        return not_applicable("no CiliumEnvoyConfig asks for the port (CLB7101)");
    };
    let dead = dead(view, node, config)?;
    if dead.is_empty() {
        let stale = stale(view, node, config)?;
        return if stale.is_empty() {
            pass("every cluster of the CiliumEnvoyConfig has a healthy host")
        } else {
            fail(left_behind(view, node, config, stale))
        };
    }
    let of_others: Option<Vec<Evidence>> = dead
        .iter()
        .map(|one| local_elsewhere(view, node, &one.name))
        .collect();
    if let Some(of_others) = of_others {
        return fail(local(node, config, dead, of_others));
    }
    let names: Vec<&str> = dead.iter().map(|one| one.name.as_str()).collect();
    let names = names.join(", ");
    let id = format!("{}/{}", config.metadata.namespace, config.metadata.name);
    let commands = slices(dead.iter().map(|one| one.name.as_str()));
    let evidence = dead.into_iter().map(|one| one.evidence).collect();
    fail(
        Finding::new(
            format!("Envoy has no healthy host for {names}, so requests to it are answered 503 although the check passes"),
            format!("{id} {names}"),
            evidence,
        )
        .about([format!("CiliumEnvoyConfig/{id}"), format!("Node/{node}")])
        .fix(Fix {
            summary: "see why the Service behind the route has no ready endpoints".to_owned(),
            commands,
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "`cilium-dbg envoy admin clusters` shows a healthy host for it on every target node".to_owned(),
        }),
    )
}

/// The Envoy of a node has nobody to ask, and the endpoints of the Service, which is Local, are on other nodes.
fn local(
    node: &str,
    config: &Fact<CiliumEnvoyConfig>,
    dead: Vec<Dead>,
    of_others: Vec<Evidence>,
) -> Finding {
    let id = format!("{}/{}", config.metadata.namespace, config.metadata.name);
    let names: Vec<&str> = dead.iter().map(|one| one.name.as_str()).collect();
    let names = names.join(", ");
    let commands = dead
        .iter()
        .filter_map(|one| service(&one.name))
        .map(|(namespace, name)| {
            format!(
                "kubectl -n {namespace} patch service {name} --type merge -p '{{\"spec\":{{\"externalTrafficPolicy\":\"Cluster\"}}}}'"
            )
        })
        .collect();
    let evidence = dead.into_iter().map(|one| one.evidence);
    Finding::new(
        format!(
            "Envoy has no healthy host for {names} on nodes without an endpoint of it, and externalTrafficPolicy of the Service \
             is Local, so requests that arrive there are answered 503 although the check passes"
        ),
        format!("{id} {names} Local"),
        evidence.chain(of_others).collect(),
    )
    .about([format!("CiliumEnvoyConfig/{id}"), format!("Node/{node}")])
    .fix(Fix {
        summary: "set externalTrafficPolicy Cluster on the Service behind the route: its own clients then lose their addresses, those \
                  of the Gateway or Ingress do not"
            .to_owned(),
        commands,
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: "`cilium-dbg envoy admin clusters` shows a healthy host for it on every target node".to_owned(),
    })
}

/// Every healthy host of a cluster is an address that no endpoint of its Service has.
fn left_behind(
    view: &View<'_>,
    node: &str,
    config: &CiliumEnvoyConfig,
    stale: Vec<Stale>,
) -> Finding {
    let id = format!("{}/{}", config.metadata.namespace, config.metadata.name);
    let names: Vec<&str> = stale.iter().map(|one| one.name.as_str()).collect();
    let names = names.join(", ");
    let mut commands = slices(stale.iter().map(|one| one.name.as_str()));
    commands.push(view.agent_exec(node, "cilium-dbg envoy admin clusters"));
    Finding::new(
        format!(
            "Envoy still sends requests for {names} to addresses that no endpoint of the Service has, so they are answered 503 \
             although the check passes"
        ),
        format!("{id} {names} left behind"),
        stale.into_iter().flat_map(|one| one.evidence).collect(),
    )
    .about([format!("CiliumEnvoyConfig/{id}"), format!("Node/{node}")])
    .confidence(Confidence::Medium)
    .assuming("EndpointSlices and Envoy were read before and after the same rollout, not one on each side of it")
    .fix(Fix {
        summary: "bring back an endpoint of the Service: Envoy is told of it and forgets the old ones. With xdsMode split 1.20.1 does \
                  not tell Envoy that the last endpoint went (issue #48460); the default ADS does"
            .to_owned(),
        commands,
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "the hosts that Envoy lists are addresses of the EndpointSlices".to_owned(),
    })
}

/// Commands that show the endpoints of the Services behind clusters.
fn slices<'a>(clusters: impl Iterator<Item = &'a str>) -> Vec<String> {
    clusters
        .filter_map(service)
        .map(|(namespace, name)| {
            format!(
                "kubectl -n {namespace} get endpointslices -l kubernetes.io/service-name={name}"
            )
        })
        .collect()
}
