//! The class of the Gateway does not exist, belongs to another controller, or takes parameters that stop Cilium.
//!
//! The condition `Accepted=False` of a class of Cilium's own stops nothing: the reconciler of Gateways looks at
//! `spec.controllerName` alone, and translates without parameters where it finds none.

use super::gateway_controller::absent;
use super::{class, setting};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, fail, not_applicable};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::gateway::{CILIUM_CONTROLLER, ParametersRef};
use crate::model::kubernetes::meta::condition;
use crate::model::kubernetes::{Gateway, GatewayClass, Object};
use crate::model::{Fact, Gap, Source};

/// The kind of parameters that Cilium knows, from 1.18 on.
const PARAMETERS: &str = "CiliumGatewayClassConfig";

/// Why the class need not be known.
const MADE: &str = "the Service was made, so the class was followed once";

/// The check.
pub static CHECK: Check = Check {
    code: Code(1108),
    slug: "gateway-class-not-accepted",
    hop: Hop::Objects,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the GatewayClass is missing, foreign, or has parameters that Cilium cannot use",
    since: "0.1.0",
    known_issues: &[],
    needs: &[
        Source::Services,
        Source::Gateways,
        Source::GatewayClasses,
        Source::GatewayClassConfigs,
        Source::ConfigMaps,
        Source::Deployments,
        Source::Pods,
        Source::OperatorLog,
    ],
    page: include_str!("gateway_class_not_accepted.md"),
    run: Run::Subject(run),
};

fn run(view: &View<'_>) -> Checked {
    let made = view.service()?.is_some();
    let gateway = match setting::gateway(view) {
        Ok(Some(gateway)) => gateway,
        Ok(None) => return not_applicable("no Gateway stands behind the subject"),
        Err(_) if made => return not_applicable(MADE),
        Err(gap) => return Err(gap),
    };
    match refused(view, gateway) {
        // What was translated once stays, so without a Service the class decides, and with one it is worth a note.
        Ok(Some(finding)) if made => Ok(Outcome::Note(finding)),
        Ok(Some(finding)) => {
            view.services().complete(&gateway.metadata.namespace)?;
            fail(finding)
        }
        Ok(None) => match without_parameters(view, gateway)? {
            Some(finding) => Ok(Outcome::Note(finding)),
            None => not_applicable("nothing about the class keeps Cilium from its Gateways"),
        },
        Err(_) if made => not_applicable(MADE),
        Err(gap) => Err(gap),
    }
}

/// Why Cilium follows no Gateway of this class; `None` when nothing says so.
///
/// # Errors
/// A gap when the class was not captured.
pub(super) fn refused(view: &View<'_>, gateway: &Fact<Gateway>) -> Result<Option<Finding>, Gap> {
    let name = &gateway.spec.gateway_class_name;
    let Some(found) = class::of(view, gateway)? else {
        let message =
            format!("spec.gatewayClassName names {name}, and no such GatewayClass exists");
        let finding = Finding::new(message, format!("{name} missing"), vec![named(gateway)]);
        return Ok(Some(about(finding, gateway)));
    };
    if found.spec.controller_name != CILIUM_CONTROLLER {
        return Ok(Some(about(foreign(gateway, found), gateway)));
    }
    let reference = found.spec.parameters_ref.as_ref();
    let suspect = reference
        .filter(|reference| reference.kind == PARAMETERS && reference.namespace.is_empty());
    let Some(reference) = suspect else {
        return Ok(None);
    };
    // Where it reads the reference with care, Cilium refuses the Gateway as well, and CLB1101 quotes that. Where no
    // controller runs, nobody reads it (CLB1107).
    if gateway.is_acted_on() || matches!(absent(view), Ok(Some(_))) {
        return Ok(None);
    }
    let finding = without_namespace(gateway, found, reference);
    Ok(Some(about(finding, gateway)))
}

fn foreign(gateway: &Fact<Gateway>, found: &Fact<GatewayClass>) -> Finding {
    let (name, controller) = (&found.metadata.name, &found.spec.controller_name);
    let evidence = Evidence::new(
        Layer::Declared,
        &found.origin,
        format!("GatewayClass/{name}"),
        "spec.controllerName",
        controller.clone(),
    );
    Finding::new(
        format!(
            "GatewayClass {name} belongs to controller {controller}, so Cilium follows no change of its Gateways"
        ),
        format!("{name} foreign"),
        vec![evidence, named(gateway)],
    )
}

fn without_namespace(
    gateway: &Fact<Gateway>,
    found: &Fact<GatewayClass>,
    reference: &ParametersRef,
) -> Finding {
    let name = &found.metadata.name;
    let mut evidence = said(found);
    evidence.push(referenced(found, reference));
    evidence.push(named(gateway));
    Finding::new(
        format!(
            "spec.parametersRef of GatewayClass {name} names {} and no namespace, on which Cilium's operator fails with every Gateway of the class",
            class::parameters_id(reference)
        ),
        format!("{name} refused"),
        evidence,
    )
    .confidence(Confidence::Medium)
}

/// The class names parameters that do not exist: its Gateways are made as if it named none.
fn without_parameters(view: &View<'_>, gateway: &Fact<Gateway>) -> Result<Option<Finding>, Gap> {
    let Some(found) = class::of(view, gateway)? else {
        return Ok(None);
    };
    let Some(reference) = &found.spec.parameters_ref else {
        return Ok(None);
    };
    let configs = view.gateway_class_configs();
    let missing = reference.kind == PARAMETERS
        && !reference.namespace.is_empty()
        && matches!(
            configs.find(&reference.namespace, &reference.name),
            Ok(None)
        );
    if !missing {
        return Ok(None);
    }
    let name = &found.metadata.name;
    let mut evidence = said(found);
    evidence.push(referenced(found, reference));
    evidence.push(named(gateway));
    let finding = Finding::new(
        format!(
            "GatewayClass {name} takes its parameters from {}, which does not exist: Cilium makes the Services of its Gateways without them",
            class::parameters_id(reference)
        ),
        format!("{name} without parameters"),
        evidence,
    );
    Ok(Some(about(finding, gateway)))
}

fn about(finding: Finding, gateway: &Fact<Gateway>) -> Finding {
    let name = &gateway.spec.gateway_class_name;
    finding
        .about([gateway.id(), format!("GatewayClass/{name}")])
        .fix(fix(name))
}

fn named(gateway: &Fact<Gateway>) -> Evidence {
    Evidence::new(
        Layer::Declared,
        &gateway.origin,
        gateway.id(),
        "spec.gatewayClassName",
        gateway.spec.gateway_class_name.clone(),
    )
}

fn referenced(found: &Fact<GatewayClass>, reference: &ParametersRef) -> Evidence {
    Evidence::new(
        Layer::Declared,
        &found.origin,
        format!("GatewayClass/{}", found.metadata.name),
        "spec.parametersRef",
        class::parameters_id(reference),
    )
}

/// What Cilium said of the class, if it did.
fn said(found: &Fact<GatewayClass>) -> Vec<Evidence> {
    let accepted = condition(&found.status.conditions, "Accepted");
    let said = accepted.map(|accepted| {
        Evidence::new(
            Layer::Observed,
            &found.origin,
            format!("GatewayClass/{}", found.metadata.name),
            "status.conditions[Accepted]",
            class::said(accepted),
        )
    });
    said.into_iter().collect()
}

fn fix(name: &str) -> Fix {
    Fix {
        summary: format!(
            "name a class of controller {CILIUM_CONTROLLER}, or correct spec.parametersRef of the class"
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
