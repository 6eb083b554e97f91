//! The AWS half of a capture: a load balancer for every Service, with nothing wrong, at 10.0.1.50.

use super::answers::Answer;
use cilium_lb::bundle::Bundle;
use serde_json::{Value, json};

/// Where its documents lie.
const REGION: &str = "aws/111122223333/eu-west-2";
/// The node, as its object names it.
const INSTANCE: &str = "i-0123456789abcdef0";
const NODE_ADDRESS: &str = "10.0.1.10";
/// Where the client of the captures stands.
const CLIENT: &str = "10.0.1.50";
const OWNER: &str = "111122223333";
const VPC: &str = "vpc-0a";
const SUBNET: &str = "subnet-0a";

/// The host name of a Service's load balancer.
pub(crate) fn hostname(service: &(String, String)) -> String {
    format!(
        "{}-0123456789abcdef.elb.eu-west-2.amazonaws.com",
        name(service)
    )
}

fn name((_, name): &(String, String)) -> String {
    format!("lab-{name}")
}

fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:elasticloadbalancing:eu-west-2:{OWNER}:{kind}/{name}/0123456789abcdef")
}

/// The target group of a NodePort.
pub(crate) fn group_arn(node_port: &Value) -> String {
    arn("targetgroup", &format!("lab-{node_port}"))
}

