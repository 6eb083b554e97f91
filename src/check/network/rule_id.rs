//! The id of a security group rule, by which a person finds it among sixty.
//!
//! describe-security-groups joins rules of one protocol and port range into one permission and leaves their ids out;
//! describe-security-group-rules lists them one by one. A rule is named only where exactly one of that list says the
//! same, so that a list from another moment names none.

use super::security_group::{Direction, RulePeer, RulePorts};
use crate::model::aws::security_group::IpPermission;
use crate::model::aws::{SecurityGroup, SecurityGroupRule};

/// The id of the rule of `group` with the protocol and ports of `permission` and the peer `named`.
///
/// `rules` are those of the group; without them there is no id.
pub fn rule_id<'a>(
    rules: &[&'a SecurityGroupRule],
    group: &SecurityGroup,
    direction: Direction,
    permission: &IpPermission,
    named: RulePeer<'_>,
) -> Option<&'a str> {
    let mut same = rules.iter().filter(|rule| {
        rule.group_id == group.group_id
            && rule.is_egress == (direction == Direction::Egress)
            && protocol(&rule.ip_protocol) == protocol(&permission.ip_protocol)
            && RulePorts::new(&rule.ip_protocol, rule.from_port, rule.to_port)
                == RulePorts::of(permission)
            && names(rule, named)
    });
    let id = same.next()?.security_group_rule_id.as_str();
    (same.next().is_none() && is_id(id)).then_some(id)
}

/// Names and numbers of protocols are both legal, and no two readings need agree on one.
fn protocol(text: &str) -> String {
    match text {
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "1" => "icmp".to_owned(),
        "58" => "icmpv6".to_owned(),
        other => other.to_ascii_lowercase(),
    }
}

fn names(rule: &SecurityGroupRule, named: RulePeer<'_>) -> bool {
    match named {
        RulePeer::Cidr(block) => {
            let blocks = [&rule.cidr_ipv4, &rule.cidr_ipv6];
            blocks.into_iter().flatten().eq([block])
        }
        RulePeer::PrefixList(list) => rule.prefix_list_id.as_deref() == Some(list),
        // A group's id is unique everywhere, so the account need not be compared.
        RulePeer::Group(pair) => rule
            .referenced_group_info
            .as_ref()
            .is_some_and(|own| own.group_id.is_some() && own.group_id == pair.group_id),
    }
}

/// Whether it is the word that a command takes and nothing else.
fn is_id(text: &str) -> bool {
    text.strip_prefix("sgr-").is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::rule_id;
    use crate::check::network::security_group::{Direction, peers};
    use crate::model::aws::security_group::IpPermission;
    use crate::model::aws::{SecurityGroup, SecurityGroupRule};
    use serde_json::{Value, json};

    /// The ids of the peers of an inbound permission of sg-node.
    fn ids(permission: Value, rules: Value) -> Vec<Option<String>> {
        let group = SecurityGroup {
            group_id: "sg-node".to_owned(),
            ..SecurityGroup::default()
        };
        let permission: IpPermission = serde_json::from_value(permission).unwrap();
        let rules: Vec<SecurityGroupRule> = serde_json::from_value(rules).unwrap();
        let rules: Vec<&SecurityGroupRule> = rules.iter().collect();
        peers(&permission)
            .map(|named| rule_id(&rules, &group, Direction::Ingress, &permission, named))
            .map(|id| id.map(str::to_owned))
            .collect()
    }

    fn rule(id: &str, ports: [i32; 2], peer: Value) -> Value {
        let mut rule = json!({"SecurityGroupRuleId": id, "GroupId": "sg-node", "IsEgress": false,
            "IpProtocol": "tcp", "FromPort": ports[0], "ToPort": ports[1]});
        rule.as_object_mut()
            .unwrap()
            .extend(peer.as_object().unwrap().clone());
        rule
    }

    #[test]
    fn every_peer_of_a_permission_is_a_rule_of_its_own() {
        let permission = json!({"IpProtocol": "6", "FromPort": 30000, "ToPort": 32767,
            "IpRanges": [{"CidrIp": "10.0.0.0/16"}, {"CidrIp": "10.1.0.0/16"}],
            "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/64"}],
            "PrefixListIds": [{"PrefixListId": "pl-1"}],
            "UserIdGroupPairs": [{"GroupId": "sg-old", "UserId": "1"}, {}]});
        let ports = [30000, 32767];
        let rules = json!([
            rule("sgr-1", ports, json!({"CidrIpv4": "10.0.0.0/16"})),
            rule("sgr-2", ports, json!({"CidrIpv6": "2001:db8::/64"})),
            rule("sgr-3", ports, json!({"PrefixListId": "pl-1"})),
            rule(
                "sgr-4",
                ports,
                json!({"ReferencedGroupInfo": {"GroupId": "sg-old"}})
            ),
            rule("sgr-5", ports, json!({"ReferencedGroupInfo": {}})),
            rule("sgr-6", [30000, 30800], json!({"CidrIpv4": "10.1.0.0/16"})),
            rule(
                "sgr-7",
                ports,
                json!({"CidrIpv4": "10.1.0.0/16", "IsEgress": true})
            ),
            rule(
                "sgr-8",
                ports,
                json!({"CidrIpv4": "10.1.0.0/16", "IpProtocol": "udp"})
            ),
            rule(
                "sgr-9",
                ports,
                json!({"CidrIpv4": "10.1.0.0/16", "GroupId": "sg-other"})
            ),
            rule("sgr-10", ports, json!({})),
        ]);
        let found = ids(permission, rules);
        let found: Vec<_> = found.iter().map(Option::as_deref).collect();
        assert_eq!(
            found,
            [
                Some("sgr-1"),
                None,
                Some("sgr-2"),
                Some("sgr-3"),
                Some("sgr-4"),
                None
            ]
        );
    }

    #[test]
    fn every_port_is_spelt_in_two_ways() {
        let all = json!({"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-lb"}]});
        let peer = json!({"IpProtocol": "-1", "ReferencedGroupInfo": {"GroupId": "sg-lb"}});
        let found = ids(all, json!([rule("sgr-1", [-1, -1], peer)]));
        assert_eq!(found, [Some("sgr-1".to_owned())]);
    }

    #[test]
    fn what_is_not_certain_has_no_id() {
        let permission = json!({"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]});
        let peer = json!({"CidrIpv4": "10.0.0.0/8"});
        let named = |ids_of: &[&str]| {
            let rules: Vec<Value> = ids_of
                .iter()
                .map(|id| rule(id, [80, 80], peer.clone()))
                .collect();
            ids(permission.clone(), json!(rules))
        };
        assert_eq!(named(&["sgr-1"]), [Some("sgr-1".to_owned())]);
        assert_eq!(named(&[]), [None]);
        assert_eq!(named(&["sgr-1", "sgr-2"]), [None], "two say the same");
        for hostile in ["", "sgr-", "sg-1", "sgr-1; rm -rf /", "sgr-1\u{1b}[2J"] {
            assert_eq!(named(&[hostile]), [None], "{hostile:?}");
        }
        let both = json!({"CidrIpv4": "10.0.0.0/8", "CidrIpv6": "::/0"});
        assert_eq!(
            ids(permission.clone(), json!([rule("sgr-1", [80, 80], both)])),
            [None]
        );
    }
}
