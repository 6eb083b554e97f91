//! Which keys of cilium-config have a part in the path of a health check.
//!
//! Only these may be causes. Everything else that the drift checker names is a date: the agent is older than
//! the change.

/// Keys that an agent reads and that shape the path of some health check. Each is weighed by a check of its
/// own, or shown by its effect in the datapath.
const CAUSAL: &[&str] = &[
    "bpf-lb-acceleration",
    "bpf-lb-mode",
    "bpf-lb-source-range-all-types",
    "devices",
    "direct-routing-device",
    "enable-bpf-tproxy",
    "enable-envoy-config",
    "enable-health-check-nodeport",
    "enable-host-firewall",
    "enable-ipv6",
    "enable-l7-proxy",
    "enable-node-port",
    "envoy-xds-mode",
    "external-envoy-proxy",
    "kube-proxy-replacement",
    "kube-proxy-replacement-healthz-bind-address",
    "node-port-range",
    "nodeport-addresses",
];

/// Keys with which an agent decides whether it copies TLS Secrets to Envoy, and nothing else
/// (pkg/envoy/cell.go, 1.16 on).
const TLS: &[&str] = &[
    "enable-gateway-api",
    "enable-ingress-controller",
    "gateway-api-secrets-namespace",
    "ingress-secrets-namespace",
];

/// Beginnings of the operator's own keys (operator/pkg/gateway-api/cell.go, operator/pkg/ingress/cell.go).
const OPERATOR: &[&str] = &[
    "enable-gateway-api-",
    "enable-ingress-",
    "gateway-api-",
    "ingress-",
];

/// What a key of cilium-config is to a health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// It may decide it.
    Causal,
    /// Only the operator reads it.
    Operator,
    /// Agents only copy TLS Secrets with it.
    Tls,
    /// None.
    Other,
}

/// The part of a key.
pub fn part(key: &str) -> Part {
    if CAUSAL.contains(&key) {
        Part::Causal
    } else if TLS.contains(&key) {
        Part::Tls
    } else if OPERATOR.iter().any(|start| key.starts_with(start)) {
        Part::Operator
    } else {
        Part::Other
    }
}

/// Every key that may decide a health check, in order.
pub fn causal() -> impl Iterator<Item = &'static str> {
    CAUSAL.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::{CAUSAL, Part, part};

    #[test]
    fn keys_by_their_part() {
        let cases = [
            ("enable-envoy-config", Part::Causal),
            ("enable-gateway-api", Part::Tls),
            ("gateway-api-secrets-namespace", Part::Tls),
            ("gateway-api-hostnetwork-enabled", Part::Operator),
            ("gateway-api-service-externaltrafficpolicy", Part::Operator),
            ("enable-gateway-api-secrets-sync", Part::Operator),
            ("debug", Part::Other),
        ];
        for (key, wanted) in cases {
            assert_eq!(part(key), wanted, "{key}");
        }
        assert!(CAUSAL.is_sorted());
    }
}
