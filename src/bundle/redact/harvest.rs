//! Finds the names of a bundle: by the fields they stand in, by the paths of documents, and by their form.

use super::fields;
use super::json::{Place, Visitor};
use super::names::{is_host, is_name};
use std::collections::BTreeSet;

/// Annotations that tell external-dns host names, whatever their top level.
const EXTERNAL_DNS: [&str; 3] = [
    "external-dns.alpha.kubernetes.io/hostname",
    "external-dns.alpha.kubernetes.io/internal-hostname",
    "external-dns.alpha.kubernetes.io/target",
];

/// What was found, in lower case.
#[derive(Debug, Default)]
pub(super) struct Harvest {
    /// Names of objects, hosts, accounts and clusters.
    pub(super) names: BTreeSet<String>,
    /// Names of Cilium's own options, which stay.
    pub(super) options: BTreeSet<String>,
    /// Names that clusters may have on AWS, from tags, labels and the context, as they are written.
    pub(super) clusters: BTreeSet<String>,
}

/// A document whose strings are looked at.
pub(super) struct Document<'a> {
    pub(super) path: &'a str,
    pub(super) harvest: &'a mut Harvest,
}

impl Harvest {
    /// Takes a name, or several with separators between them.
    pub(super) fn add(&mut self, text: &str) {
        for part in text.split(['/', ':', ',', ';', '*', ' ']) {
            let part = part.trim_matches(['.', '-', '_']);
            if is_name(part) {
                self.insert(part);
            }
        }
    }

    fn insert(&mut self, name: &str) {
        let name = name.to_ascii_lowercase();
        // What is behind an address in a host name is found there on its own.
        if let Some((label, domain)) = name.split_once('.')
            && (label.starts_with("ip-") || label.starts_with("ec2-"))
            && is_name(domain)
        {
            self.names.insert(domain.to_owned());
        }
        self.names.insert(name);
    }

    /// Takes what can be told by its form: host names, ARNs, people's addresses.
    pub(super) fn text(&mut self, text: &str) {
        if !text.contains('.') && !text.contains("arn:") {
            return;
        }
        for run in text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.' | '_'))
        {
            let run = run.trim_matches(['.', '-', '_']);
            if is_host(run) {
                self.insert(run);
            }
        }
        for (at, _) in text.match_indices('@') {
            let person = text.get(..at).unwrap_or_default();
            let person = person
                .rsplit(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.' | '_'));
            if is_host(
                text.get(at + 1..)
                    .unwrap_or_default()
                    .split(['"', ' ', ',', '>'])
                    .next()
                    .unwrap_or_default(),
            ) {
                person.take(1).for_each(|person| self.add(person));
            }
        }
        for (at, _) in text.match_indices("arn:") {
            let arn = text.get(at..).unwrap_or_default();
            let arn = arn.split(|c: char| {
                c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ')' | ']' | '}')
            });
            self.arn(arn.into_iter().next().unwrap_or_default());
        }
    }

    /// `arn:PARTITION:SERVICE:REGION:ACCOUNT:TYPE/NAME/…`.
    fn arn(&mut self, arn: &str) {
        let fields: Vec<&str> = arn.splitn(6, ':').collect();
        let [_, _, service, _, account, resource] = fields.as_slice() else {
            return;
        };
        self.add(account);
        let Some((_, names)) = resource.split_once(['/', ':']) else {
            self.add(resource);
            return;
        };
        let is_balancing = *service == "elasticloadbalancing";
        for name in names.split(['/', ':']) {
            if !(is_balancing && matches!(name, "net" | "app" | "gwy")) {
                self.add(name);
            }
        }
    }

    /// Takes the name of a kubeconfig context, out of which the cluster's name on AWS can be told:
    /// `arn:aws:eks:REGION:ACCOUNT:cluster/NAME`, `USER@NAME.REGION.eksctl.io`.
    pub(super) fn context(&mut self, context: &str) {
        self.add(context);
        self.text(context);
        let names = [
            context.rsplit('/').next(),
            context
                .rsplit('@')
                .next()
                .and_then(|host| host.split('.').next()),
        ];
        for name in names.into_iter().flatten().filter(|name| is_name(name)) {
            self.add(name);
            self.clusters.insert(name.to_owned());
        }
    }

