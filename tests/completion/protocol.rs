//! What needs neither a cluster nor files: commands, flags, values, codes, and the directives.

use super::{answer, bare, program, split, stdout, values};
use std::process::Command;
use tempfile::TempDir;

fn offered(words: &[&str]) -> (Vec<String>, String) {
    let home = TempDir::new().unwrap();
    values(&mut program(home.path()), words)
}

#[track_caller]
fn holds(words: &[&str], wanted: &[&str], directive: &str) {
    let (found, said) = offered(words);
    assert_eq!(
        (found, said.as_str()),
        (
            wanted.iter().map(|word| (*word).to_owned()).collect(),
            directive
        ),
        "{words:?}"
    );
}

#[test]
fn commands_are_offered_whole_and_hidden_ones_not() {
    let (all, directive) = offered(&[""]);
    assert_eq!(directive, ":4");
    let wanted: Vec<String> = cilium_lb::cli::command()
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(|command| command.get_name().to_owned())
        .collect();
    assert!(wanted.iter().all(|name| all.contains(name)), "{all:?}");
    assert!(
        all.iter()
            .all(|name| !["why", "man"].contains(&name.as_str())),
        "{all:?}"
    );
    assert_eq!(offered(&[]).0, all, "no word at all is an empty one");
    // An alias completes to what it stands for.
    holds(&["wh"], &["why-unhealthy"], ":4");
    holds(&["nothing-like-it"], &[], ":4");
}

#[test]
fn candidates_have_descriptions_and_flags_need_a_dash() {
    let home = TempDir::new().unwrap();
    let (found, _) = answer(&mut program(home.path()), &["explai"]);
    assert_eq!(
        found,
        [("explain".to_owned(), "Print the page of a check".to_owned())]
    );
    holds(&["why-unhealthy", "--fail"], &["--fail-on"], ":4");
    holds(&["why", "--fail"], &["--fail-on"], ":4");
    let (found, _) = offered(&["explain", ""]);
    assert!(
        found.iter().all(|value| !value.starts_with('-')),
        "{found:?}"
    );
}

#[test]
fn values_of_flags() {
    holds(
        &["why-unhealthy", "--fail-on", ""],
        &["info", "warning", "error", "never"],
        ":4",
    );
    holds(
        &["why-unhealthy", "web", "--color", "al"],
        &["always"],
        ":4",
    );
    holds(&["version", "-o", ""], &["name", "json", "yaml"], ":4");
    holds(&["checks", "-o", "t"], &["table"], ":4");
    // Shells replace only what stands behind the equals sign.
    holds(&["why-unhealthy", "--fail-on=w"], &["warning"], ":4");
    holds(&["permissions", ""], &["rbac", "iam"], ":4");
}

#[test]
fn every_offered_format_is_accepted() {
    let home = TempDir::new().unwrap();
    for command in ["checks", "version"] {
        for format in offered(&[command, "-o", ""]).0 {
            let ran = program(home.path())
                .args([command, "-o", &format])
                .output()
                .unwrap();
            assert!(ran.status.success(), "{command} -o {format}: {ran:?}");
        }
    }
}

#[test]
fn types_come_first_and_want_more() {
    let kinds = ["gateway/", "service/", "ingress/", "targetgroupbinding/"];
    holds(&["why-unhealthy", ""], &kinds, ":6");
    holds(&["capture", "-o", "x.zip", "ser"], &["service/"], ":6");
    holds(&["why-unhealthy", "pod/"], &[], ":4");
}

#[test]
fn codes_and_slugs_of_checks() {
    let home = TempDir::new().unwrap();
    let (found, directive) = answer(&mut program(home.path()), &["explain", "CLB6104"]);
    let help = "l7-redirect-missing: the NodePort entry of a Gateway or Ingress has no L7 redirect";
    assert_eq!(found, [("CLB6104".to_owned(), help.to_owned())]);
    assert_eq!(directive, ":4");
    holds(&["explain", "l7-"], &["l7-redirect-missing"], ":4");
}

#[test]
fn files_and_directories_are_left_to_the_shell() {
    holds(&["why-unhealthy", "--from", ""], &[], ":0");
    holds(&["why-unhealthy", "--from=b"], &[], ":0");
    holds(&["capture", "web", "-o", ""], &[], ":0");
    holds(&["completion", "install", "--dir", ""], &[], ":16");
}

#[test]
fn a_file_of_kubectls_name_speaks_the_protocol_itself() {
    let home = TempDir::new().unwrap();
    let link = home.path().join("kubectl_complete-cilium_lb");
    std::os::unix::fs::symlink(super::PROGRAM, &link).unwrap();
    let mut command = Command::new(&link);
    bare(&mut command, home.path());
    let ran = command.args(["explain", "CLB6104"]).output().unwrap();
    let (found, directive) = split(&stdout(&ran));
    assert_eq!((found[0].0.as_str(), directive.as_str()), ("CLB6104", ":4"));
}
