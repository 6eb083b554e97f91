//! Gaps of the manifest and of the bundle stand where the facts would be.

use crate::{assert_unreadable, only_gap};
use cilium_lb::bundle::{Bundle, ManifestGap, Problem};
use cilium_lb::model::{Reason, Snapshot, Source};
use cilium_lb::parse;

fn with_gaps(documents: &[(&str, &str)], gaps: &[(&str, &str)]) -> Snapshot {
    let mut bundle = Bundle::default();
    for (path, text) in documents {
        bundle.insert(*path, *text);
    }
    for (source, reason) in gaps {
        bundle.manifest.gaps.push(ManifestGap {
            source: (*source).to_owned(),
            reason: (*reason).to_owned(),
        });
    }
    parse::snapshot(&bundle)
}

fn with_problem(documents: &[(&str, &str)], document: &str) -> Snapshot {
    let mut bundle = Bundle::default();
    for (path, text) in documents {
        bundle.insert(*path, *text);
    }
    bundle.problems.push(Problem {
        document: document.to_owned(),
        message: "truncated".to_owned(),
    });
    parse::snapshot(&bundle)
}

#[test]
fn the_manifest_says_when_and_where() {
    let mut bundle = Bundle::default();
    bundle.manifest.taken_at = Some("2026-11-20T09:00:00Z".to_owned());
    bundle.manifest.context = Some("dev".to_owned());
    let snapshot = parse::snapshot(&bundle);
    assert_eq!(snapshot.taken_at.as_deref(), Some("2026-11-20T09:00:00Z"));
    assert_eq!(snapshot.context.as_deref(), Some("dev"));
}

#[test]
fn gaps_of_aws_fill_the_field_of_their_region() {
    let path = "aws/111122223333/eu-west-2";
    let snapshot = with_gaps(
        &[
            (
                "aws/111122223333/eu-west-2/ec2-describe-vpcs.json",
                r#"{"Vpcs":[]}"#,
            ),
            (
                "aws/111122223333/eu-west-2/elbv2-describe-target-groups.json",
                r#"{"TargetGroups":[{"TargetGroupArn":"arn:aws:elasticloadbalancing:eu-west-2:111122223333:targetgroup/tg/1"}]}"#,
            ),
        ],
        &[
            (
                &format!("{path}/ec2-describe-network-acls"),
                "UnauthorizedOperation: ec2:DescribeNetworkAcls",
            ),
            (
                &format!("{path}/ec2-describe-vpcs"),
                "Throttling: Rate exceeded",
            ),
            (
                &format!("{path}/elbv2-describe-listeners.web"),
                "AccessDenied: no",
            ),
            (
                &format!("{path}/elbv2-describe-target-health"),
                "Throttling: Rate exceeded",
            ),
        ],
    );
    let region = snapshot.aws.regions.values().next().unwrap();
    let acls = region.network_acls.as_ref().unwrap_err();
    assert_eq!(
        acls.reason,
        Reason::Denied("UnauthorizedOperation: ec2:DescribeNetworkAcls".to_owned())
    );
    assert!(region.vpcs.is_ok(), "what was read nevertheless stays");
    let listeners = region.listeners["web"].as_ref().unwrap_err();
    assert_eq!(
        (listeners.source, listeners.about.as_str()),
        (Source::Listeners, "web")
    );
    let health = region.target_health["tg"].as_ref().unwrap_err();
    assert!(
        matches!(health.reason, Reason::Failed(_)),
        "every group of the region has it"
    );
    assert_eq!(
        region.subnets.as_ref().unwrap_err().reason,
        Reason::NotCollected
    );
    assert_eq!(snapshot.gaps.len(), 4);
}

