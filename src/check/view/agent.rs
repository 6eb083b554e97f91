//! The readings of one agent and its Envoy, each access remembered.

use super::View;
use crate::model::cilium::datapath::{DropEvent, EndpointRow, NodeRow};
use crate::model::cilium::statedb::{
    Backend, Device, EnvoyConfigRow, EnvoyResource, FrontendRow, NodeAddressRow, ServiceRow,
    StateService,
};
use crate::model::cilium::{
    Agent, AgentLog, AgentStatus, BpfLb, CiliumVersion, DropCounter, EniRules, HealthAnswer,
    InputChains, IpRule, ListenerJob, RunningConfig, TproxyRule,
};
use crate::model::envoy::{DynamicListener, EnvoyAdmin, EnvoyCluster, EnvoyListener, ServerInfo};
use crate::model::hubble::Flow;
use crate::model::{Fact, Gap, Seen, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// What was read on one node.
pub struct AgentView<'v, 'a> {
    pub(super) view: &'v View<'a>,
    pub(super) node: String,
    pub(super) agent: Option<&'a Agent>,
    pub(super) envoy: Option<&'a EnvoyAdmin>,
}

/// A fact, or the gap that explains its absence.
pub type Read<'a, T> = Result<&'a Fact<T>, Gap>;

impl<'a> AgentView<'_, 'a> {
    fn of_agent<T>(&self, source: Source, field: fn(&'a Agent) -> &'a Seen<T>) -> Read<'a, T> {
        self.view.note(source);
        match self.agent.map(field) {
            Some(seen) => seen.as_ref().map_err(Gap::clone),
            None => Err(Gap::not_collected(source, format!("node {}", self.node))),
        }
    }

    fn of_envoy<T>(&self, source: Source, field: fn(&'a EnvoyAdmin) -> &'a Seen<T>) -> Read<'a, T> {
        self.view.note(source);
        match self.envoy.map(field) {
            Some(seen) => seen.as_ref().map_err(Gap::clone),
            None => Err(Gap::not_collected(source, format!("node {}", self.node))),
        }
    }

    /// The answer of a health-check node port on this node.
    ///
    /// # Errors
    /// A gap when it was not asked.
    pub fn health_answer(&self, port: u16) -> Read<'a, HealthAnswer> {
        self.view.note(Source::HealthCheckNodePort);
        match self.agent.and_then(|agent| agent.health_answers.get(&port)) {
            Some(seen) => seen.as_ref().map_err(Gap::clone),
            None => Err(Gap::not_collected(
                Source::HealthCheckNodePort,
                format!("node {}", self.node),
            )),
        }
    }

    /// The agent's version.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn version(&self) -> Read<'a, CiliumVersion> {
        self.of_agent(Source::AgentVersion, |agent| &agent.version)
    }

    /// The agent's status.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn status(&self) -> Read<'a, AgentStatus> {
        self.of_agent(Source::AgentStatus, |agent| &agent.status)
    }

    /// The listeners of the agent's health server by port.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn health_listeners(&self) -> Read<'a, BTreeMap<u16, ListenerJob>> {
        self.of_agent(Source::AgentModules, |agent| &agent.health_listeners)
    }

    /// The agent's running configuration.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn running(&self) -> Read<'a, RunningConfig> {
        self.of_agent(Source::AgentConfig, |agent| &agent.running)
    }

    /// The agent's configuration it started with.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn started_with(&self) -> Read<'a, BTreeMap<String, String>> {
        self.of_agent(Source::AgentStartConfig, |agent| &agent.started_with)
    }

    /// The agent's configuration it should run with.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn desired(&self) -> Read<'a, BTreeMap<String, String>> {
        self.of_agent(Source::DbConfigs, |agent| &agent.desired)
    }

    /// The agent's BPF load balancer entries.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn bpf(&self) -> Read<'a, BpfLb> {
        self.of_agent(Source::BpfLb, |agent| &agent.bpf)
    }

    /// The agent's service list.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn services(&self) -> Read<'a, Vec<ServiceRow>> {
        self.of_agent(Source::ServiceList, |agent| &agent.services)
    }

    /// The agent's StateDB frontends.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn frontends(&self) -> Read<'a, Vec<FrontendRow>> {
        self.of_agent(Source::DbFrontends, |agent| &agent.frontends)
    }

    /// The agent's StateDB services.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn state_services(&self) -> Read<'a, Vec<StateService>> {
        self.of_agent(Source::DbServices, |agent| &agent.state_services)
    }

    /// The agent's StateDB backends.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn backends(&self) -> Read<'a, Vec<Backend>> {
        self.of_agent(Source::DbBackends, |agent| &agent.backends)
    }

    /// The agent's StateDB ciliumenvoyconfigs.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn envoy_configs(&self) -> Read<'a, Vec<EnvoyConfigRow>> {
        self.of_agent(Source::DbEnvoyConfigs, |agent| &agent.envoy_configs)
    }

    /// The agent's StateDB envoy-resources.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn envoy_resources(&self) -> Read<'a, Vec<EnvoyResource>> {
        self.of_agent(Source::DbEnvoyResources, |agent| &agent.envoy_resources)
    }

    /// The agent's devices.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn devices(&self) -> Read<'a, Vec<Device>> {
        self.of_agent(Source::DbDevices, |agent| &agent.devices)
    }

    /// The agent's node addresses.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn node_addresses(&self) -> Read<'a, Vec<NodeAddressRow>> {
        self.of_agent(Source::DbNodeAddresses, |agent| &agent.node_addresses)
    }

    /// The agent's drop counters.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn drop_counters(&self) -> Read<'a, Vec<DropCounter>> {
        self.of_agent(Source::BpfMetrics, |agent| &agent.drop_counters)
    }

    /// The agent's drop counters, second reading.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn drop_counters_later(&self) -> Read<'a, Vec<DropCounter>> {
        self.of_agent(Source::BpfMetrics, |agent| &agent.drop_counters_later)
    }

    /// The agent's Prometheus metrics.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn metrics(&self) -> Read<'a, BTreeMap<String, f64>> {
        self.of_agent(Source::AgentMetrics, |agent| &agent.metrics)
    }

    /// The agent's endpoints.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn endpoints(&self) -> Read<'a, Vec<EndpointRow>> {
        self.of_agent(Source::EndpointList, |agent| &agent.endpoints)
    }

    /// The agent's ingress endpoint.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn ingress_endpoint(&self) -> Read<'a, Vec<EndpointRow>> {
        self.of_agent(Source::IngressEndpoint, |agent| &agent.ingress_endpoint)
    }

    /// The agent's node list.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn nodes(&self) -> Read<'a, Vec<NodeRow>> {
        self.of_agent(Source::NodeList, |agent| &agent.nodes)
    }

    /// The agent's TPROXY rules.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn tproxy_rules(&self) -> Read<'a, Vec<TproxyRule>> {
        self.of_agent(Source::Iptables, |agent| &agent.tproxy_rules)
    }

    /// The node's rules of ENI mode.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn eni_rules(&self) -> Read<'a, EniRules> {
        self.of_agent(Source::Iptables, |agent| &agent.eni_rules)
    }

    /// The chains that packets to the node itself can meet.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn input_chains(&self) -> Read<'a, InputChains> {
        self.of_agent(Source::Iptables, |agent| &agent.input_chains)
    }

    /// The sockets on which processes of the host listen.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn listeners(&self) -> Read<'a, Vec<SocketAddr>> {
        self.of_agent(Source::ListeningSockets, |agent| &agent.listeners)
    }

    /// The agent's policy routing rules.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn ip_rules(&self) -> Read<'a, Vec<IpRule>> {
        self.of_agent(Source::IpRules, |agent| &agent.ip_rules)
    }

    /// The agent's routes of table 2004.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn routes_2004(&self) -> Read<'a, Vec<String>> {
        self.of_agent(Source::IpRoutes2004, |agent| &agent.routes_2004)
    }

    /// The agent's kernel settings.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn sysctl(&self) -> Read<'a, BTreeMap<String, String>> {
        self.of_agent(Source::Sysctl, |agent| &agent.sysctl)
    }

    /// The agent's log.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn log(&self) -> Read<'a, AgentLog> {
        self.of_agent(Source::AgentLog, |agent| &agent.log)
    }

    /// The agent's drop events.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn drop_events(&self) -> Read<'a, Vec<DropEvent>> {
        self.of_agent(Source::MonitorDrops, |agent| &agent.drop_events)
    }

    /// The flows that Hubble saw on the node.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn flows(&self) -> Read<'a, Vec<Flow>> {
        self.view.note(Source::HubbleFlows);
        match self.view.snapshot.flows.get(&self.node) {
            Some(seen) => seen.as_ref().map_err(Gap::clone),
            None => Err(Gap::not_collected(
                Source::HubbleFlows,
                format!("node {}", self.node),
            )),
        }
    }

    /// The node's Envoy listeners.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn envoy_listeners(&self) -> Read<'a, Vec<EnvoyListener>> {
        self.of_envoy(Source::EnvoyListeners, |envoy| &envoy.listeners)
    }

    /// The node's Envoy clusters.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn envoy_clusters(&self) -> Read<'a, Vec<EnvoyCluster>> {
        self.of_envoy(Source::EnvoyClusters, |envoy| &envoy.clusters)
    }

    /// The node's listeners as configured over xDS.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn envoy_dynamic_listeners(&self) -> Read<'a, Vec<DynamicListener>> {
        self.of_envoy(Source::EnvoyConfigDump, |envoy| &envoy.dynamic_listeners)
    }

    /// The addresses for which the node's Envoy has a policy of Cilium.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn envoy_policies(&self) -> Read<'a, BTreeSet<IpAddr>> {
        self.of_envoy(Source::EnvoyNetworkPolicies, |envoy| &envoy.policies)
    }

    /// Samples of the node's Envoy.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn envoy_stats(&self) -> Read<'a, BTreeMap<String, f64>> {
        self.of_envoy(Source::EnvoyStats, |envoy| &envoy.stats)
    }

    /// The node's Envoy server.
    ///
    /// # Errors
    /// The gap when it was not read.
    pub fn envoy_server(&self) -> Read<'a, ServerInfo> {
        self.of_envoy(Source::EnvoyServerInfo, |envoy| &envoy.server)
    }
}
