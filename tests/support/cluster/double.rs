//! The handle a test holds: it starts the double, steers it, and asks what it saw.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::faults::Faults;
use super::state::State;
use super::{kubeconfig, server, tls};

/// How long the runtime may take to end its connections once the handle is dropped.
const SHUTDOWN: std::time::Duration = std::time::Duration::from_secs(2);

/// A running cluster double. It serves until it is dropped; children of execs die with it.
///
/// It owns its runtime on its own thread, so it works in plain `#[test]` functions and in
/// asynchronous ones alike, and a test that blocks does not stop it.
pub(crate) struct ClusterDouble {
    state: Arc<State>,
    url: String,
    kubeconfig: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ClusterDouble {
    /// Serves the bundle directory on a free port of 127.0.0.1.
    ///
    /// Panics, naming the file, when the bundle's Kubernetes half cannot be read: an API server
    /// never holds a broken object.
    pub(crate) fn start(bundle: impl AsRef<Path>) -> Self {
        let state = Arc::new(State::load(bundle.as_ref()));
        let certificates = tls::Certificates::generate();
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port on 127.0.0.1");
        listener
            .set_nonblocking(true)
            .expect("a listener for the runtime");
        let port = listener.local_addr().expect("the bound address").port();
        let url = format!("https://127.0.0.1:{port}");
        let kubeconfig = kubeconfig::write(&state, &url, &certificates.authority_pem);
        let acceptor = certificates.acceptor();
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .expect("a runtime for the cluster double");
            runtime.block_on(async {
                tokio::select! {
                    () = server::serve(listener, acceptor, serving) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_timeout(SHUTDOWN);
        });
        Self {
            state,
            url,
            kubeconfig,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// `https://127.0.0.1:<port>`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A kubeconfig with CA data, a bearer token and one context, in a file that lives as long as
    /// the double. It is JSON, which is YAML too, so a test can edit a copy with `serde_json`.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.kubeconfig.clone()
    }

    /// The name of the kubeconfig's context: `context` of the bundle's `bundle.yaml`, else
    /// `cluster-double`.
    pub(crate) fn context(&self) -> &str {
        &self.state.context
    }

    /// Every request so far, in order of arrival: method, and path with query as sent. Requests
    /// that were refused or failed by a fault are among them, and so are execs.
    pub(crate) fn requests(&self) -> Vec<(String, String)> {
        let seen = self.state.requests.lock().expect("the request log");
        seen.iter()
            .map(|r| (r.method.clone(), r.target.clone()))
            .collect()
    }

    /// For every request, in the order of [`Self::requests`], whether it asked for metadata only.
    pub(crate) fn metadata_only(&self) -> Vec<bool> {
        let seen = self.state.requests.lock().expect("the request log");
        seen.iter().map(|request| request.metadata_only).collect()
    }

    /// For every request, in the order of [`Self::requests`], the headers that say who asks:
    /// `authorization`, `impersonate-*` and `user-agent`, names in lower case.
    pub(crate) fn identities(&self) -> Vec<Vec<(String, String)>> {
        let seen = self.state.requests.lock().expect("the request log");
        seen.iter().map(|r| r.identity.clone()).collect()
    }

    /// Every exec that was accepted so far: the pod and the command's arguments.
    pub(crate) fn execs(&self) -> Vec<(String, Vec<String>)> {
        self.state.execs.lock().expect("the exec log").clone()
    }

    /// The most execs that were under way at once.
    pub(crate) fn execs_at_once(&self) -> usize {
        self.state.under_way.lock().expect("the counts of execs").1
    }

    /// Replaces the faults; [`Faults::none`] heals the cluster.
    pub(crate) fn set_faults(&self, faults: Faults) {
        *self.state.faults.lock().expect("the faults") = faults;
    }

    /// Takes a CustomResourceDefinition away, by its name such as
    /// `targetgroupbindings.elbv2.k8s.aws`: its paths answer the plain-text 404 of an API server that
    /// does not know them, and discovery does not list it.
    pub(crate) fn without_crd(&self, name: &str) {
        let mut absent = self.state.absent_crds.lock().expect("the absent CRDs");
        absent.insert(name.to_owned());
    }
}

impl Drop for ClusterDouble {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread has already ended when nobody receives.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            if !std::thread::panicking() {
                ended.expect("the cluster double's thread ends without a panic");
            }
        }
    }
}
