//! What every check of this hop asks first: which target group, and what AWS reports.

use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::aws::TargetHealthDescription;
use crate::model::{Gap, Reason, Source};
use crate::path::{AwsName, Path, Target};

/// What AWS reports about a target; `None` when there is no target group it could be registered in.
///
/// # Errors
/// The gap when the health of the group was not read, so that the target is only a node of the cluster.
pub(super) fn reported<'p>(
    path: &'p Path,
    target: &'p Target,
) -> Result<Option<(&'p AwsName, &'p TargetHealthDescription)>, Gap> {
    let Some(group) = path.target_group.read()? else {
        return Ok(None);
    };
    match &target.reported {
        Some(reported) => Ok(Some((group, reported))),
        None => Err(path
            .targets_gap
            .clone()
            .unwrap_or_else(|| Gap::not_collected(Source::TargetHealth, &group.name))),
    }
}

/// The gap of a target group that was captured without its type.
pub(super) fn no_target_type(group: &AwsName) -> Gap {
    Gap::new(
        Source::TargetGroups,
        &group.name,
        Reason::Partial("TargetType is not in the answer".to_owned()),
    )
}

/// What AWS reports about a target, verbatim, as evidence.
///
/// # Errors
/// The gap when the health of the group was not read.
pub(super) fn health_evidence(
    view: &View<'_>,
    group: &AwsName,
    reported: &TargetHealthDescription,
) -> Result<Evidence, Gap> {
    let origin = view
        .region(group, Source::TargetHealth)?
        .target_health_origin(&group.name)?;
    Ok(Evidence::new(
        Layer::Observed,
        origin,
        format!("Target/{}", label(reported)),
        "TargetHealth",
        verbatim(reported),
    ))
}

/// `i-0123…:30866`.
pub(super) fn label(reported: &TargetHealthDescription) -> String {
    match reported.target.port {
        Some(port) => format!("{}:{port}", reported.target.id),
        None => reported.target.id.clone(),
    }
}

/// State, reason and description in AWS's own words.
pub(super) fn verbatim(reported: &TargetHealthDescription) -> String {
    let health = &reported.target_health;
    let mut text = health.state.clone();
    if let Some(reason) = &health.reason {
        text.push(' ');
        text.push_str(reason);
    }
    if let Some(description) = &health.description {
        text.push_str(": ");
        text.push_str(description);
    }
    text
}

/// Whether AWS gives a reason whose description holds `part`; descriptions tell causes of one reason apart.
pub(super) fn says(reported: &TargetHealthDescription, reason: &str, part: &str) -> bool {
    let health = &reported.target_health;
    health.reason.as_deref() == Some(reason)
        && health
            .description
            .as_deref()
            .is_some_and(|text| text.to_ascii_lowercase().contains(part))
}

/// Whether a target is an instance rather than an address.
pub(super) fn is_instance(id: &str) -> bool {
    id.starts_with("i-")
}
