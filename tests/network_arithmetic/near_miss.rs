//! The rule that is named when none admits a check.

use super::{address, unread};
use cilium_lb::check::network::near_miss::{nearest, sentence};
use cilium_lb::check::network::ports::Ports;
use cilium_lb::check::network::security_group::{Direction, Groups, Peer};
use cilium_lb::model::aws::{SecurityGroup, SecurityGroupRule};
use serde_json::{Value, json};

/// What is said of inbound rules that do not admit 10.0.3.9 with sg-lb on 30866 and 31163.
fn said(rules: Value) -> String {
    said_with(rules, &[])
}

/// The same where some rules were listed one by one.
fn said_with(rules: Value, ids: &[SecurityGroupRule]) -> String {
    let group: SecurityGroup =
        serde_json::from_value(json!({"GroupId": "sg-node", "IpPermissions": rules})).unwrap();
    let groups = Groups {
        known: vec![&group],
        missing: None,
    };
    let peer = Peer {
        address: Ok(address("10.0.3.9")),
        groups: Ok(&["sg-lb"]),
    };
    let ports: Ports = [30866, 31163].into_iter().collect();
    let ids: Vec<&SecurityGroupRule> = ids.iter().collect();
    let lists = |id: &str| Err(unread(id));
    let near = nearest(&groups, Direction::Ingress, &peer, &ports, &lists, &|_| {
        &ids
    });
    sentence(near.as_ref(), &groups, Direction::Ingress, &ports)
}

fn by_group(protocol: &str, from: i32, to: i32, id: &str) -> Value {
    json!({"IpProtocol": protocol, "FromPort": from, "ToPort": to, "UserIdGroupPairs": [{"GroupId": id}]})
}

fn by_block(from: i32, to: i32, block: &str) -> Value {
    json!({"IpProtocol": "tcp", "FromPort": from, "ToPort": to, "IpRanges": [{"CidrIp": block}]})
}

#[test]
fn the_rule_that_somebody_meant_is_named() {
    let node_to_node = json!({"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-node"}]});
    let ssh = by_block(22, 22, "0.0.0.0/0");
    let dead = json!({
        "IpProtocol": "tcp", "FromPort": 30000, "ToPort": 32767,
        "UserIdGroupPairs": [{"GroupId": "sg-lb", "VpcPeeringConnectionId": "pcx-1", "PeeringStatus": "deleted"}],
    });
    let cases = [
        (json!([]), "there are no inbound rules"),
        (
            json!([node_to_node.clone(), ssh.clone()]),
            "no rule comes near",
        ),
        (
            json!([
                node_to_node.clone(),
                ssh.clone(),
                by_group("tcp", 30000, 30800, "sg-lb")
            ]),
            "the nearest rule allows tcp 30000-30800 from sg-lb",
        ),
        (
            json!([ssh.clone(), by_group("6", 30000, 32767, "sg-old")]),
            "the nearest rule allows tcp 30000-32767 from sg-old, which the load balancer does not carry",
        ),
        (
            json!([ssh.clone(), by_block(30000, 32767, "10.0.2.0/24")]),
            "the nearest rule allows tcp 30000-32767 from 10.0.2.0/24",
        ),
        (
            json!([ssh, by_group("udp", 30000, 32767, "sg-lb")]),
            "the nearest rule allows udp 30000-32767 from sg-lb, but not tcp",
        ),
        (
            json!([dead, by_group("tcp", 30000, 30800, "sg-lb")]),
            "the nearest rule allows tcp 30000-32767 from sg-lb, but PeeringStatus of pcx-1 is deleted",
        ),
        (
            json!([
                by_group("tcp", 80, 80, "sg-lb"),
                by_group("tcp", 30000, 30800, "sg-lb")
            ]),
            "the nearest rule allows tcp 30000-30800 from sg-lb",
        ),
        (
            json!([
                by_group("253", -1, -1, "sg-lb"),
                by_block(22, 22, "0.0.0.0/0")
            ]),
            "the nearest rule allows protocol 253 on every port from sg-lb, but not tcp",
        ),
        (
            json!([node_to_node, by_group("icmp", -1, -1, "sg-lb")]),
            "no rule comes near",
        ),
    ];
    for (rules, expected) in cases {
        assert_eq!(said(rules.clone()), expected, "{rules}");
    }
}

#[test]
fn the_rule_is_named_by_its_id_where_that_is_known() {
    let listed = |id: &str, from: i32, peer: &str| -> SecurityGroupRule {
        serde_json::from_value(
            json!({"SecurityGroupRuleId": id, "GroupId": "sg-node", "IpProtocol": "tcp",
            "FromPort": from, "ToPort": 32767, "ReferencedGroupInfo": {"GroupId": peer}}),
        )
        .unwrap()
    };
    let rules = json!([by_group("6", 30000, 32767, "sg-old")]);
    let named = |listed: &[SecurityGroupRule]| said_with(rules.clone(), listed);
    let others = [
        listed("sgr-1", 30001, "sg-old"),
        listed("sgr-2", 30000, "sg-lb"),
    ];
    let nameless = "the nearest rule allows tcp 30000-32767 from sg-old, which the load balancer does not carry";
    assert_eq!(named(&[]), nameless);
    assert_eq!(named(&others), nameless);
    assert_eq!(
        named(&[others[0].clone(), listed("sgr-3", 30000, "sg-old")]),
        "the nearest rule sgr-3 allows tcp 30000-32767 from sg-old, which the load balancer does not carry"
    );
}
