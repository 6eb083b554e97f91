//! The live collector: makes a bundle in memory, as kubectl, the AWS CLI and cilium-dbg would print its documents.
//!
//! The only asynchronous code, the only user of the Kubernetes and AWS clients, and the only reader of the
//! clock. It judges nothing: the parser that reads a bundle from a directory reads this one too.
//!
//! ```text
//!  wave 1  Kubernetes   the subjects' namespaces, nodes, Cilium's Pods and configuration
//!  wave 2  AWS          caller, load balancers, listeners, target groups;   Kubernetes: other namespaces
//!  wave 3  AWS          health, attributes, instances, interfaces, security groups, ACLs, routes, subnets
//!  wave 4  agents       one exec for each sampled agent, and its log
//! ```

mod aws;
mod deadline;
mod error;
mod event;
mod facts;
mod first;
mod fleet;
mod kube;
mod names;
mod names_cache;
mod notebook;
mod request;
mod sample;
mod targets;
mod text;
mod users;
mod waves;

pub use error::CollectError;
pub use event::Event;
pub use fleet::fleet;
pub use kube::{Context, contexts};
pub use names::{Defined, Named, defined, names};
pub use request::{AwsOptions, KubeOptions, Request};

use crate::bundle::{Bundle, Manifest};
use aws::Accounts;
use deadline::Deadline;
use jiff::{Timestamp, Unit};
use notebook::Notebook;
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::thread;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long the clients may take to close their connections.
const SHUTDOWN: Duration = Duration::from_millis(200);

/// What a collection gave.
pub struct Collected {
    /// All documents, with the time, the context and the gaps in its manifest.
    pub bundle: Bundle,
    /// The namespace of the subjects: the one asked for, or the context's.
    pub namespace: String,
    /// The kubeconfig context; absent in a Pod.
    pub context: Option<String>,
    /// Calls by name: `kubernetes:list services`, `elasticloadbalancing:DescribeTargetHealth`, `exec`.
    pub calls: BTreeMap<String, u64>,
    /// How long it took.
    pub seconds: f64,
    /// Whether Ctrl-C ended it; the bundle has what was read until then.
    pub interrupted: bool,
}

/// Reads everything that the subjects of `request` need.
///
/// It blocks, with a runtime and threads of its own, at most as long as the request's deadline. `events` is called from
/// those threads while it goes on.
///
/// # Errors
/// Only when nothing can be read at all: no kubeconfig or context, no credentials, an API server that cannot be
/// reached or does not know the caller. Everything else is a gap in the bundle's manifest.
pub fn collect(
    request: &Request,
    events: &(dyn Fn(Event) + Send + Sync),
) -> Result<Collected, CollectError> {
    let runtime = runtime()?;
    let accounts = Accounts::for_question();
    let stop = CancellationToken::new();
    let collected = thread::scope(|threads| {
        let driver = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(threads, || {
                runtime.block_on(run(request, &accounts, &stop, events))
            })?;
        driver.join().unwrap_or_else(|panic| resume_unwind(panic))
    });
    // A hanging name resolution must not keep the program.
    runtime.shutdown_timeout(SHUTDOWN);
    collected
}

/// Stack of the thread that drives collections: the SDKs' futures are deep, and the main thread's stack is 1 MiB on Windows.
const STACK: usize = 8 << 20;

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
}

/// One collection, unless `stop` comes before it has begun; then it hears Ctrl-C itself.
async fn run(
    request: &Request,
    accounts: &Accounts,
    stop: &CancellationToken,
    events: &(dyn Fn(Event) + Send + Sync),
) -> Result<Collected, CollectError> {
    let (started, taken_at) = (Instant::now(), now());
    let notebook = Notebook::new(events);
    let deadline = Deadline::new(request.deadline, request.request_timeout);
    let connection = tokio::select! {
        connection = kube::connect(&request.kube, &deadline, &notebook) => connection?,
        () = stop.cancelled() => return Err(CollectError::Interrupted),
    };
    let namespace = request.namespace.clone().unwrap_or(connection.namespace);
    let kube = kube::Kube::new(connection.client, deadline, &notebook);
    let interrupted = tokio::select! {
        () = waves::run(&kube, request, &namespace, connection.context.as_deref(), accounts) => false,
        () = tokio::time::sleep_until(deadline.end()) => {
            notebook.abandon(deadline.passed());
            false
        }
        _ = tokio::signal::ctrl_c() => {
            notebook.abandon("Interrupted: Ctrl-C came first");
            true
        }
    };
    if let Some(failure) = kube.never_answered()
        && !interrupted
    {
        return Err(match failure.kind {
            kube::FailureKind::Unauthorized => CollectError::Unauthorized {
                server: connection.server,
                context: connection.label,
                why: failure.reason,
            },
            _ => CollectError::Unreachable {
                server: connection.server,
                context: connection.label,
                why: failure.reason,
            },
        });
    }
    let (mut bundle, calls) = notebook.finish();
    bundle.manifest = Manifest {
        api_version: "cilium-lb.dev/v1".to_owned(),
        kind: "Bundle".to_owned(),
        taken_at: Some(taken_at),
        context: connection.context.clone(),
        redacted: false,
        gaps: bundle.manifest.gaps,
    };
    Ok(Collected {
        bundle,
        namespace,
        context: connection.context,
        calls,
        seconds: started.elapsed().as_secs_f64(),
        interrupted,
    })
}

/// RFC 3339 in whole seconds.
fn now() -> String {
    let now = Timestamp::now();
    now.round(Unit::Second).unwrap_or(now).to_string()
}
