//! The part of CLB1101 in which the object exists and its Service does not.

use super::{gateway_class_not_accepted, gateway_controller_absent};
use crate::check::View;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::outcome::{Checked, fail, not_applicable};
use crate::model::Fact;
use crate::model::kubernetes::meta::condition;
use crate::model::kubernetes::{Gateway, Object};
use crate::path::SubjectKind;

/// The object exists and no Service does.
pub(super) fn finding(view: &View<'_>) -> Checked {
    let subject = view.subject();
    let (namespace, name) = (&subject.object.namespace, &subject.object.name);
    match subject.kind {
        SubjectKind::Gateway => {
            view.services().complete(namespace)?;
            match view.gateways().find(namespace, name)? {
                Some(gateway) => match explained_by(view, gateway) {
                    Some(why) => not_applicable(why),
                    None => fail(without_generated_service(view, gateway)),
                },
                None => not_applicable("the Gateway does not exist"),
            }
        }
        SubjectKind::Ingress => {
            // The shared Service lives in Cilium's own namespace, wherever that is.
            view.services().complete("")?;
            let Some(ingress) = view.ingresses().find(namespace, name)? else {
                return not_applicable("the Ingress does not exist");
            };
            let evidence = Evidence::new(
                Layer::Declared,
                &ingress.origin,
                format!("Ingress/{namespace}/{name}"),
                "metadata.annotations[ingress.cilium.io/loadbalancer-mode]",
                ingress.mode().unwrap_or("unset"),
            );
            fail(
                Finding::new(
                    format!("Cilium's operator has made no Service for ingress {name}"),
                    format!("{namespace}/{name}"),
                    vec![evidence],
                )
                .about([format!("Ingress/{namespace}/{name}")])
                .fix(operator_fix(view, "ingressController.enabled")),
            )
        }
        _ => {
            let Some(binding) = view.target_group_bindings().find(namespace, name)? else {
                return not_applicable("the Service does not exist");
            };
            let wanted = &binding.spec.service_ref.name;
            let evidence = Evidence::new(
                Layer::Declared,
                &binding.origin,
                format!("TargetGroupBinding/{namespace}/{name}"),
                "spec.serviceRef.name",
                wanted.clone(),
            );
            fail(
                Finding::new(
                    format!("spec.serviceRef names {wanted}, and no such Service exists"),
                    format!("{namespace}/{wanted}"),
                    vec![evidence],
                )
                .about([format!("TargetGroupBinding/{namespace}/{name}")]),
            )
        }
    }
}

/// What has a code of its own and keeps the operator from making any Service.
fn explained_by(view: &View<'_>, gateway: &Fact<Gateway>) -> Option<&'static str> {
    if matches!(
        gateway_class_not_accepted::refused(view, gateway),
        Ok(Some(_))
    ) {
        return Some("Cilium follows no Gateway of the class (CLB1108)");
    }
    matches!(
        gateway_controller_absent::unattended(view, gateway),
        Ok(Some(_))
    )
    .then_some("the operator runs no Gateway API controller (CLB1107)")
}

fn without_generated_service(view: &View<'_>, gateway: &Fact<Gateway>) -> Finding {
    let (namespace, name) = (&gateway.metadata.namespace, &gateway.metadata.name);
    let id = format!("Gateway/{namespace}/{name}");
    let class = &gateway.spec.gateway_class_name;
    let mut evidence = conditions(gateway);
    let refused = refusal(gateway);
    let message = match &refused {
        Some(reason) => format!(
            "gateway {name} is not accepted ({reason}), so Cilium's operator makes no Service for it"
        ),
        None => format!("Cilium's operator has made no Service for gateway {name}"),
    };
    if let Some(class) = view
        .gateway_classes()
        .known()
        .find(|found| found.metadata.name == *class)
    {
        let accepted = condition(&class.status.conditions, "Accepted");
        evidence.push(Evidence::new(
            Layer::Observed,
            &class.origin,
            format!("GatewayClass/{}", class.metadata.name),
            "status.conditions[Accepted]",
            accepted.map_or("absent".to_owned(), |found| {
                format!("{} {}", found.status, found.reason)
            }),
        ));
    }
    let finding = Finding::new(message, format!("{namespace}/{name}"), evidence).about([id]);
    match refused {
        Some(_) => finding.fix(Fix {
            summary: "correct what the condition names; the operator translates the Gateway once it is accepted".to_owned(),
            commands: vec![format!("kubectl describe gateway {name} -n {namespace}")],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: format!("Service cilium-gateway-{name} exists in namespace {namespace}"),
        }),
        None => finding.fix(operator_fix(view, "gatewayAPI.enabled")),
    }
}

fn operator_fix(view: &View<'_>, value: &str) -> Fix {
    Fix {
        summary: format!(
            "see why the operator does not translate it: Helm value {value}, the CRDs of the matching version, or an operator that was not restarted since"
        ),
        commands: vec![
            view.kubectl("logs deployment/cilium-operator | grep -i -e gateway -e ingress"),
        ],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "the generated Service exists".to_owned(),
    }
}

/// `Accepted=False`, with its reason.
pub(super) fn refusal(gateway: &Gateway) -> Option<String> {
    condition(&gateway.status.conditions, "Accepted")
        .filter(|found| found.status == "False")
        .map(|found| match found.reason.as_str() {
            "" => "status.conditions[Accepted] is False".to_owned(),
            reason => reason.to_owned(),
        })
}

pub(super) fn conditions(gateway: &Fact<Gateway>) -> Vec<Evidence> {
    let id = gateway.id();
    let row = |field: String, value: String| {
        Evidence::new(Layer::Observed, &gateway.origin, id.clone(), field, value)
    };
    match condition(&gateway.status.conditions, "Accepted") {
        Some(found) => vec![row(
            "status.conditions[Accepted]".to_owned(),
            format!("{} {}: {}", found.status, found.reason, found.message),
        )],
        None => vec![row(
            "status.conditions".to_owned(),
            "no Accepted condition".to_owned(),
        )],
    }
}
