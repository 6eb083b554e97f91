//! The class of the Gateway does not exist, belongs to another controller, or was refused.

use super::{class, setting};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::gateway::CILIUM_CONTROLLER;
use crate::model::kubernetes::meta::condition;
use crate::model::kubernetes::{Gateway, GatewayClass, Object};
use crate::model::{Fact, Gap, Source};

/// The check.
pub static CHECK: Check = Check {
    code: Code(1108),
    slug: "gateway-class-not-accepted",
    hop: Hop::Objects,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the GatewayClass is missing, foreign or refused",
    since: "0.1.0",
    known_issues: &[],
    needs: &[
        Source::Services,
        Source::Gateways,
        Source::GatewayClasses,
        Source::GatewayClassConfigs,
    ],
    page: include_str!("gateway_class_not_accepted.md"),
    run: Run::Subject(run),
};

fn run(view: &View<'_>) -> Checked {
    let made = view.service()?.is_some();
    // What was translated once stays, so without a Service the class decides, and with one it is worth a note.
    let found = match setting::gateway(view) {
        Ok(Some(gateway)) => refused(view, gateway),
        Ok(None) => return not_applicable("no Gateway stands behind the subject"),
        Err(gap) => Err(gap),
    };
    match found {
        Ok(Some(finding)) if made => Ok(Outcome::Note(finding)),
        Ok(Some(finding)) => fail(finding),
        Ok(None) => not_applicable("Cilium has not refused the class of the Gateway"),
        Err(_) if made => not_applicable("the Service was made, so the class was accepted once"),
        Err(gap) => Err(gap),
    }
}

/// Why Cilium follows no Gateway of this class; `None` when nothing says so.
///
/// # Errors
/// A gap when the class was not captured.
pub(super) fn refused(view: &View<'_>, gateway: &Fact<Gateway>) -> Result<Option<Finding>, Gap> {
    let name = &gateway.spec.gateway_class_name;
    let (message, decides, mut evidence) = match class::of(view, gateway)? {
        None => (
            format!("spec.gatewayClassName names {name}, and no such GatewayClass exists"),
            format!("{name} missing"),
            Vec::new(),
        ),
        Some(found) if found.spec.controller_name != CILIUM_CONTROLLER => (
            format!(
                "GatewayClass {name} belongs to controller {}, so Cilium follows no change of its Gateways",
                found.spec.controller_name
            ),
            format!("{name} foreign"),
            vec![Evidence::new(
                Layer::Declared,
                &found.origin,
                format!("GatewayClass/{name}"),
                "spec.controllerName",
                found.spec.controller_name.clone(),
            )],
        ),
        Some(found) => match not_accepted(view, found) {
            Some((message, evidence)) => (message, format!("{name} refused"), evidence),
            None => return Ok(None),
        },
    };
    let id = gateway.id();
    evidence.push(Evidence::new(
        Layer::Declared,
        &gateway.origin,
        id.clone(),
        "spec.gatewayClassName",
        name.clone(),
    ));
    Ok(Some(
        Finding::new(message, decides, evidence)
            .about([id, format!("GatewayClass/{name}")])
            .fix(fix(name)),
    ))
}

/// `Accepted=False` of Cilium's own controller, with the parameters where they are the reason.
fn not_accepted(view: &View<'_>, found: &Fact<GatewayClass>) -> Option<(String, Vec<Evidence>)> {
    let name = &found.metadata.name;
    let accepted = condition(&found.status.conditions, "Accepted")
        .filter(|accepted| accepted.status == "False")?;
    let mut evidence = vec![Evidence::new(
        Layer::Observed,
        &found.origin,
        format!("GatewayClass/{name}"),
        "status.conditions[Accepted]",
        class::said(accepted),
    )];
    let mut message = format!("GatewayClass {name} is not accepted ({})", accepted.reason);
    if let Some(reference) = &found.spec.parameters_ref {
        let id = class::parameters_id(reference);
        evidence.push(Evidence::new(
            Layer::Declared,
            &found.origin,
            format!("GatewayClass/{name}"),
            "spec.parametersRef",
            id.clone(),
        ));
        let missing = reference.kind == "CiliumGatewayClassConfig"
            && matches!(
                view.gateway_class_configs()
                    .find(&reference.namespace, &reference.name),
                Ok(None)
            );
        message.push_str(&if missing {
            format!(": spec.parametersRef names {id}, which does not exist")
        } else {
            format!(": see spec.parametersRef {id}")
        });
    }
    Some((message, evidence))
}

fn fix(name: &str) -> Fix {
    Fix {
        summary: format!(
            "name a class of controller {CILIUM_CONTROLLER} that is accepted, or correct the class: its condition says what is wrong"
        ),
        commands: vec![
            "kubectl get gatewayclasses".to_owned(),
            format!("kubectl describe gatewayclass {name}"),
        ],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: format!(
            "GatewayClass {name} shows Accepted=True and the generated Service follows the Gateway"
        ),
    }
}
