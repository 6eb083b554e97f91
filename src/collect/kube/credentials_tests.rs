//! Plugins as small shell commands: what they give, how they fail, and that they run once.

use super::fetch;
use crate::collect::deadline::Deadline;
use crate::collect::error::CollectError;
use crate::collect::event::Event;
use crate::collect::kube::options::Target;
use crate::collect::notebook::Notebook;
use kube::Config;
use kube::config::ExecConfig;
use std::sync::Mutex;
use std::time::Duration;

fn target(script: &str) -> Target {
    Target {
        config: Config::new("https://one".parse().unwrap()),
        plugin: Some(ExecConfig {
            api_version: Some("client.authentication.k8s.io/v1".to_owned()),
            command: Some("sh".to_owned()),
            args: Some(vec!["-c".to_owned(), script.to_owned()]),
            interactive_mode: Some(kube::config::ExecInteractiveMode::Never),
            ..ExecConfig::default()
        }),
        context: Some("a".to_owned()),
    }
}

fn run(script: &str, limit: Duration) -> (Result<Target, CollectError>, Vec<Event>) {
    let heard = Mutex::new(Vec::new());
    let listen = |event: Event| heard.lock().unwrap().push(event);
    let result = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            let mut target = target(script);
            let notebook = Notebook::new(&listen);
            let deadline = Deadline::new(limit, None);
            fetch(&mut target, &deadline, &notebook)
                .await
                .map(|()| target)
        });
    (result, heard.into_inner().unwrap())
}

fn failure(script: &str) -> String {
    run(script, Duration::from_secs(20))
        .0
        .map(|_| ())
        .unwrap_err()
        .to_string()
}

#[test]
fn a_token_is_taken_from_one_run() {
    let directory = tempfile::tempdir().unwrap();
    let runs = directory.path().join("runs");
    let script = format!(
        "echo run >> {}; case $KUBERNETES_EXEC_INFO in *'\"interactive\":false'*) ;; *) exit 9 ;; esac
         echo '{{\"kind\":\"ExecCredential\",\"status\":{{\"token\":\"t1\"}}}}'",
        runs.display()
    );
    let (result, events) = run(&script, Duration::from_secs(20));
    assert!(result.unwrap().config.auth_info.token.is_some());
    assert_eq!(std::fs::read_to_string(runs).unwrap(), "run\n");
    assert!(events.is_empty(), "{events:?}");
}

#[test]
fn a_certificate_in_yaml_is_encoded_for_the_kubeconfig() {
    let script =
        "printf 'kind: ExecCredential\nstatus: {clientCertificateData: abc, clientKeyData: key}\n'";
    let user = run(script, Duration::from_secs(20))
        .0
        .unwrap()
        .config
        .auth_info;
    assert_eq!(user.client_certificate_data.as_deref(), Some("YWJj"));
    assert!(user.client_key_data.is_some() && user.token.is_none());
}

#[test]
fn failures_quote_the_plugin_and_never_its_output() {
    let error = failure("echo secret; echo 'Token has expired' >&2; exit 7");
    assert!(
        error.contains("exit status: 7 Token has expired"),
        "{error}"
    );
    assert!(
        error.starts_with("no credentials for context \"a\": sh -c "),
        "{error}"
    );
    let quoted = failure("printf 'not: [json'");
    assert!(
        quoted.contains("its output is no ExecCredential"),
        "{quoted}"
    );
    assert!(failure("echo '{\"status\":{}}'").contains("neither a token nor"));
}

#[test]
fn a_slow_plugin_is_announced_and_a_hanging_one_ends() {
    let (result, events) = run("sleep 30", Duration::from_millis(700));
    let error = result.map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("Deadline: not read within 0.7 s"), "{error}");
    assert_eq!(
        events,
        [Event::WaitingForCredentials("sh -c sleep 30".to_owned())]
    );
}
