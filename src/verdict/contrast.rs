//! Inside one target group: the attribute that separates healthy from sick targets.
//!
//! It is printed even when no check fires, because it says where to look. The separations that point at one
//! class of causes have a name of their own.

use super::attribute::{ATTRIBUTES, LOCAL_ENDPOINT, OLDER, STARTED};
use super::predict::TargetVerdict;
use crate::check::View;
use crate::path::Target;
use std::collections::BTreeSet;

/// An attribute that separates the targets of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contrast {
    /// Target group, or the Classic Load Balancer that has none.
    pub target_group: String,
    /// The attribute.
    pub attribute: &'static str,
    /// What the separation is called, where it points at one class of causes.
    pub pattern: Option<&'static str>,
    /// Its values on sick targets.
    pub sick: Vec<String>,
    /// Its values on healthy targets; empty where no target is healthy.
    pub healthy: Vec<String>,
    /// How many sick targets.
    pub sick_targets: usize,
    /// How many healthy targets.
    pub healthy_targets: usize,
}

/// The separating attributes of every path with both kinds of targets, and paths of which every target is sick.
pub fn contrasts(view: &View<'_>, verdicts: &[Vec<TargetVerdict>]) -> Vec<Contrast> {
    let mut all = Vec::new();
    for (path, targets) in view.paths().iter().zip(verdicts) {
        let (mut sick, mut healthy) = (Vec::new(), Vec::new());
        for (target, verdict) in path.targets.iter().zip(targets) {
            match target.state() {
                Some("healthy") => healthy.push(target),
                Some(_) if verdict.sick && !verdict.by_design => sick.push(target),
                _ => {}
            }
        }
        let target_group = path
            .target_group
            .found()
            .or(path.classic.as_ref())
            .map(|group| group.name.clone())
            .unwrap_or_default();
        // One node is no pattern.
        if sick.len() > 1 && sick.len() == path.targets.len() {
            all.push(Contrast {
                target_group,
                attribute: "node",
                pattern: Some("all nodes"),
                sick: Vec::new(),
                healthy: Vec::new(),
                sick_targets: sick.len(),
                healthy_targets: 0,
            });
            continue;
        }
        if sick.is_empty() || healthy.is_empty() {
            continue;
        }
        for attribute in ATTRIBUTES {
            let values = |targets: &[&Target]| -> Option<BTreeSet<String>> {
                targets
                    .iter()
                    .map(|target| (attribute.value)(view, path, target))
                    .collect()
            };
            let (Some(of_sick), Some(of_healthy)) = (values(&sick), values(&healthy)) else {
                continue;
            };
            if separates(&of_sick, &of_healthy, sick.len() + healthy.len()) {
                all.push(Contrast {
                    target_group: target_group.clone(),
                    attribute: attribute.name,
                    pattern: pattern(attribute.name, &of_sick),
                    sick: of_sick.into_iter().collect(),
                    healthy: of_healthy.into_iter().collect(),
                    sick_targets: sick.len(),
                    healthy_targets: healthy.len(),
                });
            }
        }
    }
    all
}

/// Whether no value is on both sides. An attribute that is different for every target separates anything and
/// says nothing.
fn separates(sick: &BTreeSet<String>, healthy: &BTreeSet<String>, targets: usize) -> bool {
    sick.is_disjoint(healthy) && sick.len() + healthy.len() < targets
}

/// What a separation is called.
fn pattern(attribute: &str, sick: &BTreeSet<String>) -> Option<&'static str> {
    let only = match sick.iter().collect::<Vec<_>>().as_slice() {
        [only] => only.as_str(),
        _ => return None,
    };
    match (attribute, only) {
        (STARTED, OLDER) => Some("nodes with an agent older than the change"),
        (LOCAL_ENDPOINT, "no") => Some("nodes without a local endpoint"),
        (LOCAL_ENDPOINT, _) => Some("nodes with a local endpoint, the inverse"),
        ("device", _) => Some("one device name"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{LOCAL_ENDPOINT, OLDER, STARTED, pattern, separates};
    use std::collections::BTreeSet;

    fn set(values: &[&str]) -> BTreeSet<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn a_value_on_both_sides_or_one_for_each_target_separates_nothing() {
        assert!(separates(&set(&["a"]), &set(&["b"]), 3));
        assert!(!separates(&set(&["a", "b"]), &set(&["b"]), 4));
        assert!(!separates(&set(&["a"]), &set(&["b", "c"]), 3));
    }

    #[test]
    fn separations_with_a_name() {
        let cases = [
            (
                STARTED,
                set(&[OLDER]),
                Some("nodes with an agent older than the change"),
            ),
            (STARTED, set(&["after the ConfigMap changed"]), None),
            (
                LOCAL_ENDPOINT,
                set(&["no"]),
                Some("nodes without a local endpoint"),
            ),
            (
                LOCAL_ENDPOINT,
                set(&["yes"]),
                Some("nodes with a local endpoint, the inverse"),
            ),
            ("device", set(&["eth1"]), Some("one device name")),
            ("device", set(&["eth1", "eth2"]), None),
            ("zone", set(&["a"]), None),
        ];
        for (attribute, sick, wanted) in cases {
            assert_eq!(pattern(attribute, &sick), wanted, "{attribute}");
        }
    }
}
