//! Classic Load Balancers read from the AWS double, and what is said of them.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]
#![cfg(feature = "live")]

mod support;

use serde_json::{Value, json};
use support::cluster::ClusterDouble;
use support::edited::{CLOUD, HOST_LINE, NO_HOST, region};
use support::world::{PORTS, World, outcome, plan};

const GATEWAY: [&str; 3] = ["gateway/shared-gateway", "-n", "gateway"];

/// A Classic Load Balancer as cloud-provider-aws makes it for the Gateway's Service, in these subnets.
fn planned(name: &str, subnets: &[&str]) -> Value {
    let nodes = [
        "i-080cdead7875c5bb8",
        "i-0ca79c84c3b679994",
        "i-071a56450e4fde31c",
        "i-06265f8dc2147e544",
        "i-08102e1634c400142",
    ];
    json!({
        "name": name, "subnets": subnets, "security_groups": ["lb"], "instances": nodes,
        "listeners": [{"port": 80, "protocol": "TCP", "instance_port": 30866},
                      {"port": 443, "protocol": "TCP", "instance_port": 31163}],
        "health_check": {"target": "TCP:30866"},
        "tags": {"kubernetes.io/service-name": "gateway/cilium-gateway-shared-gateway"},
    })
}

/// The world in which the account has that load balancer as well, in these subnets.
fn world(subnets: &[&str]) -> World {
    World::healthy_with(
        "classic_load_balancers",
        json!({"classic": planned(CLOUD, subnets)}),
    )
}

const ALL: [&str; 3] = ["lb-a", "lb-b", "lb-c"];

/// The cluster whose Service cloud-provider-aws owns and names `host` in its status, or nothing.
fn owned(world: &World, host: Option<&str>, more: &[(&str, &str, &str)]) -> ClusterDouble {
    let status = host.map_or(NO_HOST.to_owned(), |host| format!("{HOST_LINE}{host}\n"));
    let mut changes = vec![
        (
            "services.yaml",
            "service.beta.kubernetes.io/aws-load-balancer-type: external",
            "example.com/none: none",
        ),
        (
            "services.yaml",
            "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: instance",
            "example.com/nothing: none",
        ),
        (
            "services.yaml",
            "    - service.k8s.aws/resources\n",
            "    - service.kubernetes.io/load-balancer-cleanup\n",
        ),
        ("services.yaml", NO_HOST, status.as_str()),
    ];
    changes.extend(more);
    world.wiped(&changes)
}

fn host(world: &World, name: &str) -> String {
    let made = &world.made["classic_load_balancers"][name]["dns_name"];
    made.as_str().unwrap().to_owned()
}

/// What is said of the Gateway, live or of a bundle.
fn why(world: &World, cluster: &ClusterDouble, more: &[&str]) -> (i32, Value, String) {
    let mut command = world.command(&["why-unhealthy", "-o", "json"]);
    let ran = command.args(GATEWAY).args(more);
    outcome(
        &ran.env("KUBECONFIG", cluster.kubeconfig())
            .output()
            .unwrap(),
    )
}

fn codes(document: &Value) -> Vec<String> {
    let causes = document["causes"].as_array().unwrap().iter();
    causes
        .map(|cause| cause["code"].as_str().unwrap().to_owned())
        .collect()
}

/// How many readings of AWS are missing.
fn of_aws(document: &Value) -> usize {
    let gaps = document["gaps"].as_array().unwrap().iter();
    let permissions = gaps.filter_map(|gap| gap["permission"].as_str());
    permissions.filter(|name| name.contains(':')).count()
}

/// The instances that are out of service.
fn out_of_service(document: &Value) -> usize {
    let targets = document["paths"][0]["targets"].as_array().unwrap().iter();
    let out = targets.filter(|target| target["reported"]["state"] != "healthy");
    out.count()
}

