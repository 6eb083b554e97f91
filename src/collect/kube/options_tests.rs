//! Each of kubectl's connection flags changes what it says and nothing else.

use super::{Target, from_chosen};
use crate::collect::error::CollectError;
use crate::collect::kube::kubeconfig::choose;
use crate::collect::request::KubeOptions;
use kube::config::Kubeconfig;
use std::path::PathBuf;

const KUBECONFIG: &str = "
current-context: a
contexts:
- {name: a, context: {cluster: one, user: plugin, namespace: web}}
clusters:
- {name: one, cluster: {server: 'https://one:6443', tls-server-name: internal}}
users:
- name: plugin
  user:
    exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, args: [eks, get-token], provideClusterInfo: true}
";

fn load(options: &KubeOptions) -> Result<Target, CollectError> {
    let kubeconfig = Kubeconfig::from_yaml(KUBECONFIG).unwrap();
    let chosen = choose(&kubeconfig, "file", options)?;
    from_chosen(chosen, options, &|_| None)
}

#[test]
fn the_defaults_hold_kubes_pitfalls_off() {
    let target = load(&KubeOptions::default()).unwrap();
    assert_eq!(target.label(), "a");
    let config = target.config;
    assert_eq!(config.cluster_url, "https://one:6443/");
    assert_eq!(config.default_namespace, "web");
    assert_eq!(config.tls_server_name.as_deref(), Some("internal"));
    assert!(!config.default_retry);
    assert!(
        config.auth_info.exec.is_none(),
        "kube would run the plugin three times"
    );
    assert_eq!(config.headers.len(), 1);
    let plugin = target.plugin.unwrap();
    assert_eq!(plugin.command.as_deref(), Some("aws"));
    let cluster = plugin.cluster.unwrap();
    assert_eq!(cluster.server.as_deref(), Some("https://one:6443"));
}

#[test]
fn a_token_takes_the_place_of_the_plugin() {
    let options = KubeOptions {
        token: Some("secret".to_owned()),
        server: Some("two:1".to_owned()),
        tls_server_name: Some("other".to_owned()),
        insecure_skip_tls_verify: true,
        disable_compression: true,
        ..KubeOptions::default()
    };
    let target = load(&options).unwrap();
    assert!(target.plugin.is_none());
    let config = target.config;
    assert_eq!(config.cluster_url, "https://two:1/");
    assert_eq!(config.tls_server_name.as_deref(), Some("other"));
    assert!(config.auth_info.token.is_some());
    assert!(config.accept_invalid_certs && config.disable_compression);
}

#[test]
fn impersonation_is_passed_on() {
    let options = KubeOptions {
        as_user: Some("jane".to_owned()),
        as_uid: Some("u1".to_owned()),
        as_groups: vec!["a".to_owned(), "b".to_owned()],
        as_user_extra: vec!["scope=x".to_owned(), "scope=y=z".to_owned()],
        client_certificate: Some(PathBuf::from("/c.pem")),
        client_key: Some(PathBuf::from("/k.pem")),
        ..KubeOptions::default()
    };
    let user = load(&options).unwrap().config.auth_info;
    assert_eq!(user.impersonate.as_deref(), Some("jane"));
    assert_eq!(user.impersonate_uid.as_deref(), Some("u1"));
    assert_eq!(user.impersonate_groups.unwrap(), ["a", "b"]);
    assert_eq!(user.impersonate_user_extra.unwrap()["scope"], ["x", "y=z"]);
    assert_eq!(user.client_certificate.as_deref(), Some("/c.pem"));
    assert_eq!(user.client_key.as_deref(), Some("/k.pem"));
}

#[test]
fn values_that_cannot_be_used_are_named() {
    let message = |options: KubeOptions| load(&options).map(|_| ()).unwrap_err().to_string();
    let extra = KubeOptions {
        as_user_extra: vec!["scope".to_owned()],
        ..KubeOptions::default()
    };
    assert_eq!(
        message(extra),
        "cannot use --as-user-extra \"scope\": expected KEY=VALUE"
    );
    let server = KubeOptions {
        server: Some("https://".to_owned()),
        ..KubeOptions::default()
    };
    assert!(message(server).starts_with("cannot use server \"https://\": "));
    let authority = KubeOptions {
        certificate_authority: Some(PathBuf::from("/does/not/exist.pem")),
        ..KubeOptions::default()
    };
    assert!(message(authority).contains("/does/not/exist.pem"));
}

#[test]
fn an_authority_without_a_certificate_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    std::fs::write(&path, "nothing").unwrap();
    let options = KubeOptions {
        certificate_authority: Some(path),
        ..KubeOptions::default()
    };
    let error = load(&options).map(|_| ()).unwrap_err().to_string();
    assert!(error.ends_with("it holds no PEM certificate"), "{error}");
}
