//! Nobody acts on the Gateway, because cilium-operator runs no Gateway API controller.

use super::gateway_controller::{OLD_TLS_ROUTE, absent};
use super::{absent_service, class, gateway_class_not_accepted, setting};
use crate::check::finding::{Evidence, Finding, Layer};
use crate::check::hop::{Hop, Severity};
use crate::check::known_issue::{Component, KnownIssue};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::meta::condition;
use crate::model::kubernetes::{Gateway, Object};
use crate::model::{Fact, Gap, Source};

/// The check.
pub static CHECK: Check = Check {
    code: Code(1107),
    slug: "gateway-controller-absent",
    hop: Hop::Objects,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "cilium-operator runs no Gateway API controller, so nobody acts on the Gateway",
    since: "0.1.0",
    known_issues: &[KnownIssue {
        component: Component::Cilium,
        ranges: &[((1, 14, 0), (1, 20, 0))],
        link: "https://github.com/cilium/cilium/issues/44920",
        summary: "the operator asks for TLSRoute v1alpha2 and ends at its start where the Gateway API's CRDs, from 1.5 on, \
                  serve it as v1 only",
        branch: OLD_TLS_ROUTE,
    }],
    needs: &[
        Source::Services,
        Source::Gateways,
        Source::GatewayClasses,
        Source::ConfigMaps,
        Source::Deployments,
        Source::Pods,
        Source::OperatorLog,
    ],
    page: include_str!("gateway_controller_absent.md"),
    run: Run::Subject(run),
};

fn run(view: &View<'_>) -> Checked {
    let made = view.service()?.is_some();
    let gateway = match setting::gateway(view) {
        Ok(Some(gateway)) => gateway,
        Ok(None) => return not_applicable("no Gateway stands behind the subject"),
        Err(_) if made => return not_applicable("the Service was made, so somebody acted once"),
        Err(gap) => return Err(gap),
    };
    if gateway.is_acted_on() {
        return not_applicable("the operator has acted on this generation of the Gateway");
    }
    match unattended(view, gateway) {
        // What was made before stays, and the load balancer with it; changes are lost on a dead controller.
        Ok(Some(mut finding)) if made => {
            finding.message.push_str(
                "; what it made before stays, and no change of a Gateway or route takes effect",
            );
            Ok(Outcome::Note(finding))
        }
        Ok(Some(finding)) => {
            view.services().complete(&gateway.metadata.namespace)?;
            fail(finding)
        }
        Ok(None) => not_applicable("nothing that was read keeps the operator from acting"),
        Err(_) if made => not_applicable("the Service was made, so somebody acted once"),
        Err(gap) => Err(gap),
    }
}

/// Why nobody acts on a Gateway that no controller has answered; `None` when its class is the reason, or nothing is.
///
/// # Errors
/// A gap when the class was not captured, or when only the operator's log could tell.
pub(super) fn unattended(view: &View<'_>, gateway: &Fact<Gateway>) -> Result<Option<Finding>, Gap> {
    if gateway.is_acted_on() || gateway_class_not_accepted::refused(view, gateway)?.is_some() {
        return Ok(None);
    }
    let Some(why) = absent(view)? else {
        return Ok(None);
    };
    let mut evidence = why.evidence;
    evidence.extend(absent_service::conditions(gateway));
    if let Some(found) = class::of(view, gateway)? {
        let accepted = condition(&found.status.conditions, "Accepted");
        evidence.push(Evidence::new(
            Layer::Observed,
            &found.origin,
            format!("GatewayClass/{}", found.metadata.name),
            "status.conditions[Accepted]",
            accepted.map_or("absent".to_owned(), class::said),
        ));
    }
    let id = gateway.id();
    let finding = Finding::new(why.message, why.decides, evidence)
        .about([id, "Deployment/cilium-operator".to_owned()])
        .confidence(why.confidence)
        .fix(why.fix);
    Ok(Some(match why.assuming {
        Some(assumption) => finding.assuming(assumption),
        None => finding,
    }))
}
