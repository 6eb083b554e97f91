//! Changes in the objects of a world's cluster, and what is captured of it afterwards.

use super::cluster::ClusterDouble;
use super::world::World;
use cilium_lb::bundle::{self, Bundle};
use cilium_lb::model::aws::Region;
use cilium_lb::parse;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The UID of the Gateway's Service.
pub(crate) const UID: &str = "e57726fb-7cd2-4615-8242-678a6b3037f4";
/// The name that cloud-provider-aws gives for that UID.
pub(crate) const CLOUD: &str = "ae57726fb7cd246158242678a6b3037f";
/// What a host name in the status of the Service stands behind.
pub(crate) const HOST_LINE: &str = "      ingress:\n      - hostname: ";
/// The status without one.
pub(crate) const NO_HOST: &str = "      ingress: []\n";

impl World {
    /// The cluster after its Service lost its status and its bindings; `changes` are made in its objects.
    pub(crate) fn wiped(&self, changes: &[(&str, &str, &str)]) -> ClusterDouble {
        forget_balancer(&self.made, &self.path("cluster"));
        for (file, from, to) in changes {
            self.edit(file, from, to);
        }
        ClusterDouble::start(self.path("cluster"))
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        edit(&self.path("cluster"), file, from, to);
    }

    /// What `capture` reads of the Gateway of `cluster`, and how often AWS was asked for it.
    pub(crate) fn captured(&self, cluster: &ClusterDouble) -> (Bundle, u64) {
        self.aws.reset_calls();
        let to = self.path("captured");
        let ran = self
            .command(&["capture", "gateway/shared-gateway", "-n", "gateway"])
            .args(["--no-exec", "--overwrite", "-o"])
            .arg(&to)
            .env("KUBECONFIG", cluster.kubeconfig())
            .output()
            .unwrap();
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        (bundle::read(&to).unwrap(), self.aws.calls().values().sum())
    }
}

/// Takes what names the load balancer out of the cluster in `folder`: the status of its Service, and its bindings.
/// `made` is what was made for that cluster.
pub(crate) fn forget_balancer(made: &Value, folder: &Path) {
    fs::remove_file(folder.join("kubernetes/targetgroupbindings.yaml")).unwrap();
    let hostname = made["load_balancers"]["lb"]["dns_name"].as_str().unwrap();
    let hostname = format!("{HOST_LINE}{hostname}\n");
    edit(folder, "services.yaml", &hostname, NO_HOST);
}

/// Replaces text in a file of the cluster's objects.
pub(crate) fn edit(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join("kubernetes").join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from} is not in {file}");
    fs::write(&path, text.replace(from, to)).unwrap();
}

/// The one region that was read.
pub(crate) fn region(bundle: &Bundle) -> Region {
    let regions = parse::snapshot(bundle).aws.regions;
    assert_eq!(regions.len(), 1, "{:?}", regions.keys());
    regions.into_values().next().unwrap()
}
