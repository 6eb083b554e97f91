//! Security groups: rules one by one, what is not known, and laws.

use super::{address, unread};
use cilium_lb::check::network::near_miss::nearest;
use cilium_lb::check::network::ports::Ports;
use cilium_lb::check::network::security_group::{
    Direction, Groups, Peer, Verdict, evaluate as admits,
};
use cilium_lb::model::aws::SecurityGroup;
use cilium_lb::model::aws::security_group::{
    IpPermission, IpRange, PrefixListEntry, PrefixListId, UserIdGroupPair,
};
use cilium_lb::model::{Gap, Source};
use proptest::prelude::*;
use serde_json::json;

fn rule(protocol: &str, ports: Option<(i32, i32)>) -> IpPermission {
    IpPermission {
        ip_protocol: protocol.to_owned(),
        from_port: ports.map(|(from, _)| from),
        to_port: ports.map(|(_, to)| to),
        ..IpPermission::default()
    }
}

fn from_cidr(mut rule: IpPermission, cidr: &str) -> IpPermission {
    rule.ip_ranges.push(IpRange {
        cidr_ip: cidr.to_owned(),
        description: None,
    });
    rule
}

fn from_group(
    mut rule: IpPermission,
    id: &str,
    peering: Option<(&str, Option<&str>)>,
) -> IpPermission {
    rule.user_id_group_pairs.push(UserIdGroupPair {
        group_id: Some(id.to_owned()),
        user_id: Some("999988887777".to_owned()),
        vpc_peering_connection_id: peering.map(|(id, _)| id.to_owned()),
        peering_status: peering.and_then(|(_, status)| status.map(str::to_owned)),
        description: None,
    });
    rule
}

fn from_list(mut rule: IpPermission, id: &str) -> IpPermission {
    rule.prefix_list_ids.push(PrefixListId {
        prefix_list_id: id.to_owned(),
        description: None,
    });
    rule
}

