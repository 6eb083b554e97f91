//! Somebody wrote into the spec of a Service that Cilium generates, and the operator will take it away again.

use super::setting;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::kubernetes::meta::ManagedFields;

/// The check.
pub static CHECK: Check = Check {
    code: Code(1111),
    slug: "generated-service-edited",
    hop: Hop::Objects,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "somebody edits the spec of the generated Service, which Cilium replaces",
    since: "0.1.0",
    known_issues: &[],
    needs: &[Source::Services],
    page: include_str!("generated_service_edited.md"),
    run: Run::Subject(run),
};

fn run(view: &View<'_>) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service was made");
    };
    // Services of Ingresses are not covered: the shared one comes from the chart, and Helm writes it rightly.
    if setting::gateway_name(service).is_none() {
        return not_applicable("Cilium's operator does not write this Service's spec");
    }
    let writers = &service.metadata.managed_fields;
    let edits: Vec<&ManagedFields> = writers
        .iter()
        .filter(|writer| !writer.spec_fields.is_empty() && !is_operator(&writer.manager))
        .collect();
    if edits.is_empty() {
        return pass("nobody but Cilium has written the Service's spec, as far as was captured");
    }
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    let id = format!("Service/{namespace}/{name}");
    let row = |writer: &ManagedFields| {
        Evidence::new(
            Layer::Observed,
            &service.origin,
            id.clone(),
            format!("metadata.managedFields[{}]", writer.manager),
            format!(
                "{} spec.{}",
                writer.time.as_deref().unwrap_or("no time"),
                writer.spec_fields.join(", spec.")
            ),
        )
    };
    let operator = writers.iter().filter(|writer| is_operator(&writer.manager));
    let mut evidence: Vec<Evidence> = edits.iter().map(|writer| row(writer)).collect();
    evidence.extend(operator.filter(|one| !one.spec_fields.is_empty()).map(row));
    let said: Vec<String> = edits
        .iter()
        .map(|writer| {
            format!(
                "{} wrote spec.{}",
                writer.manager,
                writer.spec_fields.join(", spec.")
            )
        })
        .collect();
    Ok(Outcome::Note(
        Finding::new(
            format!(
                "{} of {name}: Cilium's operator replaces the whole spec when it next reconciles the Gateway, and ports and health checks change with it",
                said.join("; ")
            ),
            format!("{namespace}/{name}"),
            evidence,
        )
        .about([id])
        .fix(Fix {
            summary: "set it where Cilium takes it from: spec.infrastructure of the Gateway for annotations and labels, the CiliumGatewayClassConfig of the class (1.18 on) or the Helm values for everything else".to_owned(),
            commands: vec![
                format!("kubectl get service {name} -n {namespace} -o yaml --show-managed-fields"),
                "kubectl get gatewayclass -o jsonpath='{range .items[*]}{.metadata.name}{\"\\t\"}{.spec.parametersRef.namespace}/{.spec.parametersRef.name}{\"\\n\"}{end}'".to_owned(),
            ],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "only cilium-operator is left among the writers of the spec".to_owned(),
        }),
    ))
}

/// `cilium-operator`, `cilium-operator-generic`, `cilium-operator-aws`; or `Cilium`, after the client's user agent.
fn is_operator(manager: &str) -> bool {
    manager.to_ascii_lowercase().starts_with("cilium")
}
