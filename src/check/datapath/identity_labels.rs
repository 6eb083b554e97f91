//! Which labels of a Pod or a Node become labels of its endpoint, the only ones that selectors of policies see.
//!
//! A Pod's labels and those of the Node, for the host endpoint, pass the same filter
//! (pkg/endpoint/endpoint.go `InitWithNodeLabels`, pkg/labelsfilter/filter.go `defaultLabelPrefixCfg`;
//! Cilium documentation, Limiting Identity-Relevant Labels). So a policy for `kubernetes.io/os: linux`
//! selects nothing.

use crate::check::View;
use crate::check::node::option;
use crate::model::{Gap, Reason, Source};

/// Beginnings of keys that every version from 1.14 on keeps from endpoints.
const IGNORED: [&str; 8] = [
    "io.kubernetes",
    "kubernetes.io",
    "k8s.io",
    "pod-template-generation",
    "pod-template-hash",
    "controller-revision-hash",
    "annotation",
    "etcd_node",
];
/// What keys hold anywhere that every version keeps from endpoints.
const BETA: &str = "beta.kubernetes.io";
/// Beginnings of keys that later releases keep from endpoints as well.
const IGNORED_LATER: [&str; 5] = [
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/controller-uid",
    "controller-uid",
];

/// The filter of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// The default list.
    Default,
    /// Perhaps another list: options add to the default one or replace it by regular expressions, which are
    /// not followed, or nobody read the options.
    Open(Gap),
}

impl Filter {
    /// The filter of the agent of a node.
    pub fn of(view: &View<'_>, node: &str) -> Self {
        for key in ["labels", "label-prefix-file"] {
            match option::text(view, node, key, "") {
                Err(gap) => return Self::Open(gap),
                // The running process shows a list of Go.
                Ok(text) if ["", "[]", "null"].contains(&text.value.as_str()) => {}
                Ok(_) => {
                    let why =
                        format!("{key} limits the labels that policies see, and is not followed");
                    let (source, about) = (Source::AgentConfig, format!("node {node}"));
                    return Self::Open(Gap::new(source, about, Reason::Unreadable(why)));
                }
            }
        }
        Self::Default
    }

    /// Whether a label with this key becomes one of the endpoint; `None` when that is not known.
    pub fn keeps(&self, key: &str) -> Option<bool> {
        if *self != Self::Default {
            return None;
        }
        if IGNORED.iter().any(|prefix| key.starts_with(prefix)) || key.contains(BETA) {
            return Some(false);
        }
        let later = IGNORED_LATER.iter().any(|prefix| key.starts_with(prefix));
        (!later).then_some(true)
    }

    /// The gap of the list, or the one of what else a selector depends on.
    pub fn gap_or(&self, other: impl FnOnce() -> Gap) -> Gap {
        match self {
            Self::Open(gap) => gap.clone(),
            Self::Default => other(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Filter;
    use crate::model::{Gap, Source};

    #[test]
    fn the_default_list() {
        let open = Filter::Open(Gap::not_collected(Source::AgentConfig, "node a"));
        let cases = [
            ("app", Some(true)),
            ("app.kubernetes.io/name", Some(true)),
            ("node.kubernetes.io/instance-type", Some(true)),
            ("topology.kubernetes.io/zone", Some(true)),
            ("eks.amazonaws.com/nodegroup", Some(true)),
            ("kubernetes.io/os", Some(false)),
            ("beta.kubernetes.io/arch", Some(false)),
            ("failure-domain.beta.kubernetes.io/zone", Some(false)),
            ("k8s.io/cloud-provider-aws", Some(false)),
            ("pod-template-hash", Some(false)),
            ("statefulset.kubernetes.io/pod-name", None),
        ];
        for (key, wanted) in cases {
            assert_eq!(Filter::Default.keeps(key), wanted, "{key}");
            assert_eq!(open.keeps(key), None, "{key}");
        }
    }
}
