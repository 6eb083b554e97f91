//! The listener: TLS handshakes, and one task per connection.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::exec;
use super::http::Connection;
use super::router::{self, Reply};
use super::state::State;

/// How long a client may take for the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Serves until the task is dropped; its connections are dropped with it.
pub(super) async fn serve(listener: TcpListener, acceptor: TlsAcceptor, state: Arc<State>) {
    let listener =
        tokio::net::TcpListener::from_std(listener).expect("the listener joins the runtime");
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, acceptor.clone(), Arc::clone(&state)));
                }
                // Out of file descriptors: others close while this waits.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(ended) = connections.join_next() => {
                ended.expect("a connection of the cluster double ends without a panic");
            }
        }
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, state: Arc<State>) {
    // A peer that goes away or distrusts the authority is its own business.
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await else {
        return;
    };
    let mut connection = Connection::new(stream);
    while let Some(request) = connection.next().await {
        let last = request
            .header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"));
        match router::reply(&state, &request).await {
            Reply::Response(response) => {
                if !connection.answer(&response).await || last {
                    return;
                }
            }
            Reply::Exec(session) => return exec::serve(connection, session, &state).await,
            Reply::Silence => return std::future::pending().await,
        }
    }
}
