//! Internal where internet-facing was asked for, or the other way round.
//!
//! The scheme never decides whether a target is healthy. It decides who can
//! reach the load balancer, so this check speaks of clients only.

use super::asked_scheme::{Asked, Heeded, INTERNAL, SCHEME, actual, asked};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::owner::{self, Owner, PREFIX};
use crate::check::objects::setting;
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::kubernetes::Service;
use crate::path::Path;

/// The check.
pub static CHECK: Check = Check {
    code: Code(2104),
    slug: "scheme-not-as-asked",
    hop: Hop::LoadBalancer,
    severity: Severity::Warning,
    bearing: Bearing::Clients,
    title: "the load balancer's scheme is not the one that was asked for",
    since: "0.1.0",
    needs: &[Source::Gateways, Source::Services, Source::LoadBalancers],
    page: include_str!("scheme_not_as_asked.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(name) = path.load_balancer.read()? else {
        return not_applicable("there is no load balancer");
    };
    let Some(service) = view.service()? else {
        return not_applicable("no Service asks for a scheme");
    };
    if !path.owned {
        return not_applicable("the load balancer is not the Service's own");
    }
    let owner = owner::actual(service, Some(&name.name)).owner;
    let Some(asked) = asked(view, service, owner)? else {
        return not_applicable("no scheme was asked for");
    };
    let balancer = view
        .region(name, Source::LoadBalancers)?
        .load_balancer(&name.name)?;
    let (scheme, row) = actual(&balancer)?;
    if scheme == asked.scheme {
        return pass("the scheme is the one that was asked for");
    }
    let who = if asked.scheme == "internal" {
        "it is exposed to the internet"
    } else {
        "clients on the internet cannot reach it"
    };
    let why = match asked.heeded {
        Heeded::Yes => format!("{} has not followed", owner.name()),
        Heeded::Ignored => format!("{} ignores {}", owner.name(), asked.key),
        Heeded::Misplaced => {
            "Cilium copies spec.infrastructure.annotations only, so the controller never saw it"
                .to_owned()
        }
        Heeded::NotCopied => {
            "the Service does not carry it, so the controller never saw it".to_owned()
        }
    };
    let id = format!("LoadBalancer/{}", name.name);
    let finding = Finding::new(
        format!(
            "the scheme is {scheme}, and {}={} on {} asks for {}: {why}; {who}",
            asked.key, asked.value, asked.subject, asked.scheme
        ),
        name.name.clone(),
        vec![
            row,
            Evidence::new(
                Layer::Declared,
                asked.origin,
                asked.subject.clone(),
                asked.field.clone(),
                asked.value,
            ),
        ],
    )
    .about([id, asked.subject.clone()])
    .fix(fix(service, owner, &asked));
    match asked.heeded {
        // The controller was never asked, so nothing is broken; the person was not heard.
        Heeded::Misplaced | Heeded::NotCopied => Ok(Outcome::Note(finding)),
        Heeded::Yes | Heeded::Ignored => fail(finding),
    }
}

fn fix(service: &Service, owner: Owner, asked: &Asked<'_>) -> Fix {
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    let wanted = asked.scheme;
    let key = |name: &str| format!("{}{name}", PREFIX);
    let (summary, command) = match (owner, asked.heeded) {
        (Owner::CloudProvider, _) => (
            "cloud-provider-aws reads aws-load-balancer-internal, and only when it makes a load balancer: set it and make the Service again",
            setting::annotate(
                service,
                &key(INTERNAL),
                if wanted == "internal" {
                    "true"
                } else {
                    "false"
                },
            ),
        ),
        (_, Heeded::Yes) => (
            "a scheme cannot be changed, so the controller makes a new load balancer with a new DNS name: its events say what keeps it from doing so",
            format!("kubectl describe service {name} -n {namespace}"),
        ),
        _ => (
            "ask for it where the controller reads it; a scheme cannot be changed, so the load balancer is replaced and its DNS name changes",
            setting::annotate(service, &key(SCHEME), wanted),
        ),
    };
    Fix {
        summary: summary.to_owned(),
        commands: vec![command],
        risk: Risk::Destructive,
        changes: Vec::new(),
        after: format!("the load balancer in the Service's status has the scheme {wanted}"),
    }
}
