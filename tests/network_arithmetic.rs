//! The arithmetic of the network hop against vectors, brute force and its own laws.

use cilium_lb::check::network::network_acl::{self, share_of_replies};
use cilium_lb::check::network::ports::Ports;
use cilium_lb::check::network::route::{self, Decision};
use cilium_lb::check::network::security_group::{
    Direction, Groups, Peer, Verdict, evaluate as admits,
};
use cilium_lb::model::aws::security_group::{
    IpPermission, IpRange, PrefixListEntry, PrefixListId, UserIdGroupPair,
};
use cilium_lb::model::aws::{NetworkAcl, RouteTable, SecurityGroup};
use cilium_lb::model::{Gap, Source};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::net::IpAddr;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn unread(id: &str) -> Gap {
    Gap::not_collected(Source::PrefixLists, id)
}

// --- network ACLs -------------------------------------------------------------------------------

fn acl(entries: Value) -> NetworkAcl {
    serde_json::from_value(json!({"NetworkAclId": "acl-1", "Entries": entries})).unwrap()
}

fn entry(
    number: i32,
    action: &str,
    protocol: &str,
    cidr: &str,
    ports: Option<(u16, u16)>,
) -> Value {
    let mut entry = json!({
        "RuleNumber": number, "RuleAction": action, "Protocol": protocol,
        "CidrBlock": cidr, "Egress": false,
    });
    if let Some((from, to)) = ports {
        entry["PortRange"] = json!({"From": from, "To": to});
    }
    entry
}

fn closing() -> Value {
    entry(32767, "deny", "-1", "0.0.0.0/0", None)
}

/// `(port range, share of it that is allowed, rule that decides the first port)`.
fn inbound(entries: Value, peer: &str, ports: (u16, u16)) -> (u32, f64, i32) {
    let ruling = network_acl::evaluate(&acl(entries), false, address(peer), ports).unwrap();
    let allowed = ruling.allowed();
    assert_eq!(allowed.count(), ruling.allowed_count());
    let first = ruling
        .slices
        .iter()
        .find(|slice| slice.ports.contains(ports.0))
        .unwrap()
        .rule;
    (allowed.count(), share_of_replies(&allowed), first)
}

#[test]
fn the_vectors_of_an_independent_oracle() {
    let half = json!([
        entry(100, "allow", "6", "10.0.0.0/8", Some((32768, 65535))),
        closing()
    ]);
    let (count, share, _) = inbound(half, "10.0.0.77", (1024, 65535));
    assert_eq!((count, format!("{share:.4}")), (32768, "0.5079".to_owned()));

    let hole = json!([
        entry(100, "allow", "-1", "0.0.0.0/0", None),
        entry(90, "deny", "6", "10.0.1.0/24", Some((30000, 32767))),
        closing()
    ]);
    let (_, share, _) = inbound(hole.clone(), "10.0.1.9", (1024, 65535));
    assert_eq!(format!("{share:.4}"), "0.9571");
    assert_eq!(
        inbound(hole.clone(), "10.0.1.9", (31000, 31000)),
        (0, 0.0, 90)
    );
    assert_eq!(inbound(hole, "10.0.2.9", (31000, 31000)).2, 100);

    let wide = json!([
        entry(100, "allow", "6", "0.0.0.0/0", Some((1024, 65535))),
        closing()
    ]);
    let (count, _, rule) = inbound(wide, "10.0.0.5", (31000, 31000));
    assert_eq!((count, rule), (1, 100));

    let udp = json!([
        entry(100, "allow", "17", "0.0.0.0/0", Some((0, 65535))),
        closing()
    ]);
    let (count, _, rule) = inbound(udp, "10.0.0.5", (31000, 31000));
    assert_eq!((count, rule), (0, 32767));
}

#[test]
fn entries_of_the_other_direction_and_family_do_not_count() {
    let mut outbound = entry(100, "allow", "-1", "0.0.0.0/0", None);
    outbound["Egress"] = json!(true);
    assert_eq!(
        inbound(json!([outbound, closing()]), "10.0.0.1", (80, 80)).0,
        0
    );

    let v6 = json!({
        "RuleNumber": 100, "RuleAction": "allow", "Protocol": "-1", "Egress": false,
        "Ipv6CidrBlock": "::/0",
    });
    assert_eq!(inbound(json!([v6.clone()]), "10.0.0.1", (80, 80)).0, 0);
    assert_eq!(inbound(json!([v6]), "2a05::1", (80, 80)).0, 1);
    // An ACL without any entry denies, as the closing rule does.
    assert_eq!(inbound(json!([]), "10.0.0.1", (80, 80)), (0, 0.0, 32767));
}

