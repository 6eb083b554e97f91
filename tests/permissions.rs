//! The permissions that the program prints are enough for it, and it asks for nothing else.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]
#![cfg(feature = "live")]

mod support;

use cilium_lb::report::permissions::{Purpose, permissions};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use support::aws::AwsDouble;
use support::edited::{CLOUD, HOST_LINE, NO_HOST, edit, forget_balancer};
use support::estate::{Estate, leave_behind};
use support::world::{PORTS, World, outcome, plan};

/// The policy that `permissions iam` prints.
fn policy() -> Value {
    let ran = Command::new(env!("CARGO_BIN_EXE_kubectl-cilium_lb"))
        .args(["permissions", "iam"])
        .output()
        .unwrap();
    assert!(ran.status.success());
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// The actions that a policy allows.
fn allowed(policy: &Value) -> BTreeSet<String> {
    serde_json::from_value(policy["Statement"][0]["Action"].clone()).unwrap()
}

/// Diagnoses as the user whom `policy` alone is allowed.
fn why(world: &World, policy: &Value) -> (i32, Value, String) {
    let (id, secret) = world.aws.restrict(&policy.to_string());
    world.aws.reset_calls();
    let ran = world
        .command(&["why-unhealthy", "gateway/shared-gateway", "-n", "gateway"])
        .args(["-o", "json", "--all-nodes"])
        .env("AWS_ACCESS_KEY_ID", id)
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .output()
        .unwrap();
    outcome(&ran)
}

/// The IAM names of what was called.
fn called(aws: &AwsDouble) -> BTreeSet<String> {
    let calls = aws.calls();
    let names = calls.keys().map(|name| {
        let (service, action) = name.split_once(':').unwrap();
        let service = match service {
            "elb" | "elbv2" => "elasticloadbalancing",
            "resourcegroupstaggingapi" => "tag",
            other => other,
        };
        format!("{service}:{action}")
    });
    names
        .filter(|name| name != "sts:GetCallerIdentity")
        .collect()
}

#[test]
fn the_printed_policy_is_enough_and_nothing_else_is_called() {
    let world = World::healthy();
    let policy = policy();
    let (code, document, stderr) = why(&world, &policy);
    assert_eq!(
        (code, &document["verdict"]),
        (0, &"healthy".into()),
        "{stderr}\n{document:#}"
    );
    let gaps = document["gaps"].as_array().unwrap();
    let refused = gaps.iter().find(|gap| !gap["permission"].is_null());
    assert_eq!(refused, None, "{stderr}");
    let (called, allowed) = (called(&world.aws), allowed(&policy));
    assert!(called.len() > 8, "{called:?}");
    assert!(called.is_subset(&allowed), "{called:?} not in {allowed:?}");
}

/// Actions of the policy that no world below leads to, each with the reason.
const UNCALLED: &[(&str, &str)] = &[(
    "tag:GetResources",
    "is asked where no name leads to the load balancer, and here the names of the other worlds do: \
     tests/collect_unnamed.rs asks it as the user of this policy",
)];

/// A load balancer inside the VPC, whose nodes admit a prefix list, with a target by address; nobody listens.
fn listed() -> Value {
    let mut world = plan("p", (30000, 32767), &[]);
    let subnets = ["10.80.101.0/24", "10.80.102.0/24", "10.80.103.0/24"];
    world["prefix_lists"] = json!({"balancers": subnets});
    world["security_groups"]["node"]["ingress"] =
        json!([{"protocol": "tcp", "from": 30000, "to": 32767, "prefix_list": "balancers"}]);
    world["target_groups"]["addresses"] = json!({
        "name": "by-address", "protocol": "TCP", "port": 31999, "type": "ip",
        "targets": [{"address": "10.80.1.24", "port": 31999}],
        "health_check": {"protocol": "TCP", "port": "traffic-port", "interval": 10, "timeout": 10, "healthy": 3, "unhealthy": 3},
    });
    let balancer = &mut world["load_balancers"]["lb"];
    balancer["scheme"] = json!("internal");
    let listeners = balancer["listeners"].as_array_mut().unwrap();
    listeners.push(json!({"port": 8080, "protocol": "TCP", "target_group": "addresses"}));
    world
}

/// The internet is kept away from the load balancer, and the load balancer from the nodes.
fn blocked() -> Value {
    let mut world = plan("b", (30000, 30800), &PORTS);
    world["vpc"]["block_public_access"] = json!("block-bidirectional");
    leave_behind(&mut world, 1);
    world
}

/// A Classic Load Balancer, as cloud-provider-aws makes one for the Gateway's Service.
fn classic() -> Value {
    let mut world = plan("c", (30000, 32767), &PORTS);
    world["classic_load_balancers"] = json!({"classic": {
        "name": CLOUD, "subnets": ["lb-a", "lb-b", "lb-c"], "security_groups": ["lb"], "instances": ["i-080cdead7875c5bb8"],
        "listeners": [{"port": 80, "protocol": "TCP", "instance_port": 30866}], "health_check": {"target": "TCP:30866"},
    }});
    world
}

/// Takes the names out of the objects in `folder` of the worlds of which AWS has to tell more.
fn change(name: &str, made: &Value, folder: &Path) {
    if matches!(name, "waiting" | "classic") {
        forget_balancer(made, folder);
    }
    if name == "classic" {
        let host = made["classic_load_balancers"]["classic"]["dns_name"].as_str();
        let host = format!("{HOST_LINE}{}\n", host.unwrap());
        let prefix = "service.beta.kubernetes.io/aws-load-balancer-";
        for (from, to) in [
            (format!("{prefix}type: external"), "example.com/a: none"),
            (
                format!("{prefix}nlb-target-type: instance"),
                "example.com/b: none",
            ),
            (NO_HOST.to_owned(), &host),
        ] {
            edit(folder, "services.yaml", &from, to);
        }
    }
}

/// A run, and the calls that only it leads to.
type Run = (&'static [&'static str], &'static [&'static str]);

