//! No bytes under any name make the parser panic, and the same bytes give the same facts.

use cilium_lb::bundle::Bundle;
use cilium_lb::parse;
use proptest::prelude::*;

/// Every name that the format knows, and some that it does not.
fn name() -> impl Strategy<Value = String> {
    let kubernetes = prop::sample::select(vec![
        "services.yaml",
        "services.json",
        "services.2.json",
        "x/pods.json",
        "all.yml",
        "nodes.json",
        "endpoints.yaml",
    ])
    .prop_map(|name| format!("kubernetes/{name}"));
    let cilium = prop::sample::select(vec![
        "version.json",
        "version.txt",
        "status.json",
        "config.json",
        "config-map/debug",
        "bpf-lb-list.json",
        "bpf-lb-list.txt",
        "bpf-lb-list-frontends.json",
        "bpf-lb-maps-dump.txt",
        "service-list.json",
        "service-list.txt",
        "db-frontends.json",
        "db-services.json",
        "db-backends.json",
        "db-ciliumenvoyconfigs.json",
        "db-envoy-resources.json",
        "db-devices.json",
        "db-node-addresses.json",
        "db-cilium-configs.json",
        "bpf-metrics-list.json",
        "bpf-metrics-list.2.json",
        "metrics.txt",
        "endpoint-list.json",
        "node-list.json",
        "iptables-save.txt",
        "ip-rule.txt",
        "ip-route-2004.txt",
        "sysctl.txt",
        "proc-net-tcp.txt",
        "status-verbose.txt",
        "health-check-node-port.30000.txt",
        "agent.log",
        "monitor-drop.json",
        "other",
    ])
    .prop_map(|name| format!("cilium/n/{name}"));
    let envoy = prop::sample::select(vec![
        "listeners.json",
        "clusters.json",
        "clusters.txt",
        "config_dump.json",
        "network_policies.json",
        "server_info.json",
        "stats.txt",
    ])
    .prop_map(|name| format!("envoy/n/{name}"));
    let aws = prop::sample::select(vec![
        "elbv2-describe-load-balancers",
        "elbv2-describe-load-balancer-attributes.a",
        "elbv2-describe-listeners.a",
        "elbv2-describe-rules.a",
        "elbv2-describe-target-groups",
        "elbv2-describe-target-group-attributes.a",
        "elbv2-describe-target-health.a",
        "elbv2-describe-target-health",
        "elbv2-describe-tags",
        "elb-describe-load-balancers",
        "elb-describe-instance-health.a",
        "ec2-describe-instances",
        "ec2-describe-network-interfaces",
        "ec2-describe-security-groups",
        "ec2-describe-security-group-rules",
        "ec2-describe-network-acls",
        "ec2-describe-route-tables",
        "ec2-describe-subnets",
        "ec2-describe-vpcs",
        "ec2-get-managed-prefix-list-entries.a",
        "sts-get-caller-identity",
        "resourcegroupstaggingapi-get-resources",
    ])
    .prop_map(|name| format!("aws/1/r/{name}.json"));
    let others = prop::sample::select(vec!["hubble/n/flows.json", "hubble/n/x", "aws/x", "other"])
        .prop_map(str::to_owned);
    prop_oneof![kubernetes, cilium, envoy, aws, others]
}

/// Words of the formats, in any order, so that more than the first byte is looked at.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\n",
        "---\n",
        "- ",
        "  ",
        "kind: List\n",
        "items:\n",
        "\"kind\":\"PodList\"",
        "\"items\":",
        "metadata: {name: a, namespace: b}\n",
        "kind: Service\n",
        "\"metadata\":{\"continue\":\"x\"}",
        "\"Subnets\":",
        "\"Reservations\":",
        "\"Instances\":",
        "null",
        "7",
        "-1",
        "99999999999",
        "1e999",
        "\"a\"",
        "true",
        "&a ",
        "*a",
        "<<: ",
        "!!binary ",
        "10.0.0.1:30000/TCP (0)",
        "0.0.0.0:0 (3) (0) [NodePort]",
        "=",
        "\t",
        "é",
        "\0",
        "An error occurred (AccessDenied)",
        "HTTP/1.1 200 OK\r\n",
        "level=warn msg=\"Mismatch found\"",
        "-A CILIUM_PRE_mangle -p tcp -j TPROXY --on-port ",
        "SVC: ID=1 ADDR=",
        "cilium_x{a=\"b\"} ",
    ]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(word, 0..60).prop_map(|words| words.concat().into_bytes()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_bytes_under_any_name(documents in prop::collection::btree_map(name(), content(), 1..6), gap in "(aws|cilium|envoy|hubble|kubernetes)(/[a-zA-Z0-9.-]{0,20}){0,4}", reason in ".{0,20}") {
        let mut bundle = Bundle::default();
        for (name, bytes) in documents {
            bundle.insert(name, bytes);
        }
        bundle.manifest.gaps.push(cilium_lb::bundle::ManifestGap { source: gap.clone(), reason });
        bundle.problems.push(cilium_lb::bundle::Problem { document: gap, message: String::new() });
        let once = format!("{:?}", parse::snapshot(&bundle));
        let twice = format!("{:?}", parse::snapshot(&bundle));
        prop_assert_eq!(once, twice);
    }
}
