//! A switch of the agent's configuration in its layers: what is asked for, and what runs.
//!
//! The agent reads cilium-config once, when its Pod starts (daemonset.yaml, init
//! container `config`). What the ConfigMap says today and what the process does
//! can therefore differ until the next restart.

use crate::check::finding::Evidence;

/// A boolean option that decides whether a health check can pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Watches CiliumEnvoyConfigs and compiles the datapath with L7 load balancing.
    EnvoyConfig,
    /// Runs the L7 proxy at all.
    L7Proxy,
    /// Serves NodePorts in BPF.
    KubeProxyReplacement,
    /// Answers on the health-check node port.
    HealthCheckNodePort,
    /// Runs Envoy in its own DaemonSet instead of inside the agent.
    ExternalEnvoy,
    /// Hands packets to Envoy in BPF instead of by iptables.
    BpfTproxy,
}

impl Key {
    /// The name in cilium-config.
    pub fn name(self) -> &'static str {
        match self {
            Self::EnvoyConfig => "enable-envoy-config",
            Self::L7Proxy => "enable-l7-proxy",
            Self::KubeProxyReplacement => "kube-proxy-replacement",
            Self::HealthCheckNodePort => "enable-health-check-nodeport",
            Self::ExternalEnvoy => "external-envoy-proxy",
            Self::BpfTproxy => "enable-bpf-tproxy",
        }
    }

    /// Whether Gateways and Ingresses need it, and it alone.
    pub fn concerns_envoy(self) -> bool {
        matches!(self, Self::EnvoyConfig | Self::L7Proxy)
    }

    /// The value of the Helm chart that switches it on.
    pub fn helm_value(self) -> &'static str {
        match self {
            Self::EnvoyConfig => "envoyConfig.enabled=true",
            Self::L7Proxy => "l7Proxy=true",
            Self::KubeProxyReplacement => {
                "kubeProxyReplacement=true --set k8sServiceHost=<API server> --set k8sServicePort=443"
            }
            Self::HealthCheckNodePort => "nodePort.enableHealthCheck=true",
            Self::ExternalEnvoy => "envoy.enabled=true",
            Self::BpfTproxy => "bpf.tproxy=true",
        }
    }

    /// The gauge of the agent that is 1 where it is on and 0 where it is off (pkg/metrics/features, 1.17 on).
    pub fn gauge(self) -> Option<&'static str> {
        match self {
            Self::EnvoyConfig => {
                Some("cilium_feature_adv_connect_and_lb_cilium_envoy_config_enabled")
            }
            Self::KubeProxyReplacement => {
                Some("cilium_feature_adv_connect_and_lb_kube_proxy_replacement_enabled")
            }
            _ => None,
        }
    }

    /// What shows on a node that it is on.
    pub fn effect(self) -> &'static str {
        match self {
            Self::EnvoyConfig | Self::L7Proxy | Self::BpfTproxy => {
                "`cilium-dbg bpf lb list` shows l7-load-balancer on the NodePort entries of every target node"
            }
            Self::KubeProxyReplacement => {
                "`cilium-dbg bpf lb list` shows the NodePort entries of the Service on every target node"
            }
            Self::HealthCheckNodePort => {
                "the health-check node port answers 200 or 503 on every target node, and is not refused"
            }
            Self::ExternalEnvoy => "`cilium-dbg status` says Envoy: external on every target node",
        }
    }

    /// The agent's default for a key that the configuration leaves out; `None` where it changed
    /// between versions (pkg/option/config.go).
    pub fn default(self) -> Option<bool> {
        match self {
            Self::EnvoyConfig | Self::ExternalEnvoy | Self::BpfTproxy => Some(false),
            Self::L7Proxy | Self::HealthCheckNodePort => Some(true),
            Self::KubeProxyReplacement => None,
        }
    }
}

/// The value of a switch in one layer.
#[derive(Debug, Clone)]
pub struct Setting {
    /// On or off.
    pub on: bool,
    /// What says so; never empty.
    pub evidence: Vec<Evidence>,
    /// What was taken for granted.
    pub assumption: Option<String>,
}

/// Reads a value; `None` for words that leave NodePorts half on, as `partial` did before 1.16.
pub fn switch(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "strict" => Some(true),
        "false" | "disabled" => Some(false),
        _ => None,
    }
}
