//! The documents have the very keys and values that `aws elbv2 describe-… --output json` prints.

use super::{listener, load_balancer, target_group, target_health};
use aws_sdk_elasticloadbalancingv2::types::{
    self, ActionTypeEnum, LoadBalancerSchemeEnum, LoadBalancerStateEnum, LoadBalancerTypeEnum,
    ProtocolEnum, TargetHealthReasonEnum, TargetHealthStateEnum, TargetTypeEnum,
};
use serde_json::{json, to_value};

#[test]
fn a_load_balancer() {
    let lb = types::LoadBalancer::builder()
        .load_balancer_arn("arn:lb")
        .load_balancer_name("k8s-web")
        .dns_name("k8s-web-0a.elb.eu-west-2.amazonaws.com")
        .scheme(LoadBalancerSchemeEnum::InternetFacing)
        .vpc_id("vpc-1")
        .r#type(LoadBalancerTypeEnum::Network)
        .state(
            types::LoadBalancerState::builder()
                .code(LoadBalancerStateEnum::ActiveImpaired)
                .build(),
        )
        .availability_zones(
            types::AvailabilityZone::builder()
                .zone_name("eu-west-2a")
                .subnet_id("subnet-1")
                .load_balancer_addresses(
                    types::LoadBalancerAddress::builder()
                        .private_ipv4_address("10.0.0.9")
                        .build(),
                )
                .build(),
        )
        .created_time(
            aws_sdk_elasticloadbalancingv2::primitives::DateTime::from_secs(1_700_000_000),
        )
        .security_groups("sg-1")
        .enforce_security_group_inbound_rules_on_private_link_traffic("on")
        .build();
    assert_eq!(
        to_value(load_balancer(&lb)).unwrap(),
        json!({
            "LoadBalancerArn": "arn:lb",
            "LoadBalancerName": "k8s-web",
            "DNSName": "k8s-web-0a.elb.eu-west-2.amazonaws.com",
            "Scheme": "internet-facing",
            "VpcId": "vpc-1",
            "Type": "network",
            "CreatedTime": "2023-11-14T22:13:20Z",
            "State": {"Code": "active_impaired"},
            "AvailabilityZones": [{
                "ZoneName": "eu-west-2a",
                "SubnetId": "subnet-1",
                "LoadBalancerAddresses": [{"PrivateIPv4Address": "10.0.0.9"}],
            }],
            "SecurityGroups": ["sg-1"],
            "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": "on",
        })
    );
}

#[test]
fn a_listener_with_weights() {
    let action = types::Action::builder()
        .r#type(ActionTypeEnum::Forward)
        .forward_config(
            types::ForwardActionConfig::builder()
                .target_groups(
                    types::TargetGroupTuple::builder()
                        .target_group_arn("arn:tg")
                        .weight(0)
                        .build(),
                )
                .build(),
        )
        .build();
    let built = types::Listener::builder()
        .listener_arn("arn:l")
        .load_balancer_arn("arn:lb")
        .port(443)
        .protocol(ProtocolEnum::TcpUdp)
        .default_actions(action)
        .build();
    assert_eq!(
        to_value(listener(&built)).unwrap(),
        json!({
            "ListenerArn": "arn:l",
            "LoadBalancerArn": "arn:lb",
            "Port": 443,
            "Protocol": "TCP_UDP",
            "DefaultActions": [{
                "Type": "forward",
                "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "arn:tg", "Weight": 0}]},
            }],
        })
    );
}

#[test]
fn a_target_group_and_its_health() {
    let group = types::TargetGroup::builder()
        .target_group_arn("arn:tg")
        .target_group_name("k8s-web")
        .protocol(ProtocolEnum::Tcp)
        .port(31080)
        .target_type(TargetTypeEnum::Instance)
        .load_balancer_arns("arn:lb")
        .health_check_protocol(ProtocolEnum::Http)
        .health_check_port("traffic-port")
        .health_check_path("/healthz")
        .health_check_interval_seconds(10)
        .healthy_threshold_count(3)
        .matcher(types::Matcher::builder().http_code("200-399").build())
        .build();
    assert_eq!(
        to_value(target_group(&group)).unwrap(),
        json!({
            "TargetGroupArn": "arn:tg",
            "TargetGroupName": "k8s-web",
            "Protocol": "TCP",
            "Port": 31080,
            "TargetType": "instance",
            "LoadBalancerArns": ["arn:lb"],
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPort": "traffic-port",
            "HealthCheckPath": "/healthz",
            "HealthCheckIntervalSeconds": 10,
            "HealthyThresholdCount": 3,
            "Matcher": {"HttpCode": "200-399"},
        })
    );
    let description = types::TargetHealthDescription::builder()
        .target(
            types::TargetDescription::builder()
                .id("i-1")
                .port(31080)
                .build(),
        )
        .health_check_port("31080")
        .target_health(
            types::TargetHealth::builder()
                .state(TargetHealthStateEnum::UnhealthyDraining)
                .reason(TargetHealthReasonEnum::FailedHealthChecks)
                .description("Health checks failed")
                .build(),
        )
        .build();
    assert_eq!(
        to_value(target_health(&description)).unwrap(),
        json!({
            "Target": {"Id": "i-1", "Port": 31080},
            "HealthCheckPort": "31080",
            "TargetHealth": {
                "State": "unhealthy.draining",
                "Reason": "Target.FailedHealthChecks",
                "Description": "Health checks failed",
            },
        })
    );
}
