//! Envoy answers the HTTP health check with a code that the target group does not take for healthy.

use super::answer::{Answer, answer};
use super::chains::{Transport, listener, unnamed};
use super::http_probe::{HttpProbe, probe, use_tcp};
use super::ingress_policy::{Outside, doubted, may_come_first, outside, taken};
use super::upstream::dead;
use crate::check::finding::{Evidence, Finding, Layer};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Gap, Reason, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(8105),
    slug: "http-check-answer-mismatch",
    hop: Hop::Workload,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "Envoy's answer to the HTTP health check is not among the target group's codes",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::EnvoyConfigs,
        Source::TargetGroups,
        Source::EnvoyClusters,
        Source::AgentVersion,
        Source::IngressEndpoint,
        Source::EndpointList,
    ],
    page: include_str!("http_check_answer_mismatch.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let found = match probe(view, path)? {
        Ok(probe) => probe,
        Err(why) => return not_applicable(why),
    };
    let Some(transport) = Transport::of(&found.check.protocol) else {
        return not_applicable("Envoy accepts a TCP check, whatever stands behind it");
    };
    let node = target.node.as_ref().map_err(Clone::clone)?;
    let unread = |what: &str| {
        Gap::new(
            Source::EnvoyConfigs,
            found.config.metadata.name.clone(),
            Reason::Partial(what.to_owned()),
        )
    };
    let open = listener(found.config, &found.service.metadata.name, path.port)?;
    let Some(chain) = unnamed(open, transport).into_iter().next() else {
        return not_applicable("no filter chain takes the check (CLB8103)");
    };
    let asked = found.check.path.as_deref().unwrap_or("/");
    let verdict = match answer(found.config, chain, asked)
        .ok_or_else(|| unread("its routes are not in the object"))?
    {
        Answer::NoHost => {
            return not_applicable("no route takes a check without a host name (CLB8102)");
        }
        Answer::Unread(what) => return Err(unread(what)),
        Answer::NoRoute => Verdict {
            route: Some(format!("none takes {asked}")),
            ..Verdict::of(404, format!("no route takes the path {asked}"), Vec::new())
        },
        Answer::Code(code) => Verdict {
            route: Some(format!("{asked} answered with {code}")),
            ..Verdict::of(
                code,
                format!("the route of {asked} answers by itself"),
                Vec::new(),
            )
        },
        Answer::Clusters(names) => match unserved(view, node, &found, asked, &names)? {
            Some(verdict) => verdict,
            None => return passed_on(view, node, &found, asked),
        },
    };
    judge(&found, verdict, asked, may_come_first(view, node))
}

/// A check for which a backend is there meets network policy before it.
fn passed_on(view: &View<'_>, node: &str, found: &HttpProbe<'_, '_>, asked: &str) -> Checked {
    match outside(view, node)? {
        Outside::Admitted => pass("Envoy passes the check on to a backend"),
        Outside::Partly(gap) => Err(gap),
        Outside::Shut(evidence) => {
            let why = "network policy closes the ingress identity to the outside";
            judge(found, Verdict::of(403, why, vec![evidence]), asked, None)
        }
    }
}

/// Envoy's answer, with what it follows from.
struct Verdict {
    code: u16,
    why: String,
    /// What the routes of the object say, where they were asked.
    route: Option<String>,
    evidence: Vec<Evidence>,
}

impl Verdict {
    fn of(code: u16, why: impl Into<String>, evidence: Vec<Evidence>) -> Self {
        Self {
            code,
            why: why.into(),
            route: None,
            evidence,
        }
    }
}

/// The answer to a check whose route leads to clusters without a host; `None` when one of them has some.
fn unserved(
    view: &View<'_>,
    node: &str,
    found: &HttpProbe<'_, '_>,
    asked: &str,
    names: &[String],
) -> Result<Option<Verdict>, Gap> {
    let clusters = names.join(", ");
    let dead = dead(view, node, found.config)?;
    let lives = |name: &String| dead.iter().all(|one| one.name != *name);
    if names.iter().any(lives) {
        return Ok(None);
    }
    let evidence = dead
        .into_iter()
        .filter(|one| names.contains(&one.name))
        .map(|one| one.evidence)
        .collect();
    Ok(Some(Verdict {
        route: Some(format!("{asked} to {clusters}")),
        ..Verdict::of(503, format!("no host of {clusters} is healthy"), evidence)
    }))
}

/// Holds the answer against the codes of the target group.
///
/// `doubt` is why policy may have answered 403 instead: it settles nothing where both answers are taken alike.
fn judge(found: &HttpProbe<'_, '_>, verdict: Verdict, asked: &str, doubt: Option<Gap>) -> Checked {
    let Verdict {
        code,
        why,
        route,
        mut evidence,
    } = verdict;
    let codes = found.codes();
    if taken(codes, code, doubt.as_ref())? {
        return pass(format!("the target group takes {code} for healthy"));
    }
    let id = format!(
        "{}/{}",
        found.config.metadata.namespace, found.config.metadata.name
    );
    let group = found.group.target_group_name.as_str();
    evidence.extend(route.map(|route| {
        Evidence::new(
            Layer::Declared,
            &found.config.origin,
            format!("CiliumEnvoyConfig/{id}"),
            "virtualHosts[domains=*].routes",
            route,
        )
    }));
    evidence.push(Evidence::new(
        Layer::Declared,
        found.group.origin,
        format!("TargetGroup/{group}"),
        "HealthCheckPath, Matcher",
        format!("{asked}, {codes}"),
    ));
    let finding = Finding::new(
        format!(
            "Envoy answers the {} check of {asked} with {code}, which is not in {codes}: {why}",
            found.check.protocol
        ),
        format!("{id} {asked} {code}"),
        evidence,
    )
    .about([
        format!("TargetGroup/{group}"),
        format!("CiliumEnvoyConfig/{id}"),
    ])
    .fix(use_tcp(found.service));
    fail(doubted(finding, doubt))
}
