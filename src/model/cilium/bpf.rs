//! BPF load balancer entries: what the datapath really does with a packet.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The traffic a frontend serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// From outside the cluster; what a health check meets.
    External,
    /// From inside (`/i` in the key).
    Internal,
}

/// What a frontend is keyed by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrontendKey {
    /// Address; `0.0.0.0` or `::` is the surrogate that no external packet can match.
    pub address: IpAddr,
    /// Port.
    pub port: u16,
    /// `TCP`, `UDP`, `ANY`; `ANY` also where the version prints none (before 1.17). Borrowed where it is one
    /// of these, as a node can have hundreds of thousands of frontends.
    pub protocol: Cow<'static, str>,
    /// Scope.
    pub scope: Scope,
}

/// The type at the front of the flags.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrontendKind {
    /// ClusterIP.
    ClusterIp,
    /// ExternalIPs.
    ExternalIps,
    /// NodePort.
    NodePort,
    /// HostPort.
    HostPort,
    /// LoadBalancer.
    LoadBalancer,
    /// LocalRedirect.
    LocalRedirect,
    /// A word this program does not know, kept as it was printed.
    Other(String),
}

/// The flags of a frontend, as `bpf lb list` prints them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flags {
    /// The type.
    pub kind: FrontendKind,
    /// Everything else in alphabetical order: `Local`, `non-routable`, `check source-range`, `l7-load-balancer`,
    /// … Borrowed where this program knows the word, else as it was printed.
    pub words: Vec<Cow<'static, str>>,
}

impl Flags {
    /// Whether `word` is set.
    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|one| one == word)
    }
}

/// One frontend with its backends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frontend {
    /// Key.
    pub key: FrontendKey,
    /// Reverse NAT id, which is the service id of this frontend.
    pub rev_nat: u32,
    /// Flags of the master row.
    pub flags: Flags,
    /// `(L7LB Proxy Port: N)`; `Some(0)` is reserved and behaves as no redirect. `None` with the flag
    /// set means that this version does not print it (before 1.14.9 and 1.15.3).
    pub proxy_port: Option<u16>,
    /// Backends in slot order.
    pub backends: Vec<FrontendBackend>,
    /// The count of the master row, where `--frontends` or `lb/maps-dump` was read.
    pub count: Option<u32>,
    /// Slots that point to a deleted backend (`backend N not found`).
    pub dangling: u32,
    /// The row as it was printed, for evidence.
    pub raw: String,
}

/// A backend of a frontend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FrontendBackend {
    /// Address.
    pub address: IpAddr,
    /// Port.
    pub port: u16,
    /// Slot, from 1.
    pub slot: u32,
}

impl Frontend {
    /// Whether packets are handed to the L7 proxy: the flag, unless its port is known to be 0.
    pub fn redirects(&self) -> bool {
        self.flags.has("l7-load-balancer") && self.proxy_port != Some(0)
    }

    /// How many backends the datapath can choose from: the count where it was read, else the rows.
    pub fn backend_count(&self) -> u32 {
        self.count
            .unwrap_or_else(|| u32::try_from(self.backends.len()).unwrap_or(u32::MAX))
    }
}

/// A master row as `bpf lb list --frontends` prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MasterValue {
    /// Reverse NAT id; the reading speaks of the same frontend only where it is equal.
    pub rev_nat: u32,
    /// How many active backends there are.
    pub count: u32,
    /// The union of the entry; for an L7 redirect it holds the proxy port in network byte order.
    pub union: u32,
}

/// The load balancer map of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BpfLb {
    /// Frontends by key.
    pub frontends: BTreeMap<FrontendKey, Frontend>,
    /// Rows that could not be read, quoted; a frontend may hide among them.
    pub unreadable: Vec<String>,
}

impl BpfLb {
    /// The frontend that an external TCP packet to `address:port` meets.
    ///
    /// Entries without protocol (`ANY`) are consulted after `TCP` ones, as before 1.17 keys had none.
    pub fn external_tcp(&self, address: IpAddr, port: u16) -> Option<&Frontend> {
        ["TCP", "ANY"].into_iter().find_map(|protocol| {
            self.frontends.get(&FrontendKey {
                address,
                port,
                protocol: Cow::Borrowed(protocol),
                scope: Scope::External,
            })
        })
    }

    /// All external frontends on `port`, whatever their address.
    pub fn on_port(&self, port: u16) -> impl Iterator<Item = &Frontend> {
        self.frontends.values().filter(move |frontend| {
            frontend.key.port == port && frontend.key.scope == Scope::External
        })
    }
}
