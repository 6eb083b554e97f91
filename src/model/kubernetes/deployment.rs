//! apps/v1 Deployment: cilium-operator, which makes the Services of Gateways and Ingresses, and the AWS Load
//! Balancer Controller, whose flags tell which Services it takes.

use super::meta::{Meta, object};
use super::pod::PodSpec;
use serde::Deserialize;

/// A Deployment.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Deployment {
    /// Metadata.
    pub metadata: Meta,
    /// Spec.
    pub spec: DeploymentSpec,
    /// Status.
    pub status: DeploymentStatus,
}
object!(Deployment, "Deployment");

/// The spec of a Deployment.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct DeploymentSpec {
    /// How many Pods are wanted; one when absent.
    pub replicas: Option<u32>,
    /// What its Pods are made from.
    pub template: PodTemplate,
}

/// The template of a Deployment's Pods.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct PodTemplate {
    /// The spec of the Pods.
    pub spec: PodSpec,
}

/// The status of a Deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentStatus {
    /// How many Pods are Ready; absent means none.
    pub ready_replicas: u32,
}

impl Deployment {
    /// The value of a flag, given as `--flag=value` or as two arguments; the last one wins.
    pub fn flag(&self, flag: &str) -> Option<&str> {
        let containers = &self.spec.template.spec.containers;
        containers.iter().find_map(|container| {
            let args = &container.args;
            args.iter()
                .enumerate()
                .rev()
                .find_map(|(at, arg)| match arg.strip_prefix(flag)? {
                    "" => args.get(at + 1).map(String::as_str),
                    rest => rest.strip_prefix('='),
                })
        })
    }

    /// How many Pods are wanted.
    pub fn wanted(&self) -> u32 {
        self.spec.replicas.unwrap_or(1)
    }

    /// The tag of a container's image, such as `v1.18.3`; `None` where the image has only a digest.
    pub fn tag(&self, container: &str) -> Option<&str> {
        let containers = &self.spec.template.spec.containers;
        let image = &containers.iter().find(|one| one.name == container)?.image;
        let name = image.split('@').next()?.rsplit('/').next()?;
        Some(name.split_once(':')?.1)
    }
}
