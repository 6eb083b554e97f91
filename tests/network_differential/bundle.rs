//! A world as the bundle that a person would capture of it.

use super::generate::{address, subnet_block};
use cilium_lb::bundle::Bundle;
use serde_json::{Value, json};

const ARN: &str = "arn:aws:elasticloadbalancing:eu-west-2:111122223333";

/// The host name of the balancer.
pub(crate) const HOSTNAME: &str = "lb-0123456789abcdef.elb.eu-west-2.amazonaws.com";

/// The documents of a world.
pub(crate) fn bundle(world: &Value) -> Bundle {
    let v6 = world["v6"] == true;
    let balancer = format!("{ARN}:loadbalancer/net/lb/0123456789abcdef");
    let group = format!("{ARN}:targetgroup/tg/0123456789abcdef");
    let place = |end: &Value| {
        (
            end["subnet"].as_u64().unwrap(),
            end["host"].as_u64().unwrap(),
        )
    };
    let ids = |groups: &Value| -> Vec<Value> {
        groups
            .as_array()
            .unwrap()
            .iter()
            .map(|id| json!({"GroupId": id}))
            .collect()
    };
    let with_address = |mut interface: Value, end: &Value| {
        let (subnet, host) = place(end);
        interface["SubnetId"] = json!(format!("subnet-{subnet}"));
        interface["VpcId"] = json!("vpc-1");
        interface["PrivateIpAddress"] = json!(address(false, subnet, host));
        if v6 {
            interface["Ipv6Addresses"] =
                json!([{"Ipv6Address": address(true, subnet, host), "IsPrimaryIpv6": true}]);
        }
        interface
    };
    let list = |field: &str| world[field].as_array().unwrap().iter();
    let zones: Vec<Value> = list("nodes")
        .map(|node| json!({"ZoneName": format!("zone-{}", node["zone"]), "SubnetId": format!("subnet-{}", node["subnet"])}))
        .collect();
    let interfaces: Vec<Value> = list("nodes")
        .map(|node| {
            let interface = json!({"NetworkInterfaceId": format!("eni-{}", node["zone"]), "Description": "ELB net/lb/0123456789abcdef",
                                   "Groups": ids(&world["balancer_groups"])});
            with_address(interface, node)
        })
        .collect();
    let instances: Vec<Value> = list("targets")
        .enumerate()
        .map(|(index, target)| {
            let interface = json!({"NetworkInterfaceId": format!("eni-i-{index}"), "Attachment": {"DeviceIndex": 0}, "Groups": ids(&target["groups"])});
            let interface = with_address(interface, target);
            json!({"InstanceId": format!("i-{index}"), "State": {"Name": "running"}, "VpcId": "vpc-1", "SubnetId": interface["SubnetId"],
                   "Placement": {"AvailabilityZone": format!("zone-{}", target["zone"])},
                   "PrivateIpAddress": interface["PrivateIpAddress"], "NetworkInterfaces": [interface]})
        })
        .collect();
    let health: Vec<Value> = (0..instances.len())
        .map(|index| json!({"Target": {"Id": format!("i-{index}"), "Port": world["port"]}, "TargetHealth": {"State": "unhealthy"}}))
        .collect();
    let subnets: Vec<Value> = (0..5)
        .map(|subnet| json!({"SubnetId": format!("subnet-{subnet}"), "VpcId": "vpc-1", "CidrBlock": subnet_block(false, subnet)}))
        .collect();
    let attributes = json!({"Attributes": [{"Key": "load_balancing.cross_zone.enabled", "Value": world["cross_zone"].to_string()}]});
    let mut bundle = Bundle::default();
    let mut keep = |name: &str, document: Value| {
        bundle.insert(
            format!("aws/111122223333/eu-west-2/{name}.json"),
            document.to_string(),
        )
    };
    keep(
        "elbv2-describe-load-balancers",
        json!({"LoadBalancers": [{
        "LoadBalancerArn": balancer, "LoadBalancerName": "lb", "DNSName": HOSTNAME, "Type": "network", "Scheme": "internal", "VpcId": "vpc-1",
        "State": {"Code": "active"}, "AvailabilityZones": zones, "SecurityGroups": world["balancer_groups"]}]}),
    );
    keep(
        "elbv2-describe-listeners.lb",
        json!({"Listeners": [{
        "ListenerArn": format!("{ARN}:listener/net/lb/0123456789abcdef/1"), "Port": 80, "Protocol": "TCP", "LoadBalancerArn": balancer,
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}]}]}),
    );
    keep(
        "elbv2-describe-target-groups",
        json!({"TargetGroups": [{
        "TargetGroupArn": group, "TargetGroupName": "tg", "Protocol": "TCP", "Port": world["port"], "VpcId": "vpc-1", "TargetType": "instance",
        "IpAddressType": if v6 { "ipv6" } else { "ipv4" }, "HealthCheckProtocol": "TCP", "HealthCheckPort": "traffic-port",
        "HealthyThresholdCount": 3, "UnhealthyThresholdCount": 3}]}),
    );
    keep(
        "elbv2-describe-target-health.tg",
        json!({"TargetHealthDescriptions": health}),
    );
    keep(
        "elbv2-describe-target-group-attributes.tg",
        attributes.clone(),
    );
    keep("elbv2-describe-load-balancer-attributes.lb", attributes);
    keep(
        "ec2-describe-instances",
        json!({"Reservations": [{"Instances": instances}]}),
    );
    keep(
        "ec2-describe-network-interfaces",
        json!({"NetworkInterfaces": interfaces}),
    );
    keep(
        "ec2-describe-security-groups",
        json!({"SecurityGroups": world["security_groups"]}),
    );
    keep(
        "ec2-describe-network-acls",
        json!({"NetworkAcls": world["network_acls"]}),
    );
    keep(
        "ec2-describe-route-tables",
        json!({"RouteTables": world["route_tables"]}),
    );
    keep("ec2-describe-subnets", json!({"Subnets": subnets}));
    for (id, blocks) in world["prefix_lists"].as_object().unwrap() {
        if let Some(blocks) = blocks.as_array() {
            let entries: Vec<Value> = blocks.iter().map(|block| json!({"Cidr": block})).collect();
            keep(
                &format!("ec2-get-managed-prefix-list-entries.{id}"),
                json!({"Entries": entries}),
            );
        }
    }
    bundle
}
