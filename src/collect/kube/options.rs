//! From kubectl's connection flags and the kubeconfig to the configuration of the client.

use super::kubeconfig::{self, Chosen};
use super::proxy;
use crate::collect::error::CollectError;
use crate::collect::request::KubeOptions;
use crate::collect::text;
use http::{HeaderValue, Uri, header::USER_AGENT};
use kube::Config;
use kube::config::{AuthInfo, ExecAuthCluster, ExecConfig};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

/// Bound of one TCP and TLS handshake.
const CONNECT: Duration = Duration::from_secs(10);

/// Which cluster is read, and as whom.
pub(super) struct Target {
    /// Configuration of the client, without an exec plugin.
    pub(super) config: Config,
    /// The exec plugin that gives the credentials, to be run once.
    pub(super) plugin: Option<ExecConfig>,
    /// Context.
    pub(super) context: Option<String>,
}

impl Target {
    /// How messages call the context.
    pub(super) fn label(&self) -> String {
        self.context
            .clone()
            .unwrap_or_else(|| "in-cluster".to_owned())
    }
}

/// Reads the kubeconfig and applies the flags.
///
/// # Errors
/// What is missing or cannot be used, with the file and what exists instead.
pub(super) fn load(options: &KubeOptions) -> Result<Target, CollectError> {
    let chosen = match kubeconfig::read(options)? {
        Some((kubeconfig, file)) => kubeconfig::choose(&kubeconfig, &file, options)?,
        None if options.server.is_some() => Chosen {
            context: None,
            cluster: kube::config::Cluster::default(),
            user: AuthInfo::default(),
            namespace: None,
        },
        None => return in_cluster(options),
    };
    let environment = |name: &str| std::env::var(name).ok();
    from_chosen(chosen, options, &environment)
}

fn in_cluster(options: &KubeOptions) -> Result<Target, CollectError> {
    let mut config = Config::incluster().map_err(|_| CollectError::NoKubeconfig {
        looked: kubeconfig::label(&kubeconfig::candidates()),
    })?;
    apply_user(&mut config.auth_info, options)?;
    finish(&mut config, options);
    Ok(Target {
        config,
        plugin: None,
        context: None,
    })
}

