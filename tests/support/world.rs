//! One world in two doubles: the healthy Gateway scenario as a cluster and as an AWS account.
//!
//! The AWS double makes its own instance ids, ARNs and DNS name, so the cluster's objects are rewritten to
//! name them; everything else is the scenario's.

use super::aws::AwsDouble;
use super::cluster::ClusterDouble;
use super::scenario;
use cilium_lb::bundle;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Instances of the scenario with their subnet and address.
const NODES: [(&str, &str, &str); 5] = [
    ("i-080cdead7875c5bb8", "node-a", "10.80.1.24"),
    ("i-0ca79c84c3b679994", "node-a", "10.80.1.171"),
    ("i-071a56450e4fde31c", "node-b", "10.80.2.58"),
    ("i-06265f8dc2147e544", "node-b", "10.80.2.203"),
    ("i-08102e1634c400142", "node-c", "10.80.3.117"),
];
const BALANCER: &str = "k8s-gateway-ciliumga-64535184d1";
const GROUPS: [(&str, u16, u16); 2] = [
    ("k8s-gateway-ciliumga-ab026b9331", 80, 30866),
    ("k8s-gateway-ciliumga-a82b6fccb1", 443, 31163),
];

/// The Service of the Gateway, and its cluster as the controller calls it.
const SERVICE: &str = "gateway/cilium-gateway-shared-gateway";
const CLUSTER: &str = "obs-eu-dev-cluster";

/// A cluster and an account that belong together.
pub(crate) struct World {
    /// AWS.
    pub(crate) aws: AwsDouble,
    /// Kubernetes and the agents.
    pub(crate) cluster: ClusterDouble,
    /// Ids that the AWS double made.
    pub(crate) made: Value,
    folder: TempDir,
}

/// NodePorts of the Gateway.
pub(crate) const PORTS: [u16; 2] = [30866, 31163];
/// What Kubernetes gives NodePorts from.
const NODE_PORTS: (u16, u16) = (30000, 32767);

impl World {
    /// The world in which all is well.
    pub(crate) fn healthy() -> Self {
        Self::start(NODE_PORTS, &PORTS)
    }

    /// The world in which nothing is closed and nobody listens: for what does not depend on health.
    pub(crate) fn silent() -> Self {
        Self::start(NODE_PORTS, &[])
    }

    /// The healthy world, in which the node security group admits `ports` from the balancer, and
    /// something listens on `listening`.
    pub(crate) fn start(ports: (u16, u16), listening: &[u16]) -> Self {
        Self::of(&plan("", ports, listening))
    }

    /// The healthy world, in which the account also has this section.
    pub(crate) fn healthy_with(section: &str, planned: Value) -> Self {
        let mut plan = plan("", NODE_PORTS, &PORTS);
        plan[section] = planned;
        Self::of(&plan)
    }

    /// The world of a plan like [`plan`]'s.
    pub(crate) fn of(plan: &Value) -> Self {
        let mut aws = AwsDouble::start();
        let made = aws.seed(plan);
        let folder = tempfile::tempdir().unwrap();
        let half = cluster_half(&made);
        bundle::write(&half, &folder.path().join("cluster"), false).unwrap();
        let cluster = ClusterDouble::start(folder.path().join("cluster"));
        Self {
            aws,
            cluster,
            made,
            folder,
        }
    }

    /// A path in a folder that goes with the world.
    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// The program, with the kubeconfig and the AWS environment of this world and nothing else of the machine.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-cilium_lb"));
        self.environment(&mut command);
        command.args(args);
        command
    }

    /// Sets the environment of this world on any command.
    pub(crate) fn environment(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("KUBECONFIG", self.cluster.kubeconfig())
            .env("COLUMNS", "100")
            .envs(self.aws.env());
    }

    /// Runs `why-unhealthy` on the Gateway and returns exit code, document and standard error.
    pub(crate) fn why(&self, more: &[&str]) -> (i32, Value, String) {
        let mut args = vec![
            "why-unhealthy",
            "gateway/shared-gateway",
            "-n",
            "gateway",
            "-o",
            "json",
        ];
        args.extend(more);
        let ran = self.command(&args).output().unwrap();
        outcome(&ran)
    }
}

/// Exit code, document (null when there is none) and standard error.
pub(crate) fn outcome(ran: &Output) -> (i32, Value, String) {
    (
        ran.status.code().unwrap_or(-1),
        serde_json::from_slice(&ran.stdout).unwrap_or(Value::Null),
        String::from_utf8_lossy(&ran.stderr).into_owned(),
    )
}

/// What the AWS Load Balancer Controller writes on everything that it makes.
fn tags(resource: &str) -> Value {
    json!({"elbv2.k8s.aws/cluster": CLUSTER, "service.k8s.aws/stack": SERVICE, "service.k8s.aws/resource": resource})
}

