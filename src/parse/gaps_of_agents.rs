//! Gaps in the readings of agents and proxies.

use crate::model::cilium::Agent;
use crate::model::envoy::EnvoyAdmin;
use crate::model::{Gap, Reason, Seen, Source};

/// Puts a gap into the readings of an agent that nobody made: into those of `source`, or into all.
///
/// `name` is the document without its ending, which tells apart readings that share a source.
pub(super) fn agent(agent: &mut Agent, name: &str, source: Option<Source>, reason: &Reason) {
    let about = format!("node {}", agent.node);
    if let Some(port) = name.strip_prefix("health-check-node-port.") {
        if let Ok(port) = port.parse() {
            let gap = Gap::new(Source::HealthCheckNodePort, about.as_str(), reason.clone());
            agent.health_answers.entry(port).or_insert(Err(gap));
        }
        return;
    }
    let is_dump = name == "bpf-lb-maps-dump";
    let is_later = name == "bpf-metrics-list.2";
    let fill = Fill {
        about: &about,
        source,
        reason,
    };
    if source.is_none() || is_dump {
        fill.put(&mut agent.bpf_dump, Source::BpfLb);
    }
    if source.is_none() || is_later {
        fill.put(&mut agent.drop_counters_later, Source::BpfMetrics);
    }
    if !is_dump {
        fill.put(&mut agent.bpf, Source::BpfLb);
    }
    if !is_later {
        fill.put(&mut agent.drop_counters, Source::BpfMetrics);
    }
    fill.put(&mut agent.version, Source::AgentVersion);
    fill.put(&mut agent.status, Source::AgentStatus);
    fill.put(&mut agent.health_listeners, Source::AgentModules);
    fill.put(&mut agent.running, Source::AgentConfig);
    fill.put(&mut agent.started_with, Source::AgentStartConfig);
    fill.put(&mut agent.desired, Source::DbConfigs);
    fill.put(&mut agent.bpf_masters, Source::BpfLbFrontends);
    fill.put(&mut agent.services, Source::ServiceList);
    fill.put(&mut agent.frontends, Source::DbFrontends);
    fill.put(&mut agent.state_services, Source::DbServices);
    fill.put(&mut agent.backends, Source::DbBackends);
    fill.put(&mut agent.envoy_configs, Source::DbEnvoyConfigs);
    fill.put(&mut agent.envoy_resources, Source::DbEnvoyResources);
    fill.put(&mut agent.devices, Source::DbDevices);
    fill.put(&mut agent.node_addresses, Source::DbNodeAddresses);
    fill.put(&mut agent.metrics, Source::AgentMetrics);
    fill.put(&mut agent.endpoints, Source::EndpointList);
    fill.put(&mut agent.ingress_endpoint, Source::IngressEndpoint);
    fill.put(&mut agent.nodes, Source::NodeList);
    fill.put(&mut agent.tproxy_rules, Source::Iptables);
    fill.put(&mut agent.eni_rules, Source::Iptables);
    fill.put(&mut agent.input_chains, Source::Iptables);
    fill.put(&mut agent.listeners, Source::ListeningSockets);
    fill.put(&mut agent.ip_rules, Source::IpRules);
    fill.put(&mut agent.routes_2004, Source::IpRoutes2004);
    fill.put(&mut agent.sysctl, Source::Sysctl);
    fill.put(&mut agent.log, Source::AgentLog);
    // The operator is no agent: a gap of the whole folder says nothing about it.
    if source.is_some() {
        fill.put(&mut agent.operator_log, Source::OperatorLog);
    }
    fill.put(&mut agent.drop_events, Source::MonitorDrops);
}

/// Puts a gap into the readings of a proxy that nobody made: into that of `source`, or into all.
pub(super) fn envoy(admin: &mut EnvoyAdmin, source: Option<Source>, reason: &Reason) {
    let about = format!("node {}", admin.node);
    let fill = Fill {
        about: &about,
        source,
        reason,
    };
    fill.put(&mut admin.listeners, Source::EnvoyListeners);
    fill.put(&mut admin.clusters, Source::EnvoyClusters);
    fill.put(&mut admin.dynamic_listeners, Source::EnvoyConfigDump);
    fill.put(&mut admin.policies, Source::EnvoyNetworkPolicies);
    fill.put(&mut admin.server, Source::EnvoyServerInfo);
    fill.put(&mut admin.stats, Source::EnvoyStats);
}

struct Fill<'a> {
    about: &'a str,
    source: Option<Source>,
    reason: &'a Reason,
}

impl Fill<'_> {
    fn put<T>(&self, field: &mut Seen<T>, source: Source) {
        let is_meant = self.source.is_none_or(|meant| meant == source);
        if is_meant && matches!(field, Err(gap) if gap.reason == Reason::NotCollected) {
            *field = Err(Gap::new(source, self.about, self.reason.clone()));
        }
    }
}
