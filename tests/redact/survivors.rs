//! Looks for what identifies in another way than the redaction does: by its form in the whole text of the
//! bundle, and for names by reading the objects as trees.

use cilium_lb::bundle::Bundle;
use cilium_lb::bundle::redact::{Key, Redaction};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

/// Names that may stay, because they are the same in every cluster that has the part of Kubernetes or Cilium.
const COMMON: &[&str] = &[
    "aws-load-balancer-controller",
    "cilium",
    "cilium-agent",
    "cilium-config",
    "cilium-envoy",
    "cilium-ingress",
    "cilium-operator",
    "cilium-secrets",
    "default",
    "kube-proxy",
    "kube-system",
    "kubernetes",
    "external",
    "internal",
    "operator",
    // Words of the documents' own formats, which some bundles have as names: an API group, a label, a field, a protocol.
    "api",
    "gateway",
    "metrics",
    "named",
    "nodes",
    "pods",
    "terminating",
    "udp",
];

/// Everything that was found in a bundle.
#[derive(Default)]
struct Found {
    addresses: BTreeSet<IpAddr>,
    accounts: BTreeSet<String>,
    /// Identifiers of AWS and UUIDs.
    ids: BTreeSet<String>,
    names: BTreeSet<String>,
}

/// What of the original is still to be found; an empty list is the promise.
pub(crate) fn survivors(original: &Bundle, redacted: &Bundle) -> Vec<String> {
    let before = found(original);
    let after = found(redacted);
    let mut out = Vec::new();
    let mut tell = |kind: &str, text: String| out.push(format!("{kind} {text} survives"));
    for address in before.addresses.intersection(&after.addresses) {
        tell("address", address.to_string());
    }
    for account in before.accounts.intersection(&after.accounts) {
        tell("account", account.clone());
    }
    for id in before.ids.intersection(&after.ids) {
        tell("identifier", id.clone());
    }
    let words = words(redacted, &before.names);
    for name in before.names.intersection(&words) {
        tell("name", name.clone());
    }
    out
}

/// All text of a bundle: paths, documents, manifest.
fn texts(bundle: &Bundle) -> impl Iterator<Item = String> {
    let documents = bundle
        .iter()
        .flat_map(|(path, bytes)| [path.to_owned(), String::from_utf8_lossy(bytes).into_owned()]);
    documents.chain([format!("{:?} {:?}", bundle.manifest, bundle.problems)])
}

thread_local! {
    /// What each text holds: most scenarios share most of their documents.
    static KNOWN: RefCell<HashMap<String, Rc<Found>>> = RefCell::default();
}

fn found(bundle: &Bundle) -> Found {
    let mut found = Found::default();
    for text in texts(bundle) {
        let known = KNOWN.with_borrow(|known| known.get(&text).cloned());
        let part = known.unwrap_or_else(|| {
            let part = Rc::new(Found::of(&text));
            KNOWN.with_borrow_mut(|known| known.insert(text, Rc::clone(&part)));
            part
        });
        found.addresses.extend(&part.addresses);
        found.accounts.extend(part.accounts.iter().cloned());
        found.ids.extend(part.ids.iter().cloned());
        found.names.extend(part.names.iter().cloned());
    }
    for (path, _) in bundle.iter() {
        if let Some(rest) = path.strip_prefix("cilium/") {
            found.name(rest.split('/').next().unwrap());
        }
    }
    found.names.extend(bundle.manifest.context.clone());
    found
}

impl Found {
    fn of(text: &str) -> Self {
        let mut found = Self::default();
        let number = |c: char| !(c.is_ascii_digit() || c == '.');
        let v4 = text
            .split(number)
            .filter_map(|token| token.trim_matches('.').parse::<Ipv4Addr>().ok());
        found
            .addresses
            .extend(v4.map(IpAddr::V4).filter(is_somebodys));
        // Letters too, or `Http::fault` of a C++ name would leave `::fa`.
        let colons = |c: char| !(c.is_ascii_alphanumeric() || c == ':');
        let v6 = text.split(colons).filter(|token| token.len() > 3);
        let v6 = v6.filter_map(|token| token.parse::<Ipv6Addr>().ok());
        found
            .addresses
            .extend(v6.map(IpAddr::V6).filter(is_somebodys));
        let accounts = text.split(|c: char| !c.is_ascii_alphanumeric());
        // Durations of options are whole seconds in nanoseconds.
        let accounts = accounts.filter(|token| {
            token.len() == 12
                && token.bytes().all(|b| b.is_ascii_digit())
                && !token.ends_with("000000000")
        });
        found.accounts.extend(accounts.map(str::to_owned));
        let ids = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let ids = ids.filter(|token| {
            let last = token.rsplit('-').next().unwrap();
            token.contains('-')
                && matches!(last.len(), 12 | 16 | 17)
                && last.starts_with(|c: char| c.is_ascii_hexdigit())
                && last.bytes().all(|b| b.is_ascii_hexdigit())
                && last.bytes().any(|b| b.is_ascii_digit())
        });
        found.ids.extend(ids.map(str::to_owned));
        // JSON is YAML, so one reader serves both.
        if (text.contains("metadata") || text.starts_with('{'))
            && let Ok(tree) = serde_saphyr::from_str::<Value>(text)
        {
            found.tree(&tree);
        }
        found
    }
}

