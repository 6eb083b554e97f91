//! `permissions`: the least that the program must be allowed, to apply as it is.

use super::args::{PermissionsArgs, PermittedCommand, System};
use super::{Usage, print};
use crate::report::Exit;
use crate::report::permissions::{Permissions, Purpose, Rule, permissions};
use anyhow::bail;
use serde::Serialize;
use serde_json::{Value, json};

/// Name of the roles.
const NAME: &str = "cilium-lb";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Role<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Value,
    rules: &'a [Rule],
}

pub(super) fn run(args: &PermissionsArgs) -> anyhow::Result<Exit> {
    let purpose = match args.command {
        PermittedCommand::All => Purpose::Everything,
        PermittedCommand::WhyUnhealthy | PermittedCommand::Audit | PermittedCommand::Capture => {
            Purpose::Evidence
        }
        PermittedCommand::Completion => Purpose::Completion,
    };
    let all = permissions(purpose, !args.no_exec);
    let text = match args.system {
        System::Rbac => rbac(&all, &args.cilium_namespace)?,
        System::Iam => iam(&all, args.role_arn.as_deref())?,
    };
    print(&text)?;
    Ok(Exit::Ok)
}

/// A ClusterRole, and a Role in Cilium's namespace where one is needed; whom to bind them to is the reader's to say.
fn rbac(all: &Permissions, namespace: &str) -> anyhow::Result<String> {
    let role = |kind, metadata, rules| Role {
        api_version: "rbac.authorization.k8s.io/v1",
        kind,
        metadata,
        rules,
    };
    let mut text = format!(
        "# Apply with `kubectl apply -f -`, then bind what was made, for example to a group:\n\
         #   kubectl create clusterrolebinding {NAME} --clusterrole={NAME} --group=GROUP\n"
    );
    let mut roles = vec![role("ClusterRole", json!({"name": NAME}), &all.cluster)];
    if !all.agents.is_empty() {
        text.push_str(&format!(
            "#   kubectl create rolebinding {NAME} -n {namespace} --role={NAME} --group=GROUP\n"
        ));
        let metadata = json!({"name": NAME, "namespace": namespace});
        roles.push(role("Role", metadata, &all.agents));
    }
    for role in &roles {
        text.push_str("---\n");
        text.push_str(&serde_saphyr::to_string(role)?);
    }
    Ok(text)
}

/// A policy document. Describe calls know no resources, so the resource is `*`.
///
/// # Errors
/// When nothing of AWS is called: IAM refuses a statement without actions.
fn iam(all: &Permissions, role: Option<&str>) -> anyhow::Result<String> {
    if all.actions.is_empty() {
        bail!(Usage(
            "--command completion calls nothing of AWS, so it needs no policy: ask for rbac"
                .to_owned()
        ));
    }
    let mut statements =
        vec![json!({"Sid": "CiliumLb", "Effect": "Allow", "Action": all.actions, "Resource": "*"})];
    if let Some(role) = role {
        let role = role.replace("{account}", "*");
        statements.push(json!({
            "Sid": "CiliumLbRole", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role,
        }));
    }
    let policy = json!({"Version": "2012-10-17", "Statement": statements});
    Ok(serde_json::to_string_pretty(&policy)? + "\n")
}
