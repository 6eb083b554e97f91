//! What controllers said about an object: the cheapest evidence of all.

use crate::check::finding::{Evidence, Layer};
use crate::check::view::View;
use crate::model::Fact;
use crate::model::kubernetes::{Event, Object};

/// The Warning events about an object, the latest first; empty as well when none were captured.
///
/// Events expire after an hour, so their absence never proves anything.
pub fn warnings<'a>(
    view: &View<'a>,
    kind: &str,
    namespace: &str,
    name: &str,
) -> Vec<&'a Fact<Event>> {
    let mut found: Vec<_> = view
        .events()
        .known()
        .filter(|event| {
            let about = &event.involved_object;
            event.kind == "Warning"
                && about.kind == kind
                && about.namespace == namespace
                && about.name == name
        })
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
