//! The one list of checks, in the order of their codes.

use super::{
    Check, Code, balancer, datapath, network, node, objects, proxy, target_group, workload,
};

/// Every check.
pub static CHECKS: &[&Check] = &[
    &objects::load_balancer_not_provisioned::CHECK,
    &objects::node_port_unallocated::CHECK,
    &objects::placeholder_endpoint::CHECK,
    &objects::annotation_not_copied::CHECK,
    &balancer::load_balancer_not_found::CHECK,
    &balancer::load_balancer_not_active::CHECK,
    &balancer::listener_missing::CHECK,
    &balancer::scheme_not_as_asked::CHECK,
    &target_group::target_group_not_attached::CHECK,
    &target_group::target_type_unusable::CHECK,
    &target_group::target_not_registered::CHECK,
    &target_group::target_port_stale::CHECK,
    &target_group::target_zone_not_enabled::CHECK,
    &target_group::instance_not_running::CHECK,
    &target_group::target_in_transition::CHECK,
    &target_group::placeholder_registered::CHECK,
    &network::balancer_security_group_egress_blocks::CHECK,
    &network::node_security_group_blocks::CHECK,
    &network::network_acl_blocks::CHECK,
    &network::route_missing::CHECK,
    &network::internet_facing_subnet_private::CHECK,
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
    &datapath::kube_proxy_answers_health_check::CHECK,
    &datapath::node_port_outside_range::CHECK,
    &datapath::host_process_answers::CHECK,
    &datapath::kube_proxy_beside_cilium::CHECK,
    &datapath::dsr_reply_dropped::CHECK,
    &datapath::remote_backend_unreachable::CHECK,
    &datapath::eni_rules_missing::CHECK,
    &datapath::host_policy_drops::CHECK,
    &datapath::backend_policy_drops::CHECK,
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
