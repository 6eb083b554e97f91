//! Live names: from a cluster, from a kubeconfig and from the AWS CLI's files, and what the real kubectl makes of them.

use super::support::cluster::kubectl::{Cluster, stderr, stdout};
use super::support::cluster::{Faults, RequestAction, RequestFault};
use super::{PROGRAM, program, values};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::time::{Duration, Instant};

/// The program with the kubeconfig of a cluster and a home of its own.
fn of(cluster: &Cluster) -> Command {
    let mut command = program(cluster.home.path());
    command.env("KUBECONFIG", cluster.double.kubeconfig());
    command
}

fn names(cluster: &Cluster, words: &[&str]) -> Vec<String> {
    let (names, directive) = values(&mut of(cluster), words);
    assert_eq!(directive, ":4", "{words:?}");
    names
}

fn cache(cluster: &Cluster) -> std::path::PathBuf {
    cluster.home.path().join(".kube/cache/cilium-lb")
}

#[test]
fn names_of_objects_follow_type_and_namespace() {
    let cluster = Cluster::start();
    let why = "why-unhealthy";
    assert_eq!(
        names(&cluster, &[why, "-n", "gateway", "gateway/"]),
        ["gateway/shared-gateway"]
    );
    assert_eq!(
        names(&cluster, &[why, "--namespace=shop", "svc/"]),
        ["svc/api", "svc/web"]
    );
    assert_eq!(
        names(&cluster, &[why, "service/w", "-n", "shop", "service/w"]),
        ["service/web"]
    );
    assert_eq!(
        names(&cluster, &["why", "-n", "shop", "service", ""]),
        ["api", "web"]
    );
    let twice = [why, "-n", "shop", "service/web", "service/"];
    assert_eq!(names(&cluster, &twice), ["service/api"]);
    let capture = ["capture", "-o", "x.zip", "-n", "shop", "service/a"];
    assert_eq!(names(&cluster, &capture), ["service/api"]);
    // The context has no namespace, so it is `default`, which has no Services.
    assert_eq!(names(&cluster, &[why, "service/"]), [""; 0]);
    assert_eq!(names(&cluster, &[why, "-n", "g"]), ["gateway"]);
    let asked = cluster.double.requests();
    assert!(
        asked
            .iter()
            .all(|(method, target)| method == "GET" && target.ends_with("?limit=500")),
        "{asked:?}"
    );
    assert!(
        cluster
            .double
            .metadata_only()
            .iter()
            .all(|partial| *partial)
    );
}

#[test]
fn an_older_version_of_the_gateway_api_is_found() {
    let cluster = Cluster::start();
    let path = "/apis/gateway.networking.k8s.io/v1";
    let absent = RequestFault::at(path, RequestAction::answer(404));
    cluster.double.set_faults(Faults::none().request(absent));
    let words = ["why-unhealthy", "-n", "gateway", "gateway/"];
    assert_eq!(names(&cluster, &words), ["gateway/shared-gateway"]);
}

#[test]
fn pressing_tab_twice_asks_once_and_for_each_user_apart() {
    let cluster = Cluster::start();
    let words = ["why-unhealthy", "-n", "shop", "service/"];
    let first = names(&cluster, &words);
    assert_eq!(names(&cluster, &words), first);
    assert_eq!(
        names(&cluster, &["why-unhealthy", "-n", "shop", "svc/w"]),
        ["svc/web"]
    );
    assert_eq!(cluster.double.requests().len(), 1);
    names(
        &cluster,
        &["why-unhealthy", "--as", "jane", "-n", "shop", "service/"],
    );
    assert_eq!(cluster.double.requests().len(), 2);
    assert!(
        cluster.double.identities()[1]
            .contains(&("impersonate-user".to_owned(), "jane".to_owned()))
    );
    assert_eq!(fs::read_dir(cache(&cluster)).unwrap().count(), 2);
    let mode = fs::metadata(cache(&cluster)).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "names are nobody else's business");
    // kubectl's own variable moves the cache.
    let folder = cluster.home.path().join("elsewhere");
    values(of(&cluster).env("KUBECACHEDIR", &folder), &words);
    assert_eq!(cluster.double.requests().len(), 3);
    assert!(folder.join("cilium-lb").is_dir());
}

#[test]
fn flags_that_were_typed_decide_who_is_asked() {
    let cluster = Cluster::start();
    let file = cluster.double.kubeconfig();
    let mut command = program(cluster.home.path());
    let words = [
        "why-unhealthy",
        "--kubeconfig",
        file.to_str().unwrap(),
        "-n",
        "shop",
        "service/",
    ];
    assert_eq!(
        values(&mut command, &words).0,
        ["service/api", "service/web"]
    );
    let absent = [
        "why-unhealthy",
        "--context",
        "absent",
        "-n",
        "shop",
        "service/",
    ];
    assert_eq!(names(&cluster, &absent), [""; 0]);
    let token = [
        "why-unhealthy",
        "--token",
        "wrong",
        "-n",
        "shop",
        "service/",
    ];
    assert_eq!(names(&cluster, &token), [""; 0], "401 gives nothing");
}

