//! The verdict per target against an independent oracle, over random networks.
//!
//! `tests/support/aws/oracle.py` is written from the AWS documents and shares nothing with the program. One
//! process of it answers for every pair of balancer address and target; what it says of the pairs that have to
//! work is held against what the checks of the network hop say of the target. A disagreement is shrunken
//! to a small world that still shows it.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic of a test is its report"
)]

#[path = "../support/mod.rs"]
mod support;

mod bundle;
mod generate;
mod oracle;
mod program;
mod random;
mod shrink;

use oracle::Oracle;
use serde_json::Value;
use std::collections::BTreeMap;

/// Networks per run; each has up to three balancer nodes and three targets.
const NETWORKS: u64 = 1500;

/// What both sides say of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Said {
    /// Something that was read keeps checks out.
    Deny,
    /// Something was not read that could.
    Unknown,
    /// A share of the answers gets through.
    Partial,
    /// Nothing is in the way.
    Allow,
}

/// The first target on which both sides disagree, if there is one.
fn disagreement(world: &Value, oracle: &mut Oracle) -> Option<String> {
    let program = program::verdicts(world);
    for (index, verdict) in program.iter().enumerate() {
        let (said, shares) = oracle.of_target(world, index);
        if said != verdict.said {
            return Some(format!(
                "target {index}: the oracle says {said:?}, the program {:?}\n{}",
                verdict.said,
                verdict.texts.join("\n")
            ));
        }
        if said == Said::Partial && !shares.contains(&verdict.share) {
            return Some(format!(
                "target {index}: shares of the oracle {shares:?}, of the program {:?}",
                verdict.share
            ));
        }
    }
    None
}

#[test]
fn random_networks() {
    let mut oracle = Oracle::start();
    let mut seen: BTreeMap<(&str, Said), u32> = BTreeMap::new();
    for seed in 0..NETWORKS {
        let world = generate::world(seed);
        if let Some(first) = disagreement(&world, &mut oracle) {
            let small = shrink::shrink(world, |world| disagreement(world, &mut oracle).is_some());
            let now = disagreement(&small, &mut oracle).unwrap_or(first);
            panic!(
                "seed {seed}: {now}\n{}",
                serde_json::to_string_pretty(&small).unwrap()
            );
        }
        let family = if world["v6"] == true { "IPv6" } else { "IPv4" };
        for verdict in program::verdicts(&world) {
            *seen.entry((family, verdict.said)).or_default() += 1;
        }
    }
    // A test whose worlds are all open, or all closed, would prove nothing.
    for family in ["IPv4", "IPv6"] {
        for said in [Said::Deny, Said::Unknown, Said::Partial, Said::Allow] {
            let count = seen.get(&(family, said)).copied().unwrap_or(0);
            assert!(count >= 20, "{family} {said:?}: {count} of {seen:?}");
        }
    }
}

#[test]
fn a_disagreement_is_found_and_shrunken() {
    let mut oracle = Oracle::start();
    // The oracle is asked about a world that differs from the program's by one deny entry.
    let mut lies = |world: &Value| {
        let mut told = world.clone();
        for acl in told["network_acls"].as_array_mut().unwrap() {
            acl["Entries"] = serde_json::json!([]);
        }
        let said = oracle.of_target(&told, 0).0;
        program::verdicts(world)[0].said != said
    };
    let world = (0..)
        .map(generate::world)
        .find(|world| lies(world))
        .unwrap();
    let small = shrink::shrink(world.clone(), &mut lies);
    assert!(lies(&small));
    assert!(small.to_string().len() < world.to_string().len());
    assert_eq!(small["targets"].as_array().unwrap().len(), 1);
}
