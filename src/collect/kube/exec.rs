//! One command in one container, read so that nothing it does can hang or flood this program.
//!
//! kube 5.0 never ends a stream whose connection died, stops at 1 KiB of stderr that nobody reads, and
//! reports a stream that closed without a status as a success.

use super::client::Kube;
use super::failure::{Failure, Kind as FailureKind};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use kube::Api;
use kube::api::{AttachParams, AttachedProcess};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, sleep_until, timeout};

/// Bound of one exec, the upgrade included.
pub(super) const LIMIT: Duration = Duration::from_secs(20);
/// Most output in bytes.
const OUTPUT: usize = 64 << 20;
/// As much of stderr as is kept; the rest is read and dropped.
const SAID: usize = 4 << 10;
/// Buffers of kube's pipes: its own default of 1 KiB costs nine tenths of the speed.
const PIPE: usize = 1 << 20;
const STDERR_PIPE: usize = 64 << 10;
/// How long before the deadline of everything an exec ends, so that its part is still kept.
const MARGIN: Duration = Duration::from_millis(300);
/// How long bytes may take that are already on this side.
const DRAIN: Duration = Duration::from_millis(100);

/// What an exec gave. The output is kept however it ended.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// Standard output, possibly cut.
    pub(super) stdout: Vec<u8>,
    /// The beginning of standard error.
    pub(super) stderr: Vec<u8>,
    /// Why the output may be incomplete; absent when the command ended by itself.
    pub(super) broken: Option<String>,
    /// Its exit code, where the server told it.
    pub(super) exit: Option<i32>,
}

impl Kube<'_> {
    /// Runs `command` in the agent's container of a Pod.
    ///
    /// # Errors
    /// Why it did not even begin.
    pub(super) async fn exec(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        command: &[String],
    ) -> Result<Output, Failure> {
        let left = self.deadline.remaining().saturating_sub(MARGIN);
        let end = Instant::now() + LIMIT.min(left);
        self.notebook.count("exec");
        let api: Api<Pod> = Api::namespaced(self.client.clone(), namespace);
        let parameters = AttachParams::default()
            .container(container)
            .stdin(false)
            .stdout(true)
            .stderr(true)
            .max_stdout_buf_size(PIPE)
            .max_stderr_buf_size(STDERR_PIPE);
        let connected = api.exec(pod, command, &parameters);
        let process = self.deadline.within(LIMIT, connected).await??;
        Ok(read(process, end).await)
    }
}

async fn read(mut process: AttachedProcess, end: Instant) -> Output {
    let mut output = Output::default();
    // Named by their type: a plain method call would read like printing.
    let pipes = (
        AttachedProcess::stdout(&mut process),
        AttachedProcess::stderr(&mut process),
        process.take_status(),
    );
    let (Some(mut stdout), Some(mut stderr), Some(status)) = pipes else {
        output.broken = Some("Failed: the stream has no channels".to_owned());
        return output;
    };
    tokio::pin!(status);
    let (mut out, mut err) = (vec![0; 64 << 10], vec![0; 16 << 10]);
    let (mut out_open, mut err_open) = (true, true);
    let mut ended: Option<Option<Status>> = None;
    // After the status nothing new comes, except what the pipes still hold.
    while ended.is_none() && (out_open || err_open) {
        tokio::select! {
            read = stdout.read(&mut out), if out_open => {
                out_open = keep(&mut output.stdout, &out, read.unwrap_or(0));
                if output.stdout.len() >= OUTPUT {
                    output.broken = Some(format!("TooLarge: more than {} MiB of output", OUTPUT >> 20));
                    return output;
                }
            }
            read = stderr.read(&mut err), if err_open => {
                let read = read.unwrap_or(0);
                let room = SAID.saturating_sub(output.stderr.len());
                keep(&mut output.stderr, &err, read.min(room));
                err_open = read > 0;
            }
            status = &mut status => ended = Some(status),
            () = sleep_until(end) => {
                output.broken = Some("Timeout: the command did not end in time".to_owned());
                return output;
            }
        }
    }
    if ended.is_none() {
        ended = timeout(DRAIN, &mut status).await.ok();
    }
    drain(&mut stdout, &mut out, &mut output.stdout, out_open).await;
    match ended.flatten() {
        Some(status) => match exit_code(&status) {
            Some(code) => output.exit = Some(code),
            None => {
                let message = status.message.unwrap_or_default();
                output.broken = Some(format!("Failed: {}", crate::collect::text::line(&message)));
            }
        },
        None => {
            output.broken =
                Some("Truncated: the connection ended before the command did".to_owned());
        }
    }
    output
}

/// Reads what is left in the pipe: it is never closed when the connection died.
async fn drain(
    pipe: &mut (impl AsyncRead + Unpin),
    chunk: &mut [u8],
    into: &mut Vec<u8>,
    mut open: bool,
) {
    while open && into.len() < OUTPUT {
        match timeout(DRAIN, pipe.read(chunk)).await {
            Ok(Ok(read)) => open = keep(into, chunk, read),
            Ok(Err(_)) | Err(_) => return,
        }
    }
}

fn keep(into: &mut Vec<u8>, chunk: &[u8], read: usize) -> bool {
    into.extend_from_slice(chunk.get(..read).unwrap_or_default());
    read > 0
}

/// The exit code that the kubelet reports; `None` when the command could not be run.
fn exit_code(status: &Status) -> Option<i32> {
    if status.status.as_deref() == Some("Success") {
        return Some(0);
    }
    let causes = status.details.as_ref()?.causes.as_ref()?;
    let cause = causes
        .iter()
        .find(|cause| cause.reason.as_deref() == Some("ExitCode"))?;
    cause.message.as_deref()?.parse().ok()
}

impl Output {
    /// A failure for an exec that gave nothing at all.
    pub(super) fn failure(&self) -> Option<Failure> {
        let said = crate::collect::text::first_line(&String::from_utf8_lossy(&self.stderr));
        let reason = match (&self.broken, self.exit) {
            (Some(broken), _) => broken.clone(),
            (None, Some(code)) if code != 0 => format!("Failed: exit code {code}: {said}"),
            (None, _) => return None,
        };
        Some(Failure {
            kind: FailureKind::Other,
            reason: reason.trim_end_matches([':', ' ']).to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Output, exit_code};
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Status, StatusCause, StatusDetails};

    #[test]
    fn exit_codes_of_the_kubelet() {
        let success = Status {
            status: Some("Success".to_owned()),
            ..Status::default()
        };
        assert_eq!(exit_code(&success), Some(0));
        let failed = Status {
            status: Some("Failure".to_owned()),
            details: Some(StatusDetails {
                causes: Some(vec![StatusCause {
                    reason: Some("ExitCode".to_owned()),
                    message: Some("137".to_owned()),
                    ..StatusCause::default()
                }]),
                ..StatusDetails::default()
            }),
            ..Status::default()
        };
        assert_eq!(exit_code(&failed), Some(137));
        assert_eq!(exit_code(&Status::default()), None);
    }

    #[test]
    fn an_exit_code_is_a_failure_with_its_words() {
        let output = Output {
            stderr: b"sh: not found\n".to_vec(),
            exit: Some(127),
            ..Output::default()
        };
        assert_eq!(
            output.failure().unwrap().reason,
            "Failed: exit code 127: sh: not found"
        );
        assert!(
            Output {
                exit: Some(0),
                ..Output::default()
            }
            .failure()
            .is_none()
        );
    }
}
