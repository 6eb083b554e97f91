//! The fix that several checks of this hop share: let the agents read their configuration again.

use super::age;
use crate::check::View;
use crate::check::finding::{Fix, Risk};

/// Restarts agents and operator; `after` is what to look at.
///
/// Agents with Envoy configuration each need one more address for their ingress IP and do not start without
/// it (daemon/cmd/ipam.go "unable to allocate ingress IPs"), so the summary asks to look first.
pub fn restart(view: &View<'_>, after: impl Into<String>) -> Fix {
    let namespace = age::namespace(view);
    Fix {
        summary:
            "restart the agents and the operator so that they read cilium-config again. First make \
                  sure that every node has one free Pod address for its ingress IP: an agent that \
                  cannot get one does not start. Host network mode is not a fix"
                .to_owned(),
        commands: vec![
            format!("kubectl -n {namespace} rollout restart deploy/cilium-operator"),
            format!("kubectl -n {namespace} rollout restart ds/cilium"),
            format!("kubectl -n {namespace} rollout status ds/cilium"),
        ],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: after.into(),
    }
}
