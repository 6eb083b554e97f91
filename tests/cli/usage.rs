//! Exit codes, and what the program says to input it cannot use.

use super::{bundle, capture, code, gateway, gateway_in, program, stderr, stdout};

fn from_shop(args: &[&str]) -> std::process::Output {
    program()
        .arg("why-unhealthy")
        .args(args)
        .arg("--from")
        .arg(bundle("shop"))
        .output()
        .unwrap()
}

#[test]
fn wrong_usage_is_2_and_names_what_is_expected() {
    for (args, said) in [
        (vec!["why-unhealthy"], "TYPE/NAME"),
        (
            vec!["why-unhealthy", "pod/web", "--from", "x"],
            "unknown type \"pod\"",
        ),
        (
            vec!["why-unhealthy", "service/", "--from", "x"],
            "has no name",
        ),
        (
            vec!["why-unhealthy", "arn:aws:s3:::bucket", "--from", "x"],
            "neither a load balancer nor a target group",
        ),
        (
            vec!["why-unhealthy", "web", "-o", "xml"],
            "expected one of tree, table",
        ),
        (
            vec!["why-unhealthy", "web", "--fail-on", "fatal"],
            "fail-on",
        ),
        (vec!["why-unhealthy", "web", "--frm", "x"], "--from"),
        (vec!["wy-unhealthy", "web"], "why-unhealthy"),
        (vec!["capture", "web"], "--output"),
        (
            vec!["capture", "web", "-A", "-o", "x"],
            "cannot be used with",
        ),
        (vec!["explain"], "CODE"),
        (
            vec!["permissions", "iam", "--command", "completion"],
            "--command completion calls nothing of AWS",
        ),
        (vec!["completion"], "ACTION"),
        (vec!["completion", "elvish"], "bash"),
        (vec!["completion", "zsh", "--dir", "x"], "--dir goes with"),
        (vec!["man", "why-unhealthy", "bash"], "no command \"bash\""),
    ] {
        let ran = program().args(&args).output().unwrap();
        assert_eq!(code(&ran), 2, "{args:?}: {}", stderr(&ran));
        assert!(stderr(&ran).contains(said), "{args:?}: {}", stderr(&ran));
        assert_eq!(stdout(&ran), "", "{args:?}");
    }
}

#[cfg(feature = "live")]
#[test]
fn a_time_that_is_none_is_wrong_usage_of_its_flag() {
    for command in [
        vec!["why-unhealthy", "web"],
        vec!["audit", "-A"],
        vec!["capture", "web", "-o", "x"],
    ] {
        for (flag, value) in [
            ("--deadline", "0"),
            ("--deadline", "-5s"),
            ("--deadline", "soon"),
            ("--request-timeout", "x"),
        ] {
            let flag_and_value = format!("{flag}={value}");
            let ran = program()
                .args(&command)
                .arg(&flag_and_value)
                .output()
                .unwrap();
            assert_eq!(
                code(&ran),
                2,
                "{command:?} {flag_and_value}: {}",
                stderr(&ran)
            );
            assert!(stderr(&ran).contains(flag), "{}", stderr(&ran));
        }
    }
}

#[test]
fn exit_codes_follow_the_verdict_and_fail_on() {
    assert_eq!(code(&gateway("obs-eu-dev", &[])), 1);
    assert_eq!(code(&gateway("obs-eu-dev", &["--fail-on", "warning"])), 1);
    assert_eq!(code(&gateway("obs-eu-dev-healthy", &[])), 0);
    assert_eq!(
        code(&gateway("obs-eu-dev-healthy", &["--fail-on", "info"])),
        0
    );
    assert_eq!(code(&gateway("obs-eu-dev", &["--fail-on", "never"])), 0);
}

#[test]
fn what_was_not_read_and_could_have_decided_is_3() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("b");
    let ran = capture("obs-eu-dev", &copy, &[]);
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    // Without the agents' half nothing is left that explains the unhealthy targets.
    std::fs::remove_dir_all(copy.join("cilium")).unwrap();
    let ran = gateway_in(&copy, &[]);
    let text = stdout(&ran);
    assert_eq!(code(&ran), 3, "{text}");
    assert!(
        text.contains("not read") && !text.contains("cause "),
        "{text}"
    );
}

#[test]
fn not_found_is_4_and_says_where_it_was_looked_for_and_what_is_similar() {
    let ran = gateway("obs-eu-dev", &["-o", "json"]);
    assert_eq!(code(&ran), 1);
    let ran = from_shop(&["service/wbe", "-n", "shop"]);
    assert_eq!(code(&ran), 4);
    let said = stderr(&ran);
    assert!(
        said.contains("service/wbe not found") && said.contains("namespace shop"),
        "{said}"
    );
    assert!(said.contains("similar: web"), "{said}");
    let elsewhere = stderr(&from_shop(&["service/web"]));
    assert!(elsewhere.contains("service/web -n shop"), "{elsewhere}");
}

#[test]
fn one_subject_that_is_not_there_does_not_hide_the_other() {
    let ran = from_shop(&["service/web", "service/none", "-n", "shop", "-o", "json"]);
    assert_eq!(code(&ran), 4);
    assert!(stderr(&ran).contains("service/none not found"));
    let document: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(document["subject"]["name"], "web");
}

#[test]
fn help_is_on_standard_output_and_names_the_plugin_as_people_type_it() {
    let ran = program().arg("--help").output().unwrap();
    assert_eq!(code(&ran), 0);
    assert!(
        stdout(&ran).contains("Usage: kubectl cilium-lb <COMMAND>"),
        "{}",
        stdout(&ran)
    );
    assert!(stdout(&ran).contains("Exit codes: 0"));
    let ran = program()
        .args(["why-unhealthy", "--help"])
        .output()
        .unwrap();
    assert!(
        stdout(&ran).contains("Usage: kubectl cilium-lb why-unhealthy"),
        "{}",
        stdout(&ran)
    );
    assert_eq!(code(&program().output().unwrap()), 2);
}

/// What kubectl and shells run is not for people, and what they run must not stand between them and `--help`.
#[test]
fn hidden_commands_are_hidden_and_completion_is_not() {
    let ran = program().arg("--help").output().unwrap();
    let help = stdout(&ran);
    assert!(
        help.contains("  completion ") && !help.contains("  man "),
        "{help}"
    );
    assert!(!help.contains("__complete"), "{help}");
    let ran = program().args(["__complete", "--help"]).output().unwrap();
    assert_eq!(
        (code(&ran), stdout(&ran).as_str()),
        (0, "--help\tPrint help (see more with '--help')\n:4\n")
    );
}
