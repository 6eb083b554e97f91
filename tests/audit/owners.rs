//! What concerns several objects of a cluster is a problem of the list, with each of them named once.

use super::{Desk, audit, code, json, stderr};
use serde_json::Value;

#[test]
fn two_owners_of_one_thing_are_a_problem_of_the_list() {
    for (scenario, code_of, others) in [
        ("load-balancer-of-two-services", "CLB2112", 2),
        ("target-group-bound-twice", "CLB3115", 1),
    ] {
        let desk = Desk::new();
        let bundle = desk.bundle(scenario, |_| {});
        let ran = audit(&bundle, &["-o", "json"]);
        let list = json(&ran);
        let problems = list["problems"].as_array().unwrap().iter();
        let found: Vec<&Value> = problems
            .filter(|problem| problem["code"] == code_of)
            .collect();
        assert_eq!(found.len(), 1, "{scenario}: {:#}", list["problems"]);
        let subjects = found[0]["subjects"].as_array().unwrap();
        assert!(subjects.len() >= others, "{scenario}: {subjects:?}");
        assert!(
            subjects
                .iter()
                .any(|subject| subject["namespace"] == "shop" && subject["name"] == "web"),
            "{scenario}: {subjects:?}"
        );
        let (default, warning) = (code(&ran), code(&audit(&bundle, &["--fail-on", "info"])));
        assert_ne!(default, 4, "{scenario}: {}", stderr(&ran));
        assert_eq!(warning, 1, "{scenario} counts where one asks for it");
        let near_miss = format!("{scenario}-near-miss");
        let healthy = json(&audit(&desk.bundle(&near_miss, |_| {}), &["-o", "json"]));
        assert!(
            !healthy["problems"].to_string().contains(code_of),
            "{near_miss}"
        );
    }
}