#[test]
fn an_entry_that_cannot_be_read_is_a_gap_only_where_it_could_decide() {
    let broken = |cidr: &str, ports| entry(90, "deny", "6", cidr, ports);
    let before = json!([
        broken("nonsense", Some((1, 2))),
        entry(100, "allow", "-1", "0.0.0.0/0", None)
    ]);
    let gap =
        network_acl::evaluate(&acl(before), false, address("10.0.0.1"), (80, 80)).unwrap_err();
    assert_eq!(gap.source, Source::NetworkAcls);
    assert!(gap.to_string().contains("rule 90"), "{gap}");

    let no_ports = json!([broken("10.0.0.0/8", None)]);
    assert!(network_acl::evaluate(&acl(no_ports), false, address("10.0.0.1"), (80, 80)).is_err());

    let after = json!([
        entry(80, "allow", "-1", "0.0.0.0/0", None),
        broken("nonsense", None)
    ]);
    assert_eq!(inbound(after, "10.0.0.1", (80, 80)).0, 1);
}

#[test]
fn free_rule_numbers_take_effect_before_the_denying_rule() {
    let entries = json!([
        entry(90, "deny", "6", "10.0.1.0/24", Some((30000, 32767))),
        entry(89, "allow", "6", "10.9.0.0/16", Some((22, 22))),
        entry(100, "allow", "-1", "0.0.0.0/0", None),
        closing()
    ]);
    let acl = acl(entries);
    assert_eq!(
        network_acl::free_numbers(&acl, false, 90, 2),
        Some(vec![87, 88])
    );
    assert_eq!(
        network_acl::free_numbers(&acl, false, 32767, 2),
        Some(vec![110, 120])
    );
    assert_eq!(network_acl::free_numbers(&acl, false, 2, 2), None);
    assert_eq!(
        network_acl::free_numbers(&acl, true, 32767, 1),
        Some(vec![10])
    );
    assert_eq!(
        network_acl::describe(&acl, false, 90),
        "rule 90 deny tcp 30000-32767 10.0.1.0/24"
    );
    assert_eq!(
        network_acl::describe(&acl, false, 32767),
        "rule * deny all traffic"
    );
    assert_eq!(
        network_acl::describe(&acl, true, 32767),
        "rule * deny all traffic"
    );
}

fn any_entry() -> impl Strategy<Value = Value> {
    (
        1..12_i32,
        prop::sample::select(vec!["allow", "deny"]),
        prop::sample::select(vec!["6", "-1", "17", "1"]),
        prop::sample::select(vec![
            "0.0.0.0/0",
            "10.0.0.0/8",
            "10.0.1.0/24",
            "10.0.1.7/32",
            "192.168.0.0/16",
        ]),
        any::<(u16, u16)>(),
        any::<bool>(),
    )
        .prop_map(|(number, action, protocol, cidr, (a, b), egress)| {
            let ports = (protocol != "-1").then_some((a.min(b), a.max(b)));
            let mut entry = entry(number * 10, action, protocol, cidr, ports);
            entry["Egress"] = json!(egress);
            entry
        })
}

