//! What a Cilium agent says about its node.
//!
//! Every reading is kept apart with its own origin: `service list` and the BPF
//! map may disagree, and that disagreement can be the finding.

pub mod agent;
pub mod bpf;
pub mod config;
pub mod datapath;
pub mod health_server;
pub mod log;
pub mod statedb;
pub mod status;
pub mod version;

pub use agent::Agent;
pub use bpf::{
    BpfLb, Flags, Frontend, FrontendBackend, FrontendKey, FrontendKind, MasterValue, Scope,
};
pub use config::RunningConfig;
pub use datapath::{DropCounter, EniRules, HealthAnswer, InputChains, IpRule, TproxyRule};
pub use health_server::ListenerJob;
pub use log::{AgentLog, DriftLine, NackLine, OperatorLog, RefusalLine};
pub use status::AgentStatus;
pub use version::CiliumVersion;
