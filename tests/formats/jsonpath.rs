//! `jsonpath=` and `custom-columns=`: the same as the real kubectl says of the same document, or better by intention.

use super::{LOOK, lists};
use cilium_lb::audit::several;
use cilium_lb::render::{Format, render};
use cilium_lb::report::FailOn;
use cilium_lb::report::v1::Diagnosis;
use serde_json::{Value, json};
use std::fs;
use std::process::{Command, Stdio};

/// Templates that the real kubectl is asked, too.
const SAME: [&str; 34] = [
    "{.verdict}",
    ".verdict",
    "{ .verdict }",
    "{$.verdict}{@.kind}",
    "a {.causes[*].code}\\n",
    "{.subject.name}{\"\\n\"}{.kind}{\"\\n\"}",
    "{range .causes[*]}{.code}{\"\\t\"}{.slug}{\"\\n\"}{end}",
    "{range .nothing[*]}{.a}{end}done",
    "{range .paths[*]}{.listener}:{range .targets[*]}{.id} {end};{end}",
    "{.subject.nothing}|{.causes[*].nothing}|",
    "{.causes[0].code}",
    "{.paths[-1].listener}",
    "{.paths[-1:].listener}",
    "{.paths[0:1].listener}",
    "{.paths[:1].listener}",
    "{.paths[::2].listener}",
    "{.paths[0,1].listener}",
    "{.causes[?(@.code==\"CLB5103\")].slug}",
    "{.notes[?(@.severity!='info')].code}",
    "{.paths[?(@.listener>80)].listener}",
    "{.paths[?(@.listener<=80)].targetGroup}",
    "{.notes[?(@.fix)].code}",
    "{.paths[*]['listener','targetGroup']}",
    "{.paths[*]['listener', 'healthCheck.protocol']}",
    "{.subject['name']}",
    "{..reported.state}",
    "{.run.incomplete}{.run.seconds}",
    "{.subject.service}",
    "{.causes[0].fix.commands}",
    "{1}{true}{-1}{1.5}",
    "{\"\\u00e9\"}{'a\"b'}{\"it's\"}",
    "{.ver\\dict}",
    "}",
    "{.causes[0].fix.verified}",
];

fn document() -> Diagnosis {
    let mut items = lists::plain().items;
    items.retain(|item| item.subject.context.as_deref() == Some("obs-eu-dev"));
    items.remove(0)
}

fn ours(document: &Diagnosis, format: &str) -> String {
    let format: Format = format.parse().unwrap();
    render(
        &several(vec![document.clone()]),
        &format,
        FailOn::Error,
        &LOOK,
    )
    .unwrap()
}

#[test]
fn the_real_kubectl_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("document.json");
    let document = document();
    // kubectl takes only objects with a name, and adds the label that it is told to add locally.
    let mut object = serde_json::to_value(&document).unwrap();
    object["metadata"] = json!({"name": "document"});
    fs::write(&file, object.to_string()).unwrap();
    for template in SAME {
        let ran = Command::new("kubectl")
            .args([
                "label",
                "--local",
                "a=b",
                "-o",
                &format!("jsonpath={template}"),
                "-f",
            ])
            .arg(&file)
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("kubectl is in the PATH");
        let errors = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{template}: {errors}");
        let wanted = String::from_utf8(ran.stdout).unwrap();
        let printed = ours(&document, &format!("jsonpath={template}"));
        // kubectl sorts the keys of objects; the document keeps its order.
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
        let same =
            printed == wanted || (value(&wanted).is_object() && value(&printed) == value(&wanted));
        assert!(same, "{template}: {printed:?}, kubectl {wanted:?}");
    }
}

#[test]
fn what_kubectl_refuses_and_this_answers() {
    let document = document();
    for (template, wanted) in [
        ("{.causes[99].code}|", "|"),
        ("{.subject[\"name\"]}", "shared-gateway"),
        (
            "{.causes[?(@.hop==\"node\" && @.severity==\"error\")].code}",
            "CLB5103",
        ),
        ("{range .causes[*].code}{.}{end}", "CLB5103"),
    ] {
        assert_eq!(
            ours(&document, &format!("jsonpath={template}")),
            wanted,
            "{template}"
        );
    }
}

#[test]
fn a_template_that_cannot_be_read_says_where_and_why() {
    for (template, said) in [
        ("{.a", "at column 1: nothing closes the action `{`"),
        ("abc{.a}{.b", "at column 8"),
        ("{end}", "at column 1: {end} without a {range"),
        (
            "x{range .a}{.b}",
            "at column 2: no {end} closes this {range …}",
        ),
        (
            "{verdict}",
            "at column 2: `verdict` is no path: paths begin with a dot, as in {.verdict}",
        ),
        ("{\"a\\x\"}", "unknown escape"),
        ("{\"a}", "at column 1: a quoted text is not closed"),
        ("{.a[b]}", "at column 4: [b] is neither a number"),
        ("{.a[?(@.b==)]}", "at column 4: cannot read the filter"),
        ("{.a[?(@.b}", "at column 1"),
        ("{.a,b}", "at column 4: unexpected ','"),
        ("{..}", "needs a name"),
        ("{rangex .a}", "expected a space after `range`"),
    ] {
        let error = format!("jsonpath={template}")
            .parse::<Format>()
            .unwrap_err();
        assert!(error.contains(said), "{template}: {error}");
    }
    let deep = format!("jsonpath={}", "{range .a}".repeat(1000));
    assert!(
        deep.parse::<Format>()
            .unwrap_err()
            .contains("ranges inside each other")
    );
}

#[test]
fn columns_are_those_of_kubectl() {
    let document = document();
    for spec in [
        "NAME:.subject.name,CODES:.notes[*].code,NO:.nothing",
        "NAME:{.subject.name},CODES:{.notes[*].code},NO:{.nothing}",
        "NAME:subject.name,CODES:notes[*].code,NO:nothing",
    ] {
        let printed = ours(&document, &format!("custom-columns={spec}"));
        let rows: Vec<Vec<&str>> = printed
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(rows[0], ["NAME", "CODES", "NO"]);
        let codes: Vec<&str> = document
            .notes
            .iter()
            .map(|note| note.code.as_str())
            .collect();
        assert_eq!(
            rows[1],
            ["shared-gateway", &codes.join(","), "<none>"],
            "{spec}"
        );
        assert_eq!(rows.len(), 2);
    }
    let comma = ours(
        &document,
        "custom-columns=P:.paths[0,1].listener,N:.subject['name']",
    );
    assert!(comma.contains("80,443  shared-gateway"), "{comma}");
    for (spec, said) in [
        ("NAME", "column 1 is \"NAME\": expected HEADER:PATH"),
        (
            "A:.a,B:",
            "column 2 is \"B:\": neither header nor path may be empty",
        ),
        ("A:.a[x]", "the path of A: at column 3"),
        ("A:{.a", "nothing closes the `{`"),
    ] {
        let error = format!("custom-columns={spec}")
            .parse::<Format>()
            .unwrap_err();
        assert!(error.contains(said), "{spec}: {error}");
    }
}
