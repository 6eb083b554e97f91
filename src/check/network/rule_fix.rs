//! The commands that open a security group, and who else writes its rules.

use super::cidr;
use super::ends::{Ends, list};
use super::ports::Ports;
use super::security_group::Direction;
use crate::check::{Change, View};
use crate::model::Fact;
use crate::model::aws::Arn;
use crate::model::kubernetes::TargetGroupBinding;
use crate::path::{AwsName, RegionKey};
use std::net::IpAddr;

/// What the AWS Load Balancer Controller writes into the description of its rules.
const CONTROLLER_RULE: &str = "elbv2.k8s.aws/targetGroupBinding=shared";

/// The command that adds rules for TCP `ports` and `peers` (CIDR blocks or security group ids).
pub fn authorize(
    region: &RegionKey,
    direction: Direction,
    group: &str,
    ports: &Ports,
    peers: &[String],
) -> String {
    let verb = match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    };
    let mut command = format!(
        "aws ec2 authorize-security-group-{verb} --region {} --group-id {group} --ip-permissions",
        region.1
    );
    for (first, last) in ports.intervals() {
        for peer in peers {
            let peer = if peer.starts_with("sg-") {
                format!("UserIdGroupPairs=[{{GroupId={peer}}}]")
            } else if peer.contains(':') {
                format!("Ipv6Ranges=[{{CidrIpv6={peer}}}]")
            } else {
                format!("IpRanges=[{{CidrIp={peer}}}]")
            };
            command.push_str(&format!(
                " 'IpProtocol=tcp,FromPort={first},ToPort={last},{peer}'"
            ));
        }
    }
    command
}

/// The same rules as changes of the evidence.
pub fn changes(
    region: &RegionKey,
    direction: Direction,
    group: &str,
    ports: &Ports,
    peers: &[String],
) -> Vec<Change> {
    ports
        .intervals()
        .iter()
        .flat_map(|(first, last)| *first..=*last)
        .flat_map(|port| {
            peers.iter().map(move |peer| Change::SecurityGroupRule {
                region: region.clone(),
                group: group.to_owned(),
                egress: direction == Direction::Egress,
                port,
                peer: peer.clone(),
            })
        })
        .collect()
}

/// The blocks of the subnets of the balancer's nodes, or their addresses where a subnet was not
/// read: what to name in a rule when there is no security group to refer to.
pub fn node_blocks(ends: &Ends<'_, '_>, nodes: &[usize]) -> Vec<String> {
    let mut blocks: Vec<String> = nodes
        .iter()
        .filter_map(|index| {
            let node = ends.balancer.nodes.get(*index)?;
            let address = node.address.as_ref().ok()?;
            let subnet = ends.region.subnet(node.subnet).ok();
            Some(match subnet {
                Some(subnet) if cidr::contains(&subnet.value.cidr_block, *address) == Ok(true) => {
                    subnet.value.cidr_block.clone()
                }
                _ => cidr::host(*address),
            })
        })
        .collect();
    blocks.sort_unstable();
    blocks.dedup();
    blocks
}

/// What the AWS Load Balancer Controller has to do with a missing inbound rule.
pub struct Controller {
    /// A sentence.
    pub says: String,
    /// The commands that show more.
    pub commands: Vec<String>,
}

/// The controller's part, when TargetGroupBindings of this balancer's target groups were read.
///
/// `groups` and `addresses` are those of the balancer: a binding may ask for another one's.
pub fn controller(
    view: &View<'_>,
    balancer: &AwsName,
    groups: &[&str],
    addresses: &[IpAddr],
    ports: &Ports,
) -> Option<Controller> {
    let mut silent = Vec::new();
    let mut asking = Vec::new();
    let mut others = Vec::new();
    let mut asked = Ports::default();
    for binding in bindings(view, balancer) {
        let Some(networking) = &binding.spec.networking else {
            silent.push(binding);
            continue;
        };
        let of_binding: Ports = ports
            .intervals()
            .iter()
            .flat_map(|(first, last)| *first..=*last)
            .filter(|port| asks_for(networking, groups, addresses, *port))
            .collect();
        if of_binding.is_empty() {
            others.push(binding);
        } else {
            asked.join(&of_binding);
            asking.push(binding);
        }
    }
    let (says, chosen) = if !asking.is_empty() {
        let says = format!(
            "spec.networking of {} asks for {asked}, so the AWS Load Balancer Controller should have written a rule described {CONTROLLER_RULE}: the events say why it did not",
            ids(&asking)
        );
        (says, asking)
    } else if !silent.is_empty() {
        // The annotation tells the controller what to write into the bindings that it makes itself.
        let or = if silent.iter().any(|binding| binding.is_generated()) {
            ", or the annotation service.beta.kubernetes.io/aws-load-balancer-manage-backend-security-group-rules"
        } else {
            ""
        };
        let says = format!(
            "{} has no spec.networking, so the AWS Load Balancer Controller writes no rule described {CONTROLLER_RULE}: set it{or}",
            ids(&silent)
        );
        (says, silent)
    } else if !others.is_empty() {
        let says = format!(
            "spec.networking of {} does not ask for {ports} from this load balancer, so the AWS Load Balancer Controller writes no such rule",
            ids(&others)
        );
        (says, others)
    } else {
        return None;
    };
    Some(Controller {
        says,
        commands: chosen
            .iter()
            .map(|binding| {
                format!(
                    "kubectl describe targetgroupbinding {} -n {}",
                    binding.metadata.name, binding.metadata.namespace
                )
            })
            .collect(),
    })
}

