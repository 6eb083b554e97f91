//! The kinds the double serves: a built-in table, and whatever else the bundle holds.

use std::collections::BTreeSet;

use super::objects::Objects;

/// A kind of object as discovery describes it.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    /// Empty for the core group.
    pub(super) group: String,
    /// Served versions, the preferred one first.
    pub(super) versions: Vec<String>,
    pub(super) kind: String,
    pub(super) plural: String,
    pub(super) namespaced: bool,
    pub(super) short_names: Vec<String>,
}

impl Kind {
    /// The name a CustomResourceDefinition of this kind has.
    pub(super) fn crd_name(&self) -> String {
        format!("{}.{}", self.plural, self.group)
    }

    /// Whether the API server itself defines the kind. It leaves `apiVersion` and `kind` out of the
    /// items of such lists, and those of custom resources carry them.
    pub(super) fn is_built_in(&self) -> bool {
        matches!(
            self.group.as_str(),
            "" | "apiextensions.k8s.io" | "apps" | "discovery.k8s.io" | "networking.k8s.io"
        )
    }
}

const NS: bool = true;
const CLUSTER: bool = false;

/// Group, versions (preferred first), kind, plural, namespaced, short names.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    bool,
    &'static str,
);

/// Gateway API, Cilium and AWS Load Balancer Controller kinds with the versions their releases serve.
const BUILT_IN: &[Row] = &[
    ("", "v1", "ConfigMap", "configmaps", NS, "cm"),
    ("", "v1", "Endpoints", "endpoints", NS, "ep"),
    ("", "v1", "Event", "events", NS, "ev"),
    ("", "v1", "Namespace", "namespaces", CLUSTER, "ns"),
    ("", "v1", "Node", "nodes", CLUSTER, "no"),
    ("", "v1", "Pod", "pods", NS, "po"),
    ("", "v1", "Service", "services", NS, "svc"),
    (
        "apiextensions.k8s.io",
        "v1",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        CLUSTER,
        "crd",
    ),
    ("apps", "v1", "DaemonSet", "daemonsets", NS, "ds"),
    ("apps", "v1", "Deployment", "deployments", NS, "deploy"),
    (
        "cilium.io",
        "v2",
        "CiliumClusterwideEnvoyConfig",
        "ciliumclusterwideenvoyconfigs",
        CLUSTER,
        "ccec",
    ),
    (
        "cilium.io",
        "v2",
        "CiliumClusterwideNetworkPolicy",
        "ciliumclusterwidenetworkpolicies",
        CLUSTER,
        "ccnp",
    ),
    (
        "cilium.io",
        "v2",
        "CiliumEnvoyConfig",
        "ciliumenvoyconfigs",
        NS,
        "cec",
    ),
    (
        "cilium.io",
        "v2",
        "CiliumNetworkPolicy",
        "ciliumnetworkpolicies",
        NS,
        "cnp",
    ),
    (
        "cilium.io",
        "v2alpha1",
        "CiliumGatewayClassConfig",
        "ciliumgatewayclassconfigs",
        NS,
        "cgcc",
    ),
    (
        "cilium.io",
        "v2 v2alpha1",
        "CiliumLoadBalancerIPPool",
        "ciliumloadbalancerippools",
        CLUSTER,
        "ippools",
    ),
    (
        "cilium.io",
        "v2",
        "CiliumNode",
        "ciliumnodes",
        CLUSTER,
        "cn",
    ),
    (
        "cilium.io",
        "v2 v2alpha1",
        "CiliumNodeConfig",
        "ciliumnodeconfigs",
        NS,
        "",
    ),
    (
        "discovery.k8s.io",
        "v1",
        "EndpointSlice",
        "endpointslices",
        NS,
        "",
    ),
    (
        "elbv2.k8s.aws",
        "v1beta1",
        "TargetGroupBinding",
        "targetgroupbindings",
        NS,
        "tgb",
    ),
    (
        "gateway.networking.k8s.io",
        "v1 v1beta1",
        "Gateway",
        "gateways",
        NS,
        "gtw",
    ),
    (
        "gateway.networking.k8s.io",
        "v1 v1beta1",
        "GatewayClass",
        "gatewayclasses",
        CLUSTER,
        "gc",
    ),
    (
        "gateway.networking.k8s.io",
        "v1",
        "GRPCRoute",
        "grpcroutes",
        NS,
        "",
    ),
    (
        "gateway.networking.k8s.io",
        "v1 v1beta1",
        "HTTPRoute",
        "httproutes",
        NS,
        "",
    ),
    (
        "gateway.networking.k8s.io",
        "v1beta1",
        "ReferenceGrant",
        "referencegrants",
        NS,
        "refgrant",
    ),
    (
        "gateway.networking.k8s.io",
        "v1alpha2",
        "TCPRoute",
        "tcproutes",
        NS,
        "",
    ),
    (
        "gateway.networking.k8s.io",
        "v1alpha2",
        "TLSRoute",
        "tlsroutes",
        NS,
        "",
    ),
    (
        "networking.k8s.io",
        "v1",
        "NetworkPolicy",
        "networkpolicies",
        NS,
        "netpol",
    ),
    ("networking.k8s.io", "v1", "Ingress", "ingresses", NS, "ing"),
    (
        "networking.k8s.io",
        "v1",
        "IngressClass",
        "ingressclasses",
        CLUSTER,
        "",
    ),
];

/// Every kind the double knows, sorted by group and plural.
pub(super) struct Catalogue(Vec<Kind>);

impl Catalogue {
    /// The built-in kinds, with the kinds and versions that only the bundle's objects have.
    pub(super) fn of(objects: &Objects) -> Self {
        let mut kinds: Vec<Kind> = BUILT_IN.iter().map(from_row).collect();
        for stored in objects.kinds() {
            let known = kinds
                .iter_mut()
                .find(|k| k.group == stored.group && k.kind == stored.kind);
            if let Some(kind) = known {
                if !kind.versions.contains(&stored.version) {
                    kind.versions.push(stored.version);
                }
            } else {
                kinds.push(Kind {
                    plural: plural_of(&stored.kind),
                    group: stored.group,
                    versions: vec![stored.version],
                    kind: stored.kind,
                    namespaced: stored.namespaced,
                    short_names: Vec::new(),
                });
            }
        }
        kinds.sort_by(|a, b| (&a.group, &a.plural).cmp(&(&b.group, &b.plural)));
        Self(kinds)
    }

    /// The kinds left when some CustomResourceDefinitions are absent.
    pub(super) fn served<'a>(
        &'a self,
        absent: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = &'a Kind> {
        self.0.iter().filter(|k| !absent.contains(&k.crd_name()))
    }

    /// The preferred version of a resource, or the empty string for one that is not known.
    pub(super) fn preferred_version(&self, group: &str, plural: &str) -> &str {
        let kind = self
            .0
            .iter()
            .find(|k| k.group == group && k.plural == plural);
        kind.map_or("", |k| k.versions[0].as_str())
    }
}

fn from_row(&(group, versions, kind, plural, namespaced, short): &Row) -> Kind {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    Kind {
        group: group.to_owned(),
        versions: words(versions),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
        namespaced,
        short_names: words(short),
    }
}

/// English as `meta.UnsafeGuessKindToResource` of apimachinery guesses it.
fn plural_of(kind: &str) -> String {
    let singular = kind.to_lowercase();
    if singular.ends_with('s') {
        format!("{singular}es")
    } else if let Some(stem) = singular.strip_suffix('y') {
        format!("{stem}ies")
    } else {
        format!("{singular}s")
    }
}
