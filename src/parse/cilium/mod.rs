//! Documents of an agent, `cilium/<node>/…` of the bundle, to the readings of [`Agent`].
//!
//! One file per source format; this one knows which document holds which format and where its facts go.

mod address;
mod agent_log;
mod bpf_frontends;
mod bpf_lb;
mod bpf_metrics;
mod bpf_row;
mod bpf_rows;
mod config;
mod config_map;
mod endpoint_list;
mod health_answer;
mod health_listeners;
mod ip_route;
mod ip_rule;
mod iptables;
mod json_rows;
mod listening;
mod log_line;
mod maps_dump;
mod merge;
mod monitor_drop;
mod netfilter;
mod node_list;
mod operator_log;
mod service_list;
mod service_table;
mod statedb;
mod status;
mod sysctl;
mod version;
mod words;

pub use merge::finish;

use super::keep::Place;
use super::{ParseError, prometheus, text};
use crate::model::Source;
use crate::model::cilium::Agent;

/// Reads one document into its field.
///
/// `name` is its path below `cilium/<node>/`, `path` its path in the bundle, which becomes the origin
/// of the facts. `Ok(false)` when no document of this name is known. An error is returned and also kept
/// as a gap in the field, unless the field has been read from another document. Call [`finish`] when
/// all documents have been read.
pub fn document(
    agent: &mut Agent,
    name: &str,
    path: &str,
    bytes: &[u8],
) -> Result<bool, ParseError> {
    if let Some(key) = name.strip_prefix("config-map/") {
        let value = text::lossy(bytes);
        return Ok(config_map::add(&mut agent.started_with, key, path, &value));
    }
    if let Some(port) = health_port(name) {
        let at = Place::new(&agent.node, path, Source::HealthCheckNodePort);
        let mut answer = agent
            .health_answers
            .remove(&port)
            .unwrap_or_else(|| Err(at.not_collected()));
        let kept = at.lines(&mut answer, bytes, health_answer::answer);
        agent.health_answers.insert(port, answer);
        return kept;
    }
    if let Some(table) = name.strip_prefix("db-") {
        return state_table(agent, table, path, bytes);
    }
    let node = agent.node.clone();
    let at = |source| Place::new(&node, path, source);
    match name {
        "version.json" => at(Source::AgentVersion).json(&mut agent.version, bytes, version::json),
        "version.txt" => at(Source::AgentVersion).lines(&mut agent.version, bytes, version::plain),
        "status.json" => at(Source::AgentStatus).json(&mut agent.status, bytes, status::json),
        "status-verbose.txt" => at(Source::AgentModules).lines(
            &mut agent.health_listeners,
            bytes,
            health_listeners::listeners,
        ),
        "config.json" => at(Source::AgentConfig).json(&mut agent.running, bytes, config::json),
        "bpf-lb-list.json" => at(Source::BpfLb).json(&mut agent.bpf, bytes, bpf_lb::json),
        "bpf-lb-list.txt" => at(Source::BpfLb).lines(&mut agent.bpf, bytes, bpf_lb::table),
        "bpf-lb-list-frontends.json" => {
            at(Source::BpfLbFrontends).json(&mut agent.bpf_masters, bytes, bpf_frontends::json)
        }
        "bpf-lb-maps-dump.txt" => {
            at(Source::BpfLb).lines(&mut agent.bpf_dump, bytes, maps_dump::dump)
        }
        "service-list.json" => {
            at(Source::ServiceList).json(&mut agent.services, bytes, service_list::json)
        }
        "service-list.txt" => {
            at(Source::ServiceList).lines(&mut agent.services, bytes, service_table::table)
        }
        "bpf-metrics-list.json" => {
            at(Source::BpfMetrics).json(&mut agent.drop_counters, bytes, bpf_metrics::json)
        }
        "bpf-metrics-list.2.json" => {
            at(Source::BpfMetrics).json(&mut agent.drop_counters_later, bytes, bpf_metrics::json)
        }
        "statedb-dump.json" => {
            let addresses = at(Source::DbNodeAddresses).json(
                &mut agent.node_addresses,
                bytes,
                statedb::dumped_node_addresses,
            );
            at(Source::DbDevices)
                .json(&mut agent.devices, bytes, statedb::dumped_devices)
                .and(addresses)
        }
        "metrics.txt" => {
            at(Source::AgentMetrics).lines(&mut agent.metrics, bytes, prometheus::samples)
        }
        "endpoint-list.json" => {
            at(Source::EndpointList).json(&mut agent.endpoints, bytes, endpoint_list::json)
        }
        "endpoint-get-ingress.json" => at(Source::IngressEndpoint).json(
            &mut agent.ingress_endpoint,
            bytes,
            endpoint_list::json,
        ),
        "node-list.json" => at(Source::NodeList).json(&mut agent.nodes, bytes, node_list::json),
        "iptables-save.txt" => {
            let eni = at(Source::Iptables).lines(&mut agent.eni_rules, bytes, iptables::eni);
            let input =
                at(Source::Iptables).lines(&mut agent.input_chains, bytes, netfilter::input_chains);
            at(Source::Iptables)
                .lines(&mut agent.tproxy_rules, bytes, iptables::tproxy)
                .and(eni)
                .and(input)
        }
        "proc-net-tcp.txt" => {
            at(Source::ListeningSockets).lines(&mut agent.listeners, bytes, listening::sockets)
        }
        "ip-rule.txt" => at(Source::IpRules).lines(&mut agent.ip_rules, bytes, ip_rule::rules),
        "ip-route-2004.txt" => {
            at(Source::IpRoutes2004).lines(&mut agent.routes_2004, bytes, ip_route::routes)
        }
        "sysctl.txt" => at(Source::Sysctl).lines(&mut agent.sysctl, bytes, sysctl::settings),
        "agent.log" => at(Source::AgentLog).lines(&mut agent.log, bytes, agent_log::log),
        "operator.log" => {
            at(Source::OperatorLog).lines(&mut agent.operator_log, bytes, operator_log::log)
        }
        "monitor-drop.json" => {
            at(Source::MonitorDrops).lines(&mut agent.drop_events, bytes, monitor_drop::events)
        }
        _ => Ok(false),
    }
}

