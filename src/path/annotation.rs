//! Annotations of a Service that the controllers of AWS read.

use crate::model::kubernetes::Service;

/// The prefix under which controllers look for an annotation.
///
/// All know this one only: the AWS Load Balancer Controller (controllers/service/service_controller.go,
/// serviceAnnotationPrefix; pkg/annotations/parser.go tries others only where its caller names them) and
/// cloud-provider-aws (pkg/providers/v1/aws.go).
pub const PREFIX: &str = "service.beta.kubernetes.io/";

/// An annotation of a Service by the name after the prefix.
pub fn annotation<'a>(service: &'a Service, name: &str) -> Option<&'a str> {
    let annotations = &service.metadata.annotations;
    annotations
        .get(&format!("{PREFIX}{name}"))
        .map(String::as_str)
}
