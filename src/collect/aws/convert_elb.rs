//! Answers of Elastic Load Balancing's first version, that of Classic Load Balancers, in the shapes of the AWS CLI.

use super::values::{owned, small, text};
use crate::model::aws::classic::{
    ClassicHealthCheck, ClassicInstance, ClassicListener, ListenerDescription,
};
use crate::model::aws::{ClassicLoadBalancer, InstanceHealth};
use aws_sdk_elasticloadbalancing::types;

pub(super) fn load_balancer(lb: &types::LoadBalancerDescription) -> ClassicLoadBalancer {
    let listeners = lb.listener_descriptions().iter();
    ClassicLoadBalancer {
        load_balancer_name: text(lb.load_balancer_name()),
        dns_name: text(lb.dns_name()),
        scheme: text(lb.scheme()),
        listener_descriptions: listeners
            .filter_map(|each| each.listener())
            .map(listener)
            .collect(),
        health_check: lb.health_check().map(health_check),
        instances: lb.instances().iter().map(instance).collect(),
        availability_zones: lb.availability_zones().to_vec(),
        vpc_id: owned(lb.vpc_id()),
        subnets: lb.subnets().to_vec(),
        security_groups: lb.security_groups().to_vec(),
    }
}

fn listener(listener: &types::Listener) -> ListenerDescription {
    let protocol = listener.protocol();
    ListenerDescription {
        listener: ClassicListener {
            protocol: protocol.to_owned(),
            load_balancer_port: small(Some(listener.load_balancer_port())).unwrap_or_default(),
            // Towards the instances the protocol is that of the clients unless another one is given.
            instance_protocol: listener.instance_protocol().unwrap_or(protocol).to_owned(),
            instance_port: small(Some(listener.instance_port())).unwrap_or_default(),
        },
    }
}

fn health_check(check: &types::HealthCheck) -> ClassicHealthCheck {
    ClassicHealthCheck {
        target: check.target().to_owned(),
        interval: small(Some(check.interval())),
        timeout: small(Some(check.timeout())),
        unhealthy_threshold: small(Some(check.unhealthy_threshold())),
        healthy_threshold: small(Some(check.healthy_threshold())),
    }
}

fn instance(instance: &types::Instance) -> ClassicInstance {
    ClassicInstance {
        instance_id: text(instance.instance_id()),
    }
}

pub(super) fn instance_health(state: &types::InstanceState) -> InstanceHealth {
    InstanceHealth {
        instance_id: text(state.instance_id()),
        state: text(state.state()),
        reason_code: text(state.reason_code()),
        description: text(state.description()),
    }
}

#[cfg(test)]
#[path = "convert_elb_tests.rs"]
mod tests;
