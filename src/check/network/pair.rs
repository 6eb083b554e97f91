//! Which balancer addresses must reach a target.
//!
//! Every enabled zone has a balancer node with its own address. A node sends
//! traffic to the targets of its own zone, and to all of them where cross-zone
//! balancing is on. Whether a node also checks targets that it never sends
//! traffic to is not documented, so a pair across zones decides only where
//! cross-zone balancing is on.

use crate::check::view::RegionView;
use crate::model::Gap;

/// Attribute of both load balancers and target groups.
pub const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";

/// Whether balancer nodes send traffic to targets of other zones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrossZone {
    /// They do.
    On,
    /// They do not.
    Off,
    /// The attribute that decides was not read.
    Unknown(Gap),
}

/// Whether cross-zone balancing is in effect for a target group: its own attribute wins, and
/// `use_load_balancer_configuration` hands over to the load balancer, where off is the default.
pub fn cross_zone(region: &RegionView<'_, '_>, balancer: &str, group: &str) -> CrossZone {
    let own = match region.target_group_attribute(group, CROSS_ZONE) {
        Ok(value) => value,
        Err(gap) => return CrossZone::Unknown(gap),
    };
    let value = match own {
        Some("true" | "false") => own,
        _ => match region.load_balancer_attribute(balancer, CROSS_ZONE) {
            Ok(value) => value,
            Err(gap) => return CrossZone::Unknown(gap),
        },
    };
    if value == Some("true") {
        CrossZone::On
    } else {
        CrossZone::Off
    }
}

/// The zone of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Zone<'a> {
    /// A zone.
    Known(&'a str),
    /// An address outside the VPC, registered for `all` zones.
    Every,
    /// Not known; the gap says what would tell.
    Unknown(Gap),
}

/// What one balancer node finds on its way to a target.
#[derive(Debug, Clone, PartialEq)]
pub enum Reach<T> {
    /// Nothing in the way.
    Works,
    /// Something in the way.
    Broken(T),
    /// Something was not read.
    Unknown(Gap),
}

/// What all pairs of a target come to.
#[derive(Debug, Clone, PartialEq)]
pub enum Judgement<T> {
    /// Every pair that must work works.
    Works,
    /// A pair that must work is broken.
    Broken {
        /// What is in the way of the first one, the target's own zone before others.
        first: T,
        /// Whether all pairs that must work are broken, so that no consensus of nodes can help.
        every: bool,
    },
    /// A reading that decides is missing.
    Unknown(Gap),
}

/// Judges the pairs of a target with the balancer nodes, each given with its zone.
///
/// `cross` is asked only when the answer depends on it, so that a missing attribute that decides
/// nothing does not make the target unknown.
pub fn judge<T>(
    zone: &Zone<'_>,
    pairs: impl IntoIterator<Item = (impl AsRef<str>, Reach<T>)>,
    cross: impl FnOnce() -> CrossZone,
) -> Judgement<T> {
    let (own, others): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(of_pair, _)| match zone {
        Zone::Known(name) => of_pair.as_ref() == *name,
        Zone::Every => true,
        Zone::Unknown(_) => false,
    });
    let own = Tally::of(own.into_iter().map(|(_, reach)| reach));
    let others = Tally::of(others.into_iter().map(|(_, reach)| reach));
    if let Some(first) = own.first {
        return Judgement::Broken {
            first,
            every: own.working == 0 && own.gap.is_none(),
        };
    }
    if let Some(gap) = own.gap {
        return match others.first {
            Some(first) if cross() == CrossZone::On => Judgement::Broken {
                first,
                every: false,
            },
            _ => Judgement::Unknown(gap),
        };
    }
    let gap = match (others.first, others.gap) {
        (None, None) => return Judgement::Works,
        (Some(first), None) if own.working == 0 && others.working == 0 => {
            return Judgement::Broken { first, every: true };
        }
        (Some(first), gap) => match (cross(), zone) {
            (CrossZone::On, _) => {
                return Judgement::Broken {
                    first,
                    every: own.working == 0 && others.working == 0 && gap.is_none(),
                };
            }
            (CrossZone::Off, Zone::Unknown(of_zone)) => of_zone.clone(),
            (CrossZone::Off, _) => return Judgement::Works,
            (CrossZone::Unknown(of_attribute), _) => of_attribute,
        },
        (None, Some(gap)) => match (cross(), zone) {
            (CrossZone::Off, Zone::Known(_) | Zone::Every) => return Judgement::Works,
            _ => gap,
        },
    };
    Judgement::Unknown(gap)
}

/// Whether a pair with a node of zone `of_pair` is one that must work.
pub fn must_work(zone: &Zone<'_>, of_pair: &str, cross: impl FnOnce() -> CrossZone) -> bool {
    match zone {
        Zone::Known(own) if *own == of_pair => true,
        Zone::Every => true,
        Zone::Known(_) | Zone::Unknown(_) => cross() == CrossZone::On,
    }
}

/// Several pairs, counted.
struct Tally<T> {
    working: usize,
    first: Option<T>,
    gap: Option<Gap>,
}

impl<T> Tally<T> {
    fn of(reaches: impl Iterator<Item = Reach<T>>) -> Self {
        let mut all = Self {
            working: 0,
            first: None,
            gap: None,
        };
        for reach in reaches {
            match reach {
                Reach::Works => all.working += 1,
                Reach::Broken(what) => {
                    all.first.get_or_insert(what);
                }
                Reach::Unknown(gap) => {
                    all.gap.get_or_insert(gap);
                }
            }
        }
        all
    }
}
