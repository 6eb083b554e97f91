//! A route asks for the Gateway and is not served there: the check passes and clients get an error.

use super::{class, setting};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::gateway::CILIUM_CONTROLLER;
use crate::model::kubernetes::meta::condition;
use crate::model::kubernetes::route::{ParentRef, RouteParentStatus};
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
    let verdicts: Vec<Verdict<'_>> = routes
        .iter()
        .map(|route| Verdict::of(route, namespace, name))
        .filter(|verdict| verdict.is_against())
        .collect();
    if verdicts.is_empty() {
        return pass("no route of the Gateway is refused");
    }
    fail(
        Finding::new(
            message(name, &verdicts),
            format!("{namespace}/{name}"),
            verdicts.iter().flat_map(Verdict::evidence).collect(),
        )
        .about(verdicts.iter().map(|verdict| verdict.route.id()))
        .fix(Fix {
            summary: "correct what the conditions name: allowedRoutes and host names of the listener, a sectionName or port that no listener has, a backend that does not exist or needs a ReferenceGrant".to_owned(),
            commands: verdicts
                .iter()
                .map(|verdict| {
                    let route = verdict.route;
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

/// What Cilium says against a route at one Gateway, in conditions of the route's present generation.
///
/// Cilium keeps one entry for each reference to a listener (operator/pkg/gateway-api/routechecks/httproute.go,
/// mergeStatusConditions), and attaches a route on any that is accepted (gateway_reconcile.go, isAttachable).
struct Verdict<'a> {
    route: &'a Fact<Route>,
    /// `Accepted=False`, with the reference that it is about.
    refused: Vec<(&'a ParentRef, &'a Condition)>,
    /// Whether another reference to the Gateway is accepted.
    served: bool,
    /// `ResolvedRefs=False`: a backend that cannot be used, once for all references.
    unresolved: Option<&'a Condition>,
}

impl<'a> Verdict<'a> {
    fn of(route: &'a Fact<Route>, namespace: &str, gateway: &str) -> Self {
        let entries: Vec<&RouteParentStatus> = route
            .status
            .parents
            .iter()
            .filter(|parent| parent.controller_name == CILIUM_CONTROLLER)
            .filter(|parent| route.means(&parent.parent_ref, namespace, gateway))
            .collect();
        let says = |entry: &&'a RouteParentStatus, kind| {
            condition(&entry.conditions, kind).filter(|found| {
                found.status == "False" && found.observed_generation >= route.metadata.generation
            })
        };
        Self {
            route,
            refused: entries
                .iter()
                .filter_map(|entry| Some((&entry.parent_ref, says(entry, "Accepted")?)))
                .collect(),
            served: entries.iter().any(|entry| {
                condition(&entry.conditions, "Accepted").is_some_and(|one| {
                    one.status == "True" && one.observed_generation >= route.metadata.generation
                })
            }),
            unresolved: entries.iter().find_map(|entry| says(entry, "ResolvedRefs")),
        }
    }

    fn is_against(&self) -> bool {
        !self.refused.is_empty() || self.unresolved.is_some()
    }

    /// Whether no reference is accepted, so that the Gateway serves nothing of the route.
    fn is_unserved(&self) -> bool {
        !self.refused.is_empty() && !self.served
    }

    fn evidence(&self) -> Vec<Evidence> {
        let conditions = self.refused.iter().map(|(_, one)| *one);
        conditions
            .chain(self.unresolved)
            .map(|one| {
                Evidence::new(
                    Layer::Observed,
                    &self.route.origin,
                    self.route.id(),
                    format!("status.parents[].conditions[{}]", one.kind),
                    class::said(one),
                )
            })
            .collect()
    }
}

/// One clause for each way in which routes are spoken against.
fn message(gateway: &str, verdicts: &[Verdict<'_>]) -> String {
    let unserved: Vec<&Verdict<'_>> = verdicts.iter().filter(|one| one.is_unserved()).collect();
    let in_part = verdicts.iter().filter(|one| one.served);
    let sections: Vec<String> = in_part
        .flat_map(|verdict| {
            let id = verdict.route.id();
            let at = move |(parent, one): &(&ParentRef, &Condition)| {
                format!("{id} at {} ({})", place(parent), one.reason)
            };
            verdict.refused.iter().map(at)
        })
        .collect();
    let unresolved: Vec<&Verdict<'_>> = verdicts
        .iter()
        .filter(|one| !one.is_unserved() && one.unresolved.is_some())
        .collect();
    let mut clauses = Vec::new();
    if !unserved.is_empty() {
        // Without a route Envoy answers HTTP with 404; what TLS and TCP clients meet depends on the other routes,
        // and a route with an unresolved backend may be attached although it is refused.
        let is_404 = |one: &&Verdict<'_>| one.route.kind == "HTTPRoute" && one.unresolved.is_none();
        let effect = if unserved.iter().all(is_404) {
            "its clients get 404 while the health check passes"
        } else {
            "its clients are not served while the health check passes"
        };
        let said = list(&unserved, |one| one.refused.first().map(|(_, one)| *one));
        clauses.push(format!("gateway {gateway} does not serve {said}: {effect}"));
    }
    if !sections.is_empty() {
        clauses.push(format!(
            "gateway {gateway} refuses {}, and accepts another reference of the route",
            sections.join(", ")
        ));
    }
    if !unresolved.is_empty() {
        // Cilium drops the backend, and a rule that has none left answers 500 (model/ingestion/gateway.go).
        let is_http =
            |one: &&Verdict<'_>| matches!(one.route.kind.as_str(), "HTTPRoute" | "GRPCRoute");
        let effect = if unresolved.iter().all(is_http) {
            "rules without another one answer 500 while the health check passes"
        } else {
            "rules without another one serve nobody while the health check passes"
        };
        let said = list(&unresolved, |one| one.unresolved);
        clauses.push(format!(
            "gateway {gateway} cannot use a backend of {said}: {effect}"
        ));
    }
    clauses.join("; ")
}

/// `HTTPRoute/shop/web (BackendNotFound), …`.
fn list<'a>(
    verdicts: &[&Verdict<'a>],
    condition: impl Fn(&Verdict<'a>) -> Option<&'a Condition>,
) -> String {
    let said: Vec<String> = verdicts
        .iter()
        .map(|verdict| {
            let reason = condition(verdict).map_or("", |one| one.reason.as_str());
            format!("{} ({reason})", verdict.route.id())
        })
        .collect();
    said.join(", ")
}

/// The listener or port that a reference names.
fn place(parent: &ParentRef) -> String {
    match (&parent.section_name, parent.port) {
        (Some(section), _) => format!("section {section}"),
        (None, Some(port)) => format!("port {port}"),
        (None, None) => "all its listeners".to_owned(),
    }
}
