//! The generic flags of kubectl and the AWS CLI.

use super::Usage;
use crate::collect::{AwsOptions, KubeOptions, Request, contexts};
use crate::path::SubjectRef;
use anyhow::bail;
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// Time for one cluster of an audit: ELBv2 is asked four times a second, twice for each target group.
const AUDIT_DEADLINE: Duration = Duration::from_secs(30 * 60);

/// How to reach the cluster and AWS. kubectl does not pass its own flags to plugins, so they are here again.
#[derive(Debug, Args)]
pub(super) struct ConnectionArgs {
    /// Path to the kubeconfig file; otherwise $KUBECONFIG, then ~/.kube/config.
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    kubeconfig: Option<PathBuf>,
    /// The kubeconfig context.
    #[arg(long, help_heading = "Cluster")]
    context: Option<String>,
    /// The kubeconfig cluster.
    #[arg(long, help_heading = "Cluster")]
    cluster: Option<String>,
    /// The kubeconfig user.
    #[arg(long, help_heading = "Cluster")]
    user: Option<String>,
    /// The address of the API server.
    #[arg(short, long, value_name = "URL", help_heading = "Cluster")]
    server: Option<String>,
    /// Bearer token.
    #[arg(long, help_heading = "Cluster", hide_env_values = true)]
    token: Option<String>,
    /// User to impersonate.
    #[arg(long = "as", value_name = "USER", help_heading = "Cluster")]
    as_user: Option<String>,
    /// UID to impersonate.
    #[arg(long, value_name = "UID", help_heading = "Cluster")]
    as_uid: Option<String>,
    /// Group to impersonate; may be repeated.
    #[arg(long = "as-group", value_name = "GROUP", help_heading = "Cluster")]
    as_groups: Vec<String>,
    /// Extra to impersonate, key=value; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Cluster")]
    as_user_extra: Vec<String>,
    /// Server name for the certificate check.
    #[arg(long, value_name = "NAME", help_heading = "Cluster")]
    tls_server_name: Option<String>,
    /// Do not check the server's certificate.
    #[arg(long, help_heading = "Cluster")]
    insecure_skip_tls_verify: bool,
    /// Certificate authority file.
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    certificate_authority: Option<PathBuf>,
    /// Client certificate file.
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    client_certificate: Option<PathBuf>,
    /// Client key file.
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    client_key: Option<PathBuf>,
    /// Do not ask for compressed answers.
    #[arg(long, help_heading = "Cluster")]
    disable_compression: bool,
    /// Time for one request, such as 5s or 1m; 0 means no limit.
    #[arg(
        long,
        default_value = "20s",
        value_name = "TIME",
        help_heading = "Cluster"
    )]
    request_timeout: String,
    /// AWS profile; otherwise the default chain. May be repeated: each account takes the one that belongs to it.
    #[arg(long, value_name = "PROFILE", help_heading = "AWS")]
    aws_profile: Vec<String>,
    /// Region, where neither a host name nor an ARN says it.
    #[arg(long, help_heading = "AWS")]
    region: Option<String>,
    /// Role to assume; {account} in it stands for the number of each account.
    #[arg(long, value_name = "ARN", help_heading = "AWS")]
    role_arn: Option<String>,
    /// External id that goes with the role.
    #[arg(long, value_name = "ID", help_heading = "AWS", requires = "role_arn")]
    external_id: Option<String>,
    /// Read every target's agent, not a sample of each class.
    #[arg(long, help_heading = "Collection")]
    all_nodes: bool,
    /// Do not exec into agents; what only they know is then not read.
    #[arg(long, help_heading = "Collection")]
    no_exec: bool,
    /// Time for the whole collection of a cluster; 60s, in an audit 30m.
    #[arg(long, value_name = "TIME", help_heading = "Collection")]
    deadline: Option<String>,
}

/// Which clusters an audit goes over, beside what every command asks of a cluster.
#[derive(Debug, Args)]
pub(super) struct FleetArgs {
    /// Kubeconfig contexts, separated by commas; otherwise the current one.
    #[arg(
        long,
        value_name = "CONTEXT",
        value_delimiter = ',',
        conflicts_with_all = ["context", "all_contexts", "from"],
        help_heading = "Cluster"
    )]
    contexts: Vec<String>,
    /// Every context of the kubeconfig; of several that name one cluster, the first.
    #[arg(long, conflicts_with_all = ["context", "from"], help_heading = "Cluster")]
    all_contexts: bool,

    #[command(flatten)]
    connection: ConnectionArgs,
}

impl FleetArgs {
    /// One request per cluster, by the name that the list shall call it.
    ///
    /// `--aws-profile context=profile` is for one cluster; a profile without a context is for all.
    pub(super) fn requests(
        &self,
        namespace: Option<&str>,
        all_namespaces: bool,
    ) -> anyhow::Result<Vec<(Option<String>, Request)>> {
        let mut common = self.connection.request(&[], namespace)?;
        common.all_namespaces = all_namespaces;
        if self.connection.deadline.is_none() {
            common.deadline = AUDIT_DEADLINE;
        }
        let contexts = self.chosen(&common.kube)?;
        let profiles = Profiles::parse(&self.connection.aws_profile, &contexts)?;
        Ok(contexts
            .into_iter()
            .map(|context| {
                let mut request = common.clone();
                request.aws.profiles = profiles.of(context.as_deref());
                request.kube.context.clone_from(&context);
                (context, request)
            })
            .collect())
    }

