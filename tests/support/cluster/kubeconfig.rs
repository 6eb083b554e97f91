//! The kubeconfig that leads clients to the double.

use std::path::PathBuf;

use k8s_openapi::ByteString;
use serde_json::json;

use super::state::{State, TOKEN};

/// Writes the file into the double's temporary directory and returns its path.
pub(super) fn write(state: &State, url: &str, authority_pem: &str) -> PathBuf {
    let name = &state.context;
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {
            "server": url,
            "certificate-authority-data": ByteString(authority_pem.as_bytes().to_vec()),
        }}],
        "users": [{"name": name, "user": {"token": TOKEN}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    });
    let path = state.scratch.path().join("kubeconfig");
    std::fs::write(&path, config.to_string()).expect("the kubeconfig can be written");
    path
}
