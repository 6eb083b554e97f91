//! The tail of an agent's log, and the beginning of the operator's: a plain GET, which needs no right to run commands.

use super::client::Kube;
use super::failure::Failure;
use super::lists::encode;

/// Lines from the end.
const LINES: usize = 2000;
/// Bytes from the server; 4 KiB a line.
const BYTES: usize = 8 << 20;
/// Bytes from the beginning of a log: what a process says when it starts.
const FIRST_BYTES: usize = 1 << 20;
/// Container of the agent.
pub(super) const CONTAINER: &str = "cilium-agent";

impl Kube<'_> {
    /// The last lines of the agent's log.
    ///
    /// # Errors
    /// Why there are none.
    pub(super) async fn log(&self, namespace: &str, pod: &str) -> Result<Vec<u8>, Failure> {
        let target = format!(
            "/api/v1/namespaces/{}/pods/{}/log?container={CONTAINER}&tailLines={LINES}&limitBytes={BYTES}",
            encode(namespace),
            encode(pod)
        );
        // The server may send a little more than the limit it was given.
        self.get(&target, "get pods/log", BYTES + (1 << 20)).await
    }

    /// The beginning of a container's log, or of the one that its last process left.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn first_of_log(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        previous: bool,
    ) -> Result<Vec<u8>, Failure> {
        let target = format!(
            "/api/v1/namespaces/{}/pods/{}/log?container={container}&limitBytes={FIRST_BYTES}&previous={previous}",
            encode(namespace),
            encode(pod)
        );
        self.get(&target, "get pods/log", 2 * FIRST_BYTES).await
    }
}
