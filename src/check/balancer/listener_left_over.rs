//! The load balancer listens on ports that the Service does not have.

use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::events;
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::build::carries;
use std::collections::BTreeSet;

/// The check.
pub static CHECK: Check = Check {
    code: Code(2107),
    slug: "listener-left-over",
    hop: Hop::LoadBalancer,
    severity: Severity::Info,
    bearing: Bearing::Hygiene,
    title: "the load balancer listens on a port that the Service does not have",
    since: "0.1.0",
    needs: &[Source::Services, Source::Listeners, Source::Events],
    page: include_str!("listener_left_over.md"),
    known_issues: &[],
    run: Run::Subject(run),
};

fn run(view: &View<'_>) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service asks for listeners");
    };
    let Some(path) = view.paths().first() else {
        return not_applicable("the Service has no ports");
    };
    if !path.owned {
        return not_applicable("the load balancer is not the Service's own");
    }
    let Some(balancer) = path.load_balancer.read()? else {
        return not_applicable("there is no load balancer");
    };
    let listeners = view
        .region(balancer, Source::Listeners)?
        .listeners(&balancer.name)?;
    let left: BTreeSet<(u16, &str)> = listeners
        .iter()
        .filter(|listener| {
            !service.spec.ports.iter().any(|port| {
                port.port == listener.port && carries(&listener.protocol, port.protocol())
            })
        })
        .map(|listener| (listener.port, listener.protocol.as_str()))
        .collect();
    if left.is_empty() {
        return pass("every listener belongs to a port of the Service");
    }
    let left: Vec<String> = left
        .into_iter()
        .map(|(port, protocol)| format!("{port}/{protocol}"))
        .collect();
    let left = left.join(", ");
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    let id = format!("Service/{namespace}/{name}");
    let mut evidence = vec![
        Evidence::new(
            Layer::Programmed,
            &listeners.origin,
            format!("LoadBalancer/{}", balancer.name),
            "Listeners",
            left.clone(),
        ),
        Evidence::new(
            Layer::Declared,
            &service.origin,
            id.clone(),
            "spec.ports",
            service.port_list(),
        ),
    ];
    let warnings = events::warnings(view, "Service", namespace, name);
    evidence.extend(warnings.iter().take(3).map(|event| events::evidence(event)));
    fail(
        Finding::new(
            format!("the load balancer listens on {left}, which {name} does not have: it was left behind, or somebody made it by hand"),
            balancer.name.clone(),
            evidence,
        )
        .about([format!("LoadBalancer/{}", balancer.name), id])
        .fix(Fix {
            summary: "the owner controller removes listeners of ports that are gone: see what keeps it from doing so; what is made by hand belongs on a load balancer of its own".to_owned(),
            commands: vec![format!("kubectl describe service {name} -n {namespace}")],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: format!("describe-listeners of {} shows the ports of the Service and no others", balancer.name),
        }),
    )
}
