//! The placeholder endpoint is normal: said aloud, because people take it for the cause.

use crate::check::finding::{Evidence, Finding, Layer};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::EndpointSlice;
use crate::model::kubernetes::endpoints::PLACEHOLDER_ADDRESS;
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
        view.endpoint_slices().all(namespace)?;
        return not_applicable("the Service has no placeholder endpoint");
    };
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
        format!(
            "EndpointSlice/{}/{}",
            slice.metadata.namespace, slice.metadata.name
        ),
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
