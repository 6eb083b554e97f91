//! The placeholder endpoint is normal: said aloud, because people take it for the cause.

use super::owner::{self, Owner};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::endpoints::PLACEHOLDER_ADDRESS;
use crate::model::kubernetes::{EndpointSlice, Object, Service};
use crate::model::{Fact, Source};

/// The check.
pub static CHECK: Check = Check {
    code: Code(1105),
    slug: "placeholder-endpoint",
    hop: Hop::Objects,
    severity: Severity::Info,
    bearing: Bearing::Hygiene,
    title: "the placeholder endpoint 192.192.192.192 is normal and explains nothing",
    since: "0.1.0",
    needs: &[Source::Services, Source::EndpointSlices],
    page: include_str!("placeholder_endpoint.md"),
    known_issues: &[],
    run: Run::Subject(run),
};

fn run(view: &View<'_>) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service was made");
    };
    if !service.is_proxied() {
        return not_applicable("the Service has endpoints of its own");
    }
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    let found = view.endpoint_slices().known().find(|slice| {
        slice.metadata.namespace == *namespace && belongs(slice, name) && slice.is_placeholder()
    });
    let Some(slice) = found else {
        view.endpoint_slices().complete(namespace)?;
        return not_applicable("the Service has no placeholder endpoint");
    };
    if let Some(consumer) = selects_by_label(service).filter(|_| !is_labelled(slice)) {
        return Ok(Outcome::Note(unlabelled(service, slice, consumer)));
    }
    if all_healthy(view) {
        return pass("the placeholder endpoint is there, as on every healthy Gateway");
    }
    Ok(Outcome::Note(
        Finding::new(
            format!(
                "the endpoint {PLACEHOLDER_ADDRESS} of {name} is Cilium's placeholder: every Gateway and Ingress has it, healthy ones too, and no packet is sent to it"
            ),
            format!("{namespace}/{name}"),
            vec![evidence(slice)],
        )
        .about([format!("Service/{namespace}/{name}")]),
    ))
}

/// Whether a slice belongs to a Service; 1.19.0 writes the placeholder without the label, under the Service's name.
fn belongs(slice: &EndpointSlice, service: &str) -> bool {
    slice.service() == Some(service) || slice.metadata.name == service
}

/// The label by which consumers other than Cilium find the slices of a Service.
const SERVICE_LABEL: &str = "kubernetes.io/service-name";

fn is_labelled(slice: &EndpointSlice) -> bool {
    slice.metadata.labels.contains_key(SERVICE_LABEL)
}

/// Who would look for the slice by its label; `None` for NLBs with instance targets, which need no endpoints.
fn selects_by_label(service: &Service) -> Option<String> {
    let intended = owner::intended(service);
    match intended.owner {
        Owner::Other => Some(format!("the controller of {}", intended.value)),
        _ => None,
    }
}

/// 1.19.0 writes the slice without label and readiness (operator/pkg/model/translation/gateway-api/translator.go).
fn unlabelled(service: &Service, slice: &Fact<EndpointSlice>, consumer: String) -> Finding {
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    Finding::new(
        format!(
            "the placeholder EndpointSlice of {name} has no label {SERVICE_LABEL}, so {consumer} sees a Service without endpoints; Cilium itself does not mind"
        ),
        format!("{namespace}/{name} unlabelled"),
        vec![
            evidence(slice),
            Evidence::new(
                Layer::Declared,
                &slice.origin,
                slice.id(),
                format!("metadata.labels[{SERVICE_LABEL}]"),
                "absent",
            ),
        ],
    )
    .about([format!("Service/{namespace}/{name}")])
    .fix(Fix {
        summary: "upgrade to a Cilium that labels it (1.20, or the 1.19 release with PR #46400)"
            .to_owned(),
        commands: Vec::new(),
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: "the EndpointSlice carries the label".to_owned(),
    })
}

fn evidence(slice: &Fact<EndpointSlice>) -> Evidence {
    let ports: Vec<String> = slice
        .ports
        .iter()
        .filter_map(|port| port.port)
        .map(|port| port.to_string())
        .collect();
    Evidence::new(
        Layer::Declared,
        &slice.origin,
        slice.id(),
        "endpoints[].addresses",
        format!("[{PLACEHOLDER_ADDRESS}] port {}", ports.join(",")),
    )
}

/// Nobody looks for a cause where every target is healthy, so nothing needs saying there.
fn all_healthy(view: &View<'_>) -> bool {
    let mut states = view
        .paths()
        .iter()
        .flat_map(|path| &path.targets)
        .map(crate::path::Target::state)
        .peekable();
    states.peek().is_some() && states.all(|state| state == Some("healthy"))
}
