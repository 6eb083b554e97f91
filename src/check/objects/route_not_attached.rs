//! A route asks for the Gateway and is not served there: the check passes and clients get an error.

use super::{class, setting};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::gateway::CILIUM_CONTROLLER;
use crate::model::kubernetes::meta::condition;
use crate::model::kubernetes::{Condition, Object, Route};
use crate::model::{Fact, Source};

/// The check.
pub static CHECK: Check = Check {
    code: Code(1113),
    slug: "route-not-attached",
    hop: Hop::Objects,
    severity: Severity::Warning,
    bearing: Bearing::Clients,
    title: "a route asks for the Gateway and is refused, or its backends are",
    since: "0.1.0",
    known_issues: &[],
    needs: &[Source::Gateways, Source::Services, Source::Routes],
    page: include_str!("route_not_attached.md"),
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
        .filter(|route| route.wants(namespace, name))
        .collect();
    if routes.is_empty() {
        view.routes().complete("")?;
        return not_applicable("no route asks for the Gateway");
    }
    let refused: Vec<(&Fact<Route>, &Condition)> = routes
        .iter()
        .flat_map(|route| {
            refusals(route, namespace, name)
                .into_iter()
                .map(|condition| (*route, condition))
        })
        .collect();
    if refused.is_empty() {
        return pass("no route of the Gateway is refused");
    }
    let evidence = refused
        .iter()
        .map(|(route, condition)| {
            Evidence::new(
                Layer::Observed,
                &route.origin,
                route.id(),
                format!("status.parents[].conditions[{}]", condition.kind),
                class::said(condition),
            )
        })
        .collect();
    let said: Vec<String> = refused
        .iter()
        .map(|(route, condition)| format!("{} ({})", route.id(), condition.reason))
        .collect();
    // Without a route Envoy answers HTTP with 404; what TLS and TCP clients meet depends on the other routes.
    let is_404 = |(route, one): &(&Fact<Route>, &Condition)| {
        route.kind == "HTTPRoute" && one.kind == "Accepted"
    };
    let effect = if refused.iter().all(is_404) {
        "its clients get 404 while the health check passes"
    } else {
        "its clients are not served while the health check passes"
    };
    fail(
        Finding::new(
            format!(
                "gateway {name} does not serve {}: {effect}",
                said.join(", ")
            ),
            format!("{namespace}/{name}"),
            evidence,
        )
        .about(refused.iter().map(|(route, _)| route.id()))
        .fix(Fix {
            summary: "correct what the conditions name: allowedRoutes and host names of the listener, a sectionName or port that no listener has, a backend that does not exist or needs a ReferenceGrant".to_owned(),
            commands: refused
                .iter()
                .map(|(route, _)| {
                    format!(
                        "kubectl describe {} {} -n {}",
                        route.kind.to_ascii_lowercase(),
                        route.metadata.name,
                        route.metadata.namespace
                    )
                })
                .collect(),
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "status.parents of the route shows Accepted=True and ResolvedRefs=True".to_owned(),
        }),
    )
}

/// What Cilium says against a route at the Gateway, of the route's present generation.
fn refusals<'a>(route: &'a Route, namespace: &str, gateway: &str) -> Vec<&'a Condition> {
    route
        .status
        .parents
        .iter()
        .filter(|parent| parent.controller_name == CILIUM_CONTROLLER)
        .filter(|parent| route.means(&parent.parent_ref, namespace, gateway))
        .flat_map(|parent| {
            ["Accepted", "ResolvedRefs"]
                .into_iter()
                .filter_map(|kind| condition(&parent.conditions, kind))
        })
        .filter(|found| {
            found.status == "False" && found.observed_generation >= route.metadata.generation
        })
        .collect()
}
