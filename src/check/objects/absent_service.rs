//! The part of CLB1101 in which the object exists and its Service does not.

use super::{gateway_class_not_accepted, gateway_controller_absent};
use crate::check::View;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::outcome::{Checked, fail, not_applicable};
use crate::model::Fact;
use crate::model::kubernetes::ingress::MODE;
use crate::model::kubernetes::meta::condition;
use crate::model::kubernetes::{Condition, Gateway, Ingress, Object};
use crate::path::{SubjectKind, ingress};

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
            let Some(ingress) = view.ingresses().find(namespace, name)? else {
                return not_applicable("the Ingress does not exist");
            };
            let config_maps = view.config_maps();
            let shared = ingress::is_shared(ingress, config_maps)?;
            if !shared {
                view.services().complete(namespace)?;
                return fail(of_ingress(view, ingress, None));
            }
            // Without cilium-config the shared Service may be there under another name; it lives beside it.
            let home = &ingress::config(config_maps)?.metadata.namespace;
            view.services().complete(home)?;
            let shared = ingress::shared_name(config_maps);
            fail(of_ingress(view, ingress, Some(shared)))
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

/// Nobody made the Service of an Ingress; `shared` is the name of the one that it would share.
fn of_ingress(view: &View<'_>, ingress: &Fact<Ingress>, shared: Option<&str>) -> Finding {
    let (namespace, name) = (&ingress.metadata.namespace, &ingress.metadata.name);
    let (key, mode) = ingress.mode_annotation().unwrap_or((MODE, "unset"));
    let mut evidence = vec![Evidence::new(
        Layer::Declared,
        &ingress.origin,
        ingress.id(),
        format!("metadata.annotations[{key}]"),
        mode,
    )];
    if !matches!(ingress.mode(), Some("dedicated" | "shared"))
        && let Ok(map) = ingress::config(view.config_maps())
    {
        let default = map.data.get(ingress::MODE_KEY);
        evidence.push(Evidence::new(
            Layer::Declared,
            &map.origin,
            map.id(),
            ingress::MODE_KEY,
            default.map_or("unset", String::as_str),
        ));
    }
    let message = match shared {
        Some(service) => format!(
            "ingress {name} is served by the shared Service {service}, which Cilium's chart makes, and it does not exist"
        ),
        None => format!("Cilium's operator has made no Service for ingress {name}"),
    };
    let fix = match shared {
        Some(service) => Fix {
            summary: "let the chart make it (Helm value ingressController.enabled; its name is ingressController.service.name), or give the Ingress a Service of its own".to_owned(),
            commands: vec![
                format!("kubectl get services -A --field-selector metadata.name={service}"),
                format!(
                    "kubectl annotate ingress {name} -n {namespace} --overwrite {MODE}=dedicated"
                ),
            ],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "the Service of the Ingress exists".to_owned(),
        },
        None => operator_fix(view, "ingressController.enabled"),
    };
    Finding::new(message, format!("{namespace}/{name}"), evidence)
        .about([ingress.id()])
        .fix(fix)
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
        None if gateway.is_acted_on() => {
            format!("Cilium's operator has made no Service for gateway {name}")
        }
        None => format!(
            "Cilium's operator has made no Service for gateway {name}, and has not acted on its generation {}",
            gateway.metadata.generation
        ),
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

/// `Accepted=False` of the present generation, with its reason.
///
/// Cilium writes the generation with every verdict (operator/pkg/gateway-api/gateway_reconcile.go,
/// setGatewayAccepted), so that of an earlier one says nothing about what the Gateway asks now.
pub(super) fn refusal(gateway: &Gateway) -> Option<String> {
    condition(&gateway.status.conditions, "Accepted")
        .filter(|found| found.status == "False" && gateway.is_acted_on())
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
            format!(
                "{} {}: {}{}",
                found.status,
                found.reason,
                found.message,
                of_before(found, gateway)
            ),
        )],
        None => vec![row(
            "status.conditions".to_owned(),
            "no Accepted condition".to_owned(),
        )],
    }
}

/// What tells a condition of an earlier generation from one that counts.
fn of_before(condition: &Condition, gateway: &Gateway) -> String {
    let (observed, now) = (condition.observed_generation, gateway.metadata.generation);
    // Without a number it is the default of the CRD, which speaks of no generation.
    if (1..now).contains(&observed) {
        format!(" (of generation {observed}, and the Gateway is at {now})")
    } else {
        String::new()
    }
}
