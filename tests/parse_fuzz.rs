//! No parser panics, whatever it is given: arbitrary bytes, and captured documents that were cut, doubled
//! or damaged. What it keeps stays bounded by what it was given.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test reports"
)]

mod captures;

use captures::{Document, all, documents};
use cilium_lb::bundle::Bundle;
use cilium_lb::model::Source;
use cilium_lb::model::cilium::Agent;
use cilium_lb::model::envoy::EnvoyAdmin;
use cilium_lb::parse::{self, cilium, envoy, hubble};
use proptest::prelude::*;
use std::sync::OnceLock;

/// Every document name an agent or a proxy can have.
const AGENT: [&str; 36] = [
    "version.json",
    "version.txt",
    "status.json",
    "config.json",
    "config-map/enable-envoy-config",
    "bpf-lb-list.json",
    "bpf-lb-list.txt",
    "bpf-lb-list-frontends.json",
    "bpf-lb-maps-dump.txt",
    "service-list.json",
    "service-list.txt",
    "db-frontends.json",
    "db-services.json",
    "db-backends.json",
    "db-ciliumenvoyconfigs.json",
    "db-envoy-resources.json",
    "db-devices.json",
    "db-node-addresses.json",
    "db-cilium-configs.json",
    "bpf-metrics-list.json",
    "bpf-metrics-list.2.json",
    "metrics.txt",
    "endpoint-list.json",
    "endpoint-get-ingress.json",
    "node-list.json",
    "iptables-save.txt",
    "ip-rule.txt",
    "ip-route-2004.txt",
    "sysctl.txt",
    "proc-net-tcp.txt",
    "status-verbose.txt",
    "health-check-node-port.31081.txt",
    "agent.log",
    "operator.log",
    "monitor-drop.json",
    "db-unknown.json",
];
const ENVOY: [&str; 8] = [
    "listeners.json",
    "listeners.txt",
    "clusters.json",
    "clusters.txt",
    "config_dump.json",
    "network_policies.json",
    "server_info.json",
    "stats.txt",
];

/// Gives the bytes to one parser and checks what is true of every answer.
fn read(component: &str, name: &str, bytes: &[u8]) -> Result<bool, String> {
    let path = format!("{component}/node-1/{name}");
    let mut agent = Agent::new("node-1");
    let mut admin = EnvoyAdmin::new("node-1");
    let answer = match component {
        "cilium" => cilium::document(&mut agent, name, &path, bytes),
        "envoy" => envoy::document(&mut admin, name, &path, bytes),
        _ => hubble::flows(&String::from_utf8_lossy(bytes)).map(|flows| {
            assert!(flows.len() <= bytes.len());
            true
        }),
    };
    cilium::finish(&mut agent);
    if let Ok(bpf) = &agent.bpf {
        assert!(bpf.unreadable.len() <= 101);
        assert!(bpf.frontends.len() <= bytes.len());
        assert!(
            bpf.frontends
                .iter()
                .all(|(key, frontend)| *key == frontend.key)
        );
    }
    if let Ok(log) = &agent.log {
        assert!(log.nacks.len() <= 50 && log.notable.len() <= 50 && log.drift.len() <= 1000);
        assert!(
            log.notable
                .iter()
                .all(|line| !line.contains(char::is_control))
        );
    }
    answer.map_err(|error| {
        let text = error.to_string();
        assert!(!text.is_empty() && text.len() < 4000, "{text}");
        text
    })
}

#[test]
fn the_names_are_known() {
    for name in AGENT {
        // What is no document of a parser is refused by its content; only a name can be unknown.
        let known = !matches!(read("cilium", name, b"{"), Ok(false));
        assert_eq!(known, name != "db-unknown.json", "{name}");
    }
    for name in ENVOY {
        assert!(!matches!(read("envoy", name, b"{"), Ok(false)), "{name}");
    }
    assert_eq!(read("cilium", "notes.txt", b"{"), Ok(false));
    assert_eq!(
        read("cilium", "health-check-node-port.x.txt", b"{"),
        Ok(false)
    );
}

#[test]
fn no_document_of_a_node_is_left_out() {
    for source in Source::all().filter(|source| source.is_agent()) {
        let key = source.info().key;
        let stem = key.split(['.', '/']).next().unwrap();
        let mut names = AGENT.iter().chain(&ENVOY).chain(&["flows.json"]);
        assert!(
            names.any(|name| name.starts_with(stem)),
            "{key} is not fuzzed"
        );
    }
}

/// What no version prints is an error that quotes it. A log and a key's value may hold any line.
#[test]
fn an_unknown_grammar_is_quoted() {
    let line = "%% the grammar of 2040 %%";
    for (component, name) in every_parser() {
        let free =
            name.ends_with(".log") || name.starts_with("config-map/") || name == "db-unknown.json";
        if free {
            continue;
        }
        let answer = read(component, name, format!("{line}\n{line}\n").as_bytes());
        let said = answer.expect_err(name);
        assert!(said.contains("the grammar of 2040"), "{name}: {said}");
    }
}

