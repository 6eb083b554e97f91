//! Credentials never enter a bundle, whoever made it.

use crate::problem;
use cilium_lb::bundle::{Bundle, read, scrub::scrub, write};
use std::fs;
use tempfile::TempDir;

/// The document as it is after scrubbing, as text.
fn scrubbed(path: &str, text: &str) -> String {
    let once = scrub(path, text.as_bytes())
        .replaced
        .unwrap_or_else(|| text.as_bytes().to_vec());
    assert_eq!(
        scrub(path, &once).replaced,
        None,
        "scrubbing twice changes nothing"
    );
    String::from_utf8(once).unwrap()
}

#[test]
fn secrets_lose_their_data_in_every_form() {
    let secret = r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"k\":\"hunter2\"}}"}},"data":{"k":"hunter2"},"stringData":{"l":"hunter2"}}"#;
    let list = format!(
        r#"{{"kind":"List","items":[{secret},{{"kind":"Service","metadata":{{"name":"web"}}}}]}}"#
    );
    let typed =
        r#"{"kind":"SecretList","items":[{"metadata":{"name":"s"},"data":{"k":"hunter2"}}]}"#;
    let yaml = "kind: Service\nmetadata: {name: web}\n---\nkind: Secret\nmetadata:\n  name: s\ndata:\n  k: hunter2\n";
    for (path, text) in [
        ("kubernetes/s.json", secret),
        ("kubernetes/l.json", list.as_str()),
        ("kubernetes/l.yaml", list.as_str()),
        ("kubernetes/t.json", typed),
        ("kubernetes/s.yaml", yaml),
    ] {
        let clean = scrubbed(path, text);
        assert!(!clean.contains("hunter2"), "{path}: {clean}");
        assert!(
            clean.contains("\"s\""),
            "{path}: the object itself stays: {clean}"
        );
    }
    assert!(
        scrubbed("kubernetes/s.yaml", yaml).starts_with("kind: Service\nmetadata: {name: web}\n")
    );
}

#[test]
fn credentials_are_dropped_and_near_misses_stay() {
    for (path, text) in [
        (
            "kubernetes/c.yaml",
            "kind: ConfigMap\ndata:\n  token: hunter2\n",
        ),
        (
            "kubernetes/p.yaml",
            "kind: Pod\nspec:\n  containers:\n  - env:\n    - name: DB_PASSWORD\n      value: hunter2\n    args: [--api-token=hunter2]\n",
        ),
        (
            "kubernetes/k.yaml",
            "kind: Config\nusers:\n- user:\n    client-key-data: hunter2\n    password: hunter2\n",
        ),
        (
            "aws/111122223333/eu-west-2/x.json",
            r#"{"Credentials":{"SecretAccessKey":"hunter2","SessionToken":"hunter2"}}"#,
        ),
        (
            "cilium/n/agent.log",
            "level=debug msg=env AWS_SECRET_ACCESS_KEY=hunter2 x=y\n",
        ),
        ("cilium/n/config-map/token", "hunter2"),
        (
            "envoy/n/config_dump.json",
            r#"{"configs":[{"dynamic_active_secrets":[{"secret":{"tls_certificate":{"private_key":{"inline_bytes":"hunter2"}},"generic_secret":{"secret":{"inline_string":"hunter2"}}}}]}]}"#,
        ),
        (
            "cilium/n/db-envoy-resources.json",
            "{\"a\":1}\n{\"token\":\"hunter2\"}\n",
        ),
        ("kubernetes/broken.json", r#"{"a":{"password":"hunter2""#),
        ("kubernetes/broken.yaml", "a: [\npassword: hunter2\n"),
        (
            "cilium/n/bpf-lb-list.txt",
            "-----BEGIN EC PRIVATE KEY-----\nhunter2\n-----END EC PRIVATE KEY-----\n",
        ),
        (
            "kubernetes/d.yaml",
            "metadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{\"env\":[{\"name\":\"API_TOKEN\",\"value\":\"hunter2\"}]}'\n",
        ),
    ] {
        let clean = scrubbed(path, text);
        assert!(!clean.contains("hunter2"), "{path}: {clean}");
    }
    for (path, text) in [
        (
            "kubernetes/c.yaml",
            "kind: ConfigMap\ndata:\n  token-ttl: 30s\n  tokens: a\n",
        ),
        (
            "kubernetes/p.yaml",
            "kind: Pod\nspec:\n  volumes:\n  - secret: {secretName: tls}\n  - projected: {sources: [{serviceAccountToken: {path: token}}]}\n  env:\n  - name: PASSWORD_FILE\n    value: /x\n  - name: GITHUB_TOKEN\n    valueFrom: {secretKeyRef: {name: a, key: token}}\n",
        ),
        (
            "kubernetes/g.yaml",
            "kind: Gateway\nspec: {listeners: [{tls: {certificateRefs: [{kind: Secret, name: cert}]}}]}\n",
        ),
        ("kubernetes/n.yaml", "kind: SecretStore\ndata: {a: b}\n"),
        (
            "aws/1/r/ec2-describe-instances.json",
            r#"{"Reservations":[{"Instances":[{"ClientToken":"abc"}]}],"NextToken":"abc"}"#,
        ),
        ("cilium/n/config-map/token-ttl", "30s"),
        (
            "kubernetes/t.yaml",
            "tls.crt: |\n  -----BEGIN CERTIFICATE-----\n  MIIC\n  -----END CERTIFICATE-----\n",
        ),
    ] {
        assert_eq!(scrub(path, text.as_bytes()), Default::default(), "{path}");
    }
}

#[test]
fn what_names_a_secret_and_cannot_be_parsed_is_left_out() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("kubernetes")).unwrap();
    let text = "kind: Service\n---\nkind: Secret\ndata: [\n  hunter2\n---\nkind: Node\n";
    fs::write(dir.path().join("kubernetes/a.yaml"), text).unwrap();
    fs::write(
        dir.path().join("kubernetes/b.json"),
        r#"{"kind":"Secret","data":{"k":"hunter2""#,
    )
    .unwrap();
    fs::write(
        dir.path().join("kubernetes/c.yaml"),
        b"kind: Secret\ndata: {k: hunter2\xff}\n",
    )
    .unwrap();
    let bundle = read(dir.path()).unwrap();
    let left = String::from_utf8_lossy(bundle.get("kubernetes/a.yaml").unwrap());
    assert!(
        left.contains("Service") && left.contains("Node") && !left.contains("hunter2"),
        "{left}"
    );
    assert!(problem(&bundle, "kubernetes/a.yaml").contains("line "));
    assert_eq!(bundle.get("kubernetes/b.json"), None);
    assert_eq!(bundle.get("kubernetes/c.yaml"), None);
    assert_eq!(bundle.problems.len(), 3);
}

#[test]
fn writing_drops_credentials_as_well() {
    let dir = TempDir::new().unwrap();
    let mut bundle = Bundle::default();
    bundle.insert("kubernetes/s.yaml", "kind: Secret\ndata: {k: hunter2}\n");
    let path = dir.path().join("tree");
    write(&bundle, &path, false).unwrap();
    let text = fs::read_to_string(path.join("kubernetes/s.yaml")).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
}
