//! The names of documents are the format's own: an object that is called like a word of one hides no document.

use crate::support::scenario;
use crate::survivors::survivors;
use cilium_lb::bundle::Bundle;
use cilium_lb::bundle::redact::{Key, Redaction};
use cilium_lb::model::naming;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Roots below which a folder of a node has documents of fixed names.
const OF_NODES: [&str; 3] = ["cilium", "envoy", "hubble"];

/// The fixed names of all documents of nodes that scenarios have, `ROOT/FILE`.
fn fixed() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for scenario in scenario::all() {
        for (path, _) in scenario.bundle.iter() {
            if let [root, _, file] = path.split('/').collect::<Vec<_>>().as_slice()
                && OF_NODES.contains(root)
            {
                names.insert(format!("{root}/{file}"));
            }
        }
    }
    names
}

#[test]
fn no_name_of_an_object_renames_a_document() {
    let documents = fixed();
    assert!(
        documents.contains("cilium/bpf-lb-list.json"),
        "{documents:?}"
    );
    let words = documents
        .iter()
        .flat_map(|name| name.split(['/', '-', '_', '.']));
    let words: BTreeSet<&str> = words.filter(|word| word.len() > 1).collect();
    let mut renamed = BTreeSet::new();
    for word in words {
        let item = json!({"kind": "Service", "metadata": {"name": word, "namespace": word}});
        let mut original = Bundle::default();
        let list = json!({"kind": "List", "items": [item]});
        original.insert("kubernetes/services.json", list.to_string());
        for name in &documents {
            let (root, file) = name.split_once('/').unwrap();
            original.insert(format!("{root}/somewhere/{file}"), "{}");
        }
        let redacted = Redaction::new(&original, &Key::from([3; 32])).bundle(&original);
        let kept: BTreeSet<&str> = redacted
            .iter()
            .map(|(path, _)| path.rsplit('/').next().unwrap())
            .collect();
        let lost = documents
            .iter()
            .map(|name| name.rsplit('/').next().unwrap());
        renamed.extend(
            lost.filter(|file| !kept.contains(file))
                .map(|file| format!("{word}: {file}")),
        );
    }
    assert!(renamed.is_empty(), "{renamed:#?}");
}

/// Of Classic Load Balancers and of the tagging API: what ties them to the Service ties their stand-ins.
#[test]
fn names_tags_and_arns_still_belong_to_the_service() {
    const UID: &str = "43b9bb7d-0691-4d0a-aac0-de41b40da37e";
    let cloud = naming::cloud_provider(UID);
    let account = "aws/111122223333/eu-west-2";
    let mut original = Bundle::default();
    let mut insert = |path: String, document: Value| original.insert(path, document.to_string());
    insert(
        "kubernetes/services.json".to_owned(),
        json!({"kind": "List", "items": [{"kind": "Service",
            "metadata": {"name": "checkout", "namespace": "payments", "uid": UID},
            "spec": {"type": "LoadBalancer"}}]}),
    );
    insert(
        format!("{account}/resourcegroupstaggingapi-get-resources.json"),
        json!({"ResourceTagMappingList": [{
            "ResourceARN": "arn:aws:elasticloadbalancing:eu-west-2:111122223333:loadbalancer/net/storefront/5da0c0c5ea31ca36",
            "Tags": [{"Key": "service.k8s.aws/stack", "Value": "payments/checkout"},
                     {"Key": "elbv2.k8s.aws/cluster", "Value": "harbour"},
                     {"Key": "kubernetes.io/cluster/harbour", "Value": "owned"}]}]}),
    );
    let host = format!("{cloud}-1234567890.eu-west-2.elb.amazonaws.com");
    insert(
        format!("{account}/elb-describe-load-balancers.json"),
        json!({"LoadBalancerDescriptions": [{"LoadBalancerName": cloud, "DNSName": host, "Scheme": "internal",
            "Instances": [{"InstanceId": "i-0207b008fce55012f"}], "VPCId": "vpc-0a1b2c3d4e5f60718",
            "Subnets": ["subnet-0a1b2c3d4e5f60718"], "SecurityGroups": ["sg-0a1b2c3d4e5f60718"]}]}),
    );
    insert(
        format!("{account}/elb-describe-instance-health.{cloud}.json"),
        json!({"InstanceStates": [{"InstanceId": "i-0207b008fce55012f", "State": "InService"}]}),
    );
    let redacted = Redaction::new(&original, &Key::from([7; 32])).bundle(&original);
    assert_eq!(survivors(&original, &redacted), Vec::<String>::new());
    let whole: String = redacted
        .iter()
        .map(|(path, bytes)| format!("{path}\n{}\n", String::from_utf8_lossy(bytes)))
        .collect();
    for own in [
        "storefront",
        "checkout",
        "payments",
        "harbour",
        "111122223333",
        "5da0c0c5ea31ca36",
        "i-0207b008fce55012f",
        "0a1b2c3d4e5f60718",
        cloud.as_str(),
    ] {
        assert!(!whole.contains(own), "{own} survives: {whole}");
    }
    let read = |part: &str| -> (String, Value) {
        let mut found = redacted.iter().filter(|(path, _)| path.contains(part));
        let (path, bytes) = found.next().unwrap();
        (path.to_owned(), serde_json::from_slice(bytes).unwrap())
    };
    let service = read("services").1["items"][0]["metadata"].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (_, tagged) = read("get-resources");
    let stack = format!("{}/{}", text(&service["namespace"]), text(&service["name"]));
    let tags = &tagged["ResourceTagMappingList"][0]["Tags"];
    assert_eq!(tags[0]["Value"], stack);
    let cluster = format!("kubernetes.io/cluster/{}", text(&tags[1]["Value"]));
    assert_eq!(tags[2]["Key"], cluster);
    let computed = naming::cloud_provider(&text(&service["uid"]));
    let (_, classic) = read("elb-describe-load-balancers");
    let classic = &classic["LoadBalancerDescriptions"][0];
    assert_eq!(classic["LoadBalancerName"], computed);
    assert!(text(&classic["DNSName"]).starts_with(&format!("{computed}-")));
    let (path, health) = read("elb-describe-instance-health");
    assert!(path.ends_with(&format!(".{computed}.json")), "{path}");
    assert_eq!(
        health["InstanceStates"][0]["InstanceId"],
        classic["Instances"][0]["InstanceId"]
    );
}
