//! The least that a caller must be allowed, from the table of readings: RBAC rules and IAM actions.

use crate::model::Source;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What may be read of Kubernetes and AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions {
    /// Rules for the whole cluster.
    pub cluster: Vec<Rule>,
    /// Rules for Cilium's namespace alone.
    pub agents: Vec<Rule>,
    /// IAM actions, sorted. `sts:GetCallerIdentity` is not among them: every identity may call it.
    pub actions: BTreeSet<String>,
}

/// A rule of a ClusterRole or Role (rbac.authorization.k8s.io/v1 PolicyRule).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// API groups; the empty text is the core group.
    pub api_groups: Vec<String>,
    /// Resources and subresources, sorted.
    pub resources: Vec<String>,
    /// Verbs, sorted.
    pub verbs: Vec<String>,
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Everything below.
    Everything,
    /// Collect evidence: `why-unhealthy`, `audit` and `capture` may need every reading of the table.
    Evidence,
    /// Complete names on the command line.
    Completion,
}

/// What completion lists, by name only: a list and its API group. No reading of a diagnosis lists namespaces.
const COMPLETED: [&str; 5] = [
    "gateways.gateway.networking.k8s.io",
    "ingresses.networking.k8s.io",
    "namespaces",
    "services",
    "targetgroupbindings.elbv2.k8s.aws",
];

/// The permissions for a purpose, with or without commands in agents.
pub fn permissions(purpose: Purpose, exec: bool) -> Permissions {
    let mut cluster = Rules::default();
    let mut agents = Rules::default();
    let mut actions = BTreeSet::new();
    match purpose {
        Purpose::Everything => cluster.add("list", "namespaces"),
        Purpose::Evidence => {}
        Purpose::Completion => COMPLETED.iter().for_each(|kind| cluster.add("list", kind)),
    }
    for source in Source::all().filter(|_| purpose != Purpose::Completion) {
        let text = source.permission();
        match text.split_once(' ') {
            None => {
                actions.insert(text.to_owned());
            }
            Some((verbs, of)) => match of.split_once(" in ") {
                Some((resource, _)) if exec || resource != "pods/exec" => {
                    agents.add(verbs, resource);
                }
                Some(_) => {}
                None => cluster.add(verbs, of),
            },
        }
    }
    actions.remove("sts:GetCallerIdentity");
    Permissions {
        cluster: cluster.into_rules(),
        agents: agents.into_rules(),
        actions,
    }
}

/// Resources by group and verbs.
#[derive(Default)]
struct Rules(BTreeMap<(String, String), BTreeSet<String>>);

impl Rules {
    /// `get,list` of `gateways.gateway.networking.k8s.io`, or of several resources of one group, with commas.
    fn add(&mut self, verbs: &str, resources: &str) {
        let (resources, group) = resources.split_once('.').unwrap_or((resources, ""));
        self.0
            .entry((group.to_owned(), verbs.to_owned()))
            .or_default()
            .extend(resources.split(',').map(str::to_owned));
    }

    fn into_rules(self) -> Vec<Rule> {
        self.0
            .into_iter()
            .map(|((group, verbs), resources)| Rule {
                api_groups: vec![group],
                resources: resources.into_iter().collect(),
                verbs: verbs.split(',').map(str::to_owned).collect(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Purpose, permissions};

    #[test]
    fn completion_lists_names_and_nothing_else() {
        let few = permissions(Purpose::Completion, true);
        assert!(few.agents.is_empty() && few.actions.is_empty());
        assert!(few.cluster.iter().all(|rule| rule.verbs == ["list"]));
        let all = permissions(Purpose::Everything, true);
        let evidence = permissions(Purpose::Evidence, true);
        let namespaces = |rules: &[super::Rule]| {
            let mut resources = rules.iter().flat_map(|rule| &rule.resources);
            resources.any(|resource| resource == "namespaces")
        };
        assert!(namespaces(&all.cluster) && namespaces(&few.cluster));
        assert!(!namespaces(&evidence.cluster));
        assert_eq!(all.actions, evidence.actions);
    }

    #[test]
    fn every_collected_reading_is_allowed_and_nothing_writes() {
        let all = permissions(Purpose::Everything, true);
        assert!(
            all.actions
                .contains("elasticloadbalancing:DescribeTargetHealth")
        );
        assert!(!all.actions.contains("sts:GetCallerIdentity"));
        for action in &all.actions {
            let (_, call) = action.split_once(':').unwrap();
            assert!(
                call.starts_with("Describe") || call.starts_with("Get"),
                "{action}"
            );
        }
        for rule in all.cluster.iter().chain(&all.agents) {
            for verb in &rule.verbs {
                assert!(
                    matches!(verb.as_str(), "get" | "list") || rule.resources == ["pods/exec"],
                    "{rule:?}"
                );
            }
            assert!(!rule.resources.contains(&"secrets".to_owned()));
        }
        assert!(
            all.agents
                .iter()
                .any(|rule| rule.resources == ["pods/exec"])
        );
        // All kinds of routes are read under one name.
        assert!(all.cluster.iter().any(|rule| {
            rule.resources.contains(&"httproutes".to_owned())
                && rule.resources.contains(&"tlsroutes".to_owned())
        }));
        let without = permissions(Purpose::Everything, false);
        assert!(
            !without
                .agents
                .iter()
                .any(|rule| rule.resources.contains(&"pods/exec".to_owned()))
        );
        assert_eq!(without.cluster, all.cluster);
    }
}
