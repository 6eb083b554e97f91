//! An exec stream over WebSocket: the upgrade, the plan of its faults, and how it ends.
//!
//! Sub-protocols and channels are those of `k8s.io/apimachinery/pkg/util/remotecommand`.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use super::faults::ExecAction;
use super::http::Connection;
use super::pump::{self, End};
use super::shims::Tools;
use super::state::{State, UnderWay};

/// The longest an exec may take, faults that hang included.
const LIMIT: Duration = Duration::from_secs(120);
/// How long a client may take to answer the closing of a stream.
const CLOSING: Duration = Duration::from_secs(1);
/// The channel of the closing `Status`.
const STATUS_CHANNEL: u8 = 3;

/// A sub-protocol of exec. Both use the same channels; v5 adds closing of stdin, which no exec of
/// this double reads.
#[derive(Clone, Copy, Debug)]
pub(super) enum Protocol {
    V4,
    V5,
}

impl Protocol {
    /// The first of the client's offers that is spoken.
    pub(super) fn negotiate(offered: &str, old_only: bool) -> Option<Self> {
        offered.split(',').find_map(|name| match name.trim() {
            "v5.channel.k8s.io" if !old_only => Some(Self::V5),
            "v4.channel.k8s.io" => Some(Self::V4),
            _ => None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::V4 => "v4.channel.k8s.io",
            Self::V5 => "v5.channel.k8s.io",
        }
    }
}

/// The faults of one exec taken together.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) refuse: bool,
    pub(super) old_protocol: bool,
    pub(super) delay: Duration,
    pub(super) hang: bool,
    pub(super) cut: Option<usize>,
    pub(super) truncate: Option<usize>,
    pub(super) exit: Option<i32>,
    pub(super) flood: usize,
}

impl Plan {
    /// Later actions of the same sort replace earlier ones; delays and floods add up.
    pub(super) fn of(actions: Vec<ExecAction>) -> Self {
        let mut plan = Self::default();
        for action in actions {
            match action {
                ExecAction::Refuse => plan.refuse = true,
                ExecAction::OldProtocol => plan.old_protocol = true,
                ExecAction::Delay(time) => plan.delay += time,
                ExecAction::Hang => plan.hang = true,
                ExecAction::Cut { after } => plan.cut = Some(after),
                ExecAction::Truncate { after } => plan.truncate = Some(after),
                ExecAction::Exit(code) => plan.exit = Some(code),
                ExecAction::FloodStderr { bytes } => plan.flood += bytes,
            }
        }
        plan
    }
}

/// An exec that was accepted.
pub(super) struct Session {
    pub(super) argv: Vec<String>,
    pub(super) tools: Tools,
    /// `Sec-WebSocket-Accept` for the client's key.
    pub(super) accept: String,
    pub(super) protocol: Protocol,
    pub(super) stdout: bool,
    pub(super) stderr: bool,
    pub(super) plan: Plan,
}

/// Upgrades the connection, runs the command and closes the stream.
pub(super) async fn serve<S>(mut connection: Connection<S>, session: Session, state: &State)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let counted = UnderWay::begin(state);
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: {}\r\n\r\n",
        session.accept,
        session.protocol.name()
    );
    if !connection.send(head.as_bytes()).await {
        return;
    }
    let (stream, read) = connection.into_parts();
    let mut socket = WebSocketStream::from_partially_read(stream, read, Role::Server, None).await;
    let running = pump::run(&mut socket, &session, state.scratch.path());
    let status = match tokio::time::timeout(LIMIT, running).await {
        Ok(End::Exited(code)) => Some(exit_status(code)),
        Ok(End::NotStarted(message)) => Some(internal_error(&message)),
        Ok(End::Truncated) => None,
        Ok(End::Cut | End::ClientGone) => return,
        Err(_) => Some(internal_error(&format!(
            "the cluster double ends an exec after {} s",
            LIMIT.as_secs()
        ))),
    };
    // What follows is the farewell: a client may begin its next exec as soon as it has the status.
    drop(counted);
    if let Some(status) = status {
        let mut message = vec![STATUS_CHANNEL];
        message.extend_from_slice(status.to_string().as_bytes());
        if socket.send(Message::binary(message)).await.is_err() {
            return;
        }
    }
    // The client may be gone by now, and then there is nothing left to close.
    let _ = tokio::time::timeout(CLOSING, close(&mut socket)).await;
}

async fn close<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>) {
    // kubectl takes any other closing for a failure of the stream.
    let normal = CloseFrame {
        code: CloseCode::Normal,
        reason: "".into(),
    };
    if socket.close(Some(normal)).await.is_ok() {
        while let Some(Ok(_)) = socket.next().await {}
        let _ = socket.get_mut().shutdown().await;
    }
}

/// As the kubelet words it.
fn exit_status(code: i32) -> Value {
    if code == 0 {
        return json!({"metadata": {}, "status": "Success"});
    }
    json!({
        "metadata": {},
        "status": "Failure",
        "message": format!("command terminated with non-zero exit code: exit status {code}"),
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
    })
}

fn internal_error(message: &str) -> Value {
    json!({
        "metadata": {},
        "status": "Failure",
        "message": format!("Internal error occurred: {message}"),
        "reason": "InternalError",
        "details": {"causes": [{"message": message}]},
        "code": 500,
    })
}
