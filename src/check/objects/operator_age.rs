//! An operator that is older than its configuration: it reads `enable-gateway-api` only when it starts.

use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::Fact;
use crate::model::kubernetes::{ConfigMap, Object, Pod};
use jiff::Timestamp;

/// The youngest Pod of cilium-operator and the last change of cilium-config, if the change is the younger one.
///
/// `None` as well when either time was not captured.
pub(super) fn older_than(view: &View<'_>, map: &Fact<ConfigMap>) -> Option<[Evidence; 2]> {
    let changed_at = map.changed_at()?;
    let changed = changed_at.parse::<Timestamp>().ok()?;
    let started = |pod: &Fact<Pod>| pod.status.start_time.as_deref()?.parse::<Timestamp>().ok();
    let youngest = view
        .pods()
        .known()
        .filter(|pod| is_operator(pod))
        .max_by_key(|pod| started(pod))?;
    if started(youngest)? >= changed {
        return None;
    }
    Some([
        Evidence::new(
            Layer::Observed,
            &youngest.origin,
            youngest.id(),
            "status.startTime",
            youngest.status.start_time.as_deref().unwrap_or_default(),
        ),
        Evidence::new(
            Layer::Declared,
            &map.origin,
            format!("ConfigMap/{}/cilium-config", map.metadata.namespace),
            "metadata.managedFields[].time",
            changed_at,
        ),
    ])
}

/// The chart labels the operator's Pods so in every version.
fn is_operator(pod: &Pod) -> bool {
    let labels = &pod.metadata.labels;
    labels
        .get("io.cilium/app")
        .is_some_and(|app| app == "operator")
}
