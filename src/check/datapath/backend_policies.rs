//! The policies that apply to the backends of a Service.

use super::identity_labels::Filter;
use super::policy::{Packet, Ruling, Tally};
use super::proxied::Asked;
use super::selector::{Labels, selects};
use crate::check::View;
use crate::check::workload::endpoints::Endpoints;
use crate::model::cilium::FrontendBackend;
use crate::model::kubernetes::LabelSelector;
use crate::model::kubernetes::endpoints::Endpoint;
use crate::model::kubernetes::policy::{CiliumRule, NetworkPolicySpec};
use crate::model::kubernetes::{Node, Service};
use crate::model::{Fact, Gap, Origin, Reason, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

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

/// The backends that have an endpoint of Cilium, by what is known of their labels.
struct Backends<'a> {
    service: &'a Service,
    /// The labels of their Pods, each set once; where not every Pod was read, only what the Service selects them by.
    labels: BTreeSet<BTreeMap<String, String>>,
    /// Whether the Pods have no other labels.
    all: bool,
    filter: Filter,
}

impl<'a> Backends<'a> {
    /// Those of a Service that an entry chooses from; or why no policy is asked for any of them.
    ///
    /// Other endpoints get no check: they are not ready, go away, or have no such port. Cilium makes no endpoint for
    /// a Pod on the host network (pkg/k8s/watchers/pod.go: `Pod is using host networking`), and such a Pod has the
    /// address of its Node.
    fn of(
        view: &View<'a>,
        service: &'a Service,
        chosen: &[FrontendBackend],
        filter: Filter,
    ) -> Result<Asked<Self>, Gap> {
        let gap = |why: &str| {
            let about = service.metadata.name.clone();
            Gap::new(Source::Pods, about, Reason::Partial(why.to_owned()))
        };
        let endpoints = Endpoints::of(view, service)?;
        let chosen: BTreeSet<IpAddr> = chosen.iter().map(|backend| backend.address).collect();
        let mut unread: BTreeSet<IpAddr> = chosen.clone();
        let (mut labels, mut on_host, mut others) = (BTreeSet::new(), 0, 0);
        for endpoint in endpoints.all() {
            let addresses: Vec<IpAddr> = addresses(endpoint)
                .filter(|one| chosen.contains(one))
                .collect();
            if addresses.is_empty() {
                continue;
            }
            let pod = endpoint.pod().and_then(|target| {
                let namespace = &service.metadata.namespace;
                view.pods().find(namespace, &target.name).ok().flatten()
            });
            let is_on_host = match pod {
                Some(pod) => pod.spec.host_network,
                None => is_of_node(view, endpoint)?,
            };
            if is_on_host {
                on_host += 1;
                continue;
            }
            others += 1;
            if let Some(pod) = pod {
                labels.insert(with_namespace(service, &pod.metadata.labels));
                unread.retain(|one| !addresses.contains(one));
            }
        }
        match (on_host, others) {
            (1.., 0) => {
                return Ok(Err(
                    "the backends are on the host network, where their policies do not apply",
                ));
            }
            (1.., 1..) => {
                return Err(gap(
                    "a part of the backends is on the host network, where policies for Pods do not apply",
                ));
            }
            _ => {}
        }
        let all = unread.is_empty() && !labels.is_empty();
        if !all {
            if service.spec.selector.is_empty() {
                return Err(gap("what stands behind the Service is not in it"));
            }
            labels = BTreeSet::from([with_namespace(service, &service.spec.selector)]);
        }
        Ok(Ok(Self {
            service,
            labels,
            all,
            filter,
        }))
    }

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
        let open = || {
            self.filter
                .gap_or(|| gap("the labels of the Pods behind the Service are not in it"))
        };
        let asked = |known| {
            let labels = Labels {
                known,
                all: self.all,
                filter: &self.filter,
            };
            selects(selector, labels)
        };
        let answers: BTreeSet<Option<bool>> = self.labels.iter().map(asked).collect();
        match answers.iter().collect::<Vec<_>>().as_slice() {
            [Some(answer)] => Ok(*answer),
            [None] => Err(open()),
            _ => Err(gap(
                "a policy selects only some of the Pods behind the Service",
            )),
        }
    }
}

/// Labels of Pods behind a Service, with the namespace, which Cilium adds as a label of its own.
fn with_namespace(
    service: &Service,
    labels: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut all = labels.clone();
    all.insert(
        "io.kubernetes.pod.namespace".to_owned(),
        service.metadata.namespace.clone(),
    );
    all
}

fn addresses(endpoint: &Endpoint) -> impl Iterator<Item = IpAddr> {
    endpoint.addresses.iter().filter_map(|one| one.parse().ok())
}

/// Whether the address of an endpoint is that of a Node: of its own, or of any where it names none.
fn is_of_node(view: &View<'_>, endpoint: &Endpoint) -> Result<bool, Gap> {
    let addresses: Vec<IpAddr> = addresses(endpoint).collect();
    let has_one = |node: &Fact<Node>| node.internal_ips().any(|one| addresses.contains(&one));
    Ok(match endpoint.node_name.as_deref() {
        Some(name) if !name.is_empty() => view.nodes().find("", name)?.is_some_and(has_one),
        _ => view.nodes().all("")?.into_iter().any(has_one),
    })
}

/// Every policy that applies to the backends of an ordinary Service that an entry chooses from, as the agent of
/// `node` takes it; or why none does. `must_ask` where the backends matter although there is no policy.
///
/// # Errors
/// A gap when a kind of policy was not listed, or a selector cannot be decided.
pub fn selecting<'a>(
    view: &View<'a>,
    service: &'a Service,
    chosen: &[FrontendBackend],
    node: &str,
    must_ask: bool,
) -> Result<Asked<Selecting<'a>>, Gap> {
    let namespace = &service.metadata.namespace;
    let mut found = Selecting::default();
    let cilium = view.cilium_policies().all(namespace)?;
    let clusterwide = view.clusterwide_policies().all("")?;
    let network = view.network_policies().all(namespace)?;
    if cilium.is_empty() && clusterwide.is_empty() && network.is_empty() && !must_ask {
        return Ok(Ok(found));
    }
    let backends = match Backends::of(view, service, chosen, Filter::of(view, node))? {
        Ok(backends) => backends,
        Err(why) => return Ok(Err(why)),
    };
    for (kind, policies) in [("CiliumNetworkPolicy", cilium), (CLUSTERWIDE, clusterwide)] {
        for policy in policies {
            for rule in policy.rules().filter(|rule| rule.is_about_ingress()) {
                if let Some(selector) = &rule.endpoint_selector
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
    Ok(Ok(found))
}

impl Selecting<'_> {
    /// Whether none applies.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What they say of a packet; `always` where the backends are in default deny without any of them.
    pub fn ruling(&self, packet: &Packet<'_>, always: bool) -> Ruling {
        let mut tally = Tally {
            enforced: always,
            ..Tally::default()
        };
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
