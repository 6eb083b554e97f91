//! Drives the AWS double (`tests/support/aws/serve.py`, moto with true NLB shapes) from integration tests.
//!
//! One double is one process with its own empty world on a free loopback port. It ends when its standard input closes,
//! so neither a panicking nor a killed test leaves it behind.

#![allow(dead_code)] // Every test binary includes this module and uses its own part of it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use super::venv::python;

/// moto imports for seconds on a busy machine.
const START_DEADLINE: Duration = Duration::from_secs(120);
const DOOR_DEADLINE: Duration = Duration::from_secs(30);
/// Stands in for the configuration and credentials of the machine, so that those are not read.
const EMPTY_FILE: &str = "/dev/null";

/// A running double. Dropping it ends the process.
pub(crate) struct AwsDouble {
    child: Child,
    /// Held open for as long as the double shall live; `None` only while dropping.
    stdin: Option<ChildStdin>,
    port: u16,
    region: String,
}

impl AwsDouble {
    /// Starts a double and waits until it answers. Panics with what to do when it cannot.
    pub(crate) fn start() -> AwsDouble {
        let mut child = Command::new(python())
            .arg(script("serve.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("start tests/support/aws/serve.py");
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("piped standard output");
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = BufReader::new(stdout).read_line(&mut line);
            let _ = sender.send(line);
        });
        let line = receiver.recv_timeout(START_DEADLINE).unwrap_or_default();
        let port = line
            .trim()
            .strip_prefix("READY ")
            .and_then(|port| port.parse().ok());
        let Some(port) = port else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the AWS double did not get ready (it said {line:?}; its errors are above)");
        };
        AwsDouble {
            child,
            stdin,
            port,
            region: "eu-central-1".to_owned(),
        }
    }

    /// The endpoint of every service, `http://127.0.0.1:<port>`.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Creates the world of a plan (shape: `seed.py`) and returns the created names with their ids, ARNs, hostnames and
    /// addresses. The counters start anew. `env` names the region of the last plan.
    pub(crate) fn seed(&mut self, plan: &Value) -> Value {
        let made = self.script("seed.py", &[], &plan.to_string());
        made["region"]
            .as_str()
            .expect("seed.py names the region")
            .clone_into(&mut self.region);
        made
    }

    /// Lets IAM decide from now on, and makes a user to whom `policy` alone is allowed: its key id and secret.
    pub(crate) fn restrict(&self, policy: &str) -> (String, String) {
        // IAM's prefix for the tagging API is `tag`; moto takes that of the signature, which is `tagging`.
        let policy = policy.replace(
            "\"tag:GetResources\"",
            "\"tag:GetResources\", \"tagging:GetResources\"",
        );
        let keys = self.script("restrict.py", &[&self.region], &policy);
        let text = |name: &str| keys[name].as_str().expect("a key").to_owned();
        (text("id"), text("secret"))
    }

    /// Runs a script of the double against this one, and returns what it prints.
    fn script(&self, name: &str, arguments: &[&str], input: &str) -> Value {
        let mut child = Command::new(python())
            .arg(script(name))
            .arg(self.port.to_string())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("start a script of the AWS double");
        let mut stdin = child.stdin.take().expect("piped standard input");
        stdin
            .write_all(input.as_bytes())
            .expect("hand the input over");
        drop(stdin);
        let output = child.wait_with_output().expect("wait for the script");
        assert!(
            output.status.success(),
            "{name} failed on {input}; its errors are above"
        );
        serde_json::from_slice(&output.stdout).expect("the script prints JSON")
    }

    /// Calls since the last reset, `"<service>:<Action>"` to their number; refused ones count.
    pub(crate) fn calls(&self) -> BTreeMap<String, u64> {
        serde_json::from_str(&self.door("GET", "x-calls", ""))
            .expect("x-calls answers a JSON object")
    }

    /// The same calls one by one, in order: `call`, `account`, and `parameters` by name.
    pub(crate) fn log(&self) -> Vec<Value> {
        serde_json::from_str(&self.door("GET", "x-log", "")).expect("x-log answers a JSON array")
    }

    /// Sets all counters to nothing.
    pub(crate) fn reset_calls(&self) {
        self.door("POST", "x-calls", "");
    }

    /// Replaces all faults: `{"elbv2:DescribeTargetHealth": {"code", "status", "message", "count", "delay_ms"}}`, where
    /// the key may also be an action alone or `*`. `{}` removes them.
    pub(crate) fn faults(&self, faults: &Value) {
        self.door("POST", "x-faults", &faults.to_string());
    }

    /// The environment under which an AWS client reaches the double and nothing of the machine's own configuration.
    pub(crate) fn env(&self) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT_URL", self.url()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_REGION", self.region.clone()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_CONFIG_FILE", EMPTY_FILE.to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", EMPTY_FILE.to_owned()),
            ("NO_PROXY", "127.0.0.1".to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// One request to a side door. HTTP/1.0 makes the answer end with the connection.
    fn door(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream =
            TcpStream::connect(("127.0.0.1", self.port)).expect("connect to the AWS double");
        stream
            .set_read_timeout(Some(DOOR_DEADLINE))
            .expect("set a deadline");
        let request = format!(
            "{method} /moto-api/{path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream
            .write_all(request.as_bytes())
            .expect("send to the AWS double");
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .expect("read from the AWS double");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a whole HTTP answer");
        assert_eq!(
            head.split(' ').nth(1),
            Some("200"),
            "{method} {path}: {body}"
        );
        body.to_owned()
    }
}

impl Drop for AwsDouble {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program of the double.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/support/aws")
        .join(name)
}
