//! The documents have the very keys and values that `aws elb describe-… --output json` prints.

use super::{instance_health, load_balancer};
use aws_sdk_elasticloadbalancing::types;
use serde_json::{json, to_value};

#[test]
fn a_classic_load_balancer() {
    let listener = types::Listener::builder()
        .protocol("TCP")
        .load_balancer_port(80)
        .instance_port(31080);
    let plain = listener.clone().build().unwrap();
    let ssl = listener
        .load_balancer_port(443)
        .protocol("SSL")
        .instance_protocol("TCP")
        .build()
        .unwrap();
    let check = types::HealthCheck::builder()
        .target("HTTP:32100/healthz")
        .interval(10)
        .timeout(5)
        .unhealthy_threshold(6)
        .healthy_threshold(2)
        .build()
        .unwrap();
    let wrapped = |listener| {
        types::ListenerDescription::builder()
            .listener(listener)
            .build()
    };
    let lb = types::LoadBalancerDescription::builder()
        .load_balancer_name("a43b")
        .dns_name("a43b-1234567890.eu-west-2.elb.amazonaws.com")
        .scheme("internet-facing")
        .listener_descriptions(wrapped(plain))
        .listener_descriptions(wrapped(ssl))
        .health_check(check)
        .instances(types::Instance::builder().instance_id("i-1").build())
        .availability_zones("eu-west-2a")
        .vpc_id("vpc-1")
        .subnets("subnet-1")
        .security_groups("sg-1")
        .build();
    assert_eq!(
        to_value(load_balancer(&lb)).unwrap(),
        json!({
            "LoadBalancerName": "a43b",
            "DNSName": "a43b-1234567890.eu-west-2.elb.amazonaws.com",
            "Scheme": "internet-facing",
            "ListenerDescriptions": [
                {"Listener": {"Protocol": "TCP", "LoadBalancerPort": 80, "InstanceProtocol": "TCP", "InstancePort": 31080}},
                {"Listener": {"Protocol": "SSL", "LoadBalancerPort": 443, "InstanceProtocol": "TCP", "InstancePort": 31080}},
            ],
            "HealthCheck": {"Target": "HTTP:32100/healthz", "Interval": 10, "Timeout": 5,
                            "UnhealthyThreshold": 6, "HealthyThreshold": 2},
            "Instances": [{"InstanceId": "i-1"}],
            "AvailabilityZones": ["eu-west-2a"],
            "VPCId": "vpc-1",
            "Subnets": ["subnet-1"],
            "SecurityGroups": ["sg-1"],
        })
    );
}

#[test]
fn the_state_of_an_instance() {
    let state = types::InstanceState::builder()
        .instance_id("i-1")
        .state("OutOfService")
        .reason_code("ELB")
        .description("Instance registration is still in progress.")
        .build();
    assert_eq!(
        to_value(instance_health(&state)).unwrap(),
        json!({
            "InstanceId": "i-1",
            "State": "OutOfService",
            "ReasonCode": "ELB",
            "Description": "Instance registration is still in progress.",
        })
    );
}

#[test]
fn an_empty_answer_is_empty_and_not_a_failure() {
    let lb = types::LoadBalancerDescription::builder().build();
    assert_eq!(
        to_value(load_balancer(&lb)).unwrap(),
        json!({"LoadBalancerName": "", "DNSName": "", "Scheme": ""})
    );
}