fn group(rules: Vec<IpPermission>) -> SecurityGroup {
    SecurityGroup {
        group_id: "sg-node".to_owned(),
        ip_permissions: rules,
        ..SecurityGroup::default()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Word {
    Deny,
    Unknown,
    Allow,
}

/// What a group says to 10.0.3.9 with sg-lb, on a port; `pl-known` is the list of 10.0.3.0/24.
fn says(group: &SecurityGroup, port: u16) -> Word {
    let known = [PrefixListEntry {
        cidr: "10.0.3.0/24".to_owned(),
        description: None,
    }];
    let lists = |id: &str| match id {
        "pl-known" => Ok(known.as_slice()),
        other => Err(unread(other)),
    };
    let peer = Peer {
        address: Ok(address("10.0.3.9")),
        groups: Ok(&["sg-lb", "sg-backend"]),
    };
    let groups = Groups {
        known: vec![group],
        missing: None,
    };
    match admits(&groups, Direction::Ingress, &peer, port, &lists) {
        Verdict::Allow(_) => Word::Allow,
        Verdict::Unknown(_) => Word::Unknown,
        Verdict::Deny => Word::Deny,
    }
}

#[test]
fn rules_of_security_groups() {
    let cidr = "10.0.3.0/24";
    let cases = [
        (
            "tcp by name",
            from_cidr(rule("tcp", Some((31000, 31000))), cidr),
            Word::Allow,
        ),
        (
            "tcp by number",
            from_cidr(rule("6", Some((31000, 31000))), cidr),
            Word::Allow,
        ),
        (
            "every protocol",
            from_cidr(rule("-1", None), cidr),
            Word::Allow,
        ),
        (
            "every protocol, ports given",
            from_cidr(rule("-1", Some((1, 2))), cidr),
            Word::Allow,
        ),
        (
            "tcp, ports -1",
            from_cidr(rule("tcp", Some((-1, -1))), cidr),
            Word::Allow,
        ),
        (
            "tcp, ports absent",
            from_cidr(rule("tcp", None), cidr),
            Word::Allow,
        ),
        (
            "udp",
            from_cidr(rule("udp", Some((31000, 31000))), cidr),
            Word::Deny,
        ),
        (
            "icmp, all types",
            from_cidr(rule("icmp", Some((-1, -1))), cidr),
            Word::Deny,
        ),
        (
            "port below",
            from_cidr(rule("tcp", Some((30000, 30999))), cidr),
            Word::Deny,
        ),
        (
            "port above",
            from_cidr(rule("tcp", Some((31001, 32767))), cidr),
            Word::Deny,
        ),
        (
            "ports the wrong way round",
            from_cidr(rule("tcp", Some((2, 1))), cidr),
            Word::Unknown,
        ),
        (
            "one end of the ports",
            from_cidr(
                IpPermission {
                    to_port: None,
                    ..rule("tcp", Some((1, 1)))
                },
                cidr,
            ),
            Word::Unknown,
        ),
        (
            "port beyond the space",
            from_cidr(rule("tcp", Some((1, 70000))), cidr),
            Word::Unknown,
        ),
        (
            "another subnet",
            from_cidr(rule("tcp", Some((0, 65535))), "10.0.2.0/24"),
            Word::Deny,
        ),
        (
            "everywhere",
            from_cidr(rule("tcp", Some((0, 65535))), "0.0.0.0/0"),
            Word::Allow,
        ),
        (
            "not a block",
            from_cidr(rule("tcp", Some((0, 65535))), "10.0.3"),
            Word::Unknown,
        ),
        (
            "the balancer's group",
            from_group(rule("tcp", Some((31000, 31000))), "sg-lb", None),
            Word::Allow,
        ),
        (
            "its other group",
            from_group(rule("tcp", Some((31000, 31000))), "sg-backend", None),
            Word::Allow,
        ),
        (
            "another group",
            from_group(rule("tcp", Some((31000, 31000))), "sg-old", None),
            Word::Deny,
        ),
        (
            "over a peering",
            from_group(rule("tcp", None), "sg-lb", Some(("pcx-1", Some("active")))),
            Word::Allow,
        ),
        (
            "over a deleted peering",
            from_group(rule("tcp", None), "sg-lb", Some(("pcx-1", Some("deleted")))),
            Word::Deny,
        ),
        (
            "over a peering of unknown state",
            from_group(rule("tcp", None), "sg-lb", Some(("pcx-1", None))),
            Word::Unknown,
        ),
        (
            "a prefix list",
            from_list(rule("tcp", None), "pl-known"),
            Word::Allow,
        ),
        (
            "an unread prefix list",
            from_list(rule("tcp", None), "pl-secret"),
            Word::Unknown,
        ),
        (
            "an unread prefix list, another port",
            from_list(rule("tcp", Some((22, 22))), "pl-secret"),
            Word::Deny,
        ),
        ("no peer", rule("tcp", None), Word::Deny),
    ];
    for (what, rule, expected) in cases {
        assert_eq!(says(&group(vec![rule]), 31000), expected, "{what}");
    }
    assert_eq!(says(&group(Vec::new()), 31000), Word::Deny);
}

#[test]
fn ipv6_ranges_are_for_ipv6_peers() {
    let group: SecurityGroup = serde_json::from_value(json!({
        "GroupId": "sg-node",
        "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
                           "Ipv6Ranges": [{"CidrIpv6": "2a05:d01c::/56"}]}],
    }))
    .unwrap();
    let ask = |text: &str| {
        let peer = Peer {
            address: Ok(address(text)),
            groups: Ok(&[]),
        };
        let groups = Groups {
            known: vec![&group],
            missing: None,
        };
        admits(&groups, Direction::Ingress, &peer, 443, &|id| {
            Err(unread(id))
        })
    };
    assert!(matches!(ask("2a05:d01c::1"), Verdict::Allow(_)));
    assert_eq!(ask("2a05:ffff::1"), Verdict::Deny);
    assert_eq!(ask("10.0.0.1"), Verdict::Deny);
}

