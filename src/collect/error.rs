//! Why a collection could not even start. Whatever fails later is a gap in the bundle.

/// No evidence at all; every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// There is no kubeconfig.
    #[error(
        "no kubeconfig: {looked} does not exist and this is no Pod; set KUBECONFIG, pass --kubeconfig, or use --from BUNDLE"
    )]
    NoKubeconfig {
        /// Where it was looked for.
        looked: String,
    },
    /// The kubeconfig cannot be read.
    #[error("cannot read kubeconfig {file}: {why}")]
    Kubeconfig {
        /// File, or files joined by commas.
        file: String,
        /// The error.
        why: String,
    },
    /// The context does not exist.
    #[error("{file} has no context {wanted:?}: it has {contexts}")]
    NoContext {
        /// What was asked for.
        wanted: String,
        /// File.
        file: String,
        /// The contexts that exist.
        contexts: String,
    },
    /// No context is current.
    #[error("{file} has no current-context: pass --context with one of {contexts}")]
    NoCurrentContext {
        /// File.
        file: String,
        /// The contexts that exist.
        contexts: String,
    },
    /// A cluster or user that a context or flag names is not defined.
    #[error("{file} defines no {what} {name:?}: it has {known}")]
    Undefined {
        /// File.
        file: String,
        /// `cluster` or `user`.
        what: &'static str,
        /// Its name.
        name: String,
        /// Those that exist.
        known: String,
    },
    /// A value of the kubeconfig or of a flag cannot be used.
    #[error("cannot use {what}: {why}")]
    Setting {
        /// Flag or kubeconfig field.
        what: String,
        /// The error.
        why: String,
    },
    /// The credential plugin failed.
    #[error(
        "no credentials for context {context:?}: {command}: {why}; run the command by hand to sign in"
    )]
    Credentials {
        /// Context.
        context: String,
        /// Command line of the plugin.
        command: String,
        /// What it said.
        why: String,
    },
    /// No request got an answer.
    #[error(
        "cannot reach the API server {server} of context {context:?}: {why}; try `kubectl get --raw /version` with the same flags"
    )]
    Unreachable {
        /// URL.
        server: String,
        /// Context.
        context: String,
        /// The whole chain of errors.
        why: String,
    },
    /// The API server does not know who asks.
    #[error(
        "the API server {server} refused the credentials of context {context:?}: {why}; sign in again, or choose another --context or --user"
    )]
    Unauthorized {
        /// URL.
        server: String,
        /// Context.
        context: String,
        /// The server's words.
        why: String,
    },
    /// Ctrl-C came before it was this cluster's turn.
    #[error("not read: interrupted before it was its turn")]
    Interrupted,
    /// The runtime of the clients could not be made.
    #[error("cannot start the network runtime: {0}")]
    Runtime(#[from] std::io::Error),
}
