//! SARIF against the schema of its standard, and against the list it was made from.

use super::{lists, text};
use serde_json::Value;
use std::collections::BTreeSet;

fn schema() -> jsonschema::Validator {
    let schema: Value =
        serde_json::from_str(include_str!("sarif/sarif-schema-2.1.0.json")).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn the_schema_of_the_standard_accepts_it() {
    let schema = schema();
    for list in [lists::plain(), lists::filled(), lists::joined(Vec::new())] {
        let log: Value = serde_json::from_str(&text(&list, "sarif")).unwrap();
        let errors: Vec<String> = schema
            .iter_errors(&log)
            .map(|error| format!("{}: {error}", error.instance_path))
            .collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
    }
    let mut broken: Value = serde_json::from_str(&text(&lists::filled(), "sarif")).unwrap();
    broken["runs"][0]["results"][0]["level"] = Value::from("info");
    assert!(!schema.is_valid(&broken));
}

#[test]
fn every_finding_is_a_result_with_its_rule_place_and_state() {
    let list = lists::filled();
    let log: Value = serde_json::from_str(&text(&list, "sarif")).unwrap();
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    let findings = list.items.iter().flat_map(|item| {
        let all = item.causes.iter().chain(&item.notes);
        all.filter(|finding| finding.role != "refuted")
    });
    let findings: Vec<_> = findings.collect();
    assert_eq!(results.len(), findings.len() + 1, "and one that is fixed");
    for (result, finding) in results.iter().zip(&findings) {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], finding.code.as_str());
        assert_eq!(rule["name"], finding.slug.as_str());
        assert!(rule["help"]["markdown"].as_str().unwrap().contains("## "));
        assert_eq!(
            result["partialFingerprints"]["ciliumLbFinding/v1"],
            finding.fingerprint.as_str()
        );
        let place = &result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"];
        assert_eq!(place.as_str().unwrap().split('/').count(), 4, "{place}");
        match finding.state.as_deref().unwrap() {
            "new" => assert_eq!(result["baselineState"], "new"),
            "known" => assert_eq!(result["baselineState"], "unchanged"),
            _ => {
                let reason = &result["suppressions"][0]["justification"];
                assert_eq!(reason, "few clients share an address | we looked");
            }
        }
    }
    let states: BTreeSet<&str> = findings.iter().filter_map(|f| f.state.as_deref()).collect();
    assert_eq!(states, BTreeSet::from(["known", "new", "suppressed"]));
    assert_eq!(results.last().unwrap()["baselineState"], "absent");
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let said = invocation["toolExecutionNotifications"].to_string();
    for word in [
        "far-away: the API server did not answer",
        "ExpiredToken",
        "not read",
    ] {
        assert!(said.contains(word), "{word}");
    }
    assert!(
        invocation["toolConfigurationNotifications"]
            .to_string()
            .contains("CLB4102")
    );
}
