//! From a running command to the stream: its output in messages, within the plan's faults.

use std::path::Path;

use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::command::Running;
use super::exec::Session;

/// The most output of one exec, in bytes, before it is stopped.
const OUTPUT_LIMIT: usize = 512 << 20;
/// The largest piece of output in one message, as the kubelet sends it.
const CHUNK: usize = 32 << 10;
const STDOUT_CHANNEL: u8 = 1;
const STDERR_CHANNEL: u8 = 2;
const STATUS_CHANNEL: u8 = 3;

/// How a stream came to its end.
pub(super) enum End {
    /// The command ended with this code and all its output is sent.
    Exited(i32),
    /// The command could not be run, or was stopped, for this reason.
    NotStarted(String),
    /// The plan ends the stream in good order without a status.
    Truncated,
    /// The plan drops the connection.
    Cut,
    /// The client went away; the command is killed.
    ClientGone,
}

/// Runs the session's command and sends its output.
pub(super) async fn run<S>(
    socket: &mut WebSocketStream<S>,
    session: &Session,
    scratch: &Path,
) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // An empty message on the lowest channel tells the client that the streams are there.
    let first = match (session.stdout, session.stderr) {
        (true, _) => STDOUT_CHANNEL,
        (false, true) => STDERR_CHANNEL,
        (false, false) => STATUS_CHANNEL,
    };
    if !send(socket, first, &[]).await {
        return End::ClientGone;
    }
    tokio::time::sleep(session.plan.delay).await;
    if session.plan.hang {
        while let Some(Ok(_)) = socket.next().await {}
        return End::ClientGone;
    }
    if session.stderr && !flood(socket, session.plan.flood).await {
        return End::ClientGone;
    }
    let running = match Running::start(&session.argv, &session.tools, scratch) {
        Ok(running) => running,
        Err(message) => return End::NotStarted(message),
    };
    forward(socket, session, running).await
}

async fn forward<S>(socket: &mut WebSocketStream<S>, session: &Session, mut running: Running) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let plan = &session.plan;
    let stop_after = plan.cut.or(plan.truncate);
    let stop = || {
        if plan.cut.is_some() {
            End::Cut
        } else {
            End::Truncated
        }
    };
    let (mut out, mut err) = (vec![0; CHUNK], vec![0; CHUNK]);
    let (mut out_open, mut err_open) = (true, true);
    let (mut sent, mut total) = (0, 0);
    while out_open || err_open {
        let delivered = tokio::select! {
            read = running.stdout.read(&mut out), if out_open => {
                let read = read.unwrap_or(0);
                out_open = read > 0;
                total += read;
                let rest = stop_after.map_or(read, |limit| read.min(limit - sent));
                sent += rest;
                !session.stdout || rest == 0 || send(socket, STDOUT_CHANNEL, &out[..rest]).await
            }
            read = running.stderr.read(&mut err), if err_open => {
                let read = read.unwrap_or(0);
                err_open = read > 0;
                total += read;
                !session.stderr || read == 0 || send(socket, STDERR_CHANNEL, &err[..read]).await
            }
            message = socket.next() => {
                matches!(message, Some(Ok(message)) if !message.is_close())
            }
        };
        if !delivered {
            return End::ClientGone;
        }
        if stop_after == Some(sent) {
            return stop();
        }
        if total > OUTPUT_LIMIT {
            return End::NotStarted(format!(
                "the cluster double ends an exec after {OUTPUT_LIMIT} bytes"
            ));
        }
    }
    let code = running.exit_code().await;
    if stop_after.is_some() {
        return stop();
    }
    End::Exited(plan.exit.unwrap_or(code))
}

async fn flood<S>(socket: &mut WebSocketStream<S>, bytes: usize) -> bool
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let line = b"level=warning msg=\"flood of the cluster double\"\n";
    let flood: Vec<u8> = line.iter().copied().cycle().take(bytes).collect();
    for chunk in flood.chunks(CHUNK) {
        if !send(socket, STDERR_CHANNEL, chunk).await {
            return false;
        }
    }
    true
}

async fn send<S>(socket: &mut WebSocketStream<S>, channel: u8, bytes: &[u8]) -> bool
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut message = Vec::with_capacity(bytes.len() + 1);
    message.push(channel);
    message.extend_from_slice(bytes);
    socket.send(Message::binary(message)).await.is_ok()
}