fn every_parser() -> impl Iterator<Item = (&'static str, &'static str)> {
    let agents = AGENT.iter().map(|name| ("cilium", *name));
    let envoys = ENVOY.iter().map(|name| ("envoy", *name));
    agents.chain(envoys).chain([("hubble", "flows.json")])
}

#[test]
fn the_documents_are_whole_before_they_are_damaged() {
    for document in captured() {
        let (component, name) = document.component();
        let answer = read(component, name, &document.bytes);
        let whole = name != "config_dump.json";
        assert_eq!(
            answer == Ok(true),
            whole,
            "{}/{}: {answer:?}",
            document.state,
            document.path
        );
    }
}

fn captured() -> &'static [Document] {
    static CAPTURED: OnceLock<Vec<Document>> = OnceLock::new();
    CAPTURED.get_or_init(documents)
}

/// One kind of damage to a document.
#[derive(Debug, Clone)]
enum Damage {
    Cut(usize),
    Start(usize),
    Flip(usize, u8),
    Double(usize, usize),
    Remove(usize, usize),
    Insert(usize, Vec<u8>),
    /// A part of another captured document.
    Splice(usize, proptest::sample::Index, usize),
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let len = bytes.len().max(1);
        let span = |at: usize, count: usize| {
            let at = at % len;
            at..(at + count % 400).min(len)
        };
        match self {
            Self::Cut(at) => bytes.truncate(at % len),
            Self::Start(at) => drop(bytes.drain(..(at % len).min(bytes.len()))),
            Self::Flip(at, with) => {
                if let Some(byte) = bytes.get_mut(at % len) {
                    *byte ^= with;
                }
            }
            Self::Double(at, count) => {
                let part = bytes.get(span(*at, *count)).unwrap_or_default().to_vec();
                let at = (at % len).min(bytes.len());
                drop(bytes.splice(at..at, part));
            }
            Self::Remove(at, count) => {
                let span = span(*at, *count);
                if span.end <= bytes.len() {
                    drop(bytes.drain(span));
                }
            }
            Self::Insert(at, part) => {
                let at = (at % len).min(bytes.len());
                drop(bytes.splice(at..at, part.clone()));
            }
            Self::Splice(at, other, from) => {
                let other = &other.get(captured()).bytes;
                let from = from % other.len().max(1);
                let part = other[from..(from + 300).min(other.len())].to_vec();
                let at = (at % len).min(bytes.len());
                drop(bytes.splice(at..at, part));
            }
        }
    }
}

/// What is inserted: marks that mean something to a parser.
const PIECES: [&str; 16] = [
    "[",
    "]",
    "{",
    "}",
    "\"",
    ":",
    ",",
    "(",
    ")",
    "\n",
    " ",
    "=",
    "/i",
    "null",
    "-1",
    "999999999999",
];

fn damage() -> impl Strategy<Value = Damage> {
    let at = || any::<usize>();
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..8),
        proptest::sample::select(&PIECES[..]).prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop_oneof![
        at().prop_map(Damage::Cut),
        at().prop_map(Damage::Start),
        (at(), 1_u8..).prop_map(|(at, with)| Damage::Flip(at, with)),
        (at(), at()).prop_map(|(at, count)| Damage::Double(at, count)),
        (at(), at()).prop_map(|(at, count)| Damage::Remove(at, count)),
        (at(), piece).prop_map(|(at, piece)| Damage::Insert(at, piece)),
        (at(), any::<proptest::sample::Index>(), at())
            .prop_map(|(at, other, from)| Damage::Splice(at, other, from)),
    ]
}

/// Words of the grammars of lines.
const WORDS: [&str; 43] = [
    "10.0.1.10:30081/TCP",
    "[::]:0",
    "0.0.0.0:0",
    "(0)",
    "(1)",
    "[NodePort, Local]",
    "[",
    "backend 7 not found",
    "(L7LB Proxy Port: 0)",
    "BE: ID=1",
    "SVC: ID=1",
    "ADDR=10.0.0.1:80/TCP",
    "SLOT=0",
    "COUNT=2",
    "FLAGS=NodePort",
    "1 =>",
    "NodePort",
    "level=warn",
    "msg=\"Mismatch found\"",
    "msg=\"NACK received\"",
    "level=fatal",
    "key=a",
    "actual=",
    "expectedValue=1",
    "time=2026-11-21T00:46:14Z",
    "HTTP/1.1 200 OK",
    "\"localEndpoints\":",
    "-j TPROXY",
    "--mark",
    "0x",
    "--on-port",
    "*mangle",
    "name{a=\"",
    "} 1",
    "::health_flags::",
    "9:",
    "=",
    "\"",
    "\\",
    "\n",
    "é",
    "\u{0}",
    "9999999999999999999",
];