#[test]
fn what_is_not_known_denies_nothing_and_hides_no_allowance() {
    let gap = Gap::not_collected(Source::NetworkInterfaces, "lb");
    let by_group = group(vec![from_group(rule("tcp", None), "sg-lb", None)]);
    let by_cidr = group(vec![from_cidr(rule("tcp", None), "10.0.3.0/24")]);
    let lists = |id: &str| Err(unread(id));
    let ask = |groups: &Groups<'_>, peer: &Peer<'_>| match admits(
        groups,
        Direction::Ingress,
        peer,
        80,
        &lists,
    ) {
        Verdict::Allow(_) => Word::Allow,
        Verdict::Unknown(_) => Word::Unknown,
        Verdict::Deny => Word::Deny,
    };
    let of = |group| Groups {
        known: vec![group],
        missing: None,
    };
    let nowhere = Peer {
        address: Err(&gap),
        groups: Ok(&["sg-lb"]),
    };
    assert_eq!(ask(&of(&by_group), &nowhere), Word::Allow);
    assert_eq!(ask(&of(&by_cidr), &nowhere), Word::Unknown);
    let groupless = Peer {
        address: Ok(address("10.0.4.1")),
        groups: Err(&gap),
    };
    assert_eq!(ask(&of(&by_group), &groupless), Word::Unknown);
    assert_eq!(ask(&of(&by_cidr), &groupless), Word::Deny);
    // One group of two was not read.
    let half = |group| Groups {
        known: vec![group],
        missing: Some(gap.clone()),
    };
    assert_eq!(ask(&half(&by_group), &nowhere), Word::Allow);
    assert_eq!(ask(&half(&by_cidr), &groupless), Word::Unknown);
}

fn any_rule() -> impl Strategy<Value = IpPermission> {
    let ports = prop_oneof![
        Just(None),
        Just(Some((-1, -1))),
        (0..40000_i32, 0..40000_i32).prop_map(Some),
    ];
    let protocol = prop::sample::select(vec!["tcp", "6", "-1", "udp", "icmp"]);
    (protocol, ports, 0..7_usize).prop_map(|(protocol, ports, peer)| {
        let rule = rule(protocol, ports);
        match peer {
            0 => from_cidr(rule, "10.0.3.0/24"),
            1 => from_cidr(rule, "10.0.0.0/16"),
            2 => from_cidr(rule, "192.168.0.0/16"),
            3 => from_group(rule, "sg-lb", None),
            4 => from_group(rule, "sg-old", None),
            5 => from_list(rule, "pl-known"),
            _ => from_list(rule, "pl-secret"),
        }
    })
}

proptest! {
    #[test]
    fn more_rules_never_admit_less(
        rules in prop::collection::vec(any_rule(), 0..6), more in any_rule(), port in 0..40000_u16
    ) {
        let before = says(&group(rules.clone()), port);
        let mut all = rules;
        all.push(more);
        prop_assert!(says(&group(all), port) >= before);
    }

    #[test]
    fn the_order_of_rules_does_not_matter(
        (rules, shuffled) in prop::collection::vec(any_rule(), 0..6)
            .prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle())),
        port in 0..40000_u16
    ) {
        let lists = |id: &str| Err(unread(id));
        let peer = Peer { address: Ok(address("10.0.3.9")), groups: Ok(&["sg-lb"]) };
        let ports = Ports::range(port, port);
        let ask = |group: &SecurityGroup| {
            let groups = Groups { known: vec![group], missing: None };
            let verdict = match admits(&groups, Direction::Ingress, &peer, port, &lists) {
                Verdict::Allow(_) => "allow".to_owned(),
                Verdict::Unknown(gap) => gap.to_string(),
                Verdict::Deny => "deny".to_owned(),
            };
            let near = nearest(
                &groups, Direction::Ingress, &peer, &ports, &lists, &|_| &[],
            );
            (verdict, near.map(|near| (near.rule, near.why)))
        };
        prop_assert_eq!(ask(&group(rules)), ask(&group(shuffled)));
    }
}
