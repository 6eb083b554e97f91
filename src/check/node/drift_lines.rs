//! What the drift lines of an agent's log say about the block of configuration behind a Service.
//!
//! The agent compares its flags with cilium-config and logs `Mismatch found` or
//! `No local entry found` (pkg/driftchecker/checker.go, on by default since 1.18).
//! A key that no agent flag knows is reported only if it was added after the start.

use crate::model::cilium::{AgentLog, DriftLine};
use crate::model::kubernetes::Service;

/// A block of keys that the Helm chart writes together with `enable-envoy-config`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// `gatewayAPI`.
    Gateway,
    /// `ingressController`.
    Ingress,
}

impl Block {
    /// The block that a proxied Service belongs to.
    pub fn of(service: &Service) -> Self {
        let of_ingress = service
            .metadata
            .owner_references
            .iter()
            .any(|owner| owner.kind == "Ingress")
            || service.is_shared_ingress();
        if of_ingress {
            Self::Ingress
        } else {
            Self::Gateway
        }
    }

    /// What the block switches on, in a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Self::Gateway => "Gateway API",
            Self::Ingress => "the Ingress controller",
        }
    }

    /// The key that is true once the block is there.
    pub fn switch(self) -> &'static str {
        match self {
            Self::Gateway => "enable-gateway-api",
            Self::Ingress => "enable-ingress-controller",
        }
    }

    fn contains(self, key: &str) -> bool {
        match self {
            Self::Gateway => {
                key.starts_with("gateway-api-") || key.starts_with("enable-gateway-api")
            }
            Self::Ingress => key.starts_with("ingress-") || key.starts_with("enable-ingress-"),
        }
    }

    /// The lines that say that this block was added to cilium-config after the agent had read it:
    /// its switch is off in the process and on in the ConfigMap, or keys of it have no local entry.
    pub fn added_later(self, log: &AgentLog) -> Vec<&DriftLine> {
        log.drift
            .iter()
            .filter(|line| {
                let switched = line.key == self.switch()
                    && line.actual.as_deref() == Some("false")
                    && line.expected == "true";
                switched || (line.actual.is_none() && self.contains(&line.key))
            })
            .collect()
    }
}

/// Whether the text may be an excerpt of the drift lines only, from which some may have been left out.
///
/// A whole tail holds other lines as well. In a whole burst the absence of a key says that it does not differ.
pub fn is_excerpt(log: &AgentLog) -> bool {
    log.lines <= log.drift.len()
}

#[cfg(test)]
mod tests {
    use super::{Block, is_excerpt};
    use crate::model::cilium::{AgentLog, DriftLine};

    fn line(key: &str, actual: Option<&str>, expected: &str) -> DriftLine {
        DriftLine {
            key: key.to_owned(),
            actual: actual.map(str::to_owned),
            expected: expected.to_owned(),
            time: None,
            raw: format!("key={key}"),
        }
    }

    #[test]
    fn only_a_block_that_came_later_counts() {
        let cases = [
            (line("enable-gateway-api", Some("false"), "true"), true),
            (line("gateway-api-hostnetwork-enabled", None, "false"), true),
            // Switched off later: the agent still has it, so it explains nothing.
            (line("enable-gateway-api", Some("true"), "false"), false),
            (line("gateway-api-secrets-namespace", Some("a"), "b"), false),
            (line("ingress-secrets-namespace", None, "b"), false),
            (line("debug", Some("false"), "true"), false),
        ];
        for (line, expected) in cases {
            let log = AgentLog {
                lines: 1,
                drift: vec![line.clone()],
                ..AgentLog::default()
            };
            assert_eq!(
                !Block::Gateway.added_later(&log).is_empty(),
                expected,
                "{line:?}"
            );
            assert!(is_excerpt(&log));
        }
    }
}