#[test]
fn an_instance_in_a_zone_that_is_not_enabled_is_the_same_cause_live_and_from_a_bundle() {
    let world = world(&["lb-a", "lb-b"]);
    let cluster = owned(&world, Some(&host(&world, "classic")), &[]);
    world.aws.reset_calls();
    let (code, live, stderr) = why(&world, &cluster, &["--all-nodes"]);
    let said = (code, live["verdict"].as_str().unwrap(), codes(&live));
    let expected = (1, "degraded", vec!["CLB3113".to_owned()]);
    assert_eq!(said, expected, "{stderr}\n{live:#}");
    assert_eq!(out_of_service(&live), 1, "{live:#}");
    assert_eq!(
        live["causes"][0]["message"],
        "the instance is in a zone that is not enabled for the Classic Load Balancer"
    );
    let calls = world.aws.calls();
    assert_eq!(calls["elb:DescribeLoadBalancers"], 1, "{calls:?}");
    assert_eq!(calls["elb:DescribeInstanceHealth"], 1);
    let all: u64 = calls.values().sum();
    assert!(all <= 12, "{all} AWS calls: {calls:?}");
    let told = live["run"]["calls"].as_object().unwrap();
    assert_eq!(told["elasticloadbalancing:DescribeInstanceHealth"], 1);
    assert_eq!(told["elasticloadbalancing:DescribeLoadBalancers"], 2);

    let (bundle, _) = world.captured(&cluster);
    let found = region(&bundle);
    let classic = &found.classic_load_balancers.as_ref().unwrap()[0];
    assert_eq!((classic.subnets.len(), classic.instances.len()), (2, 5));
    // Both ends of the check and what is between them: all is followed as for a Network Load Balancer.
    let groups = found.security_groups.as_ref().unwrap();
    let mut own = classic.security_groups.iter();
    assert!(own.all(|id| groups.iter().any(|group| group.group_id == *id)));
    assert_eq!(groups.len(), 2);
    assert_eq!(found.instances.as_ref().map(|all| all.len()), Ok(5));
    assert_eq!(
        found.network_interfaces.as_ref().map(|all| all.len()),
        Ok(2)
    );
    assert!(found.subnets.is_ok() && found.route_tables.is_ok() && found.network_acls.is_ok());
    assert_eq!(found.load_balancers.as_ref().map(|all| all.len()), Ok(0));
    let from = world.path("captured");
    let (_, replayed, stderr) = why(&world, &cluster, &["--from", from.to_str().unwrap()]);
    assert_eq!(codes(&replayed), codes(&live), "{stderr}");
    assert_eq!(
        replayed["causes"][0]["message"],
        live["causes"][0]["message"]
    );
}

#[test]
fn throttling_costs_time_and_a_denied_call_is_a_gap_that_names_it() {
    let world = world(&ALL);
    let cluster = owned(&world, Some(&host(&world, "classic")), &[]);
    let throttled =
        json!({"code": "Throttling", "status": 400, "message": "Rate exceeded", "count": 2});
    world.aws.faults(&json!({
        "elb:DescribeLoadBalancers": throttled, "elb:DescribeInstanceHealth": throttled,
    }));
    let (code, document, stderr) = why(&world, &cluster, &["--all-nodes"]);
    assert_eq!(
        (code, &document["verdict"]),
        (0, &"healthy".into()),
        "{stderr}\n{document:#}"
    );
    assert_eq!(of_aws(&document), 0, "{document:#}");

    let denied = json!({"code": "AccessDenied", "status": 403, "message": "not authorized"});
    for (operation, code) in [
        ("DescribeInstanceHealth", "CLB3113"),
        ("DescribeLoadBalancers", "CLB2101"),
    ] {
        world
            .aws
            .faults(&json!({format!("elb:{operation}"): denied}));
        let (exit, document, stderr) = why(&world, &cluster, &[]);
        assert_eq!(
            (exit, &document["verdict"]),
            (3, &"unknown".into()),
            "{stderr}"
        );
        let gaps = document["gaps"].as_array().unwrap();
        let refused = |gap: &&Value| {
            gap["permission"] == format!("elasticloadbalancing:{operation}")
                && gap["reason"].to_string().contains("AccessDenied")
        };
        let gap = gaps.iter().find(refused);
        let gap = gap.unwrap_or_else(|| panic!("{gaps:#?}"));
        assert!(gap["wouldDecide"].to_string().contains(code), "{gap:#}");
    }
}

#[test]
fn a_name_that_no_load_balancer_of_either_version_has_is_a_cause() {
    let world = World::silent();
    let gone = format!("{CLOUD}-1234567890.eu-west-2.elb.amazonaws.com");
    let cluster = owned(&world, Some(&gone), &[]);
    let (code, document, stderr) = why(&world, &cluster, &[]);
    assert_eq!(
        (code, codes(&document)),
        (1, vec!["CLB2101".to_owned()]),
        "{stderr}\n{document:#}"
    );
    let (bundle, _) = world.captured(&cluster);
    let found = region(&bundle);
    let classic = found.classic_load_balancers.as_ref();
    assert_eq!(classic.map(|all| all.len()), Ok(0));
    assert_eq!(found.load_balancers.as_ref().map(|all| all.len()), Ok(0));
}

#[test]
fn in_an_account_without_the_clusters_instances_nothing_is_proven_to_be_gone() {
    let world = World::silent();
    let gone = format!("{CLOUD}-1234567890.eu-west-2.elb.amazonaws.com");
    let cluster = owned(&world, Some(&gone), &[("nodes.yaml", "/i-", "/i-0000000")]);
    let (bundle, _) = world.captured(&cluster);
    let gaps = &bundle.manifest.gaps;
    for operation in [
        "elb-describe-load-balancers",
        "elbv2-describe-load-balancers",
    ] {
        let gap = gaps
            .iter()
            .find(|gap| gap.source.ends_with(&format!("/{operation}")));
        let gap = gap.unwrap_or_else(|| panic!("no {operation} in {gaps:#?}"));
        assert!(gap.reason.contains("another account"), "{}", gap.reason);
    }
}

