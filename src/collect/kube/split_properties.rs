//! What holds for every output: whole frames come back as they were, a cut costs what stands behind it and nothing
//! else, and no output names a document that was not asked for.

use super::split;
use proptest::prelude::*;
use std::collections::BTreeMap;

const B: &str = "cilium-lb-0123456789abcdef";
const PORTS: [u16; 2] = [31753, 32100];

/// Documents of which any text that is not blank counts.
const NAMES: [&str; 6] = [
    "cilium/bpf-lb-list.txt",
    "cilium/ip-rule.txt",
    "cilium/iptables-save.txt",
    "cilium/health-check-node-port.31753.txt",
    "cilium/health-check-node-port.32100.txt",
    "envoy/clusters.txt",
];

/// What makes trouble: line breaks, headers of other runs, half of this run's boundary, and no UTF-8.
const PIECES: [&[u8]; 8] = [
    b"\n",
    b" ",
    b"cilium-lb-ffffffffffffffff end 0 0\n",
    b"cilium-lb-0123456789abcde ",
    b"cilium/status.json 0 3\n{}\n",
    b"stderr",
    b"\xff\xfe",
    "\u{e9}".as_bytes(),
];

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::sample::select(&PIECES[..]).prop_map(<[u8]>::to_vec),
        proptest::collection::vec(any::<u8>(), 0..8),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// A document's text: never blank, and without the boundary, which an agent cannot know.
fn body() -> impl Strategy<Value = Vec<u8>> {
    bytes().prop_map(|mut body| {
        body.insert(0, b'x');
        body
    })
}

fn documents() -> impl Strategy<Value = BTreeMap<&'static str, Vec<u8>>> {
    proptest::collection::btree_map(proptest::sample::select(&NAMES[..]), body(), 0..6)
}

fn frame(document: &str, exit: &str, body: &[u8]) -> Vec<u8> {
    let mut frame = format!("{B} {document} {exit} {}\n", body.len()).into_bytes();
    frame.extend_from_slice(body);
    frame.push(b'\n');
    frame
}

fn printed(documents: &BTreeMap<&'static str, Vec<u8>>) -> Vec<u8> {
    documents
        .iter()
        .flat_map(|(name, body)| frame(name, "0", body))
        .collect()
}

proptest! {
    #[test]
    fn whole_frames_come_back_as_they_were(documents in documents(), before in bytes()) {
        let mut output = before;
        output.push(b'\n');
        output.extend(printed(&documents));
        output.extend(frame("end", "0", b""));
        let found = split(&output, B, &PORTS);
        prop_assert!(found.complete);
        prop_assert!(found.gaps.is_empty(), "{:?}", found.gaps);
        prop_assert_eq!(found.documents.len(), documents.len());
        for (name, body) in &documents {
            prop_assert_eq!(&found.documents[*name], body);
        }
    }

    #[test]
    fn a_cut_costs_what_stands_behind_it(documents in documents(), at in any::<proptest::sample::Index>()) {
        let output = printed(&documents);
        let cut = at.index(output.len() + 1);
        let found = split(&output[..cut], B, &PORTS);
        let mut end = 0;
        for (name, body) in &documents {
            end += frame(name, "0", body).len();
            prop_assert_eq!(found.documents.get(*name), (end <= cut).then_some(body));
        }
        prop_assert!(!found.complete);
    }

    #[test]
    fn no_output_chooses_a_path(parts in proptest::collection::vec((any::<bool>(), bytes()), 0..12)) {
        // The boundary in front of anything: a frame that is broken in some way, or none.
        let output: Vec<u8> = parts
            .into_iter()
            .flat_map(|(marked, bytes)| {
                let mark = if marked { format!("{B} ") } else { String::new() };
                [mark.into_bytes(), bytes].concat()
            })
            .collect();
        let found = split(&output, B, &PORTS);
        for name in found.documents.keys() {
            prop_assert!(name.starts_with("cilium/") || name.starts_with("envoy/"), "{}", name);
            prop_assert!(!name.contains("..") && !name.contains('\n'), "{}", name);
        }
        let size: usize = found.documents.values().map(Vec::len).sum();
        prop_assert!(size <= output.len());
    }
}
