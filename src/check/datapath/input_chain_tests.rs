//! Firewalls of hosts as they are, and rules that are not understood in every place in which they matter.

use super::{Packet, refusal};
use crate::model::cilium::InputChains;

fn chains(policy: &str, rules: &[&str]) -> InputChains {
    let mut chains = InputChains {
        policy: policy.to_owned(),
        ..InputChains::default()
    };
    chains.rules.entry("INPUT".to_owned()).or_default();
    for rule in rules {
        let mut words = rule.split(' ').map(str::to_owned);
        let name = words.next().unwrap();
        chains.rules.entry(name).or_default().push(words.collect());
    }
    chains
}

fn asked(policy: &str, rules: &[&str], to_proxy: bool) -> Option<String> {
    let packet = Packet {
        address: "10.20.1.10".parse().unwrap(),
        port: 32100,
        to_proxy,
    };
    refusal(&chains(policy, rules), packet)
}

const NIXOS: [&str; 7] = [
    "INPUT -m comment --comment feeder -j CILIUM_INPUT",
    "INPUT -j nixos-fw",
    "CILIUM_INPUT -m mark --mark 0x200/0xf00 -m comment --comment proxy -j ACCEPT",
    "nixos-fw -i lo -j ACCEPT",
    "nixos-fw -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "nixos-fw -p tcp -m tcp --dport 22 -j ACCEPT",
    "nixos-fw -m comment --comment rest -j DROP",
];

#[test]
fn a_firewall_refuses_what_it_does_not_list() {
    let rule = "-A nixos-fw -m comment --comment rest -j DROP";
    assert_eq!(asked("ACCEPT", &NIXOS, false).as_deref(), Some(rule));
    assert_eq!(asked("ACCEPT", &NIXOS, true), None);
    let mut behind = NIXOS;
    behind.swap(0, 1);
    assert_eq!(asked("ACCEPT", &behind, true).as_deref(), Some(rule));
}

#[test]
fn ports_policies_and_addresses() {
    let open = ["INPUT -p tcp -m tcp --dport 30000:32767 -j ACCEPT"];
    assert_eq!(asked("DROP", &open, false), None);
    let other = ["INPUT -p tcp -m multiport --dports 22,30000:32000 -j ACCEPT"];
    assert_eq!(asked("DROP", &other, false).as_deref(), Some(":INPUT DROP"));
    assert_eq!(asked("ACCEPT", &other, false), None);
    let kubelet = ["INPUT ! -s 127.0.0.0/8 -d 127.0.0.0/8 -j DROP"];
    assert_eq!(asked("ACCEPT", &kubelet, false), None);
    let own = ["INPUT ! -s 127.0.0.0/8 -d 10.20.1.0/24 -p tcp -j REJECT --reject-with x"];
    assert!(asked("ACCEPT", &own, false).is_some());
}

#[test]
fn what_is_not_understood_proves_nothing() {
    for rule in [
        "INPUT -m set --match-set allowed src -j ACCEPT",
        "INPUT -m socket --transparent -j ACCEPT",
        "INPUT -s 10.0.0.0/8 -j ACCEPT",
        "INPUT -i ens5 -j ACCEPT",
        "INPUT -m mark --mark 0x1/0x1 -j ACCEPT",
        "INPUT -j KUBE-NOWHERE",
        "INPUT -j NFQUEUE --queue-num 0",
    ] {
        assert_eq!(asked("DROP", &[rule], false), None, "{rule}");
        assert_eq!(
            asked("ACCEPT", &[rule, "INPUT -j DROP"], false),
            None,
            "{rule}"
        );
    }
    let maybe = ["INPUT -m limit --limit 5/min -j DROP"];
    assert_eq!(asked("ACCEPT", &maybe, false), None);
    let around = ["INPUT -j A", "A -j INPUT"];
    assert_eq!(asked("DROP", &around, false), None);
}
