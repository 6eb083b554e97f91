//! `cilium-dbg bpf lb list`, as JSON and as a table.
//!
//! The JSON is a map of strings that can have hundreds of thousands of entries, so it is read straight
//! into frontends and never held as a tree.

use super::bpf_row::split;
use super::bpf_rows::Rows;
use super::json_rows::each_row;
use crate::model::cilium::BpfLb;
use crate::parse::{ParseError, text};

/// Reads `-o json`: key to rows.
pub(super) fn json(text: &str) -> Result<BpfLb, ParseError> {
    let mut rows = Rows::default();
    each_row(text, |key, value| rows.row(key, value))?;
    rows.finish()
}

/// Reads the table; a line that begins with a space belongs to the frontend above it.
pub(super) fn table(text: &str) -> Result<BpfLb, ParseError> {
    text::filled(text)?;
    let mut rows = Rows::default();
    let mut key = "";
    for line in text.lines() {
        if line.trim().is_empty() || line.starts_with("SERVICE ADDRESS") || text::says_nothing(line)
        {
            continue;
        }
        if line.starts_with(' ') {
            rows.row(key, line);
            continue;
        }
        match split(line) {
            Some((found, value)) => {
                key = found;
                rows.row(key, value);
            }
            None => rows.unreadable(line),
        }
    }
    rows.finish()
}

#[cfg(test)]
mod tests {
    use super::{json, table};
    use crate::model::cilium::{FrontendKind, Scope};