/// Addresses that belong to somebody: not the ones that are the same on every network.
fn is_somebodys(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => {
            let [first, second, _, last] = ip.octets();
            let placeholder = ip.octets() == [192, 192, 192, 192];
            // Blocks of private use as a whole are the same everywhere too.
            let block = matches!(
                (first, second, ip.octets()[2], last),
                (10, 0, 0, 0)
                    | (172, 16, 0, 0)
                    | (192, 168, 0, 0)
                    | (100, 64, 0, 0)
                    | (203, 0, 113, 0)
                    | (198, 51, 100, 0)
            );
            !(ip.is_loopback()
                || ip.is_link_local()
                || ip.is_multicast()
                || first == 0
                || first >= 240
                || placeholder
                || block)
        }
        IpAddr::V6(ip) => {
            let first = ip.segments()[0];
            !(ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || matches!((first, ip.segments()[1]), (0xfd00, 0xec2))
                || matches!(
                    ip.to_string().as_str(),
                    "64:ff9b::" | "fc00::" | "fd00::" | "fe80::"
                ))
        }
    }
}

impl Found {
    fn name(&mut self, name: &str) {
        if name.len() > 1
            && !COMMON.contains(&name)
            && name.bytes().any(|b| b.is_ascii_alphabetic())
        {
            self.names.insert(name.to_owned());
        }
    }

    fn tree(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.tree(item)),
            Value::Object(fields) => {
                for field in ["name", "namespace"] {
                    if let Some(name) = fields
                        .get("metadata")
                        .and_then(|metadata| metadata[field].as_str())
                    {
                        self.name(name);
                    }
                }
                for field in [
                    "host",
                    "hostname",
                    "DNSName",
                    "LoadBalancerName",
                    "TargetGroupName",
                    "GroupName",
                    "PrivateDnsName",
                    "nodeName",
                    "serviceName",
                    "namespace",
                ] {
                    if let Some(name) = fields.get(field).and_then(Value::as_str) {
                        self.name(name.trim_start_matches("*."));
                    }
                }
                // Of routes, of an Ingress's TLS and of Envoy's virtual hosts, which may end in a port.
                for field in ["hostnames", "hosts", "domains"] {
                    let hosts = fields.get(field).and_then(Value::as_array);
                    for host in hosts.into_iter().flatten().filter_map(Value::as_str) {
                        let host = host.split(':').next().unwrap_or_default();
                        self.name(host.trim_start_matches("*."));
                    }
                }
                fields.values().for_each(|value| self.tree(value));
            }
            _ => {}
        }
    }
}

/// Which of the names stand anywhere in the text with no letter or digit beside them.
fn words(bundle: &Bundle, names: &BTreeSet<String>) -> BTreeSet<String> {
    let mut starts: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for name in names {
        let first = name.split(|c: char| !c.is_ascii_alphanumeric()).next();
        starts
            .entry(first.unwrap_or_default())
            .or_default()
            .push(name);
    }
    let mut out = BTreeSet::new();
    for text in texts(bundle) {
        let mut at = 0;
        for token in text.split(|c: char| !c.is_ascii_alphanumeric()) {
            for name in starts.get(token).into_iter().flatten() {
                let rest = text[at..].strip_prefix(name.as_str());
                if rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric())) {
                    out.insert((*name).clone());
                }
            }
            at += token.len();
            at += text[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    out
}

#[test]
fn a_bundle_that_is_not_redacted_is_full_of_survivors() {
    let scenario = crate::support::scenario::one("obs-eu-dev");
    let found = survivors(&scenario.bundle, &scenario.bundle);
    for kind in ["address", "account", "identifier", "name"] {
        assert!(
            found.iter().filter(|one| one.starts_with(kind)).count() >= 1,
            "{kind}"
        );
    }
    assert!(found.len() > 40, "{}", found.len());
}

#[test]
fn host_names_of_external_dns_are_replaced_whatever_their_top_level() {
    let mut original = Bundle::default();
    let annotations = serde_json::json!({
        "external-dns.alpha.kubernetes.io/hostname": "www.shop.it,api.shop.it",
        "external-dns.alpha.kubernetes.io/target": "edge.partner.es",
    });
    let service = serde_json::json!({"kind": "Service", "metadata": {"name": "web", "annotations": annotations}});
    original.insert("kubernetes/services.json", service.to_string());
    let redacted = Redaction::new(&original, &Key::from([8; 32])).bundle(&original);
    let text: String = texts(&redacted).collect();
    for name in ["shop", "partner"] {
        assert!(!text.contains(name), "{text}");
    }
}
