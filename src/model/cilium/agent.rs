//! All readings of one agent.

use super::bpf::{BpfLb, FrontendKey, MasterValue};
use super::datapath::{
    DropCounter, DropEvent, EndpointRow, EniRules, HealthAnswer, InputChains, IpRule, NodeRow,
    TproxyRule,
};
use super::log::{AgentLog, OperatorLog};
use super::statedb::{
    Backend, Device, EnvoyConfigRow, EnvoyResource, FrontendRow, NodeAddressRow, ServiceRow,
};
use super::{AgentStatus, CiliumVersion, ListenerJob, RunningConfig};
use crate::model::{Gap, Seen, Source};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The readings of the agent on one node.
#[derive(Debug, Clone)]
pub struct Agent {
    /// Kubernetes node name.
    pub node: String,
    /// `version`.
    pub version: Seen<CiliumVersion>,
    /// `status`.
    pub status: Seen<AgentStatus>,
    /// Listeners of the health server by port, as `status --verbose` tells of them; none before 1.18.
    pub health_listeners: Seen<BTreeMap<u16, ListenerJob>>,
    /// `config --all`: what the process runs with.
    pub running: Seen<RunningConfig>,
    /// `/tmp/cilium/config-map`: flag names and values the process booted with.
    pub started_with: Seen<BTreeMap<String, String>>,
    /// StateDB `cilium-configs`: what the agent should run with, merged.
    pub desired: Seen<BTreeMap<String, String>>,
    /// `bpf lb list` with the counts of `--frontends` or `lb/maps-dump` merged in.
    pub bpf: Seen<BpfLb>,
    /// `bpf lb list --frontends`, by itself.
    pub bpf_masters: Seen<BTreeMap<FrontendKey, MasterValue>>,
    /// `lb/maps-dump`, by itself.
    pub bpf_dump: Seen<BpfLb>,
    /// `service list`.
    pub services: Seen<Vec<ServiceRow>>,
    /// StateDB `frontends`.
    pub frontends: Seen<Vec<FrontendRow>>,
    /// StateDB `services`.
    pub state_services: Seen<Vec<super::statedb::StateService>>,
    /// StateDB `backends`.
    pub backends: Seen<Vec<Backend>>,
    /// StateDB `ciliumenvoyconfigs`.
    pub envoy_configs: Seen<Vec<EnvoyConfigRow>>,
    /// StateDB `envoy-resources`.
    pub envoy_resources: Seen<Vec<EnvoyResource>>,
    /// StateDB `devices`.
    pub devices: Seen<Vec<Device>>,
    /// StateDB `node-addresses`.
    pub node_addresses: Seen<Vec<NodeAddressRow>>,
    /// `bpf metrics list`, first reading.
    pub drop_counters: Seen<Vec<DropCounter>>,
    /// `bpf metrics list`, second reading.
    pub drop_counters_later: Seen<Vec<DropCounter>>,
    /// Prometheus metrics: `name{labels}` to value.
    pub metrics: Seen<BTreeMap<String, f64>>,
    /// `endpoint list`.
    pub endpoints: Seen<Vec<EndpointRow>>,
    /// `endpoint get -l reserved:ingress`.
    pub ingress_endpoint: Seen<Vec<EndpointRow>>,
    /// `node list`.
    pub nodes: Seen<Vec<NodeRow>>,
    /// TPROXY rules of `iptables-save`.
    pub tproxy_rules: Seen<Vec<TproxyRule>>,
    /// Rules of ENI mode of `iptables-save`.
    pub eni_rules: Seen<EniRules>,
    /// What `iptables-save` has of the filter table; nothing where that table was not printed.
    pub input_chains: Seen<InputChains>,
    /// Addresses and ports on which processes of the host network listen for TCP.
    pub listeners: Seen<Vec<SocketAddr>>,
    /// `ip rule`.
    pub ip_rules: Seen<Vec<IpRule>>,
    /// `ip route show table 2004`, one route per line.
    pub routes_2004: Seen<Vec<String>>,
    /// `sysctl net.ipv4.conf net.bridge`; settings of a module that is not loaded are absent.
    pub sysctl: Seen<BTreeMap<String, String>>,
    /// Answers of health-check node ports by port.
    pub health_answers: BTreeMap<u16, Seen<HealthAnswer>>,
    /// The log's lines that matter.
    pub log: Seen<AgentLog>,
    /// What the cilium-operator Pod on this node, if there is one, logged about the Gateway API.
    pub operator_log: Seen<OperatorLog>,
    /// `monitor -t drop`.
    pub drop_events: Seen<Vec<DropEvent>>,
}

impl Agent {
    /// An agent of which nothing has been read.
    pub fn new(node: &str) -> Self {
        let about = format!("node {node}");
        fn unread<T>(source: Source, about: &str) -> Seen<T> {
            Err(Gap::not_collected(source, about))
        }
        Self {
            node: node.to_owned(),
            version: unread(Source::AgentVersion, &about),
            status: unread(Source::AgentStatus, &about),
            health_listeners: unread(Source::AgentModules, &about),
            running: unread(Source::AgentConfig, &about),
            started_with: unread(Source::AgentStartConfig, &about),
            desired: unread(Source::DbConfigs, &about),
            bpf: unread(Source::BpfLb, &about),
            bpf_masters: unread(Source::BpfLbFrontends, &about),
            bpf_dump: unread(Source::BpfLb, &about),
            services: unread(Source::ServiceList, &about),
            frontends: unread(Source::DbFrontends, &about),
            state_services: unread(Source::DbServices, &about),
            backends: unread(Source::DbBackends, &about),
            envoy_configs: unread(Source::DbEnvoyConfigs, &about),
            envoy_resources: unread(Source::DbEnvoyResources, &about),
            devices: unread(Source::DbDevices, &about),
            node_addresses: unread(Source::DbNodeAddresses, &about),
            drop_counters: unread(Source::BpfMetrics, &about),
            drop_counters_later: unread(Source::BpfMetrics, &about),
            metrics: unread(Source::AgentMetrics, &about),
            endpoints: unread(Source::EndpointList, &about),
            ingress_endpoint: unread(Source::IngressEndpoint, &about),
            nodes: unread(Source::NodeList, &about),
            tproxy_rules: unread(Source::Iptables, &about),
            eni_rules: unread(Source::Iptables, &about),
            input_chains: unread(Source::Iptables, &about),
            listeners: unread(Source::ListeningSockets, &about),
            ip_rules: unread(Source::IpRules, &about),
            routes_2004: unread(Source::IpRoutes2004, &about),
            sysctl: unread(Source::Sysctl, &about),
            health_answers: BTreeMap::new(),
            log: unread(Source::AgentLog, &about),
            operator_log: unread(Source::OperatorLog, &about),
            drop_events: unread(Source::MonitorDrops, &about),
        }
    }
}
