//! Which kubeconfig is read, and which cluster and user its context names, as client-go decides it.

use crate::collect::error::CollectError;
use crate::collect::request::KubeOptions;
use crate::collect::text;
use kube::config::{AuthInfo, Cluster, Kubeconfig, KubeconfigError};
use std::path::{Path, PathBuf};

/// What a context names.
pub(super) struct Chosen {
    /// Name of the context; absent when `--server` stands alone.
    pub(super) context: Option<String>,
    /// Cluster.
    pub(super) cluster: Cluster,
    /// User; client-go takes a missing one for nobody.
    pub(super) user: AuthInfo,
    /// Namespace of the context.
    pub(super) namespace: Option<String>,
}

/// The kubeconfig and how messages call it; `None` when no file exists.
pub(super) fn read(options: &KubeOptions) -> Result<Option<(Kubeconfig, String)>, CollectError> {
    if let Some(path) = &options.kubeconfig {
        return parse(std::slice::from_ref(path)).map(Some);
    }
    // As in client-go, files of the list that do not exist are skipped.
    let existing: Vec<PathBuf> = candidates()
        .into_iter()
        .filter(|path| path.is_file())
        .collect();
    if existing.is_empty() {
        Ok(None)
    } else {
        parse(&existing).map(Some)
    }
}

/// Where a kubeconfig is looked for when no flag names one.
pub(super) fn candidates() -> Vec<PathBuf> {
    let listed: Vec<PathBuf> = std::env::var_os("KUBECONFIG")
        .map(|list| {
            std::env::split_paths(&list)
                .filter(|path| !path.as_os_str().is_empty())
                .collect()
        })
        .unwrap_or_default();
    if !listed.is_empty() {
        return listed;
    }
    std::env::home_dir()
        .map(|home| home.join(".kube/config"))
        .into_iter()
        .collect()
}

/// Paths as messages name them.
pub(super) fn label(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    names.join(", ")
}

fn parse(paths: &[PathBuf]) -> Result<(Kubeconfig, String), CollectError> {
    let file = label(paths);
    let failed = |error: KubeconfigError, path: &Path| CollectError::Kubeconfig {
        file: path.display().to_string(),
        why: text::chain(&error),
    };
    let mut merged = Kubeconfig::default();
    for path in paths {
        let next = Kubeconfig::read_from(path).map_err(|error| failed(error, path))?;
        merged = merged.merge(next).map_err(|error| failed(error, path))?;
    }
    Ok((merged, file))
}

/// Follows the context, or the flags that stand in its place.
pub(super) fn choose(
    kubeconfig: &Kubeconfig,
    file: &str,
    options: &KubeOptions,
) -> Result<Chosen, CollectError> {
    let contexts = || known(kubeconfig.contexts.iter().map(|context| &context.name));
    let filled = |name: &&String| !name.is_empty();
    let wanted = options
        .context
        .as_ref()
        .or(kubeconfig.current_context.as_ref())
        .filter(filled);
    let context = match wanted {
        Some(wanted) => {
            let found = kubeconfig
                .contexts
                .iter()
                .find(|context| context.name == *wanted);
            Some(
                found
                    .and_then(|named| named.context.clone())
                    .ok_or_else(|| CollectError::NoContext {
                        wanted: wanted.clone(),
                        file: file.to_owned(),
                        contexts: contexts(),
                    })?,
            )
        }
        None if options.server.is_some() || options.cluster.is_some() => None,
        None => {
            return Err(CollectError::NoCurrentContext {
                file: file.to_owned(),
                contexts: contexts(),
            });
        }
    };
    let cluster = options
        .cluster
        .clone()
        .or_else(|| context.as_ref().map(|context| context.cluster.clone()))
        .filter(|name| !name.is_empty());
    let cluster = match cluster {
        Some(name) => find_cluster(kubeconfig, file, &name)?,
        None => Cluster::default(),
    };
    let user = match options.user.clone() {
        Some(name) => find_user(kubeconfig, &name).ok_or_else(|| CollectError::Undefined {
            file: file.to_owned(),
            what: "user",
            known: known(kubeconfig.auth_infos.iter().map(|user| &user.name)),
            name,
        })?,
        None => context
            .as_ref()
            .and_then(|context| context.user.as_deref())
            .and_then(|name| find_user(kubeconfig, name))
            .unwrap_or_default(),
    };
    Ok(Chosen {
        context: wanted.cloned(),
        cluster,
        user,
        namespace: context
            .and_then(|context| context.namespace)
            .filter(|name| !name.is_empty()),
    })
}