const WHY: [&str; 4] = ["why-unhealthy", "gateway/shared-gateway", "-n", "gateway"];

#[test]
fn the_printed_policy_is_enough_where_something_is_wrong() {
    let worlds = [
        ("waiting", plan("w", (30000, 32767), &PORTS)),
        ("classic", classic()),
        ("listed", listed()),
        ("blocked", blocked()),
    ];
    let estate = Estate::of(&worlds, change);
    let policy = policy();
    let allowed = allowed(&policy);
    let (id, secret) = estate.aws.restrict(&policy.to_string());
    let runs: [Run; 5] = [
        (
            &["--context", "waiting"],
            &["elasticloadbalancing:DescribeTags"],
        ),
        (
            &["--context", "classic"],
            &["elasticloadbalancing:DescribeInstanceHealth"],
        ),
        (
            &["--context", "listed"],
            &[
                "ec2:GetManagedPrefixListEntries",
                "ec2:DescribeVpcs",
                "ec2:DescribeSecurityGroupRules",
            ],
        ),
        (
            &["--context", "blocked"],
            &[
                "ec2:DescribeVpcBlockPublicAccessOptions",
                "ec2:DescribeVpcBlockPublicAccessExclusions",
                "ec2:DescribeSecurityGroupRules",
            ],
        ),
        (&["--all-contexts"], &["elasticloadbalancing:DescribeTags"]),
    ];
    let mut all = BTreeSet::new();
    for (contexts, expected) in runs {
        estate.aws.reset_calls();
        let audit = contexts == ["--all-contexts"];
        let command: &[&str] = if audit { &["audit", "-A"] } else { &WHY };
        let ran = estate
            .command(command)
            .args(contexts)
            .args(["--no-exec", "-o", "json"])
            .env("AWS_ACCESS_KEY_ID", &id)
            .env("AWS_SECRET_ACCESS_KEY", &secret)
            .output()
            .unwrap();
        let (code, document, stderr) = outcome(&ran);
        assert!(matches!(code, 0 | 1 | 3), "{contexts:?}: {code} {stderr}");
        let said = format!("{document:#}\n{stderr}");
        assert!(!document.is_null(), "{said}");
        for word in ["not authorized", "AccessDenied", "UnauthorizedOperation"] {
            assert!(!said.contains(word), "{contexts:?}: {said}");
        }
        let called = called(&estate.aws);
        assert!(
            called.is_subset(&allowed),
            "{contexts:?}: {called:?} not in {allowed:?}"
        );
        for action in expected {
            assert!(called.contains(*action), "{contexts:?}: {action} {said}");
        }
        if audit {
            assert!(said.contains("CLB3114"), "nothing left over: {said}");
        }
        all.extend(called);
    }
    let uncalled: Vec<&str> = allowed.difference(&all).map(String::as_str).collect();
    let known: Vec<&str> = UNCALLED.iter().map(|(action, _)| *action).collect();
    assert_eq!(
        uncalled, known,
        "an action of the policy that no world leads to, or a reason for one that a world does lead to"
    );
}

#[test]
fn one_action_less_is_a_gap_that_names_it() {
    let world = World::healthy();
    let mut policy = policy();
    let missing = "ec2:DescribeSecurityGroups";
    policy["Statement"][0]["Action"]
        .as_array_mut()
        .unwrap()
        .retain(|action| action != missing);
    let (_, document, stderr) = why(&world, &policy);
    let gaps = document["gaps"].as_array().unwrap();
    assert!(
        gaps.iter().any(|gap| gap["permission"] == missing),
        "{gaps:#?}\n{stderr}"
    );
}

