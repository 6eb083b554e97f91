//! The one list of checks, in the order of their codes.

use crate::path::similar::similar;

use super::{
    Check, Code, balancer, datapath, network, node, objects, proxy, target_group, workload,
};

/// Every check.
pub static CHECKS: &[&Check] = &[
    &objects::load_balancer_not_provisioned::CHECK,
    &objects::node_port_unallocated::CHECK,
    &objects::placeholder_endpoint::CHECK,
    &objects::annotation_not_copied::CHECK,
    &objects::gateway_controller_absent::CHECK,
    &objects::gateway_class_not_accepted::CHECK,
    &objects::listener_not_accepted::CHECK,
    &objects::listener_certificate_unresolved::CHECK,
    &objects::generated_service_edited::CHECK,
    &objects::load_balancer_status_contested::CHECK,
    &objects::route_not_attached::CHECK,
    &objects::legacy_controller_took_it::CHECK,
    &balancer::load_balancer_not_found::CHECK,
    &balancer::load_balancer_not_active::CHECK,
    &balancer::listener_missing::CHECK,
    &balancer::scheme_not_as_asked::CHECK,
    &balancer::load_balancer_of_another_stack::CHECK,
    &balancer::credentials_of_another_account::CHECK,
    &balancer::listener_left_over::CHECK,
    &balancer::listener_forwards_elsewhere::CHECK,
    &balancer::load_balancer_not_as_declared::CHECK,
    &target_group::target_group_not_attached::CHECK,
    &target_group::target_type_unusable::CHECK,
    &target_group::target_not_registered::CHECK,
    &target_group::target_port_stale::CHECK,
    &target_group::target_zone_not_enabled::CHECK,
    &target_group::instance_not_running::CHECK,
    &target_group::target_in_transition::CHECK,
    &target_group::placeholder_registered::CHECK,
    &target_group::target_group_not_as_declared::CHECK,
    &target_group::address_outside_vpc::CHECK,
    &target_group::binding_rule_without_ports::CHECK,
    &target_group::local_check_on_traffic_port::CHECK,
    &target_group::local_check_ignores_answer::CHECK,
    &target_group::check_timing_tight::CHECK,
    &target_group::agent_port_checked_with_tls::CHECK,
    &network::balancer_security_group_egress_blocks::CHECK,
    &network::node_security_group_blocks::CHECK,
    &network::secondary_interface_preserves_client_ip::CHECK,
    &network::primary_ipv6_missing::CHECK,
    &network::load_balancer_not_dual_stack::CHECK,
    &network::network_acl_blocks::CHECK,
    &network::route_missing::CHECK,
    &network::internet_facing_subnet_private::CHECK,
    &network::public_access_blocked::CHECK,
    &node::node_not_ready::CHECK,
    &node::agent_not_ready::CHECK,
    &node::config_drift::CHECK,
    &node::drift_key_not_causal::CHECK,
    &node::envoy_config_disabled::CHECK,
    &node::agent_stale::CHECK,
    &node::config_drift_pending::CHECK,
    &node::agent_just_started::CHECK,
    &node::no_address_for_ingress::CHECK,
    &node::conntrack_pressure::CHECK,
    &node::reverse_path_filter_strict::CHECK,
    &node::ipsec_without_node_port::CHECK,
    &node::cni_chaining::CHECK,
    &datapath::kube_proxy_replacement_off::CHECK,
    &datapath::frontend_missing::CHECK,
    &datapath::frontend_without_backends::CHECK,
    &datapath::l7_redirect_missing::CHECK,
    &datapath::source_range_blocks::CHECK,
    &datapath::node_port_taken::CHECK,
    &datapath::backends_out_of_step::CHECK,
    &datapath::backend_unreachable::CHECK,
    &datapath::health_check_node_port_blind::CHECK,
    &datapath::local_policy_no_endpoint::CHECK,
    &datapath::health_check_node_port_wrong::CHECK,
    &datapath::health_check_node_port_closed::CHECK,
    &datapath::health_check_node_port_denies::CHECK,
    &datapath::health_check_node_port_flatters::CHECK,
    &datapath::kube_proxy_health_port_closed::CHECK,
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
    &proxy::envoy_config_skipped::CHECK,
    &proxy::bridge_skips_tproxy::CHECK,
    &proxy::bpf_tproxy_drops::CHECK,
    &proxy::host_network_node_port::CHECK,
    &proxy::host_network_listener_rejected::CHECK,
    &proxy::host_network_listener_missing::CHECK,
    &proxy::envoy_image_skew::CHECK,
    &proxy::envoy_connection_limit::CHECK,
    &workload::no_ready_endpoints::CHECK,
    &workload::http_check_misses_host::CHECK,
    &workload::check_protocol_mismatch::CHECK,
    &workload::upstream_without_healthy_host::CHECK,
    &workload::http_check_answer_mismatch::CHECK,
    &workload::ingress_policy_denies::CHECK,
    &workload::proxy_protocol_mismatch::CHECK,
    &workload::check_meets_proxy_protocol::CHECK,
    &workload::endpoints_ready_by_force::CHECK,
    &workload::hairpin::CHECK,
    &workload::client_range_not_admitted::CHECK,
    &workload::listener_port_not_admitted::CHECK,
    &workload::zone_without_target::CHECK,
    &workload::connection_collisions::CHECK,
    &workload::listener_tls_mismatch::CHECK,
    &workload::dns_points_elsewhere::CHECK,
];

/// The check that a code or a slug names.
pub fn find(text: &str) -> Option<&'static Check> {
    let code = text.parse::<Code>().ok();
    CHECKS
        .iter()
        .copied()
        .find(|check| Some(check.code) == code || check.slug.eq_ignore_ascii_case(text))
}

/// Slugs and codes that resemble `text`, which names no check: at most three of each, best first.
pub fn near(text: &str) -> Vec<String> {
    let slugs = similar(text, CHECKS.iter().map(|check| check.slug));
    let codes: Vec<String> = CHECKS.iter().map(|check| check.code.to_string()).collect();
    let codes = similar(&text.to_ascii_uppercase(), codes.iter().map(String::as_str));
    slugs.into_iter().chain(codes).collect()
}
