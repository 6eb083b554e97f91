//! The diagnosis is the same in every partition of AWS: only names of partitions, regions and domains differ.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

mod support;

use cilium_lb::bundle::Bundle;
use support::diagnosis::diagnose;
use support::scenario;

/// Partition, a region of it, and the domain of its load balancers.
const PARTITIONS: [(&str, &str, &str); 5] = [
    ("aws-cn", "cn-north-1", "amazonaws.com.cn"),
    ("aws-us-gov", "us-gov-west-1", "amazonaws.com"),
    ("aws-iso", "us-iso-east-1", "c2s.ic.gov"),
    ("aws-iso-b", "us-isob-east-1", "sc2s.sgov.gov"),
    ("aws-eusc", "eusc-de-east-1", "amazonaws.eu"),
];

/// Scenarios of obs-eu-dev, whose load balancer is in eu-west-2: the Gateway's path, what the network decides, and
/// commands that name ARNs.
const SCENARIOS: [&str; 4] = [
    "obs-eu-dev-healthy",
    "obs-eu-dev",
    "node-security-group-blocks",
    "network-acl-blocks",
];

#[test]
fn every_partition_is_diagnosed_alike() {
    for name in SCENARIOS {
        let found = scenario::one(name);
        let args = &found.spec.args;
        let at_home = said(&found.bundle, args);
        assert!(at_home.contains("eu-west-2"), "{name} is not in eu-west-2");
        for partition in PARTITIONS {
            let moved = said(&moved(&found.bundle, partition), args);
            let same = moved == text(&at_home, partition);
            assert!(same, "{name} in {}: {moved}", partition.0);
        }
    }
}

/// The document without fingerprints, which are made of names.
fn said(bundle: &Bundle, args: &[String]) -> String {
    let mut document = diagnose(bundle, args).unwrap();
    for finding in document.causes.iter_mut().chain(&mut document.notes) {
        finding.fingerprint.clear();
        finding.cause_fingerprint.clear();
    }
    serde_json::to_string(&document).unwrap()
}

/// The bundle as it would be in another partition.
fn moved(bundle: &Bundle, partition: (&str, &str, &str)) -> Bundle {
    let mut moved = Bundle::default();
    moved.manifest.clone_from(&bundle.manifest);
    moved.problems.clone_from(&bundle.problems);
    for (path, bytes) in bundle.iter() {
        let content = match std::str::from_utf8(bytes) {
            Ok(content) => text(content, partition).into_bytes(),
            Err(_) => bytes.to_vec(),
        };
        moved.insert(text(path, partition), content);
    }
    moved
}

fn text(text: &str, (partition, region, domain): (&str, &str, &str)) -> String {
    text.replace("arn:aws:", &format!("arn:{partition}:"))
        .replace("eu-west-2", region)
        .replace("amazonaws.com", domain)
}