/// The account's half; `suffix` tells the names of several worlds in one account apart.
pub(crate) fn plan(suffix: &str, (from, to): (u16, u16), listening: &[u16]) -> Value {
    let listen: Vec<String> = listening.iter().map(ToString::to_string).collect();
    let mut nodes = serde_json::Map::new();
    for (id, subnet, address) in NODES {
        nodes.insert(
            id.to_owned(),
            json!({"subnet": subnet, "address": address, "security_groups": ["node"], "listen": listen}),
        );
    }
    let mut groups = serde_json::Map::new();
    for (name, listens, port) in GROUPS {
        let targets: Vec<Value> = NODES
            .iter()
            .map(|(id, ..)| json!({"node": id, "port": port}))
            .collect();
        groups.insert(
            name.to_owned(),
            json!({"name": format!("{name}{suffix}"), "protocol": "TCP", "port": port, "type": "instance", "targets": targets, "tags": tags(&format!("{SERVICE}:{listens}")),
                   "health_check": {"protocol": "TCP", "port": "traffic-port", "interval": 10, "timeout": 10, "healthy": 3, "unhealthy": 3}}),
        );
    }
    let listeners: Vec<Value> = GROUPS
        .iter()
        .map(|(name, port, _)| json!({"port": port, "protocol": "TCP", "target_group": name}))
        .collect();
    let subnet = |cidr: &str, zone: &str| json!({"cidr": cidr, "zone": format!("eu-west-2{zone}")});
    json!({
        "region": "eu-west-2",
        "vpc": {"cidr": "10.80.0.0/16", "internet_gateway": true, "subnets": {
            "node-a": subnet("10.80.1.0/24", "a"), "node-b": subnet("10.80.2.0/24", "b"), "node-c": subnet("10.80.3.0/24", "c"),
            "lb-a": subnet("10.80.101.0/24", "a"), "lb-b": subnet("10.80.102.0/24", "b"), "lb-c": subnet("10.80.103.0/24", "c")}},
        "routes": [{"subnets": ["lb-a", "lb-b", "lb-c"], "destination": "0.0.0.0/0", "target": "internet-gateway"}],
        "security_groups": {
            "lb": {"ingress": [{"protocol": "tcp", "from": 80, "to": 80, "cidr": "0.0.0.0/0"}, {"protocol": "tcp", "from": 443, "to": 443, "cidr": "0.0.0.0/0"}]},
            "node": {"ingress": [{"protocol": "tcp", "from": from, "to": to, "group": "lb"}]}},
        "nodes": nodes,
        "target_groups": groups,
        "load_balancers": {"lb": {"name": format!("{BALANCER}{suffix}"), "tags": tags("LoadBalancer"), "type": "network", "scheme": "internet-facing", "subnets": ["lb-a", "lb-b", "lb-c"],
                                  "security_groups": ["lb"], "listeners": listeners}},
    })
}

/// The scenario's cluster and agents, naming what the AWS double made.
pub(crate) fn cluster_half(made: &Value) -> bundle::Bundle {
    let from = scenario::one("obs-eu-dev-healthy").bundle;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut names: Vec<(String, String)> = Vec::new();
    for (id, ..) in NODES {
        names.push((id.to_owned(), text(&made["nodes"][id]["id"])));
    }
    let old = |document: &str, list: &str, field: &str| -> Vec<String> {
        let path = format!("aws/111122223333/eu-west-2/{document}.json");
        let value: Value = serde_json::from_slice(from.get(&path).unwrap()).unwrap();
        value[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| text(&item[field]))
            .collect()
    };
    let hostname = old("elbv2-describe-load-balancers", "LoadBalancers", "DNSName").remove(0);
    names.push((hostname, text(&made["load_balancers"]["lb"]["dns_name"])));
    for arn in old(
        "elbv2-describe-target-groups",
        "TargetGroups",
        "TargetGroupArn",
    ) {
        let name = arn.split('/').nth(1).unwrap().to_owned();
        names.push((arn, text(&made["target_groups"][&name]["arn"])));
    }
    let mut half = bundle::Bundle::default();
    half.manifest = from.manifest.clone();
    for (path, bytes) in from.iter().filter(|(path, _)| !path.starts_with("aws/")) {
        let mut text = String::from_utf8(bytes.to_vec()).unwrap();
        for (old, new) in &names {
            text = text.replace(old, new);
        }
        half.insert(path, text);
    }
    half
}

/// Makes a folder in which the program has the name that kubectl looks for.
pub(crate) fn plugin_folder(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let link = folder.join("kubectl-cilium_lb");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_kubectl-cilium_lb"), link).unwrap();
}
