//! Readings of an agent and its Envoy.

use super::{Source, SourceInfo};

/// In the order of [`Source`].
pub(super) static ROWS: &[SourceInfo] = &[
    exec(
        Source::AgentVersion,
        "version.json",
        "agent version",
        "cilium-dbg version -o json",
    ),
    exec(
        Source::AgentStatus,
        "status.json",
        "agent status",
        "cilium-dbg status -o json",
    ),
    exec(
        Source::AgentModules,
        "status-verbose.txt",
        "health of the agent's modules",
        "cilium-dbg status --verbose",
    ),
    exec(
        Source::AgentConfig,
        "config.json",
        "running agent configuration",
        "cilium-dbg config --all -o json",
    ),
    exec(
        Source::AgentStartConfig,
        "config-map",
        "configuration the agent started with",
        "sh -c 'cd /tmp/cilium/config-map && grep -H . *'",
    ),
    exec(
        Source::BpfLb,
        "bpf-lb-list.json",
        "BPF load balancer entries",
        "cilium-dbg bpf lb list -o json",
    ),
    exec(
        Source::BpfLbFrontends,
        "bpf-lb-list-frontends.json",
        "BPF frontend counts",
        "cilium-dbg bpf lb list --frontends -o json",
    ),
    exec(
        Source::ServiceList,
        "service-list.json",
        "agent service list",
        "cilium-dbg service list -o json",
    ),
    exec(
        Source::DbFrontends,
        "db-frontends.json",
        "StateDB frontends",
        "cilium-dbg shell -- db/show -f json frontends",
    ),
    exec(
        Source::DbServices,
        "db-services.json",
        "StateDB services",
        "cilium-dbg shell -- db/show -f json services",
    ),
    exec(
        Source::DbBackends,
        "db-backends.json",
        "StateDB backends",
        "cilium-dbg shell -- db/show -f json backends",
    ),
    exec(
        Source::DbEnvoyConfigs,
        "db-ciliumenvoyconfigs.json",
        "StateDB ciliumenvoyconfigs",
        "cilium-dbg shell -- db/show -f json ciliumenvoyconfigs",
    ),
    exec(
        Source::DbEnvoyResources,
        "db-envoy-resources.json",
        "StateDB envoy-resources",
        "cilium-dbg shell -- db/show -f json envoy-resources",
    ),
    exec(
        Source::DbDevices,
        "db-devices.json",
        "StateDB devices",
        "cilium-dbg shell -- db/show -f json devices",
    ),
    exec(
        Source::DbNodeAddresses,
        "db-node-addresses.json",
        "StateDB node-addresses",
        "cilium-dbg shell -- db/show -f json node-addresses",
    ),
    exec(
        Source::DbConfigs,
        "db-cilium-configs.json",
        "StateDB cilium-configs",
        "cilium-dbg shell -- db/show -f json cilium-configs",
    ),
    exec(
        Source::BpfMetrics,
        "bpf-metrics-list.json",
        "BPF drop counters",
        "cilium-dbg bpf metrics list -o json",
    ),
    exec(
        Source::AgentMetrics,
        "metrics.txt",
        "agent metrics",
        "cilium-dbg metrics list",
    ),
    exec(
        Source::EndpointList,
        "endpoint-list.json",
        "agent endpoints",
        "cilium-dbg endpoint list -o json",
    ),
    exec(
        Source::IngressEndpoint,
        "endpoint-get-ingress.json",
        "agent's ingress endpoint",
        "cilium-dbg endpoint get -l reserved:ingress -o json",
    ),
    exec(
        Source::NodeList,
        "node-list.json",
        "agent node list",
        "cilium-dbg node list -o json",
    ),
    exec(
        Source::Iptables,
        "iptables-save.txt",
        "iptables rules",
        "iptables-save",
    ),
    exec(
        Source::IpRules,
        "ip-rule.txt",
        "policy routing rules",
        "ip rule",
    ),
    exec(
        Source::IpRoutes2004,
        "ip-route-2004.txt",
        "routes of table 2004",
        "ip route show table 2004",
    ),
    exec(
        Source::Sysctl,
        "sysctl.txt",
        "kernel settings",
        "sysctl net.ipv4.conf net.bridge",
    ),
    exec(
        Source::ListeningSockets,
        "proc-net-tcp.txt",
        "listening sockets of the host",
        "cat /proc/net/tcp /proc/net/tcp6",
    ),
    exec(
        Source::HealthCheckNodePort,
        "health-check-node-port",
        "health-check node port answer",
        "curl -si http://127.0.0.1:PORT/healthz",
    ),
    SourceInfo {
        source: Source::AgentLog,
        key: "agent.log",
        title: "agent log",
        command: "kubectl logs -n {cilium} {pod} -c cilium-agent --tail=2000",
        permission: "get pods/log in kube-system",
        agent: true,
    },
    SourceInfo {
        source: Source::OperatorLog,
        key: "operator.log",
        title: "operator log",
        command: "kubectl logs -n {cilium} deployment/cilium-operator",
        permission: "get pods/log in kube-system",
        agent: true,
    },
    exec(
        Source::MonitorDrops,
        "monitor-drop.json",
        "drop events",
        "cilium-dbg monitor -t drop -j",
    ),
    exec(
        Source::EnvoyListeners,
        "listeners.json",
        "Envoy listeners",
        "cilium-dbg envoy admin listeners -o json",
    ),
    exec(
        Source::EnvoyClusters,
        "clusters.json",
        "Envoy clusters",
        "cilium-dbg envoy admin clusters",
    ),
    exec(
        Source::EnvoyConfigDump,
        "config_dump.json",
        "Envoy configuration",
        "cilium-dbg envoy admin config all",
    ),
    exec(
        Source::EnvoyNetworkPolicies,
        "network_policies.json",
        "Cilium's policies in Envoy",
        "cilium-dbg envoy admin config networkpolicies",
    ),
    exec(
        Source::EnvoyServerInfo,
        "server_info.json",
        "Envoy server info",
        "cilium-dbg envoy admin serverinfo",
    ),
    exec(
        Source::EnvoyStats,
        "stats.txt",
        "Envoy stats",
        "cilium-dbg envoy admin metrics",
    ),
    exec(
        Source::HubbleFlows,
        "flows.json",
        "Hubble flows",
        "hubble observe -o jsonpb --last 1000 --tcp-flags SYN",
    ),
];

/// A command inside the agent's container.
const fn exec(
    source: Source,
    key: &'static str,
    title: &'static str,
    command: &'static str,
) -> SourceInfo {
    SourceInfo {
        source,
        key,
        title,
        command,
        permission: "create,get pods/exec in kube-system",
        agent: true,
    }
}
