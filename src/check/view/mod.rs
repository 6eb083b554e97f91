//! How checks read the snapshot.
//!
//! A view is the only access that checks have. It indexes what they look up for
//! every target, and it remembers which kinds of reading were consulted, so that
//! a test can hold a check's `needs` against what it really reads.

mod agent;
mod commands;
mod kubernetes;
mod operator;
mod region;

pub use agent::{AgentView, Read};
pub use commands::helm_upgrade;
pub use region::{Found, Located, RegionView};

use crate::model::hubble::Flow;
use crate::model::kubernetes::Service;
use crate::model::{Fact, Gap, Snapshot, Source};
use crate::path::{AwsName, Estate, Path, RegionKey, Subject, estate};
use region::RegionIndex;
use std::cell::Cell;
use std::collections::BTreeMap;

/// A snapshot with the subject of the diagnosis and its paths.
pub struct View<'a> {
    snapshot: &'a Snapshot,
    subject: &'a Subject,
    paths: &'a [Path],
    regions: BTreeMap<&'a RegionKey, RegionIndex<'a>>,
    read: Cell<u128>,
}

impl<'a> View<'a> {
    /// Indexes a snapshot.
    pub fn new(snapshot: &'a Snapshot, subject: &'a Subject, paths: &'a [Path]) -> Self {
        Self {
            snapshot,
            subject,
            paths,
            regions: snapshot
                .aws
                .regions
                .iter()
                .map(|(key, region)| (key, RegionIndex::new(region)))
                .collect(),
            read: Cell::new(0),
        }
    }

    /// When the evidence was taken, RFC 3339, if the bundle says so.
    pub fn taken_at(&self) -> Option<&'a str> {
        self.snapshot.taken_at.as_deref()
    }

    /// What the diagnosis is about.
    pub fn subject(&self) -> &'a Subject {
        self.subject
    }

    /// The paths of the subject.
    pub fn paths(&self) -> &'a [Path] {
        self.paths
    }

    /// The Service of the subject.
    ///
    /// # Errors
    /// A gap when it was not captured; `Ok(None)` when no Service exists.
    pub fn service(&self) -> Result<Option<&'a Fact<Service>>, Gap> {
        self.note(Source::Services);
        match &self.subject.service {
            Some(id) => self
                .snapshot
                .kubernetes
                .services
                .find(&id.namespace, &id.name),
            None => Ok(None),
        }
    }

    /// The account and region of a load balancer or target group.
    ///
    /// # Errors
    /// A gap of `source` when nothing was read there.
    pub fn region(&self, name: &AwsName, source: Source) -> Result<RegionView<'_, 'a>, Gap> {
        match self.regions.get(&name.region) {
            Some(index) => Ok(RegionView { view: self, index }),
            None => {
                self.note(source);
                Err(Gap::not_collected(source, &name.name))
            }
        }
    }

    /// Every account and region of which something was read, in order.
    pub fn regions(&self) -> impl Iterator<Item = RegionView<'_, 'a>> {
        self.regions
            .values()
            .map(|index| RegionView { view: self, index })
    }

    /// The readings of a node's agent; a gap of whatever is asked for when there are none.
    pub fn agent(&self, node: &str) -> AgentView<'_, 'a> {
        AgentView {
            view: self,
            node: node.to_owned(),
            agent: self.snapshot.agents.get(node),
            envoy: self.snapshot.envoys.get(node),
        }
    }

    /// The nodes whose agents were read, in order of name.
    pub fn agent_nodes(&self) -> impl Iterator<Item = &'a str> {
        self.snapshot.agents.keys().map(String::as_str)
    }

    /// The flows that were recorded, by node.
    pub fn flows(&self) -> impl Iterator<Item = (&'a str, &'a Fact<Vec<Flow>>)> {
        self.note(Source::HubbleFlows);
        self.snapshot
            .flows
            .iter()
            .filter_map(|(node, flows)| Some((node.as_str(), flows.as_ref().ok()?)))
    }

    /// What of the accounts belongs to the cluster, indexed anew: for subjects that are no objects of Kubernetes.
    pub fn estate(&self) -> Estate<'a> {
        for source in estate::READS {
            self.note(source);
        }
        Estate::new(self.snapshot)
    }

    /// Remembers that a kind of reading was consulted.
    fn note(&self, source: Source) {
        self.read.set(self.read.get() | 1 << source as u32);
    }

    /// The kinds of reading consulted so far.
    pub fn consulted(&self) -> Vec<Source> {
        Source::all()
            .filter(|source| self.read.get() & (1 << *source as u32) != 0)
            .collect()
    }

    /// Forgets what was consulted.
    pub fn forget(&self) {
        self.read.set(0);
    }
}
