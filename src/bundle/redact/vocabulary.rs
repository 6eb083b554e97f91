//! Words that mean the same in every cluster and that a check may decide by.
//!
//! An object that is called like one of them keeps its name: the word says
//! nothing about who uses it, and a stand-in would change what the document says.

use std::collections::HashSet;

/// Words and names in lower case, separated by white space.
const WORDS: &str = include_str!("vocabulary.txt");

/// Domains of API groups, labels and annotations; the word behind their slash is theirs as well.
const API_DOMAINS: &[&str] = &[
    "cilium.io",
    "eks.amazonaws.com",
    "alpha.eksctl.io",
    "googleapis.com",
    "helm.sh",
    "k8s.aws",
    "k8s.io",
    "karpenter.sh",
    "kubernetes.io",
    "cert-manager.io",
    "projectcalico.org",
    "coreos.com",
    "argoproj.io",
    "fluxcd.io",
    "istio.io",
];

/// Public registries and code hosts.
const PUBLIC_HOSTS: &[&str] = &[
    "docker.io",
    "gcr.io",
    "ghcr.io",
    "github.com",
    "isovalent.com",
    "quay.io",
    "envoyproxy.io",
    "golang.org",
];

/// Starts of names that programs give to their own parts.
const OWN: &[&str] = &[
    "envoy.",
    "io.cilium.",
    "io.kubernetes.",
    "net.bridge.",
    "net.ipv4.",
    "net.ipv6.",
];

/// The words of the list.
pub(super) fn words() -> HashSet<String> {
    WORDS.split_whitespace().map(str::to_owned).collect()
}

/// Whether a name is the domain of an API group or of its labels.
pub(super) fn is_api_domain(name: &str) -> bool {
    is_below(name, API_DOMAINS)
}

/// Whether a dotted name belongs to a program, a public project or an instance type, and to no cluster.
pub(super) fn is_common(name: &str) -> bool {
    is_api_domain(name)
        || is_below(name, PUBLIC_HOSTS)
        || OWN.iter().any(|start| name.starts_with(start))
        || is_place(name)
}

fn is_below(name: &str, domains: &[&str]) -> bool {
    domains.iter().any(|domain| {
        name.strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// Whether a name is that of a region or zone: `eu-west-2`, `us-gov-west-1a`, `us-west-2-lax-1a`, `euw2-az1`.
pub(super) fn is_place(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    match parts.as_slice() {
        [short, az] => {
            az.strip_prefix("az").is_some_and(is_digits)
                && short.len() == 4
                && short.ends_with(|c: char| c.is_ascii_digit())
        }
        [area, rest @ ..] if AREAS.contains(area) => match rest {
            [direction, number] => is_direction(direction) && is_numbered(number),
            [partition, direction, number] if PARTITIONS.contains(partition) => {
                is_direction(direction) && is_numbered(number)
            }
            // A local zone belongs to a region.
            [direction, number, _, zone] => {
                is_direction(direction) && is_digits(number) && is_numbered(zone)
            }
            _ => false,
        },
        _ => false,
    }
}

fn is_direction(part: &str) -> bool {
    DIRECTIONS.contains(&part)
}

/// `2`, or `2a` of a zone.
fn is_numbered(part: &str) -> bool {
    part.len() <= 2 && is_digits(part.trim_end_matches(|c: char| c.is_ascii_lowercase()))
}

/// What a region's name starts with.
const AREAS: &[&str] = &[
    "af", "ap", "ca", "cn", "eu", "eusc", "il", "me", "mx", "sa", "us",
];

/// What stands behind it in partitions that are not open to all.
const PARTITIONS: &[&str] = &["de", "gov", "iso", "isob", "isoe", "isof"];

/// What a region's name says of where it is.
const DIRECTIONS: &[&str] = &[
    "central",
    "east",
    "north",
    "northeast",
    "northwest",
    "south",
    "southeast",
    "southwest",
    "west",
];

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{is_api_domain, is_common, is_place, words};

    #[test]
    fn regions_and_zones_are_places() {
        for name in [
            "eu-west-2",
            "eu-west-2a",
            "us-gov-west-1",
            "ap-southeast-1b",
            "us-west-2-lax-1a",
            "euw2-az1",
            "eusc-de-east-1",
        ] {
            assert!(is_place(name), "{name}");
        }
        for name in [
            "web-2",
            "go-hello-world",
            "eu-west",
            "my-shop-1",
            "prod-web-west-12",
            "shop-prod-private-eu-central-1a",
        ] {
            assert!(!is_place(name), "{name}");
        }
    }

    #[test]
    fn domains_of_apis_are_common_and_those_of_people_are_not() {
        assert!(is_api_domain("service.beta.kubernetes.io") && is_common("quay.io"));
        assert!(!is_common("shop.example.com") && !is_api_domain("notk8s.io"));
    }

    #[test]
    fn the_list_is_sorted_and_in_lower_case() {
        let lines: Vec<&str> = super::WORDS.split_whitespace().collect();
        assert!(lines.is_sorted() && lines.len() == words().len());
        assert!(lines.iter().all(|word| word.to_ascii_lowercase() == *word));
    }
}
