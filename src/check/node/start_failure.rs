//! Why an agent that is asked to follow CiliumEnvoyConfigs does not start at all, by the words of its log.

use crate::check::View;
use crate::check::datapath::probe::any_redirect;
use crate::check::finding::{Evidence, Layer};
use crate::model::kubernetes::Service;
use crate::model::{Gap, Reason, Source};

/// A start that fails because of `enable-envoy-config`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartFailure {
    /// No Pod address is left for the node's ingress IP (daemon/cmd/ipam.go).
    IngressAddress,
    /// `ipam: delegated-plugin` cannot give an ingress IP (pkg/option/config.go).
    DelegatedIpam,
}

impl StartFailure {
    /// What is wrong, as the start of a message; the same text decides.
    pub fn message(self) -> &'static str {
        match self {
            Self::IngressAddress => {
                "the agent does not start: no Pod address is left for the ingress IP that enable-envoy-config needs"
            }
            Self::DelegatedIpam => {
                "the agent does not start: enable-envoy-config does not go with ipam=delegated-plugin"
            }
        }
    }

    /// How it is mended, one sentence.
    pub fn summary(self) -> &'static str {
        match self {
            Self::IngressAddress => {
                "free a Pod address on the node (move a Pod away, or give the node more: prefix delegation, a further ENI, a larger \
                 Pod CIDR); the agent tries again by itself"
            }
            Self::DelegatedIpam => {
                "choose: another ipam mode, or no Gateway API and Ingress of Cilium (enable-envoy-config=false)"
            }
        }
    }
}

/// What the log of a node's agent says about its start, with the line.
pub fn of(view: &View<'_>, node: &str) -> Option<(StartFailure, Evidence)> {
    let log = view.agent(node).log().ok()?;
    let (failure, line) = log.notable.iter().rev().find_map(|line| {
        if line.contains("unable to allocate ingress IPs") {
            Some((StartFailure::IngressAddress, line))
        } else if line.contains("must be disabled with --ipam=delegated-plugin") {
            Some((StartFailure::DelegatedIpam, line))
        } else {
            None
        }
    })?;
    let evidence = Evidence::new(
        Layer::Observed,
        &log.origin,
        format!("Node/{node}"),
        "log",
        line.as_str(),
    );
    Some((failure, evidence))
}

/// Whether an agent that followed CiliumEnvoyConfigs has ever run on the node, so that its redirects may persist.
///
/// The BPF map says it of itself; else the other agents do: they see the ingress IP that each such agent
/// publishes in its CiliumNode.
///
/// # Errors
/// The gap of the node list when neither was read.
pub fn followed_before(
    view: &View<'_>,
    service: &Service,
    node: &str,
) -> Result<(bool, Vec<Evidence>), Gap> {
    if let Ok(redirects) = any_redirect(view, service, node) {
        return Ok((redirects, Vec::new()));
    }
    let mut missing = None;
    for witness in view.agent_nodes() {
        match view.agent(witness).nodes() {
            Ok(rows) => {
                let row = rows
                    .iter()
                    .find(|row| row.name.rsplit('/').next() == Some(node));
                if let Some(row) = row {
                    let value = row
                        .ingress_address
                        .map_or("none".to_owned(), |ip| ip.to_string());
                    let evidence = Evidence::new(
                        Layer::Observed,
                        &rows.origin,
                        format!("Node/{node}"),
                        "ingress-address in the node list",
                        value,
                    );
                    return Ok((row.ingress_address.is_some(), vec![evidence]));
                }
            }
            Err(gap) => {
                missing.get_or_insert(gap);
            }
        }
    }
    Err(missing.unwrap_or_else(|| {
        Gap::new(
            Source::NodeList,
            format!("node {node}"),
            Reason::Partial("no agent lists the node".to_owned()),
        )
    }))
}
