//! Three clusters in two accounts: what an audit goes over.

use super::aws::AwsDouble;
use super::cluster::ClusterDouble;
use super::world::{PORTS, cluster_half, outcome, plan};
use cilium_lb::bundle;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The account that the keys of the environment belong to.
pub(crate) const OWN: &str = "123456789012";
/// The other account, entered through a role.
pub(crate) const OTHER: &str = "222222222222";
/// A role of any account.
pub(crate) const ROLE: &str = "arn:aws:iam::{account}:role/audit";

/// A target group that nothing of `eu-dev` uses any more.
pub(crate) const LEFT: &str = "k8s-shop-old-0123456789";

/// A target group of the same VPC that somebody made by hand.
pub(crate) const FOREIGN: &str = "by-hand";

/// Clusters `eu-dev` and `eu-test` in [`OWN`], `eu-prod` in [`OTHER`], each with one Gateway of two target groups.
pub(crate) struct Estate {
    /// Both accounts.
    pub(crate) aws: AwsDouble,
    /// By name: the context and its double.
    pub(crate) clusters: Vec<(&'static str, ClusterDouble)>,
    folder: TempDir,
}

/// A target group of a Service that is gone, with the tags of the AWS Load Balancer Controller. Another cluster of the
/// account has the same name, in another VPC. Beside it is a group that nothing says to be anybody's.
pub(crate) fn leave_behind(world: &mut Value, count: usize) {
    let cluster = world["load_balancers"]["lb"]["tags"]["elbv2.k8s.aws/cluster"].clone();
    world["target_groups"]["left"] = json!({
        "name": LEFT, "protocol": "TCP", "port": 31999, "type": "instance", "targets": [],
        "health_check": {"protocol": "TCP", "port": "traffic-port", "interval": 10, "timeout": 10, "healthy": 3, "unhealthy": 3},
        "tags": {"elbv2.k8s.aws/cluster": cluster, "service.k8s.aws/stack": "shop/old", "service.k8s.aws/resource": "shop/old:80"},
    });
    for number in 1..count {
        let mut another = world["target_groups"]["left"].clone();
        another["name"] = json!(format!("k8s-shop-old-{number:010}"));
        world["target_groups"][format!("left-{number}")] = another;
    }
    let mut foreign = world["target_groups"]["left"].clone();
    foreign["name"] = json!(FOREIGN);
    foreign["tags"] = json!({});
    world["target_groups"]["foreign"] = foreign;
}

impl Estate {
    /// Everything works, but the nodes of `eu-prod` admit no NodePort from their load balancer.
    pub(crate) fn start() -> Self {
        Self::with_left(1, 0)
    }

    /// The same with so many target groups left behind by `eu-dev` and by `eu-prod`, one cluster of each account.
    pub(crate) fn with_left(own: usize, other: usize) -> Self {
        let clusters = [
            ("eu-dev", OWN, "", (30000, 32767), own),
            ("eu-prod", OTHER, "", (30000, 30800), other),
            ("eu-test", OWN, "t", (30000, 32767), 0),
        ];
        let plans = clusters.map(|(name, account, suffix, admitted, left)| {
            let mut world = plan(suffix, admitted, &PORTS);
            world["account"] = json!(account);
            if left > 0 {
                leave_behind(&mut world, left);
            }
            (name, world)
        });
        Self::of(&plans, |_, _, _| {})
    }

    /// A cluster for each name and plan, all in one double; `change` may change the folder of a cluster, given with its
    /// name and with what was made for it, before it is served.
    pub(crate) fn of(
        plans: &[(&'static str, Value)],
        change: impl Fn(&str, &Value, &Path),
    ) -> Self {
        let mut aws = AwsDouble::start();
        let folder = tempfile::tempdir().unwrap();
        let clusters = plans
            .iter()
            .map(|(name, world)| {
                let made = aws.seed(world);
                let mut half = cluster_half(&made);
                half.manifest.context = Some((*name).to_owned());
                let home = folder.path().join(name);
                bundle::write(&half, &home, false).unwrap();
                change(name, &made, &home);
                (*name, ClusterDouble::start(home))
            })
            .collect();
        Self {
            aws,
            clusters,
            folder,
        }
    }

    /// A path in a folder that goes with the estate.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with a kubeconfig of all three contexts and the AWS environment of [`OWN`].
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-cilium_lb"));
        self.environment(&mut command);
        command.args(args);
        command
    }

    /// Sets that environment, and nothing of the machine's, on any command.
    pub(crate) fn environment(&self, command: &mut Command) {
        let files = self
            .clusters
            .iter()
            .map(|(_, cluster)| cluster.kubeconfig());
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("KUBECONFIG", std::env::join_paths(files).unwrap())
            .env("COLUMNS", "100")
            .envs(self.aws.env());
    }

    /// `audit -A -o json` with more arguments.
    pub(crate) fn auditing(&self, more: &[&str]) -> Command {
        let mut command = self.command(&["audit", "-A", "-o", "json"]);
        command.args(more);
        command
    }

    /// Runs it and returns exit code, document and standard error.
    pub(crate) fn audit(&self, more: &[&str]) -> (i32, Value, String) {
        outcome(&self.auditing(more).output().unwrap())
    }
}