#[test]
fn a_status_that_names_none_leads_to_it_by_interfaces_or_by_the_computed_name() {
    // A Network Load Balancer that is called alike is of another Service of the name.
    let mut plan = plan("x", (30000, 32767), &PORTS);
    plan["classic_load_balancers"] = json!({"classic": planned(CLOUD, &ALL)});
    let world = World::of(&plan);
    let cluster = owned(&world, None, &[]);
    let (bundle, _) = world.captured(&cluster);
    let names = |bundle| -> Vec<String> {
        let found = region(bundle);
        let all = found.classic_load_balancers.expect("classic");
        all.iter()
            .map(|one| one.load_balancer_name.clone())
            .collect()
    };
    assert_eq!(names(&bundle), [CLOUD]);
    let (_, document, stderr) = why(&world, &cluster, &["--all-nodes"]);
    let told = document.to_string();
    assert!(
        told.contains("CLB1101") && told.contains(&format!("Classic Load Balancer {CLOUD} exists")),
        "{stderr}\n{document:#}"
    );

    let denied = json!({"code": "UnauthorizedOperation", "status": 403, "message": "no"});
    world
        .aws
        .faults(&json!({"ec2:DescribeNetworkInterfaces": denied}));
    let (bundle, _) = world.captured(&cluster);
    assert_eq!(names(&bundle), [CLOUD]);
}

/// Another Service of cloud-provider-aws, with a Classic Load Balancer of its own.
fn another(host: &str) -> String {
    format!(
        "items:\n- apiVersion: v1\n  kind: Service\n  metadata: {{name: other, namespace: gateway, uid: 0d7a8d2e-7f1c-4d0b-9f63-0c6f0e3a1b55}}\n  \
         spec: {{type: LoadBalancer, ports: [{{port: 80, nodePort: 30866, protocol: TCP}}]}}\n  \
         status: {{loadBalancer: {{ingress: [{{hostname: {host}}}]}}}}\n"
    )
}

#[test]
fn an_audit_asks_for_those_of_all_services_at_once_and_lists_none() {
    let world = World::healthy_with(
        "classic_load_balancers",
        json!({
            "classic": planned(CLOUD, &ALL),
            "other": planned("a0d7a8d2e7f1c4d0b9f630c6f0e3a1b5", &["lb-a"]),
            "stranger": planned("somebody-elses", &ALL),
        }),
    );
    let items = another(&host(&world, "other"));
    let mine = host(&world, "classic");
    let cluster = owned(
        &world,
        Some(&mine),
        &[("services.yaml", "items:\n", &items)],
    );
    let audit = || {
        world.aws.reset_calls();
        let mut command = world.command(&["audit", "-A", "-o", "json"]);
        let ran = command.env("KUBECONFIG", cluster.kubeconfig()).output();
        let (_, list, stderr) = outcome(&ran.unwrap());
        let items = list["items"].as_array().unwrap().iter();
        let verdicts: Vec<(String, String)> = items
            .map(|item| {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                (text(&item["subject"]["name"]), text(&item["verdict"]))
            })
            .collect();
        let own = |name: &str| {
            let found = verdicts.iter().find(|(subject, _)| subject == name);
            found.map(|(_, verdict)| verdict.clone())
        };
        assert_eq!(
            own("shared-gateway").as_deref(),
            Some("healthy"),
            "{stderr}\n{list:#}"
        );
        assert_eq!(
            own("other").as_deref(),
            Some("degraded"),
            "{stderr}\n{list:#}"
        );
        assert!(!list.to_string().contains("somebody-elses"));
        world.aws.calls()["elb:DescribeLoadBalancers"]
    };
    assert_eq!(audit(), 1);
    let asked = world.aws.log();
    let asked = asked
        .iter()
        .find(|call| call["call"] == "elb:DescribeLoadBalancers");
    let parameters = asked.unwrap()["parameters"].to_string();
    assert!(parameters.contains(CLOUD), "asked by name: {parameters}");

    // AWS may give less in a page than it was asked for.
    world
        .aws
        .faults(&json!({"elb:DescribeLoadBalancers": {"page": 1}}));
    assert_eq!(audit(), 2);
}

#[test]
fn the_printed_policy_is_enough() {
    let world = world(&ALL);
    let cluster = owned(&world, Some(&host(&world, "classic")), &[]);
    let ran = world.command(&["permissions", "iam"]).output().unwrap();
    let policy = String::from_utf8(ran.stdout).unwrap();
    let (id, secret) = world.aws.restrict(&policy);
    let ran = world
        .command(&["why-unhealthy", "-o", "json", "--all-nodes"])
        .args(GATEWAY)
        .env("KUBECONFIG", cluster.kubeconfig())
        .env("AWS_ACCESS_KEY_ID", id)
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .output()
        .unwrap();
    let (code, document, stderr) = outcome(&ran);
    assert_eq!(
        (code, &document["verdict"]),
        (0, &"healthy".into()),
        "{stderr}\n{document:#}"
    );
    assert_eq!(of_aws(&document), 0, "{document:#}");
}
