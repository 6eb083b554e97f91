//! A small region: a load balancer `lb` in three zones, and one instance in zone a behind it.
//!
//! The balancer's nodes are 10.0.101.7, 10.0.102.7 and 10.0.103.7 with sg-lb, the target is 10.0.1.9 with
//! sg-node on port 30080, which admits sg-lb. Tests change the documents and ask a check again.

use cilium_lb::bundle::Bundle;
use cilium_lb::check::code::Code;
use cilium_lb::check::outcome::{Checked, Outcome};
use cilium_lb::check::{CHECKS, Finding, Run, View};
use cilium_lb::path::{SubjectRef, paths, resolve};
use cilium_lb::{model::Gap, parse};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ACCOUNT: &str = "111122223333";
const ARN: &str = "arn:aws:elasticloadbalancing:eu-west-2:111122223333";

/// The documents of the region by name.
pub(crate) struct World(BTreeMap<&'static str, Value>);

/// Names of documents.
pub(crate) const BALANCERS: &str = "elbv2-describe-load-balancers";
pub(crate) const GROUPS: &str = "elbv2-describe-target-groups";
pub(crate) const HEALTH: &str = "elbv2-describe-target-health.tg";
pub(crate) const ATTRIBUTES: &str = "elbv2-describe-target-group-attributes.tg";
pub(crate) const INSTANCES: &str = "ec2-describe-instances";
pub(crate) const INTERFACES: &str = "ec2-describe-network-interfaces";
pub(crate) const SECURITY: &str = "ec2-describe-security-groups";
pub(crate) const ACLS: &str = "ec2-describe-network-acls";
pub(crate) const ROUTES: &str = "ec2-describe-route-tables";

impl World {
    /// Everything read, everything open.
    pub(crate) fn new() -> Self {
        let zones: Vec<Value> = ["a", "b", "c"]
            .iter()
            .map(|zone| json!({"ZoneName": zone, "SubnetId": format!("subnet-lb-{zone}")}))
            .collect();
        let nodes: Vec<Value> = [("a", 101), ("b", 102), ("c", 103)]
            .iter()
            .map(|(zone, net)| {
                json!({
                    "NetworkInterfaceId": format!("eni-lb-{zone}"), "Description": "ELB net/lb/0123456789abcdef",
                    "SubnetId": format!("subnet-lb-{zone}"), "VpcId": "vpc-1", "AvailabilityZone": zone,
                    "PrivateIpAddress": format!("10.0.{net}.7"), "Groups": [{"GroupId": "sg-lb"}],
                })
            })
            .collect();
        let subnets: Vec<Value> = [("lb-a", 101), ("lb-b", 102), ("lb-c", 103), ("a", 1)]
            .iter()
            .map(|(name, net)| {
                json!({"SubnetId": format!("subnet-{name}"), "VpcId": "vpc-1", "CidrBlock": format!("10.0.{net}.0/24")})
            })
            .collect();
        let everywhere: Vec<Value> = subnets
            .iter()
            .map(|subnet| json!({"SubnetId": subnet["SubnetId"]}))
            .collect();
        let open = |egress| json!({"RuleNumber": 100, "Egress": egress, "Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"});
        let attribute =
            json!({"Attributes": [{"Key": "load_balancing.cross_zone.enabled", "Value": "false"}]});
        let all = [
            (
                BALANCERS,
                json!({"LoadBalancers": [{
                    "LoadBalancerArn": format!("{ARN}:loadbalancer/net/lb/0123456789abcdef"), "LoadBalancerName": "lb",
                    "DNSName": "lb-0123456789abcdef.elb.eu-west-2.amazonaws.com", "Type": "network", "Scheme": "internal",
                    "VpcId": "vpc-1", "State": {"Code": "active"}, "AvailabilityZones": zones, "SecurityGroups": ["sg-lb"],
                }]}),
            ),
            (
                "elbv2-describe-listeners.lb",
                json!({"Listeners": [{
                    "ListenerArn": format!("{ARN}:listener/net/lb/0123456789abcdef/1"), "Port": 80, "Protocol": "TCP",
                    "LoadBalancerArn": format!("{ARN}:loadbalancer/net/lb/0123456789abcdef"),
                    "DefaultActions": [{"Type": "forward", "TargetGroupArn": format!("{ARN}:targetgroup/tg/0123456789abcdef")}],
                }]}),
            ),
            (
                GROUPS,
                json!({"TargetGroups": [{
                    "TargetGroupArn": format!("{ARN}:targetgroup/tg/0123456789abcdef"), "TargetGroupName": "tg",
                    "Protocol": "TCP", "Port": 30080, "VpcId": "vpc-1", "TargetType": "instance", "IpAddressType": "ipv4",
                    "HealthCheckProtocol": "TCP", "HealthCheckPort": "traffic-port",
                }]}),
            ),
            (
                HEALTH,
                json!({"TargetHealthDescriptions": [{
                    "Target": {"Id": "i-1", "Port": 30080}, "HealthCheckPort": "30080",
                    "TargetHealth": {"State": "unhealthy"},
                }]}),
            ),
            (ATTRIBUTES, attribute.clone()),
            ("elbv2-describe-load-balancer-attributes.lb", attribute),
            (
                INSTANCES,
                json!({"Reservations": [{"Instances": [{
                    "InstanceId": "i-1", "State": {"Name": "running"}, "Placement": {"AvailabilityZone": "a"},
                    "VpcId": "vpc-1", "SubnetId": "subnet-a", "PrivateIpAddress": "10.0.1.9",
                    "NetworkInterfaces": [{
                        "NetworkInterfaceId": "eni-1", "SubnetId": "subnet-a", "PrivateIpAddress": "10.0.1.9",
                        "Attachment": {"DeviceIndex": 0}, "Groups": [{"GroupId": "sg-node"}],
                    }],
                }]}]}),
            ),
            (INTERFACES, json!({"NetworkInterfaces": nodes})),
            (
                SECURITY,
                json!({"SecurityGroups": [
                    {"GroupId": "sg-lb", "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]},
                    {"GroupId": "sg-node", "IpPermissions": [
                        {"IpProtocol": "tcp", "FromPort": 30080, "ToPort": 30080, "UserIdGroupPairs": [{"GroupId": "sg-lb"}]},
                    ]},
                ]}),
            ),
            (
                ACLS,
                json!({"NetworkAcls": [{"NetworkAclId": "acl-1", "Associations": everywhere.clone(), "Entries": [open(true), open(false)]}]}),
            ),
            (
                ROUTES,
                json!({"RouteTables": [{
                    "RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": everywhere,
                    "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}],
                }]}),
            ),
            ("ec2-describe-subnets", json!({"Subnets": subnets})),
        ];
        Self(all.into_iter().collect())
    }

    /// Replaces or adds the value at a place in a document; a place that ends in `-` appends.
    pub(crate) fn with(mut self, document: &str, place: &str, value: Value) -> Self {
        let (parent, key) = place.rsplit_once('/').unwrap();
        let parent = self
            .0
            .get_mut(document)
            .unwrap()
            .pointer_mut(parent)
            .unwrap();
        match parent {
            Value::Array(items) if key == "-" => items.push(value),
            Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
            object => object[key] = value,
        }
        self
    }

    /// Leaves a document out.
    pub(crate) fn without(mut self, document: &str) -> Self {
        assert!(self.0.remove(document).is_some(), "{document}");
        self
    }

    /// What a check says of the only target: a word, and a text.
    pub(crate) fn ask(&self, code: u16) -> (&'static str, String) {
        match self.checked(code) {
            Ok(Outcome::Pass(proof)) => ("pass", proof),
            Ok(Outcome::NotApplicable(why)) => ("moot", why),
            Ok(Outcome::Expected(why)) => ("expected", why),
            Ok(Outcome::Note(finding)) => ("note", finding.message),
            Ok(Outcome::Fail(finding)) => ("fail", finding.message),
            Ok(Outcome::Unread(gap)) | Err(gap) => ("unknown", gap.to_string()),
        }
    }

    /// The finding of a check that fails.
    pub(crate) fn finding(&self, code: u16) -> Finding {
        match self.checked(code) {
            Ok(Outcome::Fail(finding)) => finding,
            other => panic!("{other:?}"),
        }
    }

    /// The gap of a check that is unknown.
    pub(crate) fn gap(&self, code: u16) -> Gap {
        self.checked(code).unwrap_err()
    }

    fn checked(&self, code: u16) -> Checked {
        let mut bundle = Bundle::default();
        for (name, document) in &self.0 {
            let path = format!("aws/{ACCOUNT}/eu-west-2/{name}.json");
            bundle.insert(path, serde_json::to_vec(document).unwrap());
        }
        let snapshot = parse::snapshot(&bundle);
        let wanted: SubjectRef = "lb-0123456789abcdef.elb.eu-west-2.amazonaws.com"
            .parse()
            .unwrap();
        let subject = resolve(&snapshot, &wanted, "").unwrap();
        let all = paths(&snapshot, &subject);
        let view = View::new(&snapshot, &subject, &all);
        let check = CHECKS
            .iter()
            .find(|check| check.code == Code(code))
            .unwrap();
        let Run::Target(run) = check.run else {
            panic!("{} is not about targets", check.slug)
        };
        let ([path], [target]) = (all.as_slice(), all[0].targets.as_slice()) else {
            panic!("{all:?}")
        };
        run(&view, path, target)
    }
}
