//! From flags to a client that knows who it is.

use super::{
    credentials,
    options::{self, Target},
};
use crate::collect::deadline::Deadline;
use crate::collect::error::CollectError;
use crate::collect::notebook::Notebook;
use crate::collect::request::KubeOptions;
use crate::collect::text;

/// A client and how messages name what it talks to.
pub(in crate::collect) struct Connection {
    /// The client.
    pub(in crate::collect) client: kube::Client,
    /// URL of the API server.
    pub(in crate::collect) server: String,
    /// Context; absent in a Pod.
    pub(in crate::collect) context: Option<String>,
    /// The context, or what stands in its place.
    pub(in crate::collect) label: String,
    /// Namespace of the context.
    pub(in crate::collect) namespace: String,
}

/// Reads the kubeconfig, runs its credential plugin and makes the client. Nothing is sent yet.
///
/// # Errors
/// What is missing, in words for a person.
pub(in crate::collect) async fn connect(
    options: &KubeOptions,
    deadline: &Deadline,
    notebook: &Notebook<'_>,
) -> Result<Connection, CollectError> {
    open(options::load(options)?, deadline, notebook).await
}

/// As [`connect`], from a kubeconfig that has been read.
///
/// # Errors
/// What is missing, in words for a person.
pub(super) async fn open(
    mut target: Target,
    deadline: &Deadline,
    notebook: &Notebook<'_>,
) -> Result<Connection, CollectError> {
    credentials::fetch(&mut target, deadline, notebook).await?;
    let label = target.label();
    let server = target.config.cluster_url.to_string();
    let namespace = target.config.default_namespace.clone();
    let client = kube::Client::try_from(target.config).map_err(|error| CollectError::Setting {
        what: format!("the connection settings of context {label:?}"),
        why: text::chain(&error),
    })?;
    Ok(Connection {
        client,
        server: server.trim_end_matches('/').to_owned(),
        context: target.context,
        label,
        namespace,
    })
}