/// Adds load balancers whose target groups check what `probes` names: NodePorts by TCP, and for a
/// Service port behind a health-check node port that port by HTTP.
///
/// The state of the targets is `initial`, which says nothing of their health.
pub(crate) fn add(bundle: &mut Bundle, services: &[Value], probes: &[Answer]) {
    let mut balancers = Vec::new();
    let mut groups = Vec::new();
    let mut interfaces = vec![interface("eni-0node", NODE_ADDRESS, "interface", "")];
    let mut put = |path: String, value: Value| bundle.insert(path, value.to_string());
    for service in services {
        let id = id(service);
        let Some(probe) = probes.iter().find(|probe| probe.service == id) else {
            continue;
        };
        let lb = name(&id);
        let lb_arn = arn("loadbalancer/net", &lb);
        let mut listeners = Vec::new();
        for port in service["spec"]["ports"].as_array().unwrap() {
            let node_port = &port["nodePort"];
            let group = format!("lab-{node_port}");
            let group_arn = group_arn(node_port);
            let (protocol, check_port, path) = if probe.service_port == 0 {
                ("HTTP", probe.port.to_string(), Some("/healthz"))
            } else {
                ("TCP", "traffic-port".to_owned(), None)
            };
            listeners.push(json!({
                "ListenerArn": arn("listener/net", &format!("{lb}/0123456789abcdef")).replace("/0123456789abcdef/0123456789abcdef", &format!("/0123456789abcdef/{node_port:0>16}")),
                "LoadBalancerArn": lb_arn, "Port": port["port"], "Protocol": port["protocol"],
                "DefaultActions": [{"Type": "forward", "TargetGroupArn": group_arn,
                    "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group_arn, "Weight": 1}]}}]}));
            let mut definition = json!({
                "TargetGroupArn": group_arn, "TargetGroupName": group, "Protocol": port["protocol"], "Port": node_port,
                "VpcId": VPC, "HealthCheckProtocol": protocol, "HealthCheckPort": check_port, "HealthCheckEnabled": true,
                "HealthCheckIntervalSeconds": 10, "HealthCheckTimeoutSeconds": 6, "HealthyThresholdCount": 3,
                "UnhealthyThresholdCount": 3, "LoadBalancerArns": [lb_arn], "TargetType": "instance", "IpAddressType": "ipv4"});
            if let Some(path) = path {
                definition["HealthCheckPath"] = json!(path);
                definition["Matcher"] = json!({"HttpCode": "200-399"});
            }
            groups.push(definition);
            let resolved = if probe.service_port == 0 {
                check_port
            } else {
                node_port.to_string()
            };
            put(
                format!("{REGION}/elbv2-describe-target-group-attributes.{group}.json"),
                json!({"Attributes": [{"Key": "proxy_protocol_v2.enabled", "Value": "false"}]}),
            );
            put(
                format!("{REGION}/elbv2-describe-target-health.{group}.json"),
                json!({"TargetHealthDescriptions": [{"Target": {"Id": INSTANCE, "Port": node_port}, "HealthCheckPort": resolved,
                    "TargetHealth": {"State": "initial", "Reason": "Elb.InitialHealthChecking"}}]}),
            );
        }
        put(
            format!("{REGION}/elbv2-describe-listeners.{lb}.json"),
            json!({"Listeners": listeners}),
        );
        balancers.push(json!({
            "LoadBalancerArn": lb_arn, "DNSName": hostname(&id), "LoadBalancerName": lb, "Scheme": "internal", "VpcId": VPC,
            "State": {"Code": "active"}, "Type": "network", "IpAddressType": "ipv4",
            "AvailabilityZones": [{"ZoneName": "eu-west-2a", "SubnetId": SUBNET, "LoadBalancerAddresses": []}]}));
        interfaces.push(interface(
            &format!("eni-0{lb}"),
            CLIENT,
            "network_load_balancer",
            &format!("ELB net/{lb}/0123456789abcdef"),
        ));
    }
    let documents = [
        (
            "elbv2-describe-load-balancers",
            json!({"LoadBalancers": balancers}),
        ),
        (
            "elbv2-describe-target-groups",
            json!({"TargetGroups": groups}),
        ),
        (
            "ec2-describe-network-interfaces",
            json!({"NetworkInterfaces": interfaces}),
        ),
    ];
    for (operation, value) in documents.into_iter().chain(network()) {
        put(format!("{REGION}/{operation}.json"), value);
    }
}

/// Namespace and name.
pub(crate) fn id(service: &Value) -> (String, String) {
    let text = |field: &str| {
        service["metadata"][field]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    (text("namespace"), text("name"))
}

fn interface(id: &str, address: &str, kind: &str, description: &str) -> Value {
    let groups = if kind == "interface" {
        json!([{"GroupId": "sg-0node", "GroupName": "node"}])
    } else {
        json!([])
    };
    json!({"NetworkInterfaceId": id, "Description": description, "InterfaceType": kind, "AvailabilityZone": "eu-west-2a",
        "SubnetId": SUBNET, "VpcId": VPC, "Groups": groups, "PrivateIpAddress": address, "Status": "in-use",
        "PrivateIpAddresses": [{"Primary": true, "PrivateIpAddress": address}], "OwnerId": OWNER,
        "SourceDestCheck": kind == "interface", "Attachment": {"DeviceIndex": 0, "Status": "attached", "InstanceId": if kind == "interface" { json!(INSTANCE) } else { Value::Null }}})
}

/// One subnet in which everything is allowed.
fn network() -> Vec<(&'static str, Value)> {
    let all = json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "UserIdGroupPairs": [], "Ipv6Ranges": [], "PrefixListIds": []}]);
    let rule = |egress: bool| json!({"CidrBlock": "0.0.0.0/0", "Egress": egress, "Protocol": "-1", "RuleAction": "allow", "RuleNumber": 100});
    let primary = interface("eni-0node", NODE_ADDRESS, "interface", "");
    vec![
        (
            "ec2-describe-instances",
            json!({"Reservations": [{"OwnerId": OWNER, "ReservationId": "r-0a", "Instances": [{
            "InstanceId": INSTANCE, "PrivateIpAddress": NODE_ADDRESS, "State": {"Code": 16, "Name": "running"}, "SubnetId": SUBNET, "VpcId": VPC,
            "Placement": {"AvailabilityZone": "eu-west-2a"}, "InstanceType": "m6i.large", "SourceDestCheck": true,
            "SecurityGroups": [{"GroupId": "sg-0node", "GroupName": "node"}], "NetworkInterfaces": [primary]}]}]}),
        ),
        (
            "ec2-describe-security-groups",
            json!({"SecurityGroups": [{"GroupId": "sg-0node", "GroupName": "node", "OwnerId": OWNER, "VpcId": VPC, "IpPermissions": all, "IpPermissionsEgress": all}]}),
        ),
        (
            "ec2-describe-network-acls",
            json!({"NetworkAcls": [{"NetworkAclId": "acl-0a", "VpcId": VPC, "IsDefault": true, "OwnerId": OWNER,
            "Associations": [{"NetworkAclAssociationId": "aclassoc-0a", "NetworkAclId": "acl-0a", "SubnetId": SUBNET}], "Entries": [rule(true), rule(false)]}]}),
        ),
        (
            "ec2-describe-route-tables",
            json!({"RouteTables": [{"RouteTableId": "rtb-0a", "VpcId": VPC, "OwnerId": OWNER, "PropagatingVgws": [],
            "Associations": [{"Main": true, "RouteTableAssociationId": "rtbassoc-0a", "RouteTableId": "rtb-0a", "AssociationState": {"State": "associated"}}],
            "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"}]}]}),
        ),
        (
            "ec2-describe-subnets",
            json!({"Subnets": [{"AvailabilityZone": "eu-west-2a", "CidrBlock": "10.0.1.0/24", "State": "available", "SubnetId": SUBNET, "VpcId": VPC, "OwnerId": OWNER}]}),
        ),
        (
            "ec2-describe-vpcs",
            json!({"Vpcs": [{"CidrBlock": "10.0.0.0/16", "CidrBlockAssociationSet": [{"AssociationId": "vpc-cidr-assoc-0a", "CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}}],
            "State": "available", "VpcId": VPC, "OwnerId": OWNER}]}),
        ),
        (
            "sts-get-caller-identity",
            json!({"Account": OWNER, "UserId": "lab", "Arn": format!("arn:aws:sts::{OWNER}:assumed-role/lab/lab")}),
        ),
    ]
}