#[test]
fn a_whole_region_node_or_proxy_can_be_missing() {
    let snapshot = with_gaps(
        &[("cilium/n/ip-rule.txt", "0:\tfrom all lookup local\n")],
        &[
            ("aws/1/r", "ExpiredToken: expired"),
            ("cilium/n", "exec: container not running"),
            ("envoy/n", "exec: container not running"),
            ("hubble/n", "exec: container not running"),
        ],
    );
    let region = snapshot.aws.regions.values().next().unwrap();
    assert!(matches!(
        region.instances.as_ref().unwrap_err().reason,
        Reason::Failed(_)
    ));
    let agent = snapshot.agent("n").unwrap();
    let bpf = agent.bpf.as_ref().unwrap_err();
    assert_eq!((bpf.source, bpf.about.as_str()), (Source::BpfLb, "node n"));
    assert_eq!(
        bpf.reason,
        Reason::Failed("exec: container not running".to_owned())
    );
    assert!(agent.drop_counters_later.as_ref().unwrap_err().reason != Reason::NotCollected);
    assert!(agent.ip_rules.is_ok());
    assert!(matches!(
        snapshot
            .envoy("n")
            .unwrap()
            .server
            .as_ref()
            .unwrap_err()
            .reason,
        Reason::Failed(_)
    ));
    assert!(snapshot.flows["n"].is_err());
    assert_eq!(snapshot.gaps.len(), 4);
}

#[test]
fn gaps_of_agents_fill_their_reading_and_no_other() {
    let snapshot = with_gaps(
        &[],
        &[
            ("cilium/n/bpf-lb-list", "Forbidden: pods/exec"),
            ("cilium/n/bpf-metrics-list.2", "deadline exceeded"),
            ("cilium/n/db-frontends", "deadline exceeded"),
            ("cilium/n/health-check-node-port.30100", "deadline exceeded"),
            ("cilium/n/config-map", "deadline exceeded"),
            ("envoy/n/config_dump", "deadline exceeded"),
            ("cilium/n/unheard-of", "deadline exceeded"),
        ],
    );
    let agent = snapshot.agent("n").unwrap();
    assert!(matches!(
        agent.bpf.as_ref().unwrap_err().reason,
        Reason::Denied(_)
    ));
    assert_eq!(
        agent.bpf_dump.as_ref().unwrap_err().reason,
        Reason::NotCollected,
        "another command"
    );
    assert_eq!(
        agent.drop_counters.as_ref().unwrap_err().reason,
        Reason::NotCollected
    );
    for gap in [
        agent.drop_counters_later.as_ref().unwrap_err(),
        agent.frontends.as_ref().unwrap_err(),
        agent.health_answers[&30100].as_ref().unwrap_err(),
        agent.started_with.as_ref().unwrap_err(),
        snapshot
            .envoy("n")
            .unwrap()
            .dynamic_listeners
            .as_ref()
            .unwrap_err(),
    ] {
        assert_eq!(
            gap.reason,
            Reason::Failed("deadline exceeded".to_owned()),
            "{gap:?}"
        );
    }
    assert_eq!(
        agent.status.as_ref().unwrap_err().reason,
        Reason::NotCollected
    );
    assert_eq!(snapshot.gaps.len(), 6);
    assert_eq!(
        snapshot.ignored,
        ["cilium/n/unheard-of (deadline exceeded)"]
    );
}

#[test]
fn gaps_of_kubernetes_are_about_a_kind_a_namespace_or_an_object() {
    let config = "kind: ConfigMap\nmetadata: {name: cilium-config, namespace: kube-system}\n";
    let source = "kubernetes/ConfigMap/kube-system/cilium-config";
    let partial = with_gaps(
        &[("kubernetes/c.yaml", config)],
        &[(source, "only the keys of the ticket")],
    );
    let maps = &partial.kubernetes.config_maps;
    let gap = maps.partial("kube-system", "cilium-config").unwrap();
    assert_eq!(
        gap.reason,
        Reason::Partial("only the keys of the ticket".to_owned())
    );
    assert_eq!(only_gap(&partial), gap);
    assert!(maps.find("kube-system", "cilium-config").unwrap().is_some());

    let missing = with_gaps(&[], &[(source, "Forbidden: configmaps")]);
    let gap = missing
        .kubernetes
        .config_maps
        .find("kube-system", "cilium-config")
        .unwrap_err();
    assert!(matches!(gap.reason, Reason::Denied(_)), "{gap:?}");

    for (source, about) in [
        ("kubernetes/targetgroupbindings", ""),
        ("kubernetes/TargetGroupBinding", ""),
        ("kubernetes/shop/targetgroupbindings", "namespace shop"),
    ] {
        let snapshot = with_gaps(&[], &[(source, "Forbidden")]);
        let gap = snapshot
            .kubernetes
            .target_group_bindings
            .all("shop")
            .unwrap_err();
        assert_eq!((&gap, gap.about.as_str()), (only_gap(&snapshot), about));
    }
}

