//! What controllers said about an object: the cheapest evidence of all.

use crate::check::finding::{Evidence, Layer};
use crate::check::view::View;
use crate::model::Fact;
use crate::model::kubernetes::{Event, Object};

/// What the AWS Load Balancer Controller says of an object when nothing is left to do (pkg/k8s/events.go).
const DONE: &str = "SuccessfullyReconciled";

/// The Warning events about an object since it was last reconciled whole, the latest first; empty as well when none
/// were captured.
///
/// Events expire after an hour, so their absence never proves anything.
pub fn warnings<'a>(
    view: &View<'a>,
    kind: &str,
    namespace: &str,
    name: &str,
) -> Vec<&'a Fact<Event>> {
    let of_object = || {
        view.events().known().filter(|event| {
            let about = &event.involved_object;
            about.kind == kind && about.namespace == namespace && about.name == name
        })
    };
    let done = of_object()
        .filter(|event| event.reason == DONE)
        .map(|event| &event.last_timestamp)
        .max();
    let mut found: Vec<_> = of_object()
        .filter(|event| event.kind == "Warning")
        .filter(|event| done.is_none_or(|done| event.last_timestamp >= *done))
        .collect();
    found.sort_by(|a, b| {
        (&b.last_timestamp, &a.reason, a.key()).cmp(&(&a.last_timestamp, &b.reason, b.key()))
    });
    found
}

/// An event as evidence.
pub fn evidence(event: &Fact<Event>) -> Evidence {
    let about = &event.involved_object;
    Evidence::new(
        Layer::Observed,
        &event.origin,
        format!("{}/{}/{}", about.kind, about.namespace, about.name),
        format!("Event {}", event.reason),
        event.message.clone(),
    )
}