/// The policy is the least: every action of it is a call that the collectors make somewhere.
#[test]
fn no_action_is_allowed_that_nothing_calls() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/collect/aws");
    let code: String = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let words: BTreeSet<&str> = code
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .collect();
    let calls = |action: &str| {
        let (_, operation) = action.split_once(':').unwrap();
        let mut method = String::new();
        for (index, letter) in operation.char_indices() {
            if letter.is_uppercase() && index > 0 {
                method.push('_');
            }
            method.extend(letter.to_lowercase());
        }
        words.contains(method.as_str())
    };
    let allowed = permissions(Purpose::Everything, true).actions;
    assert!(allowed.len() > 15, "{allowed:?}");
    let idle: Vec<_> = allowed.iter().filter(|action| !calls(action)).collect();
    assert!(idle.is_empty(), "{idle:?}");
    assert!(
        !calls("ec2:DescribeKeyPairs"),
        "everything counts as called"
    );
}

/// What a caller with `--role-arn` needs beside it.
#[test]
fn the_role_of_the_flag_may_be_assumed_and_no_other() {
    let ran = Command::new(env!("CARGO_BIN_EXE_kubectl-cilium_lb"))
        .args(["permissions", "iam", "--role-arn"])
        .arg("arn:aws:iam::{account}:role/audit")
        .output()
        .unwrap();
    let policy: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let assume = &policy["Statement"][1];
    assert_eq!(assume["Action"], "sts:AssumeRole");
    assert_eq!(assume["Resource"], "arn:aws:iam::*:role/audit");
}

#[test]
fn without_exec_no_role_lets_a_command_run() {
    let rbac = |more: &[&str]| {
        let ran = Command::new(env!("CARGO_BIN_EXE_kubectl-cilium_lb"))
            .args(["permissions", "rbac"])
            .args(more)
            .output()
            .unwrap();
        assert!(ran.status.success());
        String::from_utf8(ran.stdout).unwrap()
    };
    assert!(rbac(&["--command", "audit"]).contains("pods/exec"));
    assert!(!rbac(&["--command", "audit", "--no-exec"]).contains("pods/exec"));
    assert_eq!(
        rbac(&["--command", "audit"]),
        rbac(&["--command", "why-unhealthy"])
    );
    assert!(!rbac(&["--command", "completion"]).contains("pods"));
}

/// Verb, API group and resource of a request, as RBAC sees it.
fn asked(method: &str, path: &str) -> (String, String, String) {
    let parts: Vec<&str> = path
        .split('?')
        .next()
        .unwrap()
        .trim_matches('/')
        .split('/')
        .collect();
    let (group, rest) = match parts.as_slice() {
        ["api", _, rest @ ..] => (String::new(), rest),
        ["apis", group, _, rest @ ..] => ((*group).to_owned(), rest),
        other => panic!("{other:?}"),
    };
    let rest = match rest {
        ["namespaces", _, rest @ ..] if !rest.is_empty() => rest,
        rest => rest,
    };
    let (resource, named) = match rest {
        [resource] => ((*resource).to_owned(), false),
        [resource, _] => ((*resource).to_owned(), true),
        [resource, _, sub] => (format!("{resource}/{sub}"), true),
        other => panic!("{other:?}"),
    };
    let verb = match (method, named) {
        ("GET", false) => "list",
        ("GET", true) => "get",
        (other, _) => panic!("{other} {path}"),
    };
    (verb.to_owned(), group, resource)
}

#[test]
fn the_printed_roles_cover_every_request() {
    let world = World::healthy();
    let ran = world.command(&["permissions", "rbac"]).output().unwrap();
    assert!(ran.status.success());
    let text = String::from_utf8(ran.stdout).unwrap();
    let roles: Vec<Value> = text
        .split("---\n")
        .skip(1)
        .map(|role| serde_saphyr::from_str(role).unwrap())
        .collect();
    let kinds: Vec<&str> = roles
        .iter()
        .map(|role| role["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["ClusterRole", "Role"]);
    let allows = |(verb, group, resource): &(String, String, String)| {
        roles
            .iter()
            .flat_map(|role| role["rules"].as_array().unwrap())
            .any(|rule| {
                let has = |field: &str, value: &str| {
                    rule[field]
                        .as_array()
                        .unwrap()
                        .iter()
                        .any(|item| item == value)
                };
                has("verbs", verb) && has("apiGroups", group) && has("resources", resource)
            })
    };
    let (code, _, stderr) = world.why(&["--all-nodes"]);
    assert_eq!(code, 0, "{stderr}");
    let requests: BTreeSet<(String, String, String)> = world
        .cluster
        .requests()
        .iter()
        .map(|(method, path)| asked(method, path))
        .collect();
    assert!(requests.len() > 8, "{requests:?}");
    let refused: Vec<_> = requests.iter().filter(|request| !allows(request)).collect();
    assert!(refused.is_empty(), "{refused:?}");
}
