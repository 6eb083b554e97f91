//! What every check between two subnets does: ask about each node of the balancer, and judge all pairs.

use super::balancer_nodes::BalancerNode;
use super::ends::Ends;
use super::pair::{Judgement, Reach, cross_zone, judge, must_work};
use crate::check::finding::{Confidence, Finding};
use crate::model::Gap;

/// What one node of the balancer meets on its way to a target in another subnet and back.
pub enum Crossing<T> {
    /// Nothing.
    Open,
    /// Something that lets a part through, or that cannot be looked into.
    Doubtful(T),
    /// Something that lets nothing through.
    Closed(T),
}

/// What all nodes meet.
pub struct Crossed<T> {
    /// Whether every pair that must work works; a doubtful one does.
    pub judgement: Judgement<T>,
    /// The first doubtful pair of those that must work.
    pub doubtful: Option<T>,
}

/// Asks about every node of the balancer that is in another subnet than the target; `None` when
/// there is none, because neither ACLs nor route tables apply inside one subnet.
pub fn cross<'a, T>(
    ends: &Ends<'_, 'a>,
    subnet: &str,
    ask: impl Fn(&BalancerNode<'a>) -> Result<Crossing<T>, Gap>,
) -> Option<Crossed<T>> {
    let nodes = &ends.balancer.nodes;
    if nodes.iter().all(|node| node.subnet == subnet) {
        return None;
    }
    let crosses = || cross_zone(&ends.region, &ends.name.name, &ends.group.name);
    let mut doubtful = None;
    let mut pairs = Vec::new();
    for node in nodes {
        let reach = if node.subnet == subnet {
            Reach::Works
        } else {
            match ask(node) {
                Ok(Crossing::Open) => Reach::Works,
                Ok(Crossing::Doubtful(what)) => {
                    if doubtful.is_none() && must_work(&ends.target.zone, node.zone, crosses) {
                        doubtful = Some(what);
                    }
                    Reach::Works
                }
                Ok(Crossing::Closed(what)) => Reach::Broken(what),
                Err(gap) => Reach::Unknown(gap),
            }
        };
        pairs.push((node.zone, reach));
    }
    Some(Crossed {
        judgement: judge(&ends.target.zone, pairs, crosses),
        doubtful,
    })
}

/// A finding about pairs of a target; less sure unless `every` pair is broken, because how many
/// nodes have to agree on a target is not documented.
pub fn weigh(finding: Finding, every: bool) -> Finding {
    if every {
        finding
    } else {
        finding
            .confidence(Confidence::Medium)
            .assuming("a target counts as unhealthy although some balancer nodes reach it")
    }
}
