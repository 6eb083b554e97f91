//! The names of what is not healthy, for pipes into kubectl.

use super::sanitize::clean;
use crate::report::v1::Diagnosis;

pub(super) fn names(documents: &[Diagnosis]) -> String {
    documents
        .iter()
        .filter(|document| document.verdict != "healthy")
        .map(|document| {
            format!(
                "{}/{}\n",
                resource(&document.subject.kind),
                clean(&document.subject.name)
            )
        })
        .collect()
}

fn resource(kind: &str) -> &'static str {
    match kind {
        "Gateway" => "gateway.gateway.networking.k8s.io",
        "Ingress" => "ingress.networking.k8s.io",
        "TargetGroupBinding" => "targetgroupbinding.elbv2.k8s.aws",
        "LoadBalancer" => "loadbalancer",
        "TargetGroup" => "targetgroup",
        _ => "service",
    }
}
