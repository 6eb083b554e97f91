//! `permissions`: the least that the program must be allowed, to apply as it is.

use super::args::{PermissionsArgs, System};
use super::print;
use crate::report::Exit;
use crate::report::permissions::{Permissions, Rule, permissions};
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
    let all = permissions(!args.no_exec);
    let text = match args.system {
        System::Rbac => rbac(&all, &args.cilium_namespace)?,
        System::Iam => iam(&all)?,
    };
    print(&text)?;
    Ok(Exit::Ok)
}

/// A ClusterRole, and a Role in Cilium's namespace; whom to bind them to is the reader's to say.
fn rbac(all: &Permissions, namespace: &str) -> anyhow::Result<String> {
    let roles = [
        Role {
            api_version: "rbac.authorization.k8s.io/v1",
            kind: "ClusterRole",
            metadata: json!({"name": NAME}),
            rules: &all.cluster,
        },
        Role {
            api_version: "rbac.authorization.k8s.io/v1",
            kind: "Role",
            metadata: json!({"name": NAME, "namespace": namespace}),
            rules: &all.agents,
        },
    ];
    let mut text = format!(
        "# Apply with `kubectl apply -f -`, then bind both roles, for example to a group:\n\
         #   kubectl create clusterrolebinding {NAME} --clusterrole={NAME} --group=GROUP\n\
         #   kubectl create rolebinding {NAME} -n {namespace} --role={NAME} --group=GROUP\n"
    );
    for role in &roles {
        text.push_str("---\n");
        text.push_str(&serde_saphyr::to_string(role)?);
    }
    Ok(text)
}

/// A policy document. Describe calls know no resources, so the resource is `*`.
fn iam(all: &Permissions) -> anyhow::Result<String> {
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{"Sid": "CiliumLb", "Effect": "Allow", "Action": all.actions, "Resource": "*"}],
    });
    Ok(serde_json::to_string_pretty(&policy)? + "\n")
}