/// The inbound entries that are about TCP and 10.0.1.7, as number, ports and whether they allow.
fn about_the_peer(entries: &[Value]) -> Vec<(i64, std::ops::RangeInclusive<u64>, bool)> {
    let peer = address("10.0.1.7");
    let mut all: Vec<_> = entries
        .iter()
        .filter(|entry| entry["Egress"] == json!(false))
        .filter(|entry| entry["Protocol"] == "-1" || entry["Protocol"] == "6")
        .filter(|entry| {
            let block: ipnet::IpNet = entry["CidrBlock"].as_str().unwrap().parse().unwrap();
            block.contains(&peer)
        })
        .map(|entry| {
            let range = &entry["PortRange"];
            let ports = match range["From"].as_u64() {
                Some(from) => from..=range["To"].as_u64().unwrap(),
                None => 0..=65535,
            };
            let number = entry["RuleNumber"].as_i64().unwrap();
            (number, ports, entry["RuleAction"] == "allow")
        })
        .collect();
    all.sort_by_key(|(number, _, _)| *number);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_share_equals_brute_force_over_all_ports(
        mut entries in prop::collection::vec(any_entry(), 0..8)
    ) {
        // Numbers are unique per direction in AWS.
        entries.sort_by_key(|entry| (entry["Egress"].as_bool(), entry["RuleNumber"].as_i64()));
        entries.dedup_by_key(|entry| (entry["Egress"].as_bool(), entry["RuleNumber"].as_i64()));
        let (count, share, _) = inbound(json!(entries.clone()), "10.0.1.7", (1024, 65535));
        // One port at a time: the first entry that matches it decides, and none denies.
        let rules = about_the_peer(&entries);
        let allowed = |port: &u64| rules.iter().find(|(_, ports, _)| ports.contains(port)).is_some_and(|(_, _, allow)| *allow);
        let counted = (1024..=65535).filter(allowed).count();
        prop_assert_eq!(usize::try_from(count).unwrap(), counted);
        let expected = f64::from(u32::try_from(counted).unwrap()) / 64512.0;
        prop_assert!((share - expected).abs() < 1e-12);
        // The API gives entries in no order.
        entries.reverse();
        prop_assert_eq!(inbound(json!(entries), "10.0.1.7", (1024, 65535)).0, count);
    }

    #[test]
    fn port_sets_are_sets(ranges in prop::collection::vec(any::<(u16, u16)>(), 0..6), cut in any::<(u16, u16)>()) {
        let mut all = Ports::default();
        for (first, last) in &ranges {
            all.join(&Ports::range(*first, *last));
        }
        let whole = all.clone();
        let taken = all.take(cut.0, cut.1);
        prop_assert_eq!(all.count() + taken.count(), whole.count());
        prop_assert_eq!(&whole.common(&Ports::range(cut.0, cut.1)), &taken);
        for port in [0, 1, cut.0, cut.1, 1024, 65535] {
            let inside = ranges.iter().any(|(first, last)| (*first..=*last).contains(&port));
            prop_assert_eq!(whole.contains(port), inside);
            prop_assert_eq!(taken.contains(port), inside && (cut.0..=cut.1).contains(&port));
        }
        let mut joined = all;
        joined.join(&taken);
        prop_assert_eq!(joined, whole);
    }
}

// --- security groups ----------------------------------------------------------------------------

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
            let near = cilium_lb::check::network::near_miss::nearest(
                &groups, Direction::Ingress, &peer, &ports, &lists,
            );
            (verdict, near.map(|near| (near.rule, near.why)))
        };
        prop_assert_eq!(ask(&group(rules)), ask(&group(shuffled)));
    }
}

// --- routes -------------------------------------------------------------------------------------

fn table(routes: Value) -> RouteTable {
    serde_json::from_value(json!({"RouteTableId": "rtb-1", "Routes": routes})).unwrap()
}

fn local() -> Value {
    json!({"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active", "Origin": "CreateRouteTable"})
}

fn to(destination: &str, key: &str, hop: &str) -> Value {
    json!({"DestinationCidrBlock": destination, key: hop, "State": "active", "Origin": "CreateRoute"})
}

fn decided(routes: Value, target: &str) -> Result<String, Gap> {
    let table = table(routes);
    let entries = [PrefixListEntry {
        cidr: "10.0.5.0/24".to_owned(),
        description: None,
    }];
    let lists = |id: &str| match id {
        "pl-known" => Ok(entries.as_slice()),
        other => Err(unread(other)),
    };
    Ok(match route::decide(&table, address(target), &lists)? {
        Decision::Local => "local".to_owned(),
        Decision::NoRoute => "none".to_owned(),
        Decision::Blackhole(hop) => format!("blackhole {}", hop.destination),
        Decision::Via(hop) => format!("{} {}", hop.route.next_hop(), hop.destination),
    })
}

