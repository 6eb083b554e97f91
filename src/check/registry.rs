//! The one list of checks, in the order of their codes.

use super::{Check, Code, datapath, node, proxy, workload};

/// Every check.
pub static CHECKS: &[&Check] = &[
    &node::node_not_ready::CHECK,
    &node::agent_not_ready::CHECK,
    &node::config_drift::CHECK,
    &node::drift_key_not_causal::CHECK,
    &node::envoy_config_disabled::CHECK,
    &node::agent_stale::CHECK,
    &datapath::kube_proxy_replacement_off::CHECK,
    &datapath::frontend_missing::CHECK,
    &datapath::frontend_without_backends::CHECK,
    &datapath::l7_redirect_missing::CHECK,
    &datapath::source_range_blocks::CHECK,
    &datapath::local_policy_no_endpoint::CHECK,
    &datapath::health_check_node_port_wrong::CHECK,
    &datapath::health_check_node_port_closed::CHECK,
    &proxy::envoy_config_missing::CHECK,
    &proxy::envoy_listener_missing::CHECK,
    &proxy::envoy_config_rejected::CHECK,
    &proxy::tproxy_rule_missing::CHECK,
    &workload::no_ready_endpoints::CHECK,
    &workload::http_check_misses_host::CHECK,
    &workload::check_protocol_mismatch::CHECK,
];

/// The check that a code or a slug names.
pub fn find(text: &str) -> Option<&'static Check> {
    let code = text.parse::<Code>().ok();
    CHECKS
        .iter()
        .copied()
        .find(|check| Some(check.code) == code || check.slug.eq_ignore_ascii_case(text))
}
