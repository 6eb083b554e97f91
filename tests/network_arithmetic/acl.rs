//! Network ACLs: vectors of an independent oracle, and brute force over all ports.

use super::address;
use cilium_lb::check::network::network_acl::{self, share_of_replies};
use cilium_lb::check::network::ports::Ports;
use cilium_lb::model::Source;
use cilium_lb::model::aws::NetworkAcl;
use proptest::prelude::*;
use serde_json::{Value, json};

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
