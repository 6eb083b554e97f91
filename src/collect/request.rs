//! What a collection is asked for, and with which connections.

use crate::path::{Shard, SubjectRef};
use std::path::PathBuf;
use std::time::Duration;

/// Time for everything when nobody says otherwise.
const DEADLINE: Duration = Duration::from_secs(60);
/// Time for one request when nobody says otherwise.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// One collection.
#[derive(Clone)]
pub struct Request {
    /// What shall be diagnosed; empty together with [`Self::all_namespaces`] reads the whole cluster.
    pub subjects: Vec<SubjectRef>,
    /// Namespace of the subjects; the context's when absent.
    pub namespace: Option<String>,
    /// Lists every namespaced kind of all namespaces.
    pub all_namespaces: bool,
    /// Of everything, only what this slice of the cluster with this name holds is asked of AWS.
    pub slice: Option<(Shard, String)>,
    /// Connection to the API server.
    pub kube: KubeOptions,
    /// Credentials and region of AWS.
    pub aws: AwsOptions,
    /// Time for everything together; what is not read by then becomes a gap.
    pub deadline: Duration,
    /// Time for one request; no bound but the deadline when absent.
    pub request_timeout: Option<Duration>,
    /// Reads every target node's agent instead of samples of each class.
    pub all_nodes: bool,
    /// Whether commands may be run in agent Pods. Logs are read in any case, by a plain GET.
    pub agents: bool,
}

impl Request {
    /// Whether the slice holds what is behind this Service.
    pub(super) fn holds(&self, namespace: &str, service: &str) -> bool {
        self.slice
            .as_ref()
            .is_none_or(|(shard, cluster)| shard.holds(cluster, namespace, service))
    }
}

impl Default for Request {
    fn default() -> Self {
        Self {
            subjects: Vec::new(),
            namespace: None,
            all_namespaces: false,
            slice: None,
            kube: KubeOptions::default(),
            aws: AwsOptions::default(),
            deadline: DEADLINE,
            request_timeout: Some(REQUEST_TIMEOUT),
            all_nodes: false,
            agents: true,
        }
    }
}

/// kubectl's connection flags (`genericclioptions.ConfigFlags`). Each overrides the kubeconfig.
///
/// It holds a token, so it has no `Debug`.
#[derive(Clone, Default)]
pub struct KubeOptions {
    /// `--kubeconfig`.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    /// `--cluster`.
    pub cluster: Option<String>,
    /// `--user`.
    pub user: Option<String>,
    /// `--server`.
    pub server: Option<String>,
    /// `--token`.
    pub token: Option<String>,
    /// `--as`.
    pub as_user: Option<String>,
    /// `--as-uid`.
    pub as_uid: Option<String>,
    /// `--as-group`, repeatable.
    pub as_groups: Vec<String>,
    /// `--as-user-extra KEY=VALUE`, repeatable.
    pub as_user_extra: Vec<String>,
    /// `--tls-server-name`.
    pub tls_server_name: Option<String>,
    /// `--insecure-skip-tls-verify`.
    pub insecure_skip_tls_verify: bool,
    /// `--certificate-authority`.
    pub certificate_authority: Option<PathBuf>,
    /// `--client-certificate`.
    pub client_certificate: Option<PathBuf>,
    /// `--client-key`.
    pub client_key: Option<PathBuf>,
    /// `--disable-compression`.
    pub disable_compression: bool,
}

/// Where AWS credentials come from, and which region to ask when nothing else says.
#[derive(Debug, Clone, Default)]
pub struct AwsOptions {
    /// `--aws-profile`; wins over keys in the environment. Of several, each account takes the one that belongs
    /// to it; none is the default chain.
    pub profiles: Vec<String>,
    /// `--region`: where to sign in and to assume the role. Load balancers say their own region.
    pub region: Option<String>,
    /// `--role-arn`: a role to assume with those credentials. With `{account}` in it, it is assumed for every
    /// account but the credentials' own.
    pub role_arn: Option<String>,
    /// `--external-id` that goes with the role.
    pub external_id: Option<String>,
}
