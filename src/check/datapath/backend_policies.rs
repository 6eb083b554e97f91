//! The policies that apply to the backends of a Service.

use super::policy::{Packet, Ruling, Tally};
use super::selector::{Labels, selects};
use crate::check::View;
use crate::check::workload::endpoints::Endpoints;
use crate::model::kubernetes::LabelSelector;
use crate::model::kubernetes::policy::{CiliumRule, NetworkPolicySpec};
use crate::model::kubernetes::{Pod, Service};
use crate::model::{Fact, Gap, Origin, Reason, Source};
use std::collections::{BTreeMap, BTreeSet};

const CLUSTERWIDE: &str = "CiliumClusterwideNetworkPolicy";

/// What a policy says of its endpoints, and whether it is clusterwide.
enum Rule<'a> {
    Cilium(&'a CiliumRule, bool),
    Network(&'a NetworkPolicySpec),
}

/// The policies of the backends.
#[derive(Default)]
pub struct Selecting<'a> {
    rules: Vec<(String, &'a Origin, Rule<'a>)>,
}

/// The labels of the backends: those of their Pods, or what the Service's selector demands of them.
struct Backends<'a> {
    service: &'a Service,
    pods: Vec<&'a Fact<Pod>>,
}

impl Backends<'_> {
    /// Whether a selector holds for all backends.
    ///
    /// # Errors
    /// A gap when that depends on labels that were not read, or differs between them.
    fn selected(&self, selector: &LabelSelector) -> Result<bool, Gap> {
        let gap = |why: &str| {
            Gap::new(
                Source::Pods,
                self.service.metadata.name.clone(),
                Reason::Partial(why.to_owned()),
            )
        };
        let open = || gap("the labels of the Pods behind the Service are not in it");
        let asked = |labels: &BTreeMap<String, String>, all: bool| {
            // Cilium adds the namespace as a label of its own.
            let mut known = labels.clone();
            known.insert(
                "io.kubernetes.pod.namespace".to_owned(),
                self.service.metadata.namespace.clone(),
            );
            selects(selector, Labels { known: &known, all })
        };
        if self.pods.is_empty() {
            return asked(&self.service.spec.selector, false).ok_or_else(open);
        }
        let answers: BTreeSet<Option<bool>> = self
            .pods
            .iter()
            .map(|pod| asked(&pod.metadata.labels, true))
            .collect();
        match answers.iter().collect::<Vec<_>>().as_slice() {
            [Some(answer)] => Ok(*answer),
            [None] => Err(open()),
            _ => Err(gap(
                "a policy selects only some of the Pods behind the Service",
            )),
        }
    }
}

/// Every policy that applies to the backends of an ordinary Service.
///
/// # Errors
/// A gap when a kind of policy was not listed, or a selector cannot be decided.
pub fn selecting<'a>(view: &View<'a>, service: &'a Service) -> Result<Selecting<'a>, Gap> {
    let namespace = &service.metadata.namespace;
    let mut found = Selecting::default();
    let cilium = view.cilium_policies().all(namespace)?;
    let clusterwide = view.clusterwide_policies().all("")?;
    let network = view.network_policies().all(namespace)?;
    if cilium.is_empty() && clusterwide.is_empty() && network.is_empty() {
        return Ok(found);
    }
    let backends = Backends {
        service,
        pods: pods(view, service)?,
    };
    for (kind, policies) in [("CiliumNetworkPolicy", cilium), (CLUSTERWIDE, clusterwide)] {
        for policy in policies {
            for rule in policy.rules() {
                if let Some(selector) = &rule.endpoint_selector
                    && (rule.ingress.is_some() || rule.ingress_deny.is_some())
                    && backends.selected(selector)?
                {
                    let name = format!("{kind}/{}", policy.metadata.name);
                    found.rules.push((
                        name,
                        &policy.origin,
                        Rule::Cilium(rule, kind == CLUSTERWIDE),
                    ));
                }
            }
        }
    }
    for policy in network {
        if backends.selected(&policy.spec.pod_selector)? {
            let name = format!("NetworkPolicy/{}", policy.metadata.name);
            let rule = Rule::Network(&policy.value.spec);
            found.rules.push((name, &policy.origin, rule));
        }
    }
    Ok(found)
}

/// The Pods of the Service's endpoints, all of them or none.
fn pods<'a>(view: &View<'a>, service: &Service) -> Result<Vec<&'a Fact<Pod>>, Gap> {
    let endpoints = Endpoints::of(view, service)?;
    let names: Vec<&str> = endpoints
        .all()
        .filter_map(|one| one.target_ref.as_ref())
        .filter(|target| target.kind == "Pod")
        .map(|target| target.name.as_str())
        .collect();
    let all: Vec<&Fact<Pod>> = view
        .pods()
        .known()
        .filter(|pod| {
            pod.metadata.namespace == service.metadata.namespace
                && names.contains(&pod.metadata.name.as_str())
        })
        .collect();
    Ok(if all.len() == names.len() {
        all
    } else {
        Vec::new()
    })
}

impl Selecting<'_> {
    /// Whether none applies.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What they say of a packet.
    pub fn ruling(&self, packet: &Packet<'_>) -> Ruling {
        let mut tally = Tally::default();
        for (_, _, rule) in &self.rules {
            match rule {
                Rule::Cilium(rule, wide) => tally.cilium(rule, *wide, packet),
                Rule::Network(spec) => tally.network(spec, packet),
            }
        }
        tally.ruling()
    }

    /// Their names, each once, in order.
    pub fn objects(&self) -> Vec<String> {
        let names: BTreeSet<&String> = self.rules.iter().map(|(name, _, _)| name).collect();
        names.into_iter().cloned().collect()
    }

    /// Their names with where they were read.
    pub fn origins(&self) -> impl Iterator<Item = (&str, &Origin)> {
        self.rules
            .iter()
            .map(|(name, origin, _)| (name.as_str(), *origin))
    }

    /// The gap of rules that are not followed.
    pub fn unclear(&self) -> Gap {
        Gap::new(
            Source::CiliumPolicies,
            self.objects().join(", "),
            Reason::Unreadable(
                "a rule names sources or ports in a way that is not followed".to_owned(),
            ),
        )
    }
}