    /// 1.17 on, cilium.md 2.4.
    #[test]
    fn json_with_protocol_and_slot() {
        let map = json(
            r#"{"10.0.12.34:30510/TCP (0)": ["0.0.0.0:0 (737) (0) [NodePort, l7-load-balancer] (L7LB Proxy Port: 10285)"],
                "10.96.0.1:443/TCP (0)": ["0.0.0.0:0 (1) (0) [ClusterIP, non-routable] "],
                "10.96.0.1:443/TCP (2)": ["backend 9 not found"],
                "10.96.0.1:443/TCP (1)": ["10.0.1.7:443/TCP (1) (1)"]}"#,
        )
        .unwrap();
        assert!(map.unreadable.is_empty());
        let node = "10.0.12.34".parse().unwrap();
        let frontend = map.external_tcp(node, 30510).unwrap();
        assert!(frontend.redirects());
        assert_eq!(frontend.proxy_port, Some(10285));
        let frontend = map.external_tcp("10.96.0.1".parse().unwrap(), 443).unwrap();
        assert_eq!((frontend.backends.len(), frontend.dangling), (1, 1));
    }

    /// 1.14.9 and 1.15.3: no protocol, no slot in the key, all rows of a frontend under one key.
    #[test]
    fn json_without_slot() {
        let map = json(
            r#"{"172.18.0.2:32646": ["10.0.1.8:80 (33) (2)", "0.0.0.0:0 (33) (0) [NodePort, Local, two-scopes] ", "10.0.1.7:80 (33) (1)"],
                "172.18.0.2:32646/i": ["0.0.0.0:0 (34) (0) [NodePort, Local, two-scopes] "],
                "[fd00::1]:443": ["[::]:0 (7) (0) [ClusterIP, non-routable, l7-load-balancer] (L7LB Proxy Port: 15735)"]}"#,
        )
        .unwrap();
        let frontend = map
            .external_tcp("172.18.0.2".parse().unwrap(), 32646)
            .unwrap();
        assert_eq!(frontend.flags.kind, FrontendKind::NodePort);
        assert_eq!(frontend.key.protocol, "ANY");
        assert_eq!(frontend.key.scope, Scope::External);
        let slots: Vec<u32> = frontend
            .backends
            .iter()
            .map(|backend| backend.slot)
            .collect();
        assert_eq!(slots, [1, 2]);
        assert_eq!(map.frontends.len(), 3);
    }

    /// 1.14.10, 1.15.5 and 1.16: the slot is in the key, the protocol is not.
    #[test]
    fn json_with_slot_and_without_protocol() {
        let map = json(
            r#"{"172.18.0.2:32646 (0)": ["0.0.0.0:0 (33) (0) [NodePort, l7-load-balancer] (L7LB Proxy Port: 15735)"],
                "172.18.0.2:32646/i (0)": ["0.0.0.0:0 (34) (0) [NodePort, InternalLocal, two-scopes] "],
                "172.18.0.2:32646/i (1)": ["10.0.1.7:80 (34) (1)"]}"#,
        )
        .unwrap();
        assert!(map.unreadable.is_empty());
        let external = map
            .external_tcp("172.18.0.2".parse().unwrap(), 32646)
            .unwrap();
        assert_eq!(
            (external.proxy_port, external.backends.len()),
            (Some(15735), 0)
        );
        let internal = map
            .frontends
            .values()
            .find(|f| f.key.scope == Scope::Internal);
        assert_eq!(internal.unwrap().backends.len(), 1);
    }

    /// 1.14.0 to 1.14.8: the flag without its port still redirects.
    #[test]
    fn the_flag_without_its_port_is_a_redirect() {
        let map = json(r#"{"10.0.0.1:30000": ["0.0.0.0:0 (3) (0) [NodePort, l7-load-balancer]"]}"#);
        let map = map.unwrap();
        let frontend = map
            .external_tcp("10.0.0.1".parse().unwrap(), 30000)
            .unwrap();
        assert_eq!(frontend.proxy_port, None);
        assert!(frontend.redirects());
    }

    #[test]
    fn a_port_of_zero_is_no_redirect() {
        let map = json(
            r#"{"10.0.0.1:30000/TCP (0)": ["0.0.0.0:0 (3) (0) [NodePort, l7-load-balancer] (L7LB Proxy Port: 0)"]}"#,
        )
        .unwrap();
        let frontend = map
            .external_tcp("10.0.0.1".parse().unwrap(), 30000)
            .unwrap();
        assert!(!frontend.redirects());
    }

    /// PR #31503 (1.16-dev) and a continuation line of the versions without a slot.
    #[test]
    fn table_of_old_versions() {
        let map = table(
            "SERVICE ADDRESS     BACKEND ADDRESS (REVNAT_ID) (SLOT)\n\
             172.18.0.2:32646    0.0.0.0:0 (33) (0) [NodePort, l7-load-balancer] (L7LB Proxy Port: 15735)   \n\
             10.96.193.7:443     0.0.0.0:0 (30) (0) [ClusterIP, non-routable]\n\
             \x20                   10.0.1.7:443 (30) (1)\n",
        )
        .unwrap();
        assert_eq!(map.frontends.len(), 2);
        let frontend = map
            .external_tcp("10.96.193.7".parse().unwrap(), 443)
            .unwrap();
        assert_eq!(frontend.backends.len(), 1);
    }

    /// The row of the first seed, one space where the terminal had more.
    #[test]
    fn table_row_pasted_with_few_spaces() {
        let map = table("0.0.0.0:30510/TCP (0)  0.0.0.0:0 (735) (0) [NodePort, non-routable, l7-load-balancer] (L7LB Proxy Port: 10285)\n").unwrap();
        assert_eq!(map.on_port(30510).count(), 1);
    }

    #[test]
    fn wildcard_entries_have_port_zero() {
        let map = json(
            r#"{"192.168.1.193:0/ANY (0)": ["0.0.0.0:0 (0) (0) [LoadBalancer, non-routable]"]}"#,
        )
        .unwrap();
        assert_eq!(map.on_port(0).count(), 1);
    }

    #[test]
    fn a_row_of_an_unknown_grammar_is_quoted_and_the_rest_is_read() {
        let map = json(
            r#"{"10.0.0.1:80/TCP (0)": ["0.0.0.0:0 (1) (0) [NodePort] "],
                "10.0.0.2:80/TCP (0)": ["0.0.0.0:0 #1 {NodePort}"],
                "10.0.0.3:80/TCP (1)": ["10.1.1.1:80/TCP (4) (1)"],
                "10.0.0.1:80/TCP (1)": null}"#,
        )
        .unwrap();
        assert_eq!(map.frontends.len(), 1);
        assert_eq!(map.unreadable.len(), 2, "{:?}", map.unreadable);
        assert!(map.unreadable[0].contains("{NodePort}"));
    }

    #[test]
    fn nothing_and_nonsense() {
        for text in ["null", "{}", "No entries found.\n"] {
            assert!(json(text).unwrap().frontends.is_empty(), "{text}");
        }
        assert!(table("No entries found.\n").unwrap().frontends.is_empty());
        assert_eq!(json("{\n\"a\": [\n").unwrap_err().line, Some(3));
        assert!(json(r#"{"error": "can't parse name"}"#).is_err());
        assert!(json("{} {}").is_err());
        assert!(table("Error: dial unix /var/run/cilium/cilium.sock").is_err());
        assert!(table("").is_err());
    }
}
