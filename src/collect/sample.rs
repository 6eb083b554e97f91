//! Which agents are read: two of each class of target nodes, because nodes of a class fail alike.

use std::collections::BTreeMap;

/// Agents of one class.
const OF_EACH: usize = 2;
/// Agents of one collection.
const MOST: usize = 8;

/// A node that may be a target, and what tells its class.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    /// Kubernetes node name.
    pub(super) node: String,
    /// States that AWS reports for its targets, sorted; empty when AWS was not read.
    pub(super) states: Vec<String>,
    /// Zone.
    pub(super) zone: String,
    /// Image of its agent.
    pub(super) image: String,
    /// Whether a ready endpoint of a wanted Service runs on it.
    pub(super) local_endpoint: bool,
}

impl Candidate {
    /// Sick classes come first, so that the limit never leaves them out for healthy ones.
    fn class(&self) -> (bool, &[String], &str, &str, bool) {
        let healthy = self.states.iter().all(|state| state == "healthy");
        (
            healthy,
            &self.states,
            &self.zone,
            &self.image,
            self.local_endpoint,
        )
    }
}

/// The nodes to read, and those that are left out, both sorted by name.
pub(super) fn sample(candidates: &[Candidate], all: bool) -> (Vec<&str>, Vec<&str>) {
    let mut classes: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for candidate in candidates {
        classes
            .entry(candidate.class())
            .or_default()
            .push(&candidate.node);
    }
    for nodes in classes.values_mut() {
        nodes.sort_unstable();
        nodes.dedup();
    }
    let (each, most) = if all {
        (usize::MAX, usize::MAX)
    } else {
        (OF_EACH, MOST)
    };
    let longest = classes
        .values()
        .map(Vec::len)
        .max()
        .unwrap_or_default()
        .min(each);
    // One of every class before the second of any.
    let order = (0..longest).flat_map(|round| {
        classes
            .values()
            .filter_map(move |nodes| nodes.get(round).copied())
    });
    let mut chosen: Vec<&str> = order.take(most).collect();
    chosen.sort_unstable();
    let mut left: Vec<&str> = classes.values().flatten().copied().collect();
    left.sort_unstable();
    left.retain(|node| chosen.binary_search(node).is_err());
    (chosen, left)
}

#[cfg(test)]
mod tests {
    use super::{Candidate, sample};

    fn candidate(number: usize, state: &str, zone: &str) -> Candidate {
        Candidate {
            node: format!("node-{number:03}"),
            states: vec![state.to_owned()],
            zone: zone.to_owned(),
            image: "cilium:v1.18.2".to_owned(),
            local_endpoint: false,
        }
    }

    #[test]
    fn two_of_each_class() {
        let nodes: Vec<Candidate> = (0..30)
            .map(|n| {
                candidate(
                    n,
                    if n < 20 { "unhealthy" } else { "healthy" },
                    ["a", "b"][n % 2],
                )
            })
            .collect();
        let (chosen, left) = sample(&nodes, false);
        assert_eq!(
            chosen,
            [
                "node-000", "node-001", "node-002", "node-003", "node-020", "node-021", "node-022",
                "node-023"
            ]
        );
        assert_eq!(left.len(), 22);
    }

    #[test]
    fn at_most_eight_and_the_sick_first() {
        let mut nodes: Vec<Candidate> = (0..12)
            .map(|n| candidate(n, "healthy", &format!("z{n}")))
            .collect();
        nodes.push(candidate(99, "unhealthy", "z0"));
        let (chosen, left) = sample(&nodes, false);
        assert_eq!(chosen.len(), 8);
        assert!(chosen.contains(&"node-099"));
        assert_eq!(left.len(), 5);
        let (all, none) = sample(&nodes, true);
        assert_eq!((all.len(), none.len()), (13, 0));
    }

    #[test]
    fn no_candidates_no_agents() {
        assert_eq!(sample(&[], false), (vec![], vec![]));
    }
}
