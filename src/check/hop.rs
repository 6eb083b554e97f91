//! The hops of a health check, in the order in which the packet meets them.

/// A hop; the thousands digit of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Hop {
    /// Did Kubernetes intent become a load balancer?
    Objects = 1,
    /// Does the load balancer exist and listen?
    LoadBalancer,
    /// Is the target registered and checked as the Service needs?
    TargetGroup,
    /// Does the network let the check and its answer through?
    Network,
    /// Is the node ready to serve it?
    Node,
    /// What does the datapath do with it?
    Datapath,
    /// Does Envoy take it?
    Proxy,
    /// Does the workload answer?
    Workload,
    /// The program's own limits.
    Tool,
}

/// All hops in order.
pub const HOPS: [Hop; 9] = [
    Hop::Objects,
    Hop::LoadBalancer,
    Hop::TargetGroup,
    Hop::Network,
    Hop::Node,
    Hop::Datapath,
    Hop::Proxy,
    Hop::Workload,
    Hop::Tool,
];

impl Hop {
    /// The id used in output.
    pub fn id(self) -> &'static str {
        match self {
            Self::Objects => "objects",
            Self::LoadBalancer => "load-balancer",
            Self::TargetGroup => "target-group",
            Self::Network => "network",
            Self::Node => "node",
            Self::Datapath => "datapath",
            Self::Proxy => "proxy",
            Self::Workload => "workload",
            Self::Tool => "tool",
        }
    }
}

/// How bad a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Will hurt, or hurts some.
    Warning,
    /// Breaks the path.
    Error,
}

impl Severity {
    /// The word used in output.
    pub fn id(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}