/// The bindings of a balancer's target groups that were read.
pub fn bindings<'a>(view: &View<'a>, balancer: &AwsName) -> Vec<&'a Fact<TargetGroupBinding>> {
    let bound = |binding: &&Fact<TargetGroupBinding>| {
        view.paths()
            .iter()
            .filter(|path| path.load_balancer.found() == Some(balancer))
            .filter_map(|path| path.target_group.found())
            .any(|group| names(binding, group))
    };
    view.target_group_bindings().known().filter(bound).collect()
}

fn ids(bindings: &[&Fact<TargetGroupBinding>]) -> String {
    let all: Vec<String> = bindings
        .iter()
        .map(|binding| format!("{}/{}", binding.metadata.namespace, binding.metadata.name))
        .collect();
    format!("TargetGroupBinding {}", list(&all))
}

fn names(binding: &Fact<TargetGroupBinding>, group: &AwsName) -> bool {
    binding
        .spec
        .target_group_arn
        .parse::<Arn>()
        .is_ok_and(|arn| {
            arn.name() == Some(group.name.as_str())
                && (arn.account.as_str(), arn.region.as_str())
                    == (group.region.0.as_str(), group.region.1.as_str())
        })
}

/// Whether `spec.networking` asks for a TCP port and one of the balancer's groups or addresses.
///
/// A rule without ports asks for nothing: the controller's computeIngressPermissionsForTGBNetworking
/// assigns the rule that it documents for that case to a shadowed variable.
fn asks_for(
    networking: &serde_json::Value,
    groups: &[&str],
    addresses: &[IpAddr],
    port: u16,
) -> bool {
    let list = |value: &serde_json::Value, test: &dyn Fn(&serde_json::Value) -> bool| {
        value.as_array().into_iter().flatten().any(test)
    };
    list(&networking["ingress"], &|rule| {
        let from_balancer = list(&rule["from"], &|from| {
            let group = from["securityGroup"]["groupID"].as_str();
            let block = from["ipBlock"]["cidr"].as_str();
            group.is_some_and(|id| groups.contains(&id))
                || block.is_some_and(|block| {
                    let holds = |ip: &IpAddr| cidr::contains(block, *ip) == Ok(true);
                    addresses.iter().any(holds)
                })
        });
        from_balancer
            && list(&rule["ports"], &|asked| {
                let tcp = asked["protocol"].as_str().is_none_or(|name| name == "TCP");
                let same = match &asked["port"] {
                    serde_json::Value::Null => true,
                    serde_json::Value::String(text) => text.parse() == Ok(port),
                    number => number.as_u64() == Some(u64::from(port)),
                };
                tcp && same
            })
    })
}

#[cfg(test)]
mod tests {
    use super::{Direction, asks_for, authorize, changes};
    use crate::check::network::ports::Ports;
    use serde_json::json;

    #[test]
    fn the_command_is_the_one_that_people_paste() {
        let region = ("111122223333".to_owned(), "eu-west-2".to_owned());
        let ports: Ports = [30866, 31163].into_iter().collect();
        let peers = ["sg-lb".to_owned()];
        assert_eq!(
            authorize(&region, Direction::Ingress, "sg-node", &ports, &peers),
            "aws ec2 authorize-security-group-ingress --region eu-west-2 --group-id sg-node --ip-permissions \
             'IpProtocol=tcp,FromPort=30866,ToPort=30866,UserIdGroupPairs=[{GroupId=sg-lb}]' \
             'IpProtocol=tcp,FromPort=31163,ToPort=31163,UserIdGroupPairs=[{GroupId=sg-lb}]'"
        );
        let blocks = ["10.0.3.0/24".to_owned(), "2a05::/64".to_owned()];
        assert_eq!(
            authorize(
                &region,
                Direction::Egress,
                "sg-lb",
                &Ports::range(1, 2),
                &blocks
            ),
            "aws ec2 authorize-security-group-egress --region eu-west-2 --group-id sg-lb --ip-permissions \
             'IpProtocol=tcp,FromPort=1,ToPort=2,IpRanges=[{CidrIp=10.0.3.0/24}]' \
             'IpProtocol=tcp,FromPort=1,ToPort=2,Ipv6Ranges=[{CidrIpv6=2a05::/64}]'"
        );
        assert_eq!(
            changes(
                &region,
                Direction::Egress,
                "sg-lb",
                &Ports::range(1, 2),
                &blocks
            )
            .len(),
            4
        );
    }

    #[test]
    fn what_a_binding_asks_for() {
        let by_group = json!([{"securityGroup": {"groupID": "sg-lb"}}]);
        let asks = |from: &serde_json::Value, ports: serde_json::Value, port| {
            let networking = json!({"ingress": [{"from": from, "ports": ports}]});
            let addresses = ["10.0.1.7".parse().unwrap()];
            asks_for(&networking, &["sg-lb"], &addresses, port)
        };
        let one = json!([{"port": 30866, "protocol": "TCP"}]);
        assert!(asks(&by_group, one.clone(), 30866));
        assert!(!asks(&by_group, one.clone(), 31163));
        assert!(asks(&by_group, json!([{"port": "30866"}]), 30866));
        assert!(asks(&by_group, json!([{"protocol": "TCP"}]), 1));
        assert!(!asks(
            &by_group,
            json!([{"port": 53, "protocol": "UDP"}]),
            53
        ));
        assert!(!asks(&by_group, json!([]), 1));
        let by_block = |cidr: &str| json!([{"ipBlock": {"cidr": cidr}}]);
        assert!(asks(&by_block("10.0.1.0/24"), one.clone(), 30866));
        assert!(!asks(&by_block("10.0.2.0/24"), one.clone(), 30866));
        let another = json!([{"securityGroup": {"groupID": "sg-old"}}]);
        assert!(!asks(&another, one, 30866));
        assert!(!asks_for(&json!({}), &["sg-lb"], &[], 1));
    }
}
