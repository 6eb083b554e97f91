//! Envoy's reasons for rejecting a listener, told apart by the words it uses.

use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::check::node::pods;
use crate::model::kubernetes::Object;

/// What a reason says has to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nack {
    /// `cannot bind '…': Permission denied`: a port below 1024 without `NET_BIND_SERVICE`.
    Permission,
    /// `Address already in use`: another process has the port.
    AddressInUse,
    /// `has duplicate address '…' as existing listener`: Envoy itself already listens there.
    DuplicateAddress,
    /// `duplicate matcher is: …`: two filter chains of one listener ask for the same connections.
    DuplicateMatcher,
    /// A name or type that this build of Envoy does not have.
    UnknownExtension,
    /// Anything else.
    Other,
}

impl Nack {
    /// Reads a reason, in the words of Envoy's listener manager and of its factories.
    pub fn of(reason: &str) -> Self {
        let has = |words: &[&str]| words.iter().any(|words| reason.contains(words));
        if has(&["has duplicate address"]) {
            Self::DuplicateAddress
        } else if has(&["duplicate matcher"]) {
            Self::DuplicateMatcher
        } else if has(&["cannot bind"]) && has(&["Permission denied"]) {
            Self::Permission
        } else if has(&["Address already in use"]) {
            Self::AddressInUse
        } else if has(&[
            "Didn't find a registered implementation",
            "could not find @type",
            "unknown type",
            "Unable to unpack",
        ]) {
            Self::UnknownExtension
        } else {
            Self::Other
        }
    }

    /// The word that keeps findings of one reason together.
    pub fn id(self) -> &'static str {
        match self {
            Self::Permission => "permission denied",
            Self::AddressInUse => "address in use",
            Self::DuplicateAddress => "duplicate address",
            Self::DuplicateMatcher => "duplicate matcher",
            Self::UnknownExtension => "unknown extension",
            Self::Other => "rejected",
        }
    }

    /// What is wrong with the listener of `id`, as the start of a message.
    pub fn message(self, id: &str) -> String {
        match self {
            Self::Permission => format!(
                "Envoy may not bind the port of the listener of {id} (Permission denied): ports below 1024 need NET_BIND_SERVICE"
            ),
            Self::AddressInUse => format!(
                "Envoy cannot bind the port of the listener of {id} (Address already in use): something else on the node has it"
            ),
            Self::DuplicateAddress => format!(
                "Envoy rejects the listener of {id} as a duplicate of the address of a listener it already has"
            ),
            Self::DuplicateMatcher => format!(
                "Envoy rejects the listener of {id}, as two of its filter chains match the same connections (duplicate matcher)"
            ),
            Self::UnknownExtension => format!(
                "the Envoy of the node does not know what the listener of {id} is made of: its build does not fit the agent's version"
            ),
            Self::Other => format!("Envoy rejects the listener of {id}"),
        }
    }

    /// How it is mended, one sentence.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Permission => {
                "give Envoy the capability for ports below 1024, or use a port above: envoy.securityContext.capabilities.\
                 keepCapNetBindService=true with NET_BIND_SERVICE in envoy.securityContext.capabilities.envoy (embedded: in \
                 securityContext.capabilities.ciliumAgent)"
            }
            Self::AddressInUse => {
                "free the port: find the process or the other Gateway that has it on these nodes (a hostPort, an \
                 ingress controller), or give the listener another port"
            }
            Self::DuplicateAddress => {
                "two Gateways on one port of the same nodes: give one of them another port. After a changed listener port in \
                 host network mode it is issue #48132, which no restart mends: give the listener its former port back, or \
                 run a release with #48712 and #48798"
            }
            Self::DuplicateMatcher => {
                "all ports of a Gateway share one Envoy listener, so two of its TLS listeners must not have the same host name, \
                 whatever their ports: give one of them another host name, or a Gateway of its own (issue #37609)"
            }
            Self::UnknownExtension => {
                "run the Envoy image that belongs to the agent's version: let the rollout of DaemonSet cilium-envoy finish, or \
                 take the chart's own image instead of an override or a stock Envoy"
            }
            Self::Other => {
                "mend what Envoy's reason names: a port that is taken, a missing capability for ports below 1024, or \
                 an Envoy image that does not fit the agent's version"
            }
        }
    }
}

/// The images of the node's agent and Envoy, where their Pods were captured.
pub fn images(view: &View<'_>, node: &str) -> Vec<Evidence> {
    [(pods::AGENT, "cilium-agent"), (pods::ENVOY, "cilium-envoy")]
        .into_iter()
        .filter_map(|(app, container)| {
            let pod = pods::of_node(view, app, node)?;
            let image = pods::image(pod, container)?;
            Some(Evidence::new(
                Layer::Declared,
                &pod.origin,
                pod.id(),
                format!("image of {container} on {node}"),
                image,
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Nack;

    #[test]
    fn reasons_as_envoy_words_them() {
        for (reason, expected) in [
            (
                "NACK received: cannot bind '0.0.0.0:80': Permission denied",
                Nack::Permission,
            ),
            (
                "cannot bind '0.0.0.0:80': Address already in use",
                Nack::AddressInUse,
            ),
            (
                "error adding listener: 'a/b/listener' has duplicate address '0.0.0.0:80,[::]:80' as existing listener",
                Nack::DuplicateAddress,
            ),
            (
                "error adding listener '127.0.0.1:18697': filter chain '' has the same matching rules defined as ''. \
                 duplicate matcher is: {\"transport_protocol\":\"tls\",\"server_names\":[\"a.example.com\"]}",
                Nack::DuplicateMatcher,
            ),
            (
                "Didn't find a registered implementation for name: 'cilium.l7policy'",
                Nack::UnknownExtension,
            ),
            ("no filter chains specified", Nack::Other),
        ] {
            assert_eq!(Nack::of(reason), expected, "{reason}");
        }
    }
}
