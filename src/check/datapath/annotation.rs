//! Where to set an annotation of the load balancer so that no controller takes it away again.

use crate::model::kubernetes::Service;

/// The command that sets or removes annotations which the generated Service must carry.
///
/// Cilium copies a Gateway's `spec.infrastructure.annotations` (1.15 on) and a dedicated Ingress's own
/// annotations to the Service it makes; ordinary Services are annotated themselves.
pub fn annotate(service: &Service, pairs: &[(&str, Option<&str>)]) -> String {
    let meta = &service.metadata;
    let owner = |kind| {
        meta.owner_references
            .iter()
            .find(|owner| owner.kind == kind)
    };
    if let Some(gateway) = owner("Gateway") {
        let fields: Vec<String> = pairs
            .iter()
            .map(|(key, value)| match value {
                Some(value) => format!("\"{key}\":\"{value}\""),
                None => format!("\"{key}\":null"),
            })
            .collect();
        return format!(
            "kubectl -n {} patch gateway {} --type merge -p \
             '{{\"spec\":{{\"infrastructure\":{{\"annotations\":{{{}}}}}}}}}'",
            meta.namespace,
            gateway.name,
            fields.join(",")
        );
    }
    let (kind, name) = match owner("Ingress") {
        Some(ingress) => ("ingress", &ingress.name),
        None => ("service", &meta.name),
    };
    let words: Vec<String> = pairs
        .iter()
        .map(|(key, value)| match value {
            Some(value) => format!("{key}={value}"),
            None => format!("{key}-"),
        })
        .collect();
    format!(
        "kubectl -n {} annotate {kind} {name} --overwrite {}",
        meta.namespace,
        words.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::annotate;
    use crate::model::kubernetes::Service;
    use crate::model::kubernetes::meta::OwnerReference;

    fn owned_by(kind: &str) -> Service {
        let mut service = Service::default();
        service.metadata.name = "s".to_owned();
        service.metadata.namespace = "n".to_owned();
        service.metadata.owner_references = vec![OwnerReference {
            kind: kind.to_owned(),
            name: "o".to_owned(),
            ..OwnerReference::default()
        }];
        service
    }

    #[test]
    fn the_owner_keeps_the_annotation() {
        let pairs = [("a/b", Some("c")), ("d", None)];
        assert_eq!(
            annotate(&owned_by("Gateway"), &pairs),
            "kubectl -n n patch gateway o --type merge -p \
             '{\"spec\":{\"infrastructure\":{\"annotations\":{\"a/b\":\"c\",\"d\":null}}}}'"
        );
        assert_eq!(
            annotate(&owned_by("Ingress"), &pairs),
            "kubectl -n n annotate ingress o --overwrite a/b=c d-"
        );
        assert_eq!(
            annotate(&owned_by("Deployment"), &pairs),
            "kubectl -n n annotate service s --overwrite a/b=c d-"
        );
    }
}
