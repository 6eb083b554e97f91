//! A capture over the network: what the answers themselves say, in an unhealthy world and with a call denied, is
//! redacted as what lies in files is.

use crate::diagnosed::decided;
use crate::support::world::{PORTS, World, outcome};
use crate::survivors::survivors;
use cilium_lb::bundle::{self, Bundle};
use serde_json::{Value, json};

const SUBJECT: [&str; 3] = ["gateway/shared-gateway", "-n", "gateway"];

/// Captures into `name`: the bundle, and the last line that was printed.
fn capture(world: &World, name: &str, more: &[&str]) -> (Bundle, String) {
    let to = world.path(name);
    let mut command = world.command(&["capture", "--all-nodes"]);
    let ran = command.args(SUBJECT).args(more).arg("-o").arg(&to);
    let ran = ran.output().unwrap();
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{told}");
    let printed = String::from_utf8(ran.stdout).unwrap();
    let last = printed.lines().last().unwrap().to_owned();
    (bundle::read(&to).unwrap(), last)
}

/// What is decided about `subject` in the bundle called `name`.
fn why(world: &World, name: &str, subject: &[&str]) -> Value {
    let from = world.path(name);
    let mut command = world.command(&["why-unhealthy", "-o", "json"]);
    let ran = command.args(subject).arg("--from").arg(from);
    let (code, document, told) = outcome(&ran.output().unwrap());
    assert_eq!(code, 1, "{told}");
    decided(&document)
}

/// Everything that a bundle says, its gaps too.
fn text(bundle: &Bundle) -> String {
    let documents = bundle.iter();
    let documents =
        documents.map(|(path, bytes)| format!("{path}\n{}\n", String::from_utf8_lossy(bytes)));
    let gaps = bundle.manifest.gaps.iter();
    let gaps = gaps.map(|gap| format!("{}: {}\n", gap.source, gap.reason));
    documents.chain(gaps).collect()
}

#[test]
fn a_live_capture_is_diagnosed_as_before_and_nothing_survives() {
    let world = World::start((30000, 30800), &PORTS);
    let identity = world.made["account"].as_str().unwrap();
    world.aws.faults(&json!({"ec2:DescribeNetworkAcls": {
        "code": "UnauthorizedOperation", "status": 403,
        "message": format!("User: arn:aws:iam::{identity}:user/jane is not authorized to perform: ec2:DescribeNetworkAcls"),
    }}));
    let (original, _) = capture(&world, "original", &[]);
    let (redacted, last) = capture(&world, "redacted", &["--redact"]);

    // Of every kind the original has something to hide, in documents and in gaps.
    let (before, after) = (text(&original), text(&redacted));
    let node = "ip-10-80-1-24.eu-west-2.compute.internal";
    for own in [
        identity,
        node,
        "10.80.1.24",
        "shared-gateway",
        "k8s-gateway-ciliumga",
    ] {
        assert!(before.contains(own), "{own}");
        assert!(!after.contains(own), "{own} survives");
    }
    let denied = |text: &str| text.contains("UnauthorizedOperation");
    assert!(denied(&before) && denied(&after), "the code stays");
    // The account's security groups are called by a word of the vocabulary, and by one of `bpf-lb-list.json`, a name of
    // an agent's document that stays.
    let found = survivors(&original, &redacted);
    assert_eq!(found, ["name lb survives", "name node survives"]);

    let words: Vec<&str> = last.split(' ').collect();
    let [_, "is", subject, "-n", namespace, "in", "it"] = words.as_slice() else {
        panic!("{last}");
    };
    let as_before = why(&world, "original", &SUBJECT);
    assert_eq!(as_before["verdict"], "unhealthy");
    let called = [*subject, "-n", *namespace];
    assert_eq!(why(&world, "redacted", &called), as_before);
}