fn from_chosen(
    chosen: Chosen,
    options: &KubeOptions,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Target, CollectError> {
    let Chosen {
        context,
        mut cluster,
        mut user,
        namespace,
    } = chosen;
    if let Some(path) = &options.certificate_authority {
        cluster.certificate_authority = Some(path_text("--certificate-authority", path)?);
        cluster.certificate_authority_data = None;
    }
    let server = options.server.clone().or_else(|| cluster.server.clone());
    let url = parse_server(server.as_deref())?;
    cluster.server = server;
    let insecure =
        options.insecure_skip_tls_verify || cluster.insecure_skip_tls_verify.unwrap_or(false);
    let mut config = Config::new(url);
    // The conversion loads the authority from its data or its file.
    let described = ExecAuthCluster::try_from(&cluster).map_err(|error| CollectError::Setting {
        what: "the certificate authority of the cluster".to_owned(),
        why: text::chain(&error),
    })?;
    if !insecure && let Some(pem) = &described.certificate_authority_data {
        config.root_cert = Some(certificates(pem)?);
    }
    config.accept_invalid_certs = insecure;
    config.disable_compression = cluster.disable_compression.unwrap_or(false);
    config.tls_server_name = options.tls_server_name.clone().or(cluster.tls_server_name);
    config.default_namespace = namespace.unwrap_or_else(|| "default".to_owned());
    if let Some(proxy) = proxy::choose(
        cluster.proxy_url.as_deref(),
        &config.cluster_url,
        environment,
    ) {
        let parsed = proxy
            .parse::<Uri>()
            .map_err(|error| CollectError::Setting {
                what: format!("proxy {proxy:?}"),
                why: error.to_string(),
            })?;
        config.proxy_url = Some(parsed);
    }
    apply_user(&mut user, options)?;
    // A token wins over the plugin, as in kubectl.
    let plugin = user
        .exec
        .take()
        .filter(|_| user.token.is_none() && user.token_file.is_none());
    let plugin = plugin.map(|mut plugin| {
        plugin.cluster = plugin.provide_cluster_info.then_some(described);
        plugin
    });
    config.auth_info = user;
    finish(&mut config, options);
    Ok(Target {
        config,
        plugin,
        context,
    })
}

fn finish(config: &mut Config, options: &KubeOptions) {
    config.disable_compression |= options.disable_compression;
    config.connect_timeout = Some(CONNECT);
    // This program retries within its own deadline; kube's default waits up to minutes.
    config.default_retry = false;
    let agent = concat!("kubectl-cilium_lb/", env!("CARGO_PKG_VERSION"));
    config
        .headers
        .push((USER_AGENT, HeaderValue::from_static(agent)));
}

fn apply_user(user: &mut AuthInfo, options: &KubeOptions) -> Result<(), CollectError> {
    if let Some(token) = &options.token {
        user.token = Some(token.clone().into());
        user.token_file = None;
        user.exec = None;
        user.auth_provider = None;
        user.username = None;
        user.password = None;
    }
    if let Some(path) = &options.client_certificate {
        user.client_certificate = Some(path_text("--client-certificate", path)?);
        user.client_certificate_data = None;
    }
    if let Some(path) = &options.client_key {
        user.client_key = Some(path_text("--client-key", path)?);
        user.client_key_data = None;
    }
    if options.as_user.is_some() {
        user.impersonate.clone_from(&options.as_user);
    }
    if options.as_uid.is_some() {
        user.impersonate_uid.clone_from(&options.as_uid);
    }
    if !options.as_groups.is_empty() {
        user.impersonate_groups = Some(options.as_groups.clone());
    }
    if !options.as_user_extra.is_empty() {
        let mut extra: HashMap<String, Vec<String>> = HashMap::new();
        for pair in &options.as_user_extra {
            let (key, value) = pair.split_once('=').ok_or_else(|| CollectError::Setting {
                what: format!("--as-user-extra {pair:?}"),
                why: "expected KEY=VALUE".to_owned(),
            })?;
            extra
                .entry(key.to_owned())
                .or_default()
                .push(value.to_owned());
        }
        user.impersonate_user_extra = Some(extra);
    }
    Ok(())
}

fn parse_server(server: Option<&str>) -> Result<Uri, CollectError> {
    let failed = |why: String| CollectError::Setting {
        what: format!("server {:?}", server.unwrap_or_default()),
        why,
    };
    let text = server.ok_or_else(|| failed("the cluster names no server".to_owned()))?;
    // kubectl takes `host:port` for https.
    let text = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let url: Uri = text
        .parse()
        .map_err(|error: http::uri::InvalidUri| failed(error.to_string()))?;
    match url.host() {
        Some(host) if !host.is_empty() => Ok(url),
        _ => Err(failed("expected https://HOST[:PORT]".to_owned())),
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, CollectError> {
    let failed = |why: String| CollectError::Setting {
        what: "the certificate authority of the cluster".to_owned(),
        why,
    };
    let found: Result<Vec<Vec<u8>>, _> = CertificateDer::pem_slice_iter(pem)
        .map(|certificate| certificate.map(|certificate| certificate.to_vec()))
        .collect();
    let found = found.map_err(|error| failed(error.to_string()))?;
    if found.is_empty() {
        return Err(failed("it holds no PEM certificate".to_owned()));
    }
    Ok(found)
}

fn path_text(flag: &str, path: &Path) -> Result<String, CollectError> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| CollectError::Setting {
            what: format!("{flag} {}", path.display()),
            why: "the path is not UTF-8".to_owned(),
        })
}

#[cfg(test)]
#[path = "options_tests.rs"]
mod tests;