    /// The contexts; `None` stands for the current one, or the cluster of this Pod.
    fn chosen(&self, kube: &KubeOptions) -> anyhow::Result<Vec<Option<String>>> {
        if let Some(one) = &kube.context {
            return Ok(vec![Some(one.clone())]);
        }
        let known = contexts(kube)?;
        if self.all_contexts {
            let mut clusters = BTreeSet::new();
            let first = known
                .into_iter()
                .filter(|c| clusters.insert(c.cluster.clone()));
            let names: Vec<_> = first.map(|context| Some(context.name)).collect();
            if names.is_empty() {
                bail!("--all-contexts: the kubeconfig has no contexts");
            }
            return Ok(names);
        }
        if self.contexts.is_empty() {
            let current = known.into_iter().find(|context| context.current);
            return Ok(vec![current.map(|context| context.name)]);
        }
        let mut names = self.contexts.clone();
        names.sort();
        names.dedup();
        Ok(names.into_iter().map(Some).collect())
    }
}

/// Profiles for all clusters, and for one.
struct Profiles {
    common: Vec<String>,
    by_context: BTreeMap<String, Vec<String>>,
}

impl Profiles {
    fn parse(flags: &[String], contexts: &[Option<String>]) -> anyhow::Result<Self> {
        let mut profiles = Self {
            common: Vec::new(),
            by_context: BTreeMap::new(),
        };
        for flag in flags {
            let Some((context, profile)) = flag.rsplit_once('=') else {
                profiles.common.push(flag.clone());
                continue;
            };
            if !contexts.iter().flatten().any(|known| known == context) {
                bail!(Usage(format!(
                    "--aws-profile {flag:?}: {context:?} is not among the contexts of this audit"
                )));
            }
            let of_context = profiles.by_context.entry(context.to_owned()).or_default();
            of_context.push(profile.to_owned());
        }
        Ok(profiles)
    }

    /// A cluster's own profiles win over the common ones.
    fn of(&self, context: Option<&str>) -> Vec<String> {
        let own = context.and_then(|context| self.by_context.get(context));
        own.unwrap_or(&self.common).clone()
    }
}

impl ConnectionArgs {
    /// How to reach the cluster.
    pub(super) fn kube(&self) -> KubeOptions {
        KubeOptions {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            cluster: self.cluster.clone(),
            user: self.user.clone(),
            server: self.server.clone(),
            token: self.token.clone(),
            as_user: self.as_user.clone(),
            as_uid: self.as_uid.clone(),
            as_groups: self.as_groups.clone(),
            as_user_extra: self.as_user_extra.clone(),
            tls_server_name: self.tls_server_name.clone(),
            insecure_skip_tls_verify: self.insecure_skip_tls_verify,
            certificate_authority: self.certificate_authority.clone(),
            client_certificate: self.client_certificate.clone(),
            client_key: self.client_key.clone(),
            disable_compression: self.disable_compression,
        }
    }

    /// What to collect, and with whose help; without subjects, everything in all namespaces.
    pub(super) fn request(
        &self,
        subjects: &[SubjectRef],
        namespace: Option<&str>,
    ) -> anyhow::Result<Request> {
        let default = Request::default();
        Ok(Request {
            subjects: subjects.to_vec(),
            namespace: namespace.map(str::to_owned),
            all_namespaces: subjects.is_empty() && namespace.is_none(),
            slice: None,
            kube: self.kube(),
            aws: AwsOptions {
                profiles: self.aws_profile.clone(),
                region: self.region.clone(),
                role_arn: self.role_arn.clone(),
                external_id: self.external_id.clone(),
            },
            deadline: match self.deadline.as_deref() {
                None => default.deadline,
                Some(text) => match time("--deadline", text)? {
                    Some(time) => time,
                    None => bail!(Usage(
                        "--deadline 0 would never end: give a time such as 60s".to_owned()
                    )),
                },
            },
            request_timeout: time("--request-timeout", &self.request_timeout)?,
            all_nodes: self.all_nodes,
            agents: !self.no_exec,
        })
    }
}

/// A time with a unit, as kubectl reads it; `0` means none.
fn time(flag: &str, text: &str) -> anyhow::Result<Option<Duration>> {
    if text == "0" {
        return Ok(None);
    }
    let span: jiff::SignedDuration = text.parse().map_err(|_| {
        Usage(format!(
            "{flag} {text:?} is no time: write a number with a unit, such as 5s or 1m"
        ))
    })?;
    match Duration::try_from(span) {
        Ok(time) if !time.is_zero() => Ok(Some(time)),
        _ => bail!(Usage(format!("{flag} {text:?} must be positive"))),
    }
}
