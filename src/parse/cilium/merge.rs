//! What can be said only when all documents of an agent have been read.

use super::EMPTY_TABLE;
use crate::model::cilium::{Agent, BpfLb, FrontendKey, MasterValue};
use crate::model::{Fact, Origin, Reason, Seen, Source};
use std::collections::BTreeMap;

/// Merges the readings of the load balancer map, and tells empty tables from a silent shell.
pub fn finish(agent: &mut Agent) {
    if agent.bpf.is_err()
        && let Ok(dump) = &agent.bpf_dump
    {
        agent.bpf = Ok(dump.clone());
    }
    if let Ok(bpf) = &mut agent.bpf {
        if let Ok(masters) = &agent.bpf_masters {
            add_masters(&mut bpf.value, &masters.value);
        }
        if let Ok(dump) = &agent.bpf_dump {
            add_dump(&mut bpf.value, &dump.value);
        }
    }
    empty_tables(agent);
}

/// Takes over the counts, and the proxy port where the list does not print it.
fn add_masters(bpf: &mut BpfLb, masters: &BTreeMap<FrontendKey, MasterValue>) {
    for (key, frontend) in &mut bpf.frontends {
        let Some(master) = masters
            .get(key)
            .filter(|master| master.rev_nat == frontend.rev_nat)
        else {
            continue;
        };
        frontend.count.get_or_insert(master.count);
        if frontend.proxy_port.is_none() && frontend.flags.has("l7-load-balancer") {
            // The union is printed as the little-endian number of a big-endian port.
            frontend.proxy_port = u16::try_from(master.union).ok().map(u16::swap_bytes);
        }
    }
}

/// Takes over the counts.
fn add_dump(bpf: &mut BpfLb, dump: &BpfLb) {
    for (key, frontend) in &mut bpf.frontends {
        let Some(dumped) = dump
            .frontends
            .get(key)
            .filter(|dumped| dumped.rev_nat == frontend.rev_nat)
        else {
            continue;
        };
        if frontend.count.is_none() {
            frontend.count = dumped.count;
        }
    }
}

/// A table of no rows and a shell without an agent both print nothing. Every node has devices and
/// addresses, so where one of those tables has rows the shell answered, and the others are empty.
fn empty_tables(agent: &mut Agent) {
    fn has_rows<T>(table: &Seen<Vec<T>>) -> bool {
        table.as_ref().is_ok_and(|rows| !rows.is_empty())
    }
    if !has_rows(&agent.devices) && !has_rows(&agent.node_addresses) {
        return;
    }
    fn settle<T: Default>(table: &mut Seen<T>, source: Source) {
        if let Err(gap) = table
            && let Reason::Unreadable(why) = &gap.reason
            && let Some(document) = why.strip_suffix(EMPTY_TABLE)
        {
            let document = document.trim_end_matches(": ").to_owned();
            *table = Ok(Fact::new(T::default(), Origin::new(source, document)));
        }
    }
    settle(&mut agent.frontends, Source::DbFrontends);
    settle(&mut agent.state_services, Source::DbServices);
    settle(&mut agent.backends, Source::DbBackends);
    settle(&mut agent.envoy_configs, Source::DbEnvoyConfigs);
    settle(&mut agent.envoy_resources, Source::DbEnvoyResources);
    settle(&mut agent.desired, Source::DbConfigs);
}

#[cfg(test)]
mod tests {
    use super::finish;
    use crate::model::cilium::Agent;
    use crate::parse::cilium::document;
    use std::net::IpAddr;

    const LIST: &str = r#"{
        "10.0.0.1:30000/TCP (0)": ["0.0.0.0:0 (3) (0) [NodePort, l7-load-balancer]"],
        "10.0.0.1:30001/TCP (0)": ["0.0.0.0:0 (4) (0) [NodePort] "],
        "10.0.0.1:30001/TCP (1)": ["10.1.1.1:80/TCP (4) (1)"],
        "10.0.0.1:30002/TCP (0)": ["0.0.0.0:0 (5) (0) [NodePort] "]}"#;
    const MASTERS: &str = r#"{
        "10.0.0.1:30000/TCP (0)": ["11560 0[0] (3) [0x2 0x4]"],
        "10.0.0.1:30001/TCP (0)": ["0 7[0] (4) [0x2 0x0]"],
        "10.0.0.1:30002/TCP (0)": ["0 9[0] (99) [0x2 0x0]"]}"#;
    const DUMP: &str = "BE: ID=1 ADDR=10.1.1.1:80/TCP STATE=terminating\n\
        SVC: ID=4 ADDR=10.0.0.1:30001/TCP SLOT=0 LBALG=undef AFFTimeout=0 COUNT=1 QCOUNT=0 FLAGS=NodePort\n\
        SVC: ID=4 ADDR=10.0.0.1:30001/TCP SLOT=1 BEID=1 COUNT=0 QCOUNT=0 FLAGS=NodePort\n";

    fn agent(documents: &[(&str, &str)]) -> Agent {
        let mut agent = Agent::new("a");
        for (name, text) in documents {
            document(
                &mut agent,
                name,
                &format!("cilium/a/{name}"),
                text.as_bytes(),
            )
            .unwrap();
        }
        finish(&mut agent);
        agent
    }

    #[test]
    fn counts_and_ports_come_from_the_frontends_of_the_same_id() {
        let agent = agent(&[
            ("bpf-lb-list.json", LIST),
            ("bpf-lb-list-frontends.json", MASTERS),
        ]);
        let node: IpAddr = "10.0.0.1".parse().unwrap();
        let bpf = agent.bpf.unwrap();
        let at = |port| bpf.external_tcp(node, port).unwrap();
        assert_eq!(at(30000).proxy_port, Some(10285));
        assert_eq!(at(30001).count, Some(7));
        assert_eq!(
            at(30002).count,
            None,
            "another service took the key in between"
        );
    }

    #[test]
    fn the_dump_adds_counts_and_suffices_alone() {
        let node: IpAddr = "10.0.0.1".parse().unwrap();
        for documents in [
            &[("bpf-lb-list.json", LIST), ("bpf-lb-maps-dump.txt", DUMP)][..],
            &[("bpf-lb-maps-dump.txt", DUMP)][..],
        ] {
            let bpf = agent(documents).bpf.unwrap();
            let frontend = bpf.external_tcp(node, 30001).unwrap();
            assert_eq!(frontend.count, Some(1));
            assert_eq!(frontend.backends.len(), 1);
        }
    }

    #[test]
    fn json_outranks_text_in_any_order() {
        let table = "10.0.0.1:31000/TCP (0)   0.0.0.0:0 (9) (0) [NodePort]\n";
        let (json, text) = (("bpf-lb-list.json", LIST), ("bpf-lb-list.txt", table));
        for documents in [[json, text], [text, json]] {
            let bpf = agent(&documents).bpf.unwrap();
            assert_eq!(bpf.origin.document, "cilium/a/bpf-lb-list.json");
            assert_eq!(bpf.on_port(31000).count(), 0);
        }
    }

    #[test]
    fn an_empty_table_is_empty_only_where_the_shell_answered() {
        let device = r#"{"Name": "lo", "Selected": false}"#;
        let silent = agent(&[("db-envoy-resources.json", "\n")]);
        assert!(silent.envoy_resources.is_err());
        let answered = agent(&[
            ("db-envoy-resources.json", "\n"),
            ("db-devices.json", device),
        ]);
        assert!(answered.envoy_resources.unwrap().is_empty());
        assert!(answered.frontends.is_err(), "nobody read that table");
    }
}
