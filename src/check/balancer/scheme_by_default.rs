//! The load balancer is internal, and nobody asked for that: it is what the controller makes by default.

use super::asked_scheme::{INTERNAL, SCHEME, actual, asked};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::owner::{self, Owner, PREFIX, annotation};
use crate::check::objects::setting;
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::kubernetes::Object;
use crate::path::Path;

/// The check.
pub static CHECK: Check = Check {
    code: Code(2113),
    slug: "scheme-by-default",
    hop: Hop::LoadBalancer,
    severity: Severity::Info,
    bearing: Bearing::Hygiene,
    title: "the load balancer is internal because no scheme was asked for",
    since: "0.1.0",
    needs: &[Source::Gateways, Source::Services, Source::LoadBalancers],
    page: include_str!("scheme_by_default.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service asks for a scheme");
    };
    if !path.owned {
        return not_applicable("the load balancer is not the Service's own");
    }
    let Some(name) = path.load_balancer.read()? else {
        return not_applicable("there is no load balancer");
    };
    let owner = owner::actual(service, Some(&name.name)).owner;
    if !matches!(owner, Owner::LoadBalancerController | Owner::AutoMode) {
        return not_applicable("its controller does not make internal load balancers by default");
    }
    // A value that the controller does not know makes it fail instead (CLB1101).
    let written = [SCHEME, INTERNAL]
        .into_iter()
        .any(|name| annotation(service, name).is_some());
    if written || asked(view, service, owner)?.is_some() {
        return not_applicable("a scheme was asked for (CLB2104)");
    }
    let balancer = view
        .region(name, Source::LoadBalancers)?
        .load_balancer(&name.name)?;
    let (scheme, row) = actual(&balancer)?;
    if scheme != "internal" {
        return pass("the load balancer is internet-facing");
    }
    let id = format!("LoadBalancer/{}", name.name);
    let subject = service.id();
    let key = format!("{}{SCHEME}", PREFIX);
    Ok(Outcome::Note(
        Finding::new(
            format!(
                "the scheme is internal because {subject} has no {SCHEME}, and {} makes internal load balancers then: \
                 clients on the internet cannot reach it",
                owner.name()
            ),
            name.name.clone(),
            vec![
                row,
                Evidence::new(
                    Layer::Declared,
                    &service.origin,
                    subject.clone(),
                    format!("metadata.annotations[{key}]"),
                    "unset",
                ),
            ],
        )
        .about([id, subject])
        .fix(Fix {
            summary: "where clients on the internet are meant to use it, ask for internet-facing; a scheme cannot be changed, so \
                      the load balancer is replaced and its DNS name changes. Where internal is meant, write that down"
                .to_owned(),
            commands: vec![setting::annotate(service, &key, "internet-facing")],
            risk: Risk::Destructive,
            changes: Vec::new(),
            after: "the load balancer in the Service's status has the scheme that was asked for".to_owned(),
        }),
    ))
}
