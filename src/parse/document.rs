//! What a document of a bundle is, by its path.

/// Where a path leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// Kubernetes objects: the path below `kubernetes/`.
    Kubernetes(&'a str),
    /// A reading of the agent on `node`: the path below `cilium/<node>/`.
    Agent { node: &'a str, name: &'a str },
    /// A reading of the Envoy on `node`.
    Envoy { node: &'a str, name: &'a str },
    /// A reading of Hubble on `node`.
    Hubble { node: &'a str, name: &'a str },
    /// An answer of AWS: `<service>-<operation>[.<key>].json`.
    Aws {
        account: &'a str,
        region: &'a str,
        name: &'a str,
    },
}

/// The place of a document, or of a reading that a manifest names; an empty name means all of it.
pub(super) fn place(path: &str) -> Option<Place<'_>> {
    let (top, rest) = path.split_once('/')?;
    if top == "kubernetes" {
        return (!rest.is_empty()).then_some(Place::Kubernetes(rest));
    }
    let (first, below) = rest.split_once('/').unwrap_or((rest, ""));
    if first.is_empty() {
        return None;
    }
    match top {
        "cilium" => Some(Place::Agent {
            node: first,
            name: below,
        }),
        "envoy" => Some(Place::Envoy {
            node: first,
            name: below,
        }),
        "hubble" => Some(Place::Hubble {
            node: first,
            name: below,
        }),
        "aws" => {
            let (region, name) = below.split_once('/').unwrap_or((below, ""));
            let known = !region.is_empty() && !name.contains('/');
            known.then_some(Place::Aws {
                account: first,
                region,
                name,
            })
        }
        _ => None,
    }
}

/// The name without the ending of its format.
pub(super) fn without_ending(name: &str) -> &str {
    [".json", ".yaml", ".yml", ".txt", ".log"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
}

/// The operation and the key of an AWS document: `elbv2-describe-listeners.k8s-web.2` has the key `k8s-web`.
pub(super) fn operation(name: &str) -> (&str, &str) {
    let stem = without_ending(name);
    let (operation, keys) = stem.split_once('.').unwrap_or((stem, ""));
    (operation, keys.split('.').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Place, operation, place};

    #[test]
    fn paths_lead_to_their_place() {
        for (path, expected) in [
            ("kubernetes/a/b.yaml", Some(Place::Kubernetes("a/b.yaml"))),
            (
                "cilium/n/config-map/x",
                Some(Place::Agent {
                    node: "n",
                    name: "config-map/x",
                }),
            ),
            (
                "cilium/n",
                Some(Place::Agent {
                    node: "n",
                    name: "",
                }),
            ),
            (
                "aws/1/r/x.json",
                Some(Place::Aws {
                    account: "1",
                    region: "r",
                    name: "x.json",
                }),
            ),
            (
                "aws/1/r",
                Some(Place::Aws {
                    account: "1",
                    region: "r",
                    name: "",
                }),
            ),
            ("aws/1/r/x/y.json", None),
            ("aws/1", None),
            ("cilium/", None),
            ("kubernetes/", None),
            ("other/x", None),
            ("bundle.yaml", None),
        ] {
            assert_eq!(place(path), expected, "{path}");
        }
    }

    #[test]
    fn operations_and_keys() {
        for (name, expected) in [
            ("ec2-describe-vpcs.json", ("ec2-describe-vpcs", "")),
            (
                "elbv2-describe-listeners.web.json",
                ("elbv2-describe-listeners", "web"),
            ),
            (
                "elbv2-describe-listeners.web.2.json",
                ("elbv2-describe-listeners", "web"),
            ),
            (
                "elbv2-describe-listeners.web",
                ("elbv2-describe-listeners", "web"),
            ),
        ] {
            assert_eq!(operation(name), expected, "{name}");
        }
    }
}
