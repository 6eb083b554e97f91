//! Names of objects and of kubeconfig entries, for the completion of a command line.

use super::failure::Kind as FailureKind;
use super::kinds::Kind;
use super::kubeconfig;
use super::options::{self, Target};
use super::{Kube, connect};
use crate::collect::deadline::Deadline;
use crate::collect::error::CollectError;
use crate::collect::notebook::Notebook;
use crate::collect::request::KubeOptions;
use kube::config::ExecInteractiveMode;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Objects that are asked for; nobody picks from more.
const LIMIT: usize = 500;
/// Largest answer in bytes: metadata with large annotations.
const BYTES: usize = 16 << 20;

/// The part of a list that matters, of whole objects and of metadata alike.
#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

/// A list of names that is yet to be read.
pub(in crate::collect) struct Question {
    target: Target,
    kind: &'static Kind,
    namespace: Option<String>,
}

impl Question {
    /// Reads the kubeconfig; sends nothing. `namespaced` kinds are asked for in `namespace`, or the context's.
    ///
    /// # Errors
    /// What is missing in the kubeconfig.
    pub(in crate::collect) fn new(
        options: &KubeOptions,
        kind: &'static Kind,
        namespaced: bool,
        namespace: Option<&str>,
    ) -> Result<Self, CollectError> {
        let mut target = options::load(options)?;
        let own = &target.config.default_namespace;
        let namespace = namespaced.then(|| namespace.unwrap_or(own).to_owned());
        // Nobody can answer a plugin's questions while a shell completes.
        if let Some(plugin) = &mut target.plugin {
            plugin.interactive_mode = Some(ExecInteractiveMode::Never);
        }
        Ok(Self {
            target,
            kind,
            namespace,
        })
    }

    /// What tells apart questions that may have different answers, as a digest: credentials are part of it.
    pub(in crate::collect) fn key(&self, options: &KubeOptions) -> String {
        let files = [
            &options.certificate_authority,
            &options.client_certificate,
            &options.client_key,
        ];
        let texts = [
            &options.user,
            &options.token,
            &options.as_user,
            &options.as_uid,
        ];
        let parts = (
            self.target.config.cluster_url.to_string(),
            &self.target.context,
            &options.kubeconfig,
            kubeconfig::candidates(),
            self.kind.plural,
            &self.namespace,
            files,
            texts,
            &options.as_groups,
            &options.as_user_extra,
        );
        let digest = Sha256::digest(format!("{parts:?}"));
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// One list, in the first version of the kind that the server knows.
    ///
    /// # Errors
    /// Why there is none: no credentials, no answer in time, no right, no list.
    pub(in crate::collect) async fn ask(
        self,
        deadline: Deadline,
        notebook: &Notebook<'_>,
    ) -> Result<Vec<String>, String> {
        let connection = connect::open(self.target, &deadline, notebook)
            .await
            .map_err(|error| error.to_string())?;
        let kube = Kube::new(connection.client, deadline, notebook).metadata_only();
        let call = format!("list {}", self.kind.plural);
        let mut last = String::new();
        for version in self.kind.versions {
            let path = self.kind.path(version, self.namespace.as_deref());
            let target = format!("{path}?limit={LIMIT}");
            match kube.get(&target, &call, BYTES).await {
                Ok(bytes) => return parse(&bytes),
                Err(failure) if failure.kind == FailureKind::NotFound => last = failure.reason,
                Err(failure) => return Err(failure.reason),
            }
        }
        Err(last)
    }
}

fn parse(bytes: &[u8]) -> Result<Vec<String>, String> {
    let listed: Listed = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let mut names: Vec<String> = listed
        .items
        .into_iter()
        .map(|item| item.metadata.name)
        .collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// Clusters and users of the kubeconfig, each sorted; its contexts are [`super::contexts`].
///
/// # Errors
/// When it cannot be read.
pub(in crate::collect) fn defined(
    options: &KubeOptions,
) -> Result<(Vec<String>, Vec<String>), CollectError> {
    let Some((kubeconfig, _)) = kubeconfig::read(options)? else {
        return Ok(Default::default());
    };
    let mut clusters: Vec<String> = kubeconfig.clusters.into_iter().map(|c| c.name).collect();
    let mut users: Vec<String> = kubeconfig.auth_infos.into_iter().map(|u| u.name).collect();
    clusters.sort_unstable();
    users.sort_unstable();
    Ok((clusters, users))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn names_of_objects_and_of_metadata() {
        let list = br#"{"kind":"PartialObjectMetadataList","items":[
            {"kind":"PartialObjectMetadata","metadata":{"name":"b","annotations":{"a":"1"}}},
            {"metadata":{"name":"a"},"spec":{}}]}"#;
        assert_eq!(parse(list).unwrap(), ["a", "b"]);
        assert_eq!(parse(b"{}").unwrap(), [""; 0]);
        assert!(parse(b"<html>").is_err());
    }
}
