//! Reading Kubernetes: a thin client over `kube::Client`, lists, single objects, agents and logs.

pub(super) mod agents;
mod cilium;
mod client;
mod connect;
mod contexts;
mod credentials;
mod documents;
mod exec;
mod failure;
pub(super) mod kinds;
mod kubeconfig;
pub(super) mod lists;
mod log;
pub(super) mod names;
mod objects;
mod operator;
mod options;
mod proxy;
mod prune;
mod script;
mod split;

pub(super) use client::Kube;
pub(super) use connect::connect;
pub use contexts::{Context, contexts};
pub(super) use failure::Kind as FailureKind;