#[test]
fn problems_of_the_bundle_are_gaps_of_their_documents() {
    let snapshot = with_problem(&[], "cilium/n/status.json");
    assert_unreadable(only_gap(&snapshot), &["cilium/n/status.json", "truncated"]);
    assert_eq!(
        snapshot.agent("n").unwrap().status.as_ref().unwrap_err(),
        only_gap(&snapshot)
    );

    let snapshot = with_problem(&[], "kubernetes/services.yaml");
    assert_eq!(
        snapshot.kubernetes.services.all("").unwrap_err(),
        *only_gap(&snapshot)
    );

    let snapshot = with_problem(&[], "kubernetes/dump.yaml");
    assert!(snapshot.gaps.is_empty());
    assert_unreadable(
        &snapshot.kubernetes.nodes.all("").unwrap_err(),
        &["kubernetes/dump.yaml"],
    );

    let snapshot = with_problem(&[], "../evil");
    assert_eq!(snapshot.ignored, ["../evil (truncated)"]);
}

#[test]
fn broken_readings_of_nodes_are_gaps_in_the_list_as_well() {
    let snapshot = with_gaps(
        &[
            ("cilium/n/status.json", "{\"cluster\":\n7"),
            ("cilium/n/version.json", "{}"),
            ("envoy/n/listeners.json", "{"),
            ("hubble/n/flows.json", "{\"flow\":\n"),
            ("cilium/n/notes.md", "x"),
            ("hubble/n/notes.md", "x"),
        ],
        &[],
    );
    let documents = [
        "cilium/n/status.json",
        "envoy/n/listeners.json",
        "hubble/n/flows.json",
    ];
    for document in documents {
        let found = snapshot.gaps.iter().filter(
            |gap| matches!(&gap.reason, Reason::Unreadable(text) if text.starts_with(document)),
        );
        assert_eq!(found.count(), 1, "{document}: {:#?}", snapshot.gaps);
    }
    assert!(snapshot.agent("n").unwrap().status.is_err());
    assert!(snapshot.envoy("n").unwrap().listeners.is_err());
    assert!(snapshot.flows["n"].is_err());
    assert_eq!(snapshot.ignored, ["cilium/n/notes.md", "hubble/n/notes.md"]);
}

#[test]
fn readings_of_nodes_that_the_cluster_does_not_have_are_named() {
    let nodes = r#"{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"here"}}]}"#;
    let single = r#"{"kind":"Node","apiVersion":"v1","metadata":{"name":"here"}}"#;
    let rules = "0:\tfrom all lookup local\n";
    let readings = [
        ("cilium/here/ip-rule.txt", rules),
        ("cilium/gone/ip-rule.txt", rules),
    ];
    let listed = with_gaps(
        &[&readings[..], &[("kubernetes/nodes.json", nodes)]].concat(),
        &[],
    );
    let gap = only_gap(&listed);
    assert_eq!(gap.about, "node gone");
    assert_unreadable(gap, &["cilium/gone", "no Node gone", "another cluster"]);
    assert!(
        listed.agent("gone").unwrap().ip_rules.is_ok(),
        "they stay readable"
    );
    let unlisted = with_gaps(
        &[&readings[..], &[("kubernetes/n.json", single)]].concat(),
        &[],
    );
    assert!(
        unlisted.gaps.is_empty(),
        "nobody said that these are all nodes"
    );
}
