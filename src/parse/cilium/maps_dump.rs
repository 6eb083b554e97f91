//! `cilium-dbg shell -- lb/maps-dump` (1.18 on): every entry of the load balancer maps, with the
//! counts of frontends, which `bpf lb list` does not print.
//!
//! ```text
//! BE: ID=1 ADDR=10.244.1.1:80/TCP STATE=active
//! SVC: ID=2 ADDR=1.1.1.1:30781/TCP SLOT=0 LBALG=undef AFFTimeout=0 COUNT=4 QCOUNT=0 FLAGS=NodePort
//! SVC: ID=2 ADDR=1.1.1.1:30781/TCP SLOT=1 BEID=1 COUNT=0 QCOUNT=0 FLAGS=NodePort
//! SVC: ID=1 ADDR=0.0.0.0:31988/TCP SLOT=0 L7Proxy=1000 COUNT=0 QCOUNT=0 FLAGS=NodePort+l7-load-balancer
//! ```
//!
//! The format is not promised to be stable (reference: pkg/loadbalancer/maps/cmds.go, test_utils.go).

use super::address::{backend, frontend_key};
use super::bpf_row::{Master, flags};
use super::bpf_rows::Rows;
use crate::model::cilium::{BpfLb, FrontendKey};
use crate::parse::text::number;
use crate::parse::{ParseError, text};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Reads the dump.
pub(super) fn dump(text: &str) -> Result<BpfLb, ParseError> {
    text::filled(text)?;
    let mut rows = Rows::default();
    let mut backends = BTreeMap::new();
    let mut slots = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (kind, rest) = line.split_once(": ").unwrap_or(("", line));
        match kind {
            "BE" => match parse_backend(rest) {
                Some((id, entry)) => {
                    backends.insert(id, entry);
                }
                None => rows.unreadable(line),
            },
            "SVC" => match service(rest, line) {
                Some(Service::Master(key, master)) => rows.master(key, master),
                Some(Service::Slot(slot)) => slots.push(slot),
                None => rows.unreadable(line),
            },
            // REV, AFF, SRCRANGE, MAGLEV and whatever other maps a version may have.
            _ if !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_uppercase()) => {}
            _ => rows.unreadable(line),
        }
    }
    for slot in slots {
        match backends.get(&slot.backend) {
            Some(address) => rows.backend(slot.key, *address, Some(slot.number)),
            None => rows.dangling(slot.key),
        }
    }
    rows.finish()
}

enum Service {
    Master(FrontendKey, Master),
    Slot(Slot),
}

struct Slot {
    key: FrontendKey,
    number: u32,
    backend: u32,
}

fn service(text: &str, line: &str) -> Option<Service> {
    let key = frontend_key(field(text, "ADDR=")?)?;
    match number(field(text, "SLOT=")?)? {
        0 => Some(Service::Master(
            key,
            Master {
                rev_nat: number(field(text, "ID=")?)?,
                // Last on the line, and the only field with spaces in it.
                flags: flags(text.split_once(" FLAGS=")?.1, "+")?,
                proxy_port: match field(text, "L7Proxy=") {
                    Some(port) => Some(number(port)?),
                    None => None,
                },
                count: Some(number(field(text, "COUNT=")?)?),
                raw: line.to_owned(),
            },
        )),
        slot => Some(Service::Slot(Slot {
            key,
            number: slot,
            backend: number(field(text, "BEID=")?)?,
        })),
    }
}

fn parse_backend(text: &str) -> Option<(u32, (IpAddr, u16))> {
    let id = number(field(text, "ID=")?)?;
    Some((id, backend(field(text, "ADDR=")?)?))
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.split_whitespace()
        .find_map(|word| word.strip_prefix(name))
}

#[cfg(test)]
mod tests {
    use super::dump;

    #[test]
    fn the_samples_of_the_source() {
        let map = dump(
            "AFF: ID=2 BEID=1\n\
             BE: ID=1 ADDR=10.244.1.1:80/TCP STATE=active\n\
             BE: ID=2 ADDR=[2001::1]:80/TCP STATE=terminating-not-serving\n\
             MAGLEV: ID=1 INNER=[1(1021)]\n\
             REV: ID=2 ADDR=1.1.1.1:30781\n\
             SRCRANGE: ID=2 CIDR=10.0.0.0/8\n\
             SVC: ID=1 ADDR=0.0.0.0:31988/TCP SLOT=0 L7Proxy=1000 COUNT=0 QCOUNT=0 FLAGS=NodePort+non-routable+check source-range+l7-load-balancer\n\
             SVC: ID=2 ADDR=1.1.1.1:30781/TCP SLOT=0 LBALG=undef AFFTimeout=0 COUNT=4 QCOUNT=0 FLAGS=NodePort\n\
             SVC: ID=2 ADDR=1.1.1.1:30781/TCP SLOT=1 BEID=1 COUNT=0 QCOUNT=0 FLAGS=NodePort\n\
             SVC: ID=2 ADDR=1.1.1.1:30781/TCP SLOT=2 BEID=2 COUNT=0 QCOUNT=0 FLAGS=NodePort\n\
             SVC: ID=2 ADDR=1.1.1.1:30781/TCP SLOT=3 BEID=77 COUNT=0 QCOUNT=0 FLAGS=NodePort\n\
             SVC: ID=3 ADDR=1.1.1.1:30781/TCP/i SLOT=0 LBALG=random AFFTimeout=0 COUNT=0 QCOUNT=0 FLAGS=NodePort\n",
        )
        .unwrap();
        assert!(map.unreadable.is_empty(), "{:?}", map.unreadable);
        let frontend = map.external_tcp("1.1.1.1".parse().unwrap(), 30781).unwrap();
        assert_eq!((frontend.backend_count(), frontend.dangling), (4, 1));
        let slots: Vec<_> = frontend.backends.iter().map(|b| b.slot).collect();
        assert_eq!(slots, [1, 2]);
        let gateway = map.on_port(31988).next().unwrap();
        assert_eq!(gateway.proxy_port, Some(1000));
        assert!(gateway.redirects() && gateway.flags.has("check source-range"));
        assert_eq!(map.frontends.len(), 3);
    }

    #[test]
    fn an_error_message_is_no_dump() {
        assert!(
            dump("Error: dial unix /var/run/cilium/shell.sock: connect: no such file").is_err()
        );
        assert!(dump("SVC: ID=x ADDR=1.1.1.1:1/TCP SLOT=0").is_err());
    }
}
