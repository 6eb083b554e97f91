//! The load balancer has no listener for a port of the Service.

use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::{controller, events, owner};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::{Lookup, Path};

/// The check.
pub static CHECK: Check = Check {
    code: Code(2103),
    slug: "listener-missing",
    hop: Hop::LoadBalancer,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the load balancer has no listener for a port of the Service",
    since: "0.1.0",
    needs: &[Source::Services, Source::Listeners, Source::Events],
    page: include_str!("listener_missing.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let balancer = match &path.load_balancer {
        Lookup::Found(name) => name,
        Lookup::Absent(_) => return not_applicable("there is no load balancer"),
        Lookup::Unknown(gap) => return Err(gap.clone()),
    };
    match &path.listener {
        Lookup::Found(_) => return pass("the load balancer listens on the Service's port"),
        Lookup::Unknown(gap) => return Err(gap.clone()),
        Lookup::Absent(_) => {}
    }
    let Some(service) = &path.service else {
        return not_applicable("no Service asks for a listener");
    };
    if !path.owned {
        return not_applicable(
            "the load balancer is not the Service's own, so its listeners are made by hand (CLB3101)",
        );
    }
    let listeners = view
        .region(balancer, Source::Listeners)?
        .listeners(&balancer.name)?;
    let mut present: Vec<String> = listeners
        .iter()
        .map(|listener| format!("{}/{}", listener.port, listener.protocol))
        .collect();
    present.sort_unstable();
    let present = if present.is_empty() {
        "none".to_owned()
    } else {
        present.join(", ")
    };
    let wanted = format!("{}/{}", path.port, path.protocol);
    let mut evidence = vec![Evidence::new(
        Layer::Programmed,
        &listeners.origin,
        format!("LoadBalancer/{}", balancer.name),
        "Listeners",
        present.clone(),
    )];
    let mut commands = vec![format!(
        "kubectl describe service {} -n {}",
        service.name, service.namespace
    )];
    if let Ok(Some(found)) = view.service() {
        let owner = owner::actual(found, Some(&balancer.name)).owner;
        commands.extend(
            controller::log(owner)
                .map(|log| format!("{log} | grep {}/{}", service.namespace, service.name)),
        );
    }
    let warnings = events::warnings(view, "Service", &service.namespace, &service.name);
    evidence.extend(warnings.iter().take(3).map(|event| events::evidence(event)));
    fail(
        Finding::new(
            format!("the load balancer has no listener on {wanted} (it has: {present})"),
            format!("{} {wanted}", balancer.name),
            evidence,
        )
        .about([
            format!("LoadBalancer/{}", balancer.name),
            format!("Service/{}/{}", service.namespace, service.name),
        ])
        .fix(Fix {
            summary: "the owner controller makes one listener per Service port: correct what keeps it from doing so".to_owned(),
            commands,
            risk: Risk::Safe,
            changes: Vec::new(),
            after: format!("describe-listeners of {} shows {wanted}", balancer.name),
        }),
    )
}
