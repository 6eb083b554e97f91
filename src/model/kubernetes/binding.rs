//! elbv2.k8s.aws TargetGroupBinding: which target group serves which Service port.

use super::LabelSelector;
use super::meta::{Meta, object};
use super::service::ServicePort;
use serde::Deserialize;

/// A TargetGroupBinding.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct TargetGroupBinding {
    /// Metadata.
    pub metadata: Meta,
    /// Spec.
    pub spec: BindingSpec,
}
object!(TargetGroupBinding, "TargetGroupBinding");

/// Set by the AWS Load Balancer Controller on the bindings it makes for a Service.
const STACK_LABEL: &str = "service.k8s.aws/stack-name";

/// The namespace of the same Service.
const STACK_NAMESPACE_LABEL: &str = "service.k8s.aws/stack-namespace";

impl TargetGroupBinding {
    /// Whether it binds a port of this Service.
    pub fn of_service(&self, namespace: &str, name: &str) -> bool {
        self.metadata.namespace == namespace && self.spec.service_ref.name == name
    }

    /// Whether the controller made it for its Service, rather than a person.
    pub fn is_generated(&self) -> bool {
        self.metadata.labels.contains_key(STACK_LABEL)
    }

    /// Namespace and name of the Service for whose load balancer the controller made it; `None` when a person made it.
    ///
    /// With a weighted action this is another Service than the one whose nodes it registers
    /// (AWS Load Balancer Controller, pkg/deploy/tracking/provider.go, StackLabels).
    pub fn stack(&self) -> Option<(&str, &str)> {
        let name = self.metadata.labels.get(STACK_LABEL)?;
        let namespace = self.metadata.labels.get(STACK_NAMESPACE_LABEL)?;
        Some((namespace, name))
    }
}

/// The spec of a TargetGroupBinding.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BindingSpec {
    /// ARN of the target group; names account and region.
    #[serde(rename = "targetGroupARN")]
    pub target_group_arn: String,
    /// `instance` or `ip`.
    pub target_type: Option<String>,
    /// The Service port it serves.
    pub service_ref: ServiceRef,
    /// The role to use for a target group of another account.
    pub iam_role_arn_to_assume: Option<String>,
    /// The external id that goes with the role.
    pub assume_role_external_id: Option<String>,
    /// Absent: the controller writes no security group rules.
    pub networking: Option<serde_json::Value>,
    /// Nodes to register; all eligible ones when absent.
    pub node_selector: Option<LabelSelector>,
    /// Several bindings, also of other clusters, may fill the group: each keeps to what it registered.
    pub multi_cluster_target_group: bool,
}

/// A reference to a Service port.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ServiceRef {
    /// Service name, in the binding's own namespace.
    pub name: String,
    /// Port number or name.
    pub port: PortRef,
}

/// A port by number or by name (IntOrString).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum PortRef {
    /// By number.
    Number(u16),
    /// By name.
    Name(String),
}

impl PortRef {
    /// Whether it means this port of the Service.
    pub fn is(&self, port: &ServicePort) -> bool {
        match self {
            Self::Number(number) => *number == port.port,
            Self::Name(name) => *name == port.name,
        }
    }
}

impl Default for PortRef {
    fn default() -> Self {
        Self::Number(0)
    }
}