    /// Takes the names in a document's path, or in that of a gap.
    pub(super) fn path(&mut self, path: &str) {
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["cilium", node, "config-map", option] => {
                self.add(node);
                self.options.insert(option.to_ascii_lowercase());
            }
            ["cilium" | "envoy" | "hubble", node, ..] => self.add(node),
            ["aws", account, ..] => self.add(account),
            ["kubernetes", kind, names @ ..]
                if kind.starts_with(|c: char| c.is_ascii_uppercase()) =>
            {
                names.iter().for_each(|name| self.add(name));
            }
            ["kubernetes", namespaces @ .., _] => namespaces.iter().for_each(|name| self.add(name)),
            _ => {}
        }
    }
}

impl Document<'_> {
    fn key(&mut self, place: Place<'_>, text: &str) {
        let is_option = match place.parent {
            "data" => self.path.starts_with("kubernetes/") && self.path.contains("config"),
            "defaults" => self.path.starts_with("kubernetes/"),
            _ => self.path.starts_with("cilium/") && self.path.ends_with("/config.json"),
        };
        if is_option && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            self.harvest.options.insert(text.to_ascii_lowercase());
        }
        if text.contains(['.', '/']) {
            self.harvest.text(text);
        }
    }

    fn value(&mut self, place: Place<'_>, text: &str) {
        let file = self.path.rsplit('/').next().unwrap_or_default();
        let of_aws = self.path.starts_with("aws/");
        if file.starts_with("db-cilium-configs") && place.parent == "Key" && place.key == "Name" {
            self.harvest.options.insert(text.to_ascii_lowercase());
        } else if place.key == "Value" && place.parent == "Tags" {
            self.harvest.add(text);
            self.cluster(place.tag, text);
        } else if place.key == "Key" && place.parent == "Tags" {
            text.strip_prefix("kubernetes.io/cluster/")
                .into_iter()
                .for_each(|cluster| self.harvest.add(cluster));
        } else if fields::holds_labels(place.parent) {
            if fields::is_naming_label(place.key) {
                self.harvest.add(text);
                self.cluster(place.key, text);
            }
        } else if fields::holds_labels(place.key) || place.key == "node_labels" {
            self.label(text);
        } else if of_aws
            && (place.key.ends_with("Id")
                || place.key.ends_with("Ids")
                || (place.key == "Id" && place.parent == "Target"))
        {
            self.harvest.add(text);
        } else if place.parent == "annotations" && EXTERNAL_DNS.contains(&place.key) {
            self.harvest.add(text);
        } else if place.key == "image" {
            self.image(text);
        } else if fields::is_name(place.key, place.parent, place.has_kind)
            || (place.key == "name" && file.starts_with("node-list"))
            || (place.key == "Name" && file.starts_with("db-services"))
        {
            self.harvest.add(text);
        }
        self.harvest.text(text);
    }

    /// A tag or label of which the controller's name of the cluster is the value.
    fn cluster(&mut self, key: &str, value: &str) {
        if matches!(
            key,
            "elbv2.k8s.aws/cluster" | "alpha.eksctl.io/cluster-name"
        ) {
            self.harvest.clusters.insert(value.to_owned());
        }
    }

    /// `k8s:app=web`.
    fn label(&mut self, text: &str) {
        let Some((label, value)) = text.rsplit_once('=') else {
            return;
        };
        let label = label.rsplit(':').next().unwrap_or_default();
        if label.ends_with("pod.namespace")
            || (!label.starts_with("io.") && fields::is_naming_label(label))
        {
            self.harvest.add(value);
        }
    }

    /// The path of an image in somebody's own registry.
    fn image(&mut self, image: &str) {
        let Some((registry, path)) = image.split_once('/') else {
            return;
        };
        if is_host(registry.split(':').next().unwrap_or_default()) {
            let path = path.split(['@', ':']).next().unwrap_or_default();
            self.harvest.add(path);
        }
    }
}

impl Visitor for Document<'_> {
    fn string(&mut self, place: Place<'_>, text: &str) -> Option<String> {
        if place.is_key {
            self.key(place, text);
        } else if !fields::is_fixed(place.key, text) {
            self.value(place, text);
        }
        if !place.is_key && text.starts_with('{') {
            super::json::walk(text, self);
        }
        None
    }

    fn between(&mut self, text: &str) -> Option<String> {
        self.harvest.text(text);
        None
    }
}
