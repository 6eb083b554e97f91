//! Fields of documents whose values are names, and fields whose values never are.

/// Fields whose value is a name, or names with slashes and colons between them.
const NAMES: &[&str] = &[
    "Account",
    "AwsAccountId",
    "CanonicalHostedZoneName",
    "DNSName",
    "GroupName",
    "KeyName",
    "LoadBalancerName",
    "LoadBalancerNames",
    "Namespace",
    "NodeName",
    "OwnerId",
    "PrefixListName",
    "PrivateDnsName",
    "PublicDnsName",
    "RequesterId",
    "ServiceName",
    "TargetGroupName",
    "UserId",
    "cluster-name",
    "clusterName",
    "cluster_name",
    "domains",
    "externalName",
    "host",
    "hostname",
    "hostnames",
    "hosts",
    "k8s-namespace",
    "k8s-pod-name",
    "namespace",
    "nodeName",
    "node_name",
    "pod-name",
    "podName",
    "pod_name",
    "secretName",
    "serverNames",
    "serviceAccount",
    "serviceAccountName",
    "serviceName",
];

/// Fields that hold an object with a `name` that is that of another object.
const REFERENCES: &[&str] = &[
    "Name",
    "backend",
    "backendRef",
    "backendRefs",
    "backendServices",
    "certificateRefs",
    "claimRef",
    "configMap",
    "configMapRef",
    "defaultBackend",
    "flags",
    "involvedObject",
    "metadata",
    "ownerReferences",
    "parentRef",
    "parentRefs",
    "regarding",
    "related",
    "secret",
    "secretRef",
    "service",
    "serviceRef",
    "services",
    "targetRef",
    "targetRefs",
    "workloads",
];

/// Fields whose values come from a fixed set, whatever an object is called.
const FIXED: &[&str] = &[
    "@type",
    "Action",
    "AvailabilityZone",
    "Code",
    "InstanceType",
    "IpProtocol",
    "Protocol",
    "Reason",
    "RuleAction",
    "Scheme",
    "State",
    "Status",
    "TargetType",
    "Type",
    "ZoneName",
    "apiVersion",
    "code",
    "direction",
    "effect",
    "kind",
    "level",
    "operator",
    "phase",
    "policyTypes",
    "protocol",
    "reason",
    "region",
    "scheme",
    "state",
    "status",
    "targetType",
    "topologyKey",
    "type",
    "verdict",
    "zone",
];

/// Objects whose fields are labels.
const LABELS: &[&str] = &[
    "labels",
    "matchLabels",
    "nodeSelector",
    "podLabels",
    "selector",
];

/// Labels of an API's domain whose value is a name nevertheless.
const NAMING_LABELS: &[&str] = &[
    "cluster",
    "cluster-name",
    "gateway-name",
    "hostname",
    "instance",
    "name",
    "nodegroup",
    "nodegroup-name",
    "nodepool",
    "owning-gateway",
    "part-of",
    "service-name",
];

/// Whether the value of a field is a name.
pub(super) fn is_name(key: &str, parent: &str, has_kind: bool) -> bool {
    NAMES.contains(&key)
        || key.ends_with("-namespace")
        || key.ends_with("load-balancer-name")
        || (matches!(key, "name" | "Name" | "generateName")
            && (REFERENCES.contains(&parent) || has_kind))
}

/// Whether a field's value is a word of the format, which stays.
pub(super) fn is_fixed(key: &str, text: &str) -> bool {
    FIXED.contains(&key) && !text.contains([' ', '/'])
}

/// Whether a field holds labels.
pub(super) fn holds_labels(key: &str) -> bool {
    LABELS.contains(&key)
}

/// Whether the value of a label says a name; labels that somebody made up always may.
pub(super) fn is_naming_label(label: &str) -> bool {
    match label.split_once('/') {
        Some((domain, key)) => {
            !super::vocabulary::is_api_domain(domain) || NAMING_LABELS.contains(&key)
        }
        None => true,
    }
}
