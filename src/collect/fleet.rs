//! Many clusters, some at a time: what one run learns of an account serves all of them.

use super::aws::Accounts;
use super::{CollectError, Collected, Event, Request, SHUTDOWN, STACK, run, runtime};
use futures::StreamExt;
use futures::future::{Either, select};
use std::ops::ControlFlow;
use std::pin::pin;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Clusters at a time: their documents are in memory together.
const AT_A_TIME: usize = 4;

/// Collects every request and hands each result with its index to `each`, in the order in which they end. Returns how long
/// all of it took.
///
/// `each` runs on the calling thread. While it works on one cluster the others go on, and at most one more waits for
/// it, so that what it drops is gone before more comes. When it breaks, everything is abandoned. `events` is called
/// from other threads.
///
/// # Errors
/// Only if no runtime can be made; what happens to a cluster is its own result.
pub fn fleet(
    requests: &[Request],
    events: &(dyn Fn(usize, Event) + Send + Sync),
    mut each: impl FnMut(usize, Result<Collected, CollectError>) -> ControlFlow<()>,
) -> Result<Duration, CollectError> {
    let started = Instant::now();
    let runtime = runtime()?;
    let (results, mut ended) = mpsc::channel(1);
    thread::scope(|threads| {
        thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(threads, || {
                runtime.block_on(async {
                    tokio::select! {
                        () = all(requests, events, &results) => {}
                        () = results.closed() => {}
                    }
                });
                drop(results);
                runtime.shutdown_timeout(SHUTDOWN);
            })?;
        while let Some((index, collected)) = ended.blocking_recv() {
            if each(index, collected).is_break() {
                break;
            }
        }
        // The thread ends when nobody listens any more.
        drop(ended);
        Ok(started.elapsed())
    })
}

async fn all(
    requests: &[Request],
    events: &(dyn Fn(usize, Event) + Send + Sync),
    results: &mpsc::Sender<(usize, Result<Collected, CollectError>)>,
) {
    // Other processes audit the other slices, of the same accounts and at the same time.
    let slices = requests.iter().filter_map(|request| request.slice.as_ref());
    let processes = slices.map(|(shard, _)| shard.total()).max();
    let accounts = Accounts::for_audit(processes.unwrap_or(1));
    let stop = CancellationToken::new();
    let reads = requests.iter().enumerate().map(|(index, request)| {
        let (accounts, stop) = (&accounts, &stop);
        async move {
            if stop.is_cancelled() {
                return (index, Err(CollectError::Interrupted));
            }
            let tell = |event| events(index, event);
            let collected = Box::pin(run(request, accounts, stop, &tell)).await;
            (index, collected)
        }
    });
    let all = futures::stream::iter(reads).for_each_concurrent(AT_A_TIME, |read| async {
        // Nobody listens any more only when the caller is gone.
        let _ = results.send(read.await).await;
    });
    // The clusters that are being read hear Ctrl-C themselves; no other may begin.
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    };
    if let Either::Left(((), rest)) = select(pin!(interrupt), pin!(all)).await {
        rest.await;
    }
}
