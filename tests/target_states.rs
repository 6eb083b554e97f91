//! Every state and reason that AWS reports for a target, unknown ones included, reaches every output.
//!
//! The lists are those of the ELBv2 API reference (TargetHealth); both are open sets.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

mod support;

use cilium_lb::render::{FORMATS, Format};
use cilium_lb::report::v1;
use serde_json::{Value, json};
use support::diagnosis::{diagnose, text};
use support::scenario::{self, Scenario};

const HEALTH: &str =
    "aws/444455556666/eu-central-1/elbv2-describe-target-health.k8s-shop-web-b4a77d92c5.json";

/// State, reason and description as AWS pairs them, then pairs that no document of AWS has.
const ROWS: [(&str, &str, &str); 24] = [
    ("healthy", "", ""),
    (
        "initial",
        "Elb.RegistrationInProgress",
        "Target registration is in progress",
    ),
    (
        "initial",
        "Elb.InitialHealthChecking",
        "Initial health checks in progress",
    ),
    (
        "unhealthy",
        "Target.FailedHealthChecks",
        "Health checks failed",
    ),
    ("unhealthy", "Target.Timeout", "Request timed out"),
    (
        "unhealthy",
        "Target.ResponseCodeMismatch",
        "Health checks failed with these codes: [503]",
    ),
    (
        "unhealthy",
        "Elb.InternalError",
        "Health checks failed due to an internal error",
    ),
    (
        "unhealthy.draining",
        "Target.FailedHealthChecks",
        "Health checks failed",
    ),
    (
        "draining",
        "Target.DeregistrationInProgress",
        "Target deregistration is in progress",
    ),
    (
        "unused",
        "Target.NotRegistered",
        "Target is not registered to the target group",
    ),
    (
        "unused",
        "Target.NotInUse",
        "Target group is not configured to receive traffic from the load balancer",
    ),
    (
        "unused",
        "Target.NotInUse",
        "Target is in an Availability Zone that is not enabled for the load balancer",
    ),
    (
        "unused",
        "Target.InvalidState",
        "Target is in the stopped state",
    ),
    (
        "unused",
        "Target.IpUnusable",
        "The IP address cannot be used as a target, as it is in use by a load balancer",
    ),
    (
        "unavailable",
        "Target.HealthCheckDisabled",
        "Health checks are disabled for the target group",
    ),
    (
        "unavailable",
        "Elb.InternalError",
        "Target health is unavailable due to an internal error",
    ),
    ("resting", "Target.Tired", "Target sleeps"),
    ("resting", "", ""),
    ("", "", ""),
    ("initial", "Elb.Thinking", "Load balancer thinks"),
    ("draining", "Target.Leaking", "Target leaks"),
    ("unused", "Target.Forgotten", "Target was forgotten"),
    ("unavailable", "Elb.Unsure", "Load balancer is unsure"),
    ("unhealthy", "Target.Sulking", "Target sulks"),
];

fn shop() -> Scenario {
    let shop = scenario::all().into_iter().find(|one| one.name == "shop");
    shop.unwrap()
}

fn with(base: &Scenario, (state, reason, description): (&str, &str, &str)) -> v1::Diagnosis {
    let mut bundle = base.bundle.clone();
    let mut document: Value = {
        let (_, found) = bundle.iter().find(|(path, _)| *path == HEALTH).unwrap();
        serde_json::from_slice(found).unwrap()
    };
    let mut health = json!({"State": state});
    if !reason.is_empty() {
        health["Reason"] = json!(reason);
        health["Description"] = json!(description);
    }
    document["TargetHealthDescriptions"][0]["TargetHealth"] = health;
    bundle.insert(HEALTH, serde_json::to_vec(&document).unwrap());
    diagnose(&bundle, &base.spec.args).unwrap()
}

#[test]
fn every_state_and_reason_renders() {
    let base = shop();
    for row in ROWS {
        let (state, reason, description) = row;
        let document = with(&base, row);
        let reported = document.paths[0]
            .targets
            .iter()
            .filter_map(|target| target.reported.as_ref())
            .find(|found| found.state == state && found.reason.as_deref().unwrap_or("") == reason);
        assert!(reported.is_some(), "{row:?} is not in the document");
        for (name, format) in &FORMATS {
            let text = text(&document, format.clone());
            assert!(
                *name == "name" || !text.trim().is_empty(),
                "{row:?} in {name}"
            );
        }
        let tree = text(&document, Format::Tree);
        let healthy = if state == "healthy" {
            "3 of 3"
        } else {
            "2 of 3"
        };
        assert!(
            tree.contains(&format!("{healthy} targets healthy")),
            "{row:?}:\n{tree}"
        );
        let known = ["healthy", "unhealthy", "unhealthy.draining"].contains(&state);
        if !known {
            // Plain words for what is known, AWS's own words for what is not.
            let flat = tree.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(
                ["CLB3107", "CLB3101", "CLB3105", "CLB3106", "not eligible"]
                    .iter()
                    .any(|code| flat.contains(code)),
                "{row:?} is not explained:\n{tree}"
            );
            let new = [
                "Target.Tired",
                "Elb.Thinking",
                "Target.Forgotten",
                "Elb.Unsure",
            ];
            if new.contains(&reason) {
                assert!(
                    flat.contains(&format!("({state} {reason}: {description})")),
                    "{row:?}:\n{tree}"
                );
            }
        }
    }
}
