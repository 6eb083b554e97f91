//! Answers of Elastic Load Balancing v2 in the shapes of the AWS CLI.

use super::values::{owned, small, tag, text};
use crate::model::aws::load_balancer::{
    Action, Attribute, ForwardConfig, LbAddress, LbState, LbZone, TagDescription,
    WeightedTargetGroup,
};
use crate::model::aws::target_group::{AdministrativeOverride, Matcher, Target, TargetHealth};
use crate::model::aws::{Listener, LoadBalancer, TargetGroup, TargetHealthDescription};
use aws_sdk_elasticloadbalancingv2::types;

pub(super) fn load_balancer(lb: &types::LoadBalancer) -> LoadBalancer {
    LoadBalancer {
        load_balancer_arn: text(lb.load_balancer_arn()),
        load_balancer_name: text(lb.load_balancer_name()),
        dns_name: text(lb.dns_name()),
        scheme: text(lb.scheme().map(|scheme| scheme.as_str())),
        vpc_id: text(lb.vpc_id()),
        kind: text(lb.r#type().map(|kind| kind.as_str())),
        ip_address_type: owned(lb.ip_address_type().map(|kind| kind.as_str())),
        created_time: lb.created_time().map(ToString::to_string),
        state: lb.state().map(state).unwrap_or_default(),
        availability_zones: lb.availability_zones().iter().map(zone).collect(),
        security_groups: lb.security_groups().to_vec(),
        enforce_security_group_inbound_rules_on_private_link_traffic: owned(
            lb.enforce_security_group_inbound_rules_on_private_link_traffic(),
        ),
    }
}

fn state(state: &types::LoadBalancerState) -> LbState {
    LbState {
        code: text(state.code().map(|code| code.as_str())),
        reason: owned(state.reason()),
    }
}

fn zone(zone: &types::AvailabilityZone) -> LbZone {
    LbZone {
        zone_name: text(zone.zone_name()),
        subnet_id: text(zone.subnet_id()),
        load_balancer_addresses: zone.load_balancer_addresses().iter().map(address).collect(),
    }
}

fn address(address: &types::LoadBalancerAddress) -> LbAddress {
    LbAddress {
        private_ipv4_address: owned(address.private_ipv4_address()),
        allocation_id: owned(address.allocation_id()),
    }
}

pub(super) fn listener(listener: &types::Listener) -> Listener {
    Listener {
        listener_arn: text(listener.listener_arn()),
        load_balancer_arn: text(listener.load_balancer_arn()),
        port: small(listener.port()).unwrap_or_default(),
        protocol: text(listener.protocol().map(|protocol| protocol.as_str())),
        default_actions: listener.default_actions().iter().map(action).collect(),
    }
}

fn action(action: &types::Action) -> Action {
    Action {
        kind: text(action.r#type().map(|kind| kind.as_str())),
        target_group_arn: owned(action.target_group_arn()),
        forward_config: action.forward_config().map(|forward| ForwardConfig {
            target_groups: forward.target_groups().iter().map(weighted).collect(),
        }),
    }
}

fn weighted(group: &types::TargetGroupTuple) -> WeightedTargetGroup {
    WeightedTargetGroup {
        target_group_arn: owned(group.target_group_arn()),
        weight: small(group.weight()),
    }
}

pub(super) fn target_group(group: &types::TargetGroup) -> TargetGroup {
    TargetGroup {
        target_group_arn: text(group.target_group_arn()),
        target_group_name: text(group.target_group_name()),
        protocol: text(group.protocol().map(|protocol| protocol.as_str())),
        port: small(group.port()),
        vpc_id: owned(group.vpc_id()),
        target_type: text(group.target_type().map(|kind| kind.as_str())),
        ip_address_type: owned(group.ip_address_type().map(|kind| kind.as_str())),
        load_balancer_arns: group.load_balancer_arns().to_vec(),
        health_check_enabled: group.health_check_enabled(),
        health_check_protocol: owned(group.health_check_protocol().map(|p| p.as_str())),
        health_check_port: owned(group.health_check_port()),
        health_check_path: owned(group.health_check_path()),
        health_check_interval_seconds: small(group.health_check_interval_seconds()),
        health_check_timeout_seconds: small(group.health_check_timeout_seconds()),
        healthy_threshold_count: small(group.healthy_threshold_count()),
        unhealthy_threshold_count: small(group.unhealthy_threshold_count()),
        matcher: group.matcher().map(|matcher| Matcher {
            http_code: owned(matcher.http_code()),
        }),
    }
}

pub(super) fn target_health(
    description: &types::TargetHealthDescription,
) -> TargetHealthDescription {
    let health = description.target_health();
    let target = description.target();
    TargetHealthDescription {
        target: Target {
            id: text(target.and_then(|target| target.id())),
            port: small(target.and_then(|target| target.port())),
            availability_zone: owned(target.and_then(|target| target.availability_zone())),
        },
        health_check_port: owned(description.health_check_port()),
        target_health: TargetHealth {
            state: text(
                health
                    .and_then(|health| health.state())
                    .map(|state| state.as_str()),
            ),
            reason: owned(
                health
                    .and_then(|health| health.reason())
                    .map(|reason| reason.as_str()),
            ),
            description: owned(health.and_then(|health| health.description())),
        },
        administrative_override: description.administrative_override().map(|over| {
            AdministrativeOverride {
                state: text(over.state().map(|state| state.as_str())),
                reason: owned(over.reason().map(|reason| reason.as_str())),
                description: owned(over.description()),
            }
        }),
    }
}

pub(super) fn attribute(key: Option<&str>, value: Option<&str>) -> Attribute {
    Attribute {
        key: text(key),
        value: text(value),
    }
}

pub(super) fn tags(description: &types::TagDescription) -> TagDescription {
    TagDescription {
        resource_arn: text(description.resource_arn()),
        tags: description
            .tags()
            .iter()
            .map(|own| tag(own.key(), own.value()))
            .collect(),
    }
}

#[cfg(test)]
#[path = "convert_elbv2_tests.rs"]
mod tests;
