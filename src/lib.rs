//! Why is an NLB target unhealthy? A health check is a packet: this library
//! replays it over evidence from Kubernetes, AWS and every Cilium agent.
//!
//! ```text
//!  cluster, AWS, agents ──► collect ──► Bundle ──► parse ──► Snapshot ──► path ──► check ──► verdict ──► report ──► render
//!  a directory or archive ──────────────► ▲  raw documents      typed facts   hops    outcomes   causes     v1 document   tree, table, json, …
//! ```
//!
//! `audit` stands between report and render: it joins the documents of many subjects to one list.
//!
//! Data goes one way. An arrow of the picture is imported only against its
//! direction: `check` knows `model` and `path` and never `collect`; `render`
//! knows `report` and never the internals of a check. Only `collect` and `cli`
//! may name tokio, kube or the AWS crates. `tests/architecture.rs` enforces it.

pub mod audit;
pub mod bundle;
pub mod check;
pub mod cli;
#[cfg(feature = "live")]
pub mod collect;
pub mod model;
pub mod parse;
pub mod path;
pub mod render;
pub mod report;
pub mod verdict;
