//! The cluster double: a bundle directory served as a Kubernetes cluster with Cilium agents.
//!
//! The live collectors must be tested against something that behaves as an API server does: TLS,
//! discovery, pages, refusals, and exec over WebSocket. This double serves the `kubernetes/` half of
//! a bundle by REST and runs exec'ed commands for real, in a place where `cilium-dbg` and the other
//! tools of an agent print the bundle's documents. `tests/cluster_double.rs` proves it with kubectl.
#![cfg(feature = "live")]
#![allow(
    dead_code,
    unused_imports,
    reason = "every test binary compiles the double and uses its own part of it"
)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a double that cannot start is a failed test, and its panic is the report"
)]

mod agents;
mod command;
mod discovery;
mod documents;
mod double;
mod exec;
mod faults;
mod http;
mod kinds;
mod kubeconfig;
pub(crate) mod kubectl;
mod list;
mod objects;
mod pods;
mod pump;
mod request;
mod review;
mod router;
pub(crate) mod sample;
mod selector;
mod server;
mod shims;
mod state;
mod status;
mod tls;

pub(crate) use double::ClusterDouble;
pub(crate) use faults::{ExecAction, ExecFault, Faults, RequestAction, RequestFault};
