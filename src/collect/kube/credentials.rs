//! Runs the kubeconfig's credential plugin once, with a time limit.
//!
//! kube 5.0 runs it three times, blocks a thread for it and waits for ever. Protocol:
//! Kubernetes documentation, "client-go credential plugins".

use super::options::Target;
use crate::collect::deadline::Deadline;
use crate::collect::error::CollectError;
use crate::collect::event::Event;
use crate::collect::notebook::Notebook;
use crate::collect::text;
use k8s_openapi::ByteString;
use kube::config::{ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use serde_json::json;
use std::io::IsTerminal;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::process::Command;

/// A person may have to sign in.
const LIMIT: Duration = Duration::from_secs(60);
/// After this long it is worth telling why nothing happens.
const PATIENCE: Duration = Duration::from_millis(300);

#[derive(Default, Deserialize)]
#[serde(default)]
struct ExecCredential {
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Puts the plugin's token or certificate into the configuration.
///
/// # Errors
/// [`CollectError::Credentials`] with the command and its error text.
pub(super) async fn fetch(
    target: &mut Target,
    deadline: &Deadline,
    notebook: &Notebook<'_>,
) -> Result<(), CollectError> {
    let Some(plugin) = target.plugin.take() else {
        return Ok(());
    };
    let shown = shown(&plugin);
    let context = target.label();
    let failed = |why: String| CollectError::Credentials {
        context: context.clone(),
        command: shown.clone(),
        why,
    };
    let output = deadline
        .within(LIMIT, run(&plugin, &shown, notebook))
        .await
        .map_err(|elapsed| failed(elapsed.to_string()))?
        .map_err(&failed)?;
    let status = read(&output).map_err(&failed)?;
    let user = &mut target.config.auth_info;
    if let (Some(certificate), Some(key)) = (status.client_certificate_data, status.client_key_data)
    {
        user.client_certificate_data = Some(base64(certificate).map_err(&failed)?);
        user.client_key_data = Some(base64(key).map_err(&failed)?.into());
    }
    if let Some(token) = status.token {
        user.token = Some(token.into());
    }
    Ok(())
}

/// The command line for messages; arguments of `aws eks get-token` and its kin are no secrets.
fn shown(plugin: &ExecConfig) -> String {
    let command = plugin.command.clone().unwrap_or_default();
    let arguments = plugin.args.iter().flatten().cloned();
    text::line(
        &std::iter::once(command)
            .chain(arguments)
            .collect::<Vec<_>>()
            .join(" "),
    )
}

async fn run(plugin: &ExecConfig, shown: &str, notebook: &Notebook<'_>) -> Result<Output, String> {
    let program = plugin
        .command
        .as_deref()
        .ok_or("the kubeconfig names no command")?;
    let terminal = std::io::stdin().is_terminal();
    let interactive = terminal && plugin.interactive_mode != Some(ExecInteractiveMode::Never);
    if !terminal && plugin.interactive_mode == Some(ExecInteractiveMode::Always) {
        return Err("it needs a terminal (interactiveMode Always)".to_owned());
    }
    let mut command = Command::new(program);
    command
        .args(plugin.args.iter().flatten())
        .env("KUBERNETES_EXEC_INFO", exec_info(plugin, interactive))
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    for pair in plugin.env.iter().flatten() {
        if let (Some(name), Some(value)) = (pair.get("name"), pair.get("value")) {
            command.env(name, value);
        }
    }
    // Its questions must reach the person; otherwise its error text must reach our message.
    if interactive {
        command.stdin(Stdio::inherit()).stderr(Stdio::inherit());
    } else {
        command.stdin(Stdio::null()).stderr(Stdio::piped());
    }
    let output = command.output();
    tokio::pin!(output);
    let told = tokio::time::sleep(PATIENCE);
    let result = tokio::select! {
        biased;
        result = &mut output => result,
        () = told => {
            notebook.tell(Event::WaitingForCredentials(shown.to_owned()));
            output.await
        }
    };
    result.map_err(|error| match &plugin.install_hint {
        Some(hint) => format!("{error}; {}", text::line(hint)),
        None => error.to_string(),
    })
}

fn exec_info(plugin: &ExecConfig, interactive: bool) -> String {
    let mut spec = json!({ "interactive": interactive });
    if let Some(cluster) = &plugin.cluster
        && let Ok(cluster) = serde_json::to_value(cluster)
    {
        spec["cluster"] = cluster;
    }
    json!({
        "apiVersion": plugin.api_version,
        "kind": "ExecCredential",
        "spec": spec,
    })
    .to_string()
}

fn read(output: &Output) -> Result<Status, String> {
    if !output.status.success() {
        let said = text::first_line(&String::from_utf8_lossy(&output.stderr));
        return Err(format!("{} {said}", output.status).trim_end().to_owned());
    }
    // Plugins print JSON or YAML, and YAML is both. The output is a secret: it is never quoted.
    let credential: ExecCredential = serde_saphyr::from_slice(&output.stdout)
        .map_err(|_| "its output is no ExecCredential".to_owned())?;
    let status = credential.status;
    if status.token.is_none()
        && (status.client_certificate_data.is_none() || status.client_key_data.is_none())
    {
        return Err("its output has neither a token nor a client certificate".to_owned());
    }
    Ok(status)
}

/// `ByteString` is written as base64, which the kubeconfig's `-data` fields hold.
fn base64(pem: String) -> Result<String, String> {
    match serde_json::to_value(ByteString(pem.into_bytes())) {
        Ok(serde_json::Value::String(text)) => Ok(text),
        _ => Err("its certificate cannot be encoded".to_owned()),
    }
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;
