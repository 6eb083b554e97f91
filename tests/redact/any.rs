//! Redaction of anything: it never fails, and what it makes can be redacted and read again.

use cilium_lb::bundle::Bundle;
use cilium_lb::bundle::redact::{Key, Redaction};
use cilium_lb::parse;
use proptest::prelude::*;

const PATHS: &[&str] = &[
    "kubernetes/services.yaml",
    "kubernetes/shop/gateways.json",
    "cilium/node-a/iptables-save.txt",
    "cilium/node-a/proc-net-tcp.txt",
    "cilium/node-a/config-map/devices",
    "cilium/node-a/agent.log",
    "envoy/node-a/listeners.json",
    "aws/111122223333/eu-west-2/elbv2-describe-tags.json",
    "aws/x",
];

fn redact(bundle: &Bundle) -> Bundle {
    Redaction::new(bundle, &Key::from([4; 32])).bundle(bundle)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bytes_never_stop_it(path in prop::sample::select(PATHS), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bundle = Bundle::default();
        bundle.insert(path, bytes);
        parse::snapshot(&redact(&redact(&bundle)));
    }

    #[test]
    fn text_that_looks_like_evidence_never_stops_it(
        path in prop::sample::select(PATHS),
        parts in prop::collection::vec(prop::sample::select(vec![
            "10.0.0.1", "10.0.0.0/8", "/33", "fd00::1", "::", ":", "é", "arn:aws:x", ":iam::111122223333:role/a", "ip-10-0-0-1", ".x.com",
            "sg-0123456789abcdef0", "metadata", "\"", "{", "}", "[", "name", "\n", " ", "-", "_", ".", "@", "k8s-", "cilium-gateway-", "0100007F:1F90",
            "kubernetes.io/", "b86de3bd-9ef1-48b9-b0a6-6873ee68ea3c", "\\", "Key", "=",
        ]), 0..40),
    ) {
        let mut bundle = Bundle::default();
        bundle.insert(path, parts.concat());
        let once = redact(&bundle);
        parse::snapshot(&redact(&once));
        prop_assert_eq!(once, redact(&bundle), "the same key gives the same bundle");
    }
}
