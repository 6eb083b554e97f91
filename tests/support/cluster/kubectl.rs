//! The real kubectl against a double of the sample bundle.

use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{ClusterDouble, sample};

/// A double of the sample bundle and a home for kubectl's caches.
pub(crate) struct Cluster {
    pub(crate) double: ClusterDouble,
    pub(crate) home: TempDir,
    _bundle: TempDir,
}

impl Cluster {
    /// Starts a double of the sample bundle.
    pub(crate) fn start() -> Self {
        let bundle = sample::bundle();
        Self {
            double: ClusterDouble::start(bundle.path()),
            home: TempDir::new().expect("a home for kubectl"),
            _bundle: bundle,
        }
    }

    /// kubectl with the double's kubeconfig, its own home and no standard input.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("kubectl");
        command
            .args(arguments)
            .env("HOME", self.home.path())
            .env("KUBECONFIG", self.double.kubeconfig())
            .env("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", "true")
            .env_remove("HTTPS_PROXY")
            .env_remove("https_proxy")
            .stdin(Stdio::null());
        command
    }

    /// Runs kubectl to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let ran = self.kubectl(arguments).output();
        ran.expect("kubectl is in the PATH")
    }

    /// The standard output of a kubectl that must succeed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert!(ran.status.success(), "{arguments:?}: {}", stderr(&ran));
        String::from_utf8(ran.stdout).expect("kubectl prints UTF-8")
    }

    /// The standard error of a kubectl that must fail with this code.
    pub(crate) fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.status.code(), Some(code), "{arguments:?}: {ran:?}");
        stderr(&ran)
    }

    /// `kubectl exec` in an agent's container.
    pub(crate) fn exec(&self, pod: &str, command: &[&str]) -> Output {
        let mut arguments = vec!["exec", "-n", "kube-system", pod, "-c", "cilium-agent", "--"];
        arguments.extend(command);
        self.run(&arguments)
    }

    /// What an access review says.
    pub(crate) fn may(
        &self,
        verb: &str,
        namespace: &str,
        resource: &str,
        subresource: &str,
    ) -> bool {
        let review = serde_json::json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {
                "verb": verb, "namespace": namespace, "resource": resource, "subresource": subresource,
            }},
        });
        let path = self.home.path().join("review.json");
        std::fs::write(&path, review.to_string()).expect("a file with the review");
        let path = path.to_str().expect("a UTF-8 path");
        let reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let answer = self.ok(&["create", "--raw", reviews, "-f", path]);
        let answer: Value = serde_json::from_str(&answer).expect("a JSON review");
        answer["status"]["allowed"] == true
    }

    /// Paths with queries of the requests below a path.
    pub(crate) fn requests(&self, path: &str) -> Vec<String> {
        let seen = self.double.requests().into_iter();
        seen.map(|(_, target)| target)
            .filter(|target| target.split('?').next() == Some(path))
            .collect()
    }
}

/// What was printed to standard error.
pub(crate) fn stderr(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stderr).into_owned()
}

/// What was printed to standard output.
pub(crate) fn stdout(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stdout).into_owned()
}