/// Field names of the JSON documents.
const FIELDS: [&str; 40] = [
    "cilium",
    "state",
    "kube-proxy-replacement",
    "mode",
    "deviceList",
    "ip",
    "name",
    "features",
    "nodePort",
    "enabled",
    "Daemon",
    "Version",
    "status",
    "realized",
    "spec",
    "frontend-address",
    "port",
    "flags",
    "Address",
    "AddrCluster",
    "ServiceName",
    "Namespace",
    "Name",
    "ProxyRedirect",
    "ProxyPort",
    "Ports",
    "Instances",
    "k",
    "v",
    "Listeners",
    "Resources",
    "SelectsLocalNode",
    "Key",
    "Value",
    "reason",
    "values",
    "listener_statuses",
    "configs",
    "dynamic_listeners",
    "flow",
];

/// Texts that come close to the grammars of lines.
fn near_text() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..40)
        .prop_map(|words| words.join(" "))
}

/// JSON with the right names and any shape.
fn near_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        proptest::sample::select(&WORDS[..]).prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let name = proptest::sample::select(&FIELDS[..]).prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::hash_map(name, inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_parser() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop_oneof![
        proptest::sample::select(&AGENT[..]).prop_map(|name| ("cilium", name)),
        proptest::sample::select(&ENVOY[..]).prop_map(|name| ("envoy", name)),
        Just(("hubble", "flows.json")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes((component, name) in any_parser(), bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(component, name, &bytes);
    }

    #[test]
    fn words_of_the_grammars((component, name) in any_parser(), text in near_text()) {
        let _ = read(component, name, text.as_bytes());
    }

    #[test]
    fn json_of_the_right_names((component, name) in any_parser(), value in near_json()) {
        let _ = read(component, name, value.to_string().as_bytes());
        let lines = format!("{value}\n{value}\n");
        let _ = read(component, name, lines.as_bytes());
    }

    #[test]
    fn damaged_documents(
        index in any::<proptest::sample::Index>(),
        damages in proptest::collection::vec(damage(), 1..4),
    ) {
        let document = index.get(captured());
        let mut bytes = document.bytes.clone();
        for damage in &damages {
            damage.apply(&mut bytes);
        }
        let (component, name) = document.component();
        let _ = read(component, name, &bytes);
    }

    /// A list that was cut must not look like a shorter list. (A stream of objects may end anywhere.)
    #[test]
    fn a_cut_json_document_is_an_error(index in any::<proptest::sample::Index>(), at in any::<proptest::sample::Index>()) {
        let whole = |document: &&Document| {
            let (component, name) = document.component();
            component == "cilium" && name.ends_with(".json") && !name.starts_with("db-")
        };
        let documents: Vec<&Document> = captured().iter().filter(whole).collect();
        let document = index.get(&documents);
        let bytes = document.bytes.trim_ascii_end();
        let (component, name) = document.component();
        let answer = read(component, name, &bytes[..at.index(bytes.len())]);
        prop_assert!(answer.is_err(), "{answer:?}");
    }

    #[test]
    fn a_document_under_another_name(
        index in any::<proptest::sample::Index>(),
        (component, name) in any_parser(),
    ) {
        let _ = read(component, name, &index.get(captured()).bytes);
    }
}

/// The Kubernetes objects of the captures and the AWS documents of a scenario, by their path in a bundle.
fn objects() -> &'static [(String, Vec<u8>)] {
    static OBJECTS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    OBJECTS.get_or_init(|| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/shop/bundle");
        let bundle = cilium_lb::bundle::read(folder.as_ref()).unwrap();
        let aws = bundle.iter().filter(|(path, _)| path.starts_with("aws/"));
        let aws = aws.map(|(path, bytes)| (path.to_owned(), bytes.to_vec()));
        let kubernetes = all()
            .into_iter()
            .filter(|document| document.path.starts_with("kubernetes/"));
        aws.chain(kubernetes.map(|document| (document.path, document.bytes)))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Objects and AWS documents that were damaged become facts and gaps, and no list grows.
    #[test]
    fn damaged_objects(
        index in any::<proptest::sample::Index>(),
        damages in proptest::collection::vec(damage(), 1..4),
    ) {
        let (path, whole) = index.get(objects());
        let mut bytes = whole.clone();
        for damage in &damages {
            damage.apply(&mut bytes);
        }
        let size = bytes.len();
        let mut bundle = Bundle::default();
        bundle.insert(path.clone(), bytes);
        let snapshot = parse::snapshot(&bundle);
        prop_assert!(snapshot.kubernetes.services.known().count() <= size);
        for gap in &snapshot.gaps {
            prop_assert!(gap.to_string().len() < 8000, "{gap}");
        }
    }
}