fn find_cluster(kubeconfig: &Kubeconfig, file: &str, name: &str) -> Result<Cluster, CollectError> {
    kubeconfig
        .clusters
        .iter()
        .find(|cluster| cluster.name == name)
        .and_then(|named| named.cluster.clone())
        .ok_or_else(|| CollectError::Undefined {
            file: file.to_owned(),
            what: "cluster",
            name: name.to_owned(),
            known: known(kubeconfig.clusters.iter().map(|cluster| &cluster.name)),
        })
}

fn find_user(kubeconfig: &Kubeconfig, name: &str) -> Option<AuthInfo> {
    kubeconfig
        .auth_infos
        .iter()
        .find(|user| user.name == name)
        .and_then(|named| named.auth_info.clone())
}

fn known<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    names.sort_unstable();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::{choose, parse, read};
    use crate::collect::error::CollectError;
    use crate::collect::request::KubeOptions;
    use kube::config::Kubeconfig;

    const TWO: &str = "
current-context: a
contexts:
- {name: a, context: {cluster: one, user: me, namespace: web}}
- {name: b, context: {cluster: two, user: gone}}
- {name: broken, context: {cluster: nowhere}}
clusters:
- {name: one, cluster: {server: 'https://one'}}
- {name: two, cluster: {server: 'https://two'}}
users:
- {name: me, user: {token: t}}
";

    fn kubeconfig() -> Kubeconfig {
        Kubeconfig::from_yaml(TWO).unwrap()
    }

    fn chosen(options: &KubeOptions) -> Result<super::Chosen, CollectError> {
        choose(&kubeconfig(), "file", options)
    }

    fn message(options: &KubeOptions) -> String {
        chosen(options).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn the_current_context_and_its_overrides() {
        let current = chosen(&KubeOptions::default()).unwrap();
        assert_eq!(current.context.as_deref(), Some("a"));
        assert_eq!(current.namespace.as_deref(), Some("web"));
        assert_eq!(current.cluster.server.as_deref(), Some("https://one"));
        assert!(current.user.token.is_some());
        let other = chosen(&KubeOptions {
            context: Some("b".to_owned()),
            cluster: Some("one".to_owned()),
            ..KubeOptions::default()
        })
        .unwrap();
        assert_eq!(other.cluster.server.as_deref(), Some("https://one"));
        assert_eq!(other.namespace, None);
        assert!(
            other.user.token.is_none(),
            "a user that is not there is nobody"
        );
    }

    #[test]
    fn what_is_missing_is_named_with_what_exists() {
        let context = |name: &str| KubeOptions {
            context: Some(name.to_owned()),
            ..KubeOptions::default()
        };
        assert_eq!(
            message(&context("c")),
            "file has no context \"c\": it has a, b, broken"
        );
        assert_eq!(
            message(&context("broken")),
            "file defines no cluster \"nowhere\": it has one, two"
        );
        let user = KubeOptions {
            user: Some("you".to_owned()),
            ..KubeOptions::default()
        };
        assert_eq!(message(&user), "file defines no user \"you\": it has me");
        let empty = choose(&Kubeconfig::default(), "file", &KubeOptions::default());
        assert!(matches!(empty, Err(CollectError::NoCurrentContext { .. })));
    }

    #[test]
    fn files_are_merged_and_the_first_wins() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let first = path("first", "current-context: b\n");
        let second = path("second", TWO);
        let (merged, file) = parse(&[first, second]).unwrap();
        assert_eq!(merged.current_context.as_deref(), Some("b"));
        assert_eq!(merged.contexts.len(), 3);
        assert!(file.ends_with("second"), "{file}");
        let broken = path("broken", "clusters: {");
        let options = KubeOptions {
            kubeconfig: Some(broken),
            ..KubeOptions::default()
        };
        let error = read(&options).unwrap_err().to_string();
        assert!(
            error.starts_with("cannot read kubeconfig ") && error.contains("broken: "),
            "{error}"
        );
    }
}
