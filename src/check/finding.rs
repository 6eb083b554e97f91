//! What was found, what proves it, and what would mend it.

use crate::model::{Gap, Origin};
use crate::path::RegionKey;

/// Who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Somebody asked for it: specs, annotations, rules.
    Declared,
    /// A component did it: BPF maps, Envoy, iptables, target groups.
    Programmed,
    /// Somebody saw it happen: health, logs, counters, answers.
    Observed,
}

impl Layer {
    /// The word used in output.
    pub fn id(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Programmed => "programmed",
            Self::Observed => "observed",
        }
    }
}

/// One field and its value, with where it was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// Who says it.
    pub layer: Layer,
    /// Where it was read.
    pub origin: Origin,
    /// The object it is about, such as `Node/node-a`.
    pub subject: String,
    /// The field, such as `EnableEnvoyConfig`.
    pub field: String,
    /// Its value, verbatim where possible.
    pub value: String,
}

impl Evidence {
    /// One field and its value.
    pub fn new(
        layer: Layer,
        origin: &Origin,
        subject: impl Into<String>,
        field: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        Self {
            layer,
            origin: origin.clone(),
            subject: subject.into(),
            field: field.into(),
            value: value.into(),
        }
    }
}

/// How sure the finding is, apart from how bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// A hint.
    Low,
    /// Likely; a named reading would settle it.
    Medium,
    /// Proven by the evidence shown.
    High,
}

impl Confidence {
    /// The word used in output.
    pub fn id(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What a fix does to what works today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// Adds something; nothing that works stops.
    Safe,
    /// Restarts or moves something.
    Disruptive,
    /// Deletes or replaces something.
    Destructive,
}

impl Risk {
    /// The word used in output.
    pub fn id(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Disruptive => "disruptive",
            Self::Destructive => "destructive",
        }
    }
}

/// A change of the evidence that a fix amounts to, so that it can be proven by checking again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Adds a TCP rule to a security group.
    SecurityGroupRule {
        /// Account and region.
        region: RegionKey,
        /// `sg-…`.
        group: String,
        /// Direction.
        egress: bool,
        /// Port.
        port: u16,
        /// A CIDR, or a security group id.
        peer: String,
    },
    /// Adds an allow entry to a network ACL, before all others.
    NetworkAclEntry {
        /// Account and region.
        region: RegionKey,
        /// `acl-…`.
        acl: String,
        /// Direction.
        egress: bool,
        /// First and last port.
        ports: (u16, u16),
        /// CIDR.
        cidr: String,
    },
    /// Registers a target again with another port.
    TargetPort {
        /// Account and region.
        region: RegionKey,
        /// Target group name.
        group: String,
        /// Target id.
        id: String,
        /// Port it is registered with.
        from: u16,
        /// Port it should have.
        to: u16,
    },
    /// Sets the port of a target group's health check.
    HealthCheckPort {
        /// Account and region.
        region: RegionKey,
        /// Target group name.
        group: String,
        /// A number or `traffic-port`.
        port: String,
    },
    /// Removes a route.
    RouteRemoved {
        /// Account and region.
        region: RegionKey,
        /// `rtb-…`.
        table: String,
        /// The destination as the table writes it: a CIDR or a prefix list.
        destination: String,
    },
    /// Adds a route.
    RouteAdded {
        /// Account and region.
        region: RegionKey,
        /// `rtb-…`.
        table: String,
        /// CIDR.
        destination: String,
        /// `pcx-…`: the only next hop that leads on without tables of its own.
        peering: String,
    },
    /// Lets an interface forward packets that are not addressed to it.
    SourceDestCheckOff {
        /// Account and region.
        region: RegionKey,
        /// `eni-…`.
        interface: String,
    },
    /// Sets an attribute of a target group.
    TargetGroupAttribute {
        /// Account and region.
        region: RegionKey,
        /// Target group name.
        group: String,
        /// `preserve_client_ip.enabled`, …
        key: String,
        /// Its value.
        value: String,
    },
    /// Registers a target that is missing.
    TargetRegistered {
        /// Account and region.
        region: RegionKey,
        /// Target group name.
        group: String,
        /// Target id.
        id: String,
        /// Port.
        port: u16,
    },
    /// Enables a zone of a load balancer.
    ZoneEnabled {
        /// Account and region.
        region: RegionKey,
        /// Load balancer name.
        balancer: String,
        /// Zone.
        zone: String,
        /// The subnet of it that the balancer gets an interface in.
        subnet: String,
    },
}

impl Change {
    /// Account and region of what changes.
    pub fn region(&self) -> &RegionKey {
        match self {
            Self::SecurityGroupRule { region, .. }
            | Self::NetworkAclEntry { region, .. }
            | Self::TargetPort { region, .. }
            | Self::HealthCheckPort { region, .. }
            | Self::RouteRemoved { region, .. }
            | Self::RouteAdded { region, .. }
            | Self::SourceDestCheckOff { region, .. }
            | Self::TargetGroupAttribute { region, .. }
            | Self::TargetRegistered { region, .. }
            | Self::ZoneEnabled { region, .. } => region,
        }
    }
}

/// A way to mend a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, one sentence.
    pub summary: String,
    /// Exact commands in order; empty when only a person can decide.
    pub commands: Vec<String>,
    /// Its risk.
    pub risk: Risk,
    /// What it changes in the evidence; none when it cannot be expressed, and so cannot be proven here.
    pub changes: Vec<Change>,
    /// What to look at afterwards.
    pub after: String,
}

/// Something that a check found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Names the deciding field and both values; the same for every subject of one cause.
    pub message: String,
    /// What decides it: findings of one code with the same text are one cause.
    pub decides: String,
    /// Objects involved, such as `SecurityGroup/sg-0a1`.
    pub objects: Vec<String>,
    /// What proves it; never empty.
    pub evidence: Vec<Evidence>,
    /// How sure it is.
    pub confidence: Confidence,
    /// How to mend it.
    pub fix: Option<Fix>,
    /// What was taken for granted.
    pub assumptions: Vec<String>,
    /// Readings that were missing and would settle it, when it is not proven.
    pub settles: Vec<Gap>,
}

impl Finding {
    /// A proven finding without a fix.
    pub fn new(
        message: impl Into<String>,
        decides: impl Into<String>,
        evidence: Vec<Evidence>,
    ) -> Self {
        Self {
            message: message.into(),
            decides: decides.into(),
            objects: Vec::new(),
            evidence,
            confidence: Confidence::High,
            fix: None,
            assumptions: Vec::new(),
            settles: Vec::new(),
        }
    }

    /// Adds the objects involved.
    #[must_use]
    pub fn about(mut self, objects: impl IntoIterator<Item = String>) -> Self {
        self.objects.extend(objects);
        self
    }

    /// Sets how sure it is.
    #[must_use]
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// Sets the fix.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Adds a missing reading that would settle it.
    #[must_use]
    pub fn settled_by(mut self, gaps: impl IntoIterator<Item = Gap>) -> Self {
        self.settles.extend(gaps);
        self
    }

    /// Adds something that was taken for granted.
    #[must_use]
    pub fn assuming(mut self, assumption: impl Into<String>) -> Self {
        self.assumptions.push(assumption.into());
        self
    }
}