/// Why a StateDB document of no bytes is a gap until [`finish`] has seen the other tables.
const EMPTY_TABLE: &str = "the shell printed nothing: no rows, or no agent that answers";

/// Reads `db-<table>`.
fn state_table(
    agent: &mut Agent,
    table: &str,
    path: &str,
    bytes: &[u8],
) -> Result<bool, ParseError> {
    let node = agent.node.clone();
    let at = |source| Place::new(&node, path, source).may_be_empty(EMPTY_TABLE);
    match table {
        "frontends.json" => {
            at(Source::DbFrontends).json(&mut agent.frontends, bytes, statedb::frontends)
        }
        "services.json" => {
            at(Source::DbServices).json(&mut agent.state_services, bytes, statedb::services)
        }
        "backends.json" => {
            at(Source::DbBackends).json(&mut agent.backends, bytes, statedb::backends)
        }
        "ciliumenvoyconfigs.json" => {
            at(Source::DbEnvoyConfigs).json(&mut agent.envoy_configs, bytes, statedb::envoy_configs)
        }
        "envoy-resources.json" => at(Source::DbEnvoyResources).json(
            &mut agent.envoy_resources,
            bytes,
            statedb::envoy_resources,
        ),
        "devices.json" => at(Source::DbDevices).json(&mut agent.devices, bytes, statedb::devices),
        "node-addresses.json" => at(Source::DbNodeAddresses).json(
            &mut agent.node_addresses,
            bytes,
            statedb::node_addresses,
        ),
        "cilium-configs.json" => {
            at(Source::DbConfigs).json(&mut agent.desired, bytes, statedb::configs)
        }
        _ => Ok(false),
    }
}

/// The port of `health-check-node-port.<port>.txt`.
fn health_port(name: &str) -> Option<u16> {
    let port = name.strip_prefix("health-check-node-port.")?;
    text::number(port.strip_suffix(".txt")?)
}
