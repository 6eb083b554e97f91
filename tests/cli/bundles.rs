//! `--from` and `capture --from`: bundles of every form, and files that are none.

use super::{capture, code, gateway, gateway_in, program, stderr, stdout};
use std::fs;

#[test]
fn a_bundle_says_the_same_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let expected = stdout(&gateway("obs-eu-dev", &[]));
    for name in ["tree", "b.tar", "b.tar.gz", "b.tgz", "b.zip"] {
        let to = folder.path().join(name);
        let ran = capture("obs-eu-dev", &to, &[]);
        assert_eq!(code(&ran), 0, "{name}: {}", stderr(&ran));
        assert!(stdout(&ran).contains("documents"), "{}", stdout(&ran));
        let ran = gateway_in(&to, &[]);
        assert_eq!((code(&ran), stdout(&ran)), (1, expected.clone()), "{name}");
    }
}

#[test]
fn capture_replaces_nothing_unless_told() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("kept.tar.gz");
    fs::write(&to, "kept").unwrap();
    let ran = capture("obs-eu-dev", &to, &[]);
    assert_eq!(code(&ran), 4);
    assert!(
        stderr(&ran).contains("kept.tar.gz") && stderr(&ran).contains("--overwrite"),
        "{}",
        stderr(&ran)
    );
    assert_eq!(fs::read_to_string(&to).unwrap(), "kept");
    assert_eq!(code(&capture("obs-eu-dev", &to, &["--overwrite"])), 0);
    assert_ne!(fs::read(&to).unwrap(), b"kept");
}

#[test]
fn what_is_no_bundle_is_4_and_says_what_would_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("empty")).unwrap();
    fs::write(path("text.yaml"), "kind: Service\n").unwrap();
    fs::write(path("cut.tar.gz"), [0x1f, 0x8b, 8, 0, 0]).unwrap();
    for (name, said) in [
        ("missing", "give a directory, a .tar, .tar.gz or .zip"),
        ("empty", "kubectl cilium-lb capture"),
        (
            "text.yaml",
            "neither a directory nor a tar, tar.gz or zip archive",
        ),
        ("cut.tar.gz", "cannot be unpacked"),
    ] {
        let ran = program()
            .args(["why-unhealthy", "web", "--from"])
            .arg(path(name))
            .output()
            .unwrap();
        assert_eq!(code(&ran), 4, "{name}");
        let told = stderr(&ran);
        assert!(told.contains(said) && told.contains(name), "{name}: {told}");
        assert_eq!(told.matches(name).count(), 1, "{told}");
    }
}

#[test]
fn a_broken_document_is_a_gap_and_the_rest_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("b");
    let copied = capture("obs-eu-dev-healthy", &to, &[]);
    assert_eq!(code(&copied), 0, "{}", stderr(&copied));
    let rules = to.join("aws/111122223333/eu-west-2/ec2-describe-security-groups.json");
    fs::write(&rules, "{\"SecurityGroups\": [{").unwrap();
    let ran = gateway_in(&to, &[]);
    let text = stdout(&ran);
    // AWS reports all targets healthy: what was not read cannot make them less so.
    assert_eq!(code(&ran), 0, "{text}");
    assert!(
        text.contains("security groups") && text.contains("CLB4102"),
        "{text}"
    );
}

#[test]
fn a_redacted_capture_says_what_the_subject_is_called_and_is_diagnosed_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("b.tar.gz");
    let ran = capture("obs-eu-dev", &to, &["--redact"]);
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    let told = stdout(&ran);
    let line = told.lines().last().unwrap();
    let words: Vec<&str> = line.split(' ').collect();
    let [
        "gateway/shared-gateway",
        "is",
        subject,
        "-n",
        namespace,
        "in",
        "it",
    ] = words.as_slice()
    else {
        panic!("{line}");
    };
    assert!(
        !subject.contains("shared") && *namespace != "gateway",
        "{line}"
    );
    let ran = program()
        .args([
            "why-unhealthy",
            subject,
            "-n",
            namespace,
            "-o",
            "json",
            "--from",
        ])
        .arg(&to)
        .output()
        .unwrap();
    let document = stdout(&ran);
    assert_eq!(code(&ran), 1, "{}", stderr(&ran));
    for original in [
        "111122223333",
        "shared-gateway",
        "obs-eu-dev",
        "10.80.1.24",
        "starlift",
    ] {
        assert!(!document.contains(original), "{original} survives");
    }
    assert!(document.contains("eu-west-2"), "the region stays");
}
