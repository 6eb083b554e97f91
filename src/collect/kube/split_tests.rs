//! Whole outputs, cut ones at every byte, and data that looks like the frames themselves.

use super::{Split, split};

const B: &str = "cilium-lb-0123456789abcdef";

fn frame(document: &str, exit: &str, body: &str) -> String {
    format!("{B} {document} {exit} {}\n{body}\n", body.len())
}

fn read(output: &str) -> Split {
    split(output.as_bytes(), B, &[31753])
}

#[test]
fn documents_and_gaps() {
    let output = [
        frame("cilium/status.json", "0", "{\"cilium\": 1}\n"),
        frame("cilium/version.json", "1", ""),
        frame(
            "cilium/version.json",
            "stderr",
            "Error: unknown shorthand flag: 'o'\nusage",
        ),
        frame("cilium/version.txt", "0", "Client: 1.14.0\n"),
        frame("cilium/db-frontends.json", "1", ""),
        frame(
            "cilium/db-frontends.json",
            "stderr",
            "unknown command \"shell\" for \"cilium\"\n",
        ),
        frame("cilium/config-map/devices", "0", ""),
        frame("cilium/config-map/password", "0", "never asked for"),
        frame("cilium/../../x", "0", "never asked for"),
        frame("envoy/listeners.json", "124", ""),
        frame("end", "0", ""),
    ]
    .concat();
    let result = read(&output);
    assert!(result.complete);
    let names: Vec<&str> = result.documents.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "cilium/config-map/devices",
            "cilium/status.json",
            "cilium/version.txt"
        ]
    );
    assert_eq!(result.documents["cilium/status.json"], b"{\"cilium\": 1}\n");
    let gaps: Vec<(&str, &str)> = result
        .gaps
        .iter()
        .map(|(name, why)| (name.as_str(), why.as_str()))
        .collect();
    assert_eq!(
        gaps,
        [
            (
                "cilium/db-frontends",
                "Failed: exit code 1: unknown command \"shell\" for \"cilium\""
            ),
            ("envoy/listeners", "Timeout: no answer within 6 s"),
        ]
    );
}

#[test]
fn an_error_can_be_the_answer() {
    let output = [
        frame("cilium/health-check-node-port.31753.txt", "7", ""),
        frame(
            "cilium/health-check-node-port.31753.txt",
            "stderr",
            "curl: (7) Failed to connect to 127.0.0.1 port 31753: Connection refused",
        ),
        frame(
            "cilium/health-check-node-port.1.txt",
            "0",
            "HTTP/1.1 200 OK",
        ),
        frame("cilium/ip-route-2004.txt", "2", ""),
        frame(
            "cilium/ip-route-2004.txt",
            "stderr",
            "Error: ipv4: FIB table does not exist.",
        ),
    ]
    .concat();
    let result = read(&output);
    assert_eq!(result.documents.len(), 2, "{result:?}");
    let answer = &result.documents["cilium/health-check-node-port.31753.txt"];
    assert!(answer.ends_with(b"Connection refused\n"));
    assert!(result.gaps.is_empty() && !result.complete);
}

#[test]
fn what_is_no_json_is_no_json_document() {
    let output = [
        frame("cilium/status.json", "0", "Error: cannot connect"),
        frame("cilium/config.json", "0", ""),
        frame("cilium/db-backends.json", "0", ""),
        frame("cilium/db-devices.json", "0", ""),
        frame("cilium/db-devices.json", "stderr", "Dial: no such file"),
        frame("cilium/service-list.json", "0", "null\n"),
        frame("cilium/bpf-lb-list.json", "1", "{}"),
    ]
    .concat();
    let result = read(&output);
    let names: Vec<&str> = result.documents.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "cilium/bpf-lb-list.json",
            "cilium/db-backends.json",
            "cilium/service-list.json"
        ]
    );
    assert_eq!(
        result.gaps["cilium/status"],
        "Failed: exit code 0: Error: cannot connect"
    );
    assert_eq!(
        result.gaps["cilium/config"],
        "Failed: the command printed nothing"
    );
    assert_eq!(
        result.gaps["cilium/db-devices"],
        "Failed: exit code 0: Dial: no such file"
    );
}

#[test]
fn a_cut_at_any_byte_gives_every_frame_before_it_and_no_other() {
    let inner = format!("x\n{} y 0 3\nabc\n", "cilium-lb-ffffffffffffffff");
    let parts = [
        frame("cilium/ip-rule.txt", "0", &inner),
        frame("cilium/iptables-save.txt", "0", "é\n\n"),
        frame("cilium/status.json", "0", "{}"),
    ];
    let whole = parts.concat();
    let ends: Vec<usize> = (1..=parts.len())
        .map(|count| parts[..count].concat().len())
        .collect();
    for cut in 0..=whole.len() {
        let result = split(&whole.as_bytes()[..cut], B, &[]);
        let expected = ends.iter().filter(|end| **end <= cut).count();
        assert_eq!(result.documents.len(), expected, "cut at {cut}");
        if expected > 0 {
            assert_eq!(result.documents["cilium/ip-rule.txt"], inner.as_bytes());
        }
    }
}

#[test]
fn a_length_in_characters_is_mended_by_the_next_frame() {
    let output = format!(
        "motd\n{B} cilium/ip-rule.txt 0 2\néé\n{}{B} cilium/iptables-save.txt 0 2\néé\n",
        frame("cilium/status.json", "0", "{}")
    );
    let result = read(&output);
    assert_eq!(result.documents["cilium/ip-rule.txt"], "éé".as_bytes());
    assert!(result.documents.contains_key("cilium/status.json"));
    // Nothing proves that the last one is whole.
    assert!(!result.documents.contains_key("cilium/iptables-save.txt"));
}