#[test]
fn contexts_clusters_and_users_come_from_the_kubeconfig_without_a_call() {
    let cluster = Cluster::start();
    let kubeconfig = cluster.home.path().join("config");
    let text = "current-context: b\ncontexts:\n- {name: b, context: {cluster: c1, user: u}}\n- {name: a, context: {cluster: c2, user: u}}\n\
        clusters:\n- {name: c2, cluster: {server: 'https://two'}}\n- {name: c1, cluster: {server: 'https://one'}}\nusers:\n- {name: u, user: {}}\n";
    fs::write(&kubeconfig, text).unwrap();
    let offered = |flag: &str| {
        let mut command = of(&cluster);
        command.env("KUBECONFIG", &kubeconfig);
        values(&mut command, &["why-unhealthy", flag, ""]).0
    };
    assert_eq!(offered("--context"), ["a", "b"]);
    assert_eq!(offered("--cluster"), ["c1", "c2"]);
    let mut audit = of(&cluster);
    audit.env("KUBECONFIG", &kubeconfig);
    let several = values(&mut audit, &["audit", "--contexts", "b,"]);
    assert!(several.0.contains(&"b,a".to_owned()), "{several:?}");
    assert_eq!(offered("--user"), ["u"]);
    fs::write(&kubeconfig, "contexts: {").unwrap();
    assert_eq!(offered("--context"), [""; 0]);
    assert!(cluster.double.requests().is_empty());
}

#[test]
fn aws_profiles_come_from_the_files_that_the_environment_names() {
    let cluster = Cluster::start();
    let folder = cluster.home.path().join(".aws");
    fs::create_dir(&folder).unwrap();
    fs::write(
        folder.join("config"),
        "[default]\n[profile prod]\n[sso-session s]\n",
    )
    .unwrap();
    fs::write(
        folder.join("credentials"),
        "[prod]\n[dev]\naws_access_key_id = x\n",
    )
    .unwrap();
    let words = ["why-unhealthy", "--aws-profile", ""];
    assert_eq!(names(&cluster, &words), ["default", "dev", "prod"]);
    // In an audit a profile may be for one context; elsewhere the equals sign is part of a name.
    let one = ["audit", "--aws-profile", "eu=d"];
    assert_eq!(names(&cluster, &one), ["eu=default", "eu=dev"]);
    let one = ["audit", "--aws-profile=eu=d"];
    assert_eq!(names(&cluster, &one), ["eu=default", "eu=dev"]);
    assert_eq!(
        names(&cluster, &["capture", "--aws-profile", "eu=d"]),
        [""; 0]
    );
    let other = cluster.home.path().join("other");
    fs::write(&other, "[profile other]\n").unwrap();
    let mut command = of(&cluster);
    command.env("AWS_CONFIG_FILE", &other);
    assert_eq!(values(&mut command, &words).0, ["dev", "other", "prod"]);
}

#[test]
fn a_server_that_hangs_costs_a_second_and_says_nothing() {
    let cluster = Cluster::start();
    let hang = RequestFault::at("/api/v1/namespaces/shop/services", RequestAction::Hang);
    cluster.double.set_faults(Faults::none().request(hang));
    let begun = Instant::now();
    let words = ["why-unhealthy", "-n", "shop", "service/"];
    assert_eq!(names(&cluster, &words), [""; 0]);
    let took = begun.elapsed();
    assert!(
        (Duration::from_millis(900)..Duration::from_secs(5)).contains(&took),
        "{took:?}"
    );
    assert!(!cache(&cluster).exists(), "a failure is no answer");
}

#[test]
fn a_credential_plugin_that_hangs_costs_a_second_too() {
    let cluster = Cluster::start();
    let text = fs::read_to_string(cluster.double.kubeconfig()).unwrap();
    let mut config: serde_json::Value = serde_json::from_str(&text).unwrap();
    config["users"][0]["user"] = serde_json::json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sleep", "args": ["30"],
        "interactiveMode": "IfAvailable",
    }});
    let file = cluster.home.path().join("config");
    fs::write(&file, config.to_string()).unwrap();
    let mut command = of(&cluster);
    command.env("KUBECONFIG", &file);
    let begun = Instant::now();
    let words = ["why-unhealthy", "-n", "shop", "service/"];
    assert_eq!(values(&mut command, &words).0, [""; 0]);
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

/// The whole way: kubectl's completion runs the file that `completion install` wrote, which runs the plugin.
#[test]
fn the_real_kubectl_completes_the_plugin() {
    let cluster = Cluster::start();
    let bin = cluster.home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    symlink(PROGRAM, bin.join("kubectl-cilium_lb")).unwrap();
    let machine = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(bin.clone()).chain(std::env::split_paths(&machine));
    let path = std::env::join_paths(folders).unwrap();
    let kubectl = |arguments: &[&str]| {
        let mut command = cluster.kubectl(arguments);
        command.env("PATH", &path).output().unwrap()
    };
    let installed = kubectl(&["cilium-lb", "completion", "install"]);
    assert!(installed.status.success(), "{}", stderr(&installed));
    assert!(bin.join("kubectl_complete-cilium_lb").is_file());

    let asked = ["__complete", "cilium-lb", "why-unhealthy"];
    let complete = |words: &[&str]| {
        let ran = kubectl(&[&asked[..], words].concat());
        assert!(ran.status.success(), "{words:?}: {}", stderr(&ran));
        stdout(&ran)
    };
    assert_eq!(complete(&["gate"]), "gateway/\n:6\n");
    let words = ["-n", "gateway", "gateway/"];
    let begun = Instant::now();
    assert_eq!(complete(&words), "gateway/shared-gateway\n:4\n");
    let first = begun.elapsed();
    let begun = Instant::now();
    complete(&words);
    println!(
        "kubectl __complete with one list: {first:?}, again: {:?} (budget 300 ms in a release build)",
        begun.elapsed()
    );
    assert!(complete(&["--fail-on", "w"]).starts_with("warning\n"));
    // kubectl gives files to the shell when it is told nothing.
    assert_eq!(complete(&["--from", ""]), ":0\n");

    let removed = kubectl(&["cilium-lb", "completion", "uninstall"]);
    assert!(removed.status.success(), "{}", stderr(&removed));
    assert_eq!(complete(&["gate"]).trim(), ":0", "nobody answers any more");
}
