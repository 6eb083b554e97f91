//! A route that Cilium accepted and of which nothing is in the CiliumEnvoyConfig: Envoy was never told of it.

use super::translated::{Translated, missing};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::setting;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::gateway::CILIUM_CONTROLLER;
use crate::model::kubernetes::meta::condition;
use crate::model::kubernetes::{CiliumEnvoyConfig, Condition, Gateway, Object, Route};
use crate::model::{Fact, Source};

/// The check.
pub static CHECK: Check = Check {
    code: Code(7206),
    slug: "route-left-out",
    hop: Hop::Proxy,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "a route is accepted, and the CiliumEnvoyConfig of its Gateway does not hold it",
    since: "0.1.0",
    known_issues: &[],
    needs: &[
        Source::Gateways,
        Source::Services,
        Source::Routes,
        Source::EnvoyConfigs,
    ],
    page: include_str!("route_left_out.md"),
    run: Run::Subject(run),
};

fn run(view: &View<'_>) -> Checked {
    let Some(gateway) = setting::gateway(view)? else {
        return not_applicable("no Gateway stands behind the subject");
    };
    let (namespace, name) = (&gateway.metadata.namespace, &gateway.metadata.name);
    let routes: Vec<&Fact<Route>> = view
        .routes()
        .known()
        .filter(|route| is_accepted(route, gateway))
        .collect();
    if routes.is_empty() {
        return not_applicable("no HTTPRoute or GRPCRoute of the Gateway is known to be accepted");
    }
    let configs: Vec<&Fact<CiliumEnvoyConfig>> = view
        .envoy_configs()
        .all(namespace)?
        .into_iter()
        .filter(|config| is_of(config, name))
        .collect();
    if configs.is_empty() {
        return not_applicable("the Gateway has no CiliumEnvoyConfig (CLB7101)");
    }
    let translated = Translated::of(configs.iter().map(|config| &config.value));
    let mut evidence = Vec::new();
    let (mut said, mut objects) = (Vec::new(), Vec::new());
    for route in routes {
        let Some(what) = missing(&translated, gateway, route) else {
            continue;
        };
        evidence.push(Evidence::new(
            Layer::Observed,
            &route.origin,
            route.id(),
            "status.parents[].conditions[Accepted]",
            "True",
        ));
        for config in &configs {
            evidence.push(Evidence::new(
                Layer::Programmed,
                &config.origin,
                id(config),
                format!("spec.resources[] with {what}"),
                "none",
            ));
        }
        said.push(format!("{} ({what})", route.id()));
        objects.push(route.id());
    }
    if said.is_empty() {
        return pass("the CiliumEnvoyConfig holds host names and backends of every accepted route");
    }
    objects.extend(configs.iter().map(|config| id(config)));
    fail(
        Finding::new(
            format!(
                "Cilium accepted {}, and the CiliumEnvoyConfig of gateway {name} lacks what stands in brackets: requests \
                 for it get an error or another route's answer, while the health check passes",
                said.join(", ")
            ),
            format!("{namespace}/{name}"),
            evidence,
        )
        .about(objects)
        .assuming("the routes were not changed in the seconds before they were read")
        .assuming("no invalid BackendTLSPolicy keeps Cilium from a backend")
        .fix(Fix {
            summary: "let the operator translate the Gateway anew and read what it logs of it; if the route is left out again, it \
                      is a defect of this version (as issues #44118, #44123 and #47633 report) and the log belongs into a report"
                .to_owned(),
            commands: vec![
                view.kubectl("logs deploy/cilium-operator --tail=500"),
                view.kubectl("rollout restart deploy/cilium-operator"),
                format!("kubectl -n {namespace} get ciliumenvoyconfigs -o yaml"),
            ],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "the CiliumEnvoyConfig names the host and the backend of the route".to_owned(),
        }),
    )
}

/// Whether Cilium says of the route's present generation that every parent reference to the Gateway works.
fn is_accepted(route: &Route, gateway: &Gateway) -> bool {
    let (namespace, name) = (&gateway.metadata.namespace, &gateway.metadata.name);
    let mut of_gateway = route
        .status
        .parents
        .iter()
        .filter(|parent| {
            parent.controller_name == CILIUM_CONTROLLER
                && route.means(&parent.parent_ref, namespace, name)
        })
        .peekable();
    let says = |conditions: &[Condition], kind: &str| {
        condition(conditions, kind).is_some_and(|one| {
            one.status == "True" && one.observed_generation >= route.metadata.generation
        })
    };
    matches!(route.kind.as_str(), "HTTPRoute" | "GRPCRoute")
        && route.wants(namespace, name)
        && of_gateway.peek().is_some()
        && of_gateway.all(|parent| {
            says(&parent.conditions, "Accepted") && says(&parent.conditions, "ResolvedRefs")
        })
}

fn is_of(config: &CiliumEnvoyConfig, gateway: &str) -> bool {
    config
        .metadata
        .owner_references
        .iter()
        .any(|owner| owner.kind == "Gateway" && owner.name == gateway)
}

fn id(config: &CiliumEnvoyConfig) -> String {
    config.id()
}