#[test]
fn the_longest_prefix_decides() {
    let mut gone = to("10.0.5.0/24", "NetworkInterfaceId", "eni-1");
    gone["State"] = json!("blackhole");
    let mut learned = to("10.0.5.0/24", "GatewayId", "vgw-1");
    learned["Origin"] = json!("EnableVgwRoutePropagation");
    let mut learned_outside = learned.clone();
    learned_outside["DestinationCidrBlock"] = json!("172.16.0.0/16");
    let listed = json!({"DestinationPrefixListId": "pl-known", "NetworkInterfaceId": "eni-2", "State": "active", "Origin": "CreateRoute"});
    let default = to("0.0.0.0/0", "NatGatewayId", "nat-1");
    let cases = [
        (json!([local(), default.clone()]), "10.0.5.9", "local"),
        (
            json!([default.clone(), local()]),
            "192.168.0.1",
            "nat-1 0.0.0.0/0",
        ),
        (json!([local()]), "192.168.0.1", "none"),
        (
            json!([local(), gone.clone()]),
            "10.0.5.9",
            "blackhole 10.0.5.0/24",
        ),
        (json!([local(), gone.clone()]), "10.0.6.9", "local"),
        (
            json!([local(), to("10.0.5.0/24", "NetworkInterfaceId", "eni-1")]),
            "10.0.5.9",
            "eni-1 10.0.5.0/24",
        ),
        (json!([learned.clone(), local()]), "10.0.5.9", "local"),
        (
            json!([learned_outside.clone(), local()]),
            "172.16.0.9",
            "vgw-1 172.16.0.0/16",
        ),
        (
            json!([
                learned_outside,
                to("172.16.0.0/16", "TransitGatewayId", "tgw-1")
            ]),
            "172.16.0.9",
            "tgw-1 172.16.0.0/16",
        ),
        (
            json!([local(), listed.clone()]),
            "10.0.5.9",
            "eni-2 pl-known",
        ),
        (
            json!([
                listed.clone(),
                to("10.0.5.0/24", "NetworkInterfaceId", "eni-1")
            ]),
            "10.0.5.9",
            "eni-1 10.0.5.0/24",
        ),
        (json!([listed, learned]), "10.0.5.9", "eni-2 pl-known"),
        (json!([]), "10.0.5.9", "none"),
        (
            json!([{"DestinationIpv6CidrBlock": "2a05::/56", "GatewayId": "local"}]),
            "2a05::1",
            "local",
        ),
        (
            json!([{"DestinationIpv6CidrBlock": "2a05::/56", "GatewayId": "local"}]),
            "10.0.0.1",
            "none",
        ),
    ];
    for (routes, target, expected) in cases {
        assert_eq!(
            decided(routes.clone(), target).unwrap(),
            expected,
            "{routes}"
        );
    }
}

#[test]
fn unread_prefix_lists_matter_unless_an_aws_endpoint_has_them() {
    let via = |key: &str, hop: &str, state: &str| json!([local(), {"DestinationPrefixListId": "pl-unread", key: hop, "State": state}]);
    let s3 = via("GatewayId", "vpce-1", "active");
    assert_eq!(decided(s3, "10.0.5.9").unwrap(), "local");
    for routes in [
        via("NetworkInterfaceId", "eni-1", "active"),
        via("TransitGatewayId", "tgw-1", "active"),
        via("GatewayId", "vpce-1", "blackhole"),
    ] {
        assert_eq!(
            decided(routes, "10.0.5.9").unwrap_err(),
            unread("pl-unread")
        );
    }
    let broken = json!([local(), {"DestinationCidrBlock": "10.0.5", "GatewayId": "igw-1"}]);
    assert_eq!(
        decided(broken, "10.0.5.9").unwrap_err().source,
        Source::RouteTables
    );
}

proptest! {
    #[test]
    fn the_order_of_routes_does_not_matter(
        (routes, shuffled) in Just(vec![
            local(),
            to("10.0.5.0/24", "NetworkInterfaceId", "eni-1"),
            to("10.0.5.9/32", "VpcPeeringConnectionId", "pcx-1"),
            to("0.0.0.0/0", "GatewayId", "igw-1"),
            json!({"DestinationPrefixListId": "pl-known", "NetworkInterfaceId": "eni-2"}),
        ]).prop_flat_map(|all| prop::sample::subsequence(all, 0..=5))
          .prop_flat_map(|routes| (Just(routes.clone()), Just(routes).prop_shuffle()))
    ) {
        for target in ["10.0.5.9", "10.0.5.8", "10.0.9.9", "8.8.8.8"] {
            prop_assert_eq!(decided(json!(routes.clone()), target), decided(json!(shuffled.clone()), target));
        }
    }
}
