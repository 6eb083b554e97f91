//! Which hops a probe takes: from a Service port and its listener down to each target.
//!
//! A [`Path`] says only what the evidence connects. Where a connection is
//! missing, [`Lookup`] says whether that is proven or merely not read.

pub mod annotation;
pub mod audited;
pub mod balancer;
pub mod build;
pub mod candidates;
pub mod claim;
pub mod classic;
pub mod estate;
pub mod home;
pub mod ingress;
pub mod lookup;
mod machines;
pub mod orphan;
pub mod resolve;
pub mod shard;
pub mod similar;
pub mod subject;
pub mod targets;

pub use audited::audited;
pub use build::paths;
pub use estate::Estate;
pub use lookup::Lookup;
pub use orphan::{Left, Orphan, Standing};
pub use resolve::{ResolveError, resolve};
pub use shard::{InvalidShard, Shard};
pub use subject::{Subject, SubjectKind, SubjectRef};

use crate::model::Gap;
use crate::model::aws::{Arn, TargetHealthDescription};
use std::net::IpAddr;

/// A namespace and a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectName {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl ObjectName {
    /// A namespaced name.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

impl std::fmt::Display for ObjectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// Account and region of AWS documents.
pub type RegionKey = (String, String);

/// A load balancer or target group by region and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AwsName {
    /// Account and region.
    pub region: RegionKey,
    /// Name in that account and region.
    pub name: String,
}

impl AwsName {
    /// What an ARN names; `None` when that is neither a load balancer nor a target group.
    pub fn of_arn(arn: &Arn) -> Option<Self> {
        Some(Self {
            region: (arn.account.clone(), arn.region.clone()),
            name: arn.name()?.to_owned(),
        })
    }
}

/// One Service port behind one listener and one target group.
#[derive(Debug, Clone)]
pub struct Path {
    /// The Service, or none when a load balancer of no known Service is asked about.
    pub service: Option<ObjectName>,
    /// The Service port's number, 0 when no Service is known.
    pub port: u16,
    /// The Service port's protocol.
    pub protocol: String,
    /// The NodePort; 0 when none is allocated.
    pub node_port: u16,
    /// The load balancer of ELBv2.
    pub load_balancer: Lookup<AwsName>,
    /// Whether the Service's own controller made it, rather than somebody who bound a target group of it.
    pub owned: bool,
    /// The Classic Load Balancer that the Service has instead of one of ELBv2.
    pub classic: Option<AwsName>,
    /// Port of the listener.
    pub listener: Lookup<u16>,
    /// The target group.
    pub target_group: Lookup<AwsName>,
    /// Targets in order of id and port.
    pub targets: Vec<Target>,
    /// Why the targets are not those AWS lists, when they are the cluster's nodes instead.
    pub targets_gap: Option<Gap>,
}

/// What is checked, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// `TCP`, `HTTP` or `HTTPS`.
    pub protocol: String,
    /// The port the check goes to.
    pub port: u16,
    /// Path of an HTTP check.
    pub path: Option<String>,
    /// True when the target group was not read and the controller's default is assumed.
    pub assumed: bool,
}

/// One target of a path.
#[derive(Debug, Clone)]
pub struct Target {
    /// Instance id or address; the node name when AWS was not read.
    pub id: String,
    /// The port it is registered with; the NodePort when AWS was not read.
    pub port: u16,
    /// The address the check goes to.
    pub address: Result<IpAddr, Gap>,
    /// The Kubernetes node behind it.
    pub node: Result<String, Gap>,
    /// Zone.
    pub zone: Option<String>,
    /// The check of this target.
    pub check: HealthCheck,
    /// What AWS reports; absent when AWS was not read.
    pub reported: Option<TargetHealthDescription>,
}

impl Target {
    /// The state AWS reports.
    pub fn state(&self) -> Option<&str> {
        self.reported
            .as_ref()
            .map(|description| description.target_health.state.as_str())
    }
}
