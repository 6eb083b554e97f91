//! networking.k8s.io Ingress.

use super::meta::{Meta, null_as_default, object};
use super::service::LoadBalancerStatus;
use serde::Deserialize;

/// An Ingress.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Ingress {
    /// Metadata.
    pub metadata: Meta,
    /// Spec.
    pub spec: IngressSpec,
    /// Status.
    pub status: IngressStatus,
}
object!(Ingress, "Ingress");

/// The spec of an Ingress.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressSpec {
    /// `cilium` for Cilium's Ingress.
    pub ingress_class_name: Option<String>,
    /// TLS entries; only their number matters.
    #[serde(deserialize_with = "null_as_default")]
    pub tls: Vec<IngressTls>,
    /// Host rules.
    #[serde(deserialize_with = "null_as_default")]
    pub rules: Vec<IngressRule>,
}

/// A TLS entry: the hosts it covers. The Secret is never read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct IngressTls {
    /// Hosts.
    #[serde(deserialize_with = "null_as_default")]
    pub hosts: Vec<String>,
}

/// A host rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct IngressRule {
    /// Host name.
    pub host: Option<String>,
}

/// The status of an Ingress.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressStatus {
    /// Addresses.
    pub load_balancer: LoadBalancerStatus,
}

/// The annotation that names the mode.
pub const MODE: &str = "ingress.cilium.io/loadbalancer-mode";

impl Ingress {
    /// The class: the field, or the deprecated annotation.
    pub fn class(&self) -> Option<&str> {
        self.spec.ingress_class_name.as_deref().or_else(|| {
            self.metadata
                .annotations
                .get("kubernetes.io/ingress.class")
                .map(String::as_str)
        })
    }

    /// `dedicated` or `shared`, when the annotation says so; otherwise the chart's default decides.
    pub fn mode(&self) -> Option<&str> {
        self.mode_annotation().map(|(_, mode)| mode)
    }

    /// The annotation that names the mode, under the first of its two names that is there
    /// (operator/pkg/ingress/annotations, LBModeAnnotation and LBModeAnnotationAlias).
    pub fn mode_annotation(&self) -> Option<(&'static str, &str)> {
        [MODE, "io.cilium.ingress/loadbalancer-mode"]
            .into_iter()
            .find_map(|name| Some((name, self.metadata.annotations.get(name)?.as_str())))
    }
}
