//! Which controller owns the load balancer of a Service.
//!
//! Two controllers read the same annotations and disagree about their meaning:
//! the AWS Load Balancer Controller (pkg/service/service_utils.go) and the
//! service controller of cloud-provider-aws. Everything that depends on an
//! annotation has to ask this first.

use crate::model::kubernetes::Service;
use crate::model::naming;

pub use crate::path::annotation::{PREFIX, annotation};

/// Set by the AWS Load Balancer Controller on Services it manages.
pub const LBC_FINALIZER: &str = "service.k8s.aws/resources";
/// Set by the service controller of the cloud provider on Services it manages.
pub const CLOUD_FINALIZER: &str = "service.kubernetes.io/load-balancer-cleanup";

/// The controller that owns a load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// AWS Load Balancer Controller.
    LoadBalancerController,
    /// The service controller of cloud-provider-aws.
    CloudProvider,
    /// EKS Auto Mode, run by AWS.
    AutoMode,
    /// A controller that this program does not know.
    Other,
    /// No controller will ever take it.
    Nobody,
}

impl Owner {
    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::LoadBalancerController => "the AWS Load Balancer Controller",
            Self::CloudProvider => "the service controller of cloud-provider-aws",
            Self::AutoMode => "EKS Auto Mode",
            Self::Other => "a controller that this program does not know",
            Self::Nobody => "no controller",
        }
    }
}

/// An owner and the field that decides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ownership {
    /// The owner.
    pub owner: Owner,
    /// The deciding field.
    pub field: String,
    /// Its value; `unset` when its absence decides.
    pub value: String,
}

impl Ownership {
    fn new(owner: Owner, field: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            owner,
            field: field.into(),
            value: value.into(),
        }
    }
}

/// Who shall own the load balancer, from class and annotations alone.
pub fn intended(service: &Service) -> Ownership {
    const CLASS: &str = "spec.loadBalancerClass";
    const TYPE: &str = "aws-load-balancer-type";
    const TARGET_TYPE: &str = "aws-load-balancer-nlb-target-type";
    if let Some(class) = service.spec.load_balancer_class.as_deref() {
        let owner = match class {
            "service.k8s.aws/nlb" => Owner::LoadBalancerController,
            "eks.amazonaws.com/nlb" => Owner::AutoMode,
            _ => Owner::Other,
        };
        return Ownership::new(owner, CLASS, class);
    }
    let key = |name: &str| format!("annotation {}{name}", PREFIX);
    match annotation(service, TYPE) {
        Some("nlb-ip") => Ownership::new(Owner::LoadBalancerController, key(TYPE), "nlb-ip"),
        Some("external") => match annotation(service, TARGET_TYPE) {
            Some("ip" | "instance") => {
                Ownership::new(Owner::LoadBalancerController, key(TYPE), "external")
            }
            other => Ownership::new(Owner::Nobody, key(TARGET_TYPE), other.unwrap_or("unset")),
        },
        Some(other) => Ownership::new(Owner::CloudProvider, key(TYPE), other),
        None => Ownership::new(Owner::CloudProvider, key(TYPE), "unset"),
    }
}

/// Who does own it: the finalizer says it best, then the generated name, then the intent.
///
/// The AWS Load Balancer Controller names load balancers `k8s-…`, the service
/// controller `a` and the Service's UID without dashes, cut to 32 characters.
pub fn actual(service: &Service, load_balancer: Option<&str>) -> Ownership {
    let finalizers = &service.metadata.finalizers;
    let has = |name: &str| finalizers.iter().any(|finalizer| finalizer == name);
    let intended = intended(service);
    if intended.owner == Owner::AutoMode {
        return intended;
    }
    if has(LBC_FINALIZER) {
        return Ownership::new(
            Owner::LoadBalancerController,
            "metadata.finalizers",
            LBC_FINALIZER,
        );
    }
    if has(CLOUD_FINALIZER) {
        return Ownership::new(Owner::CloudProvider, "metadata.finalizers", CLOUD_FINALIZER);
    }
    if let Some(name) = load_balancer {
        if name.starts_with("k8s-") {
            return Ownership::new(Owner::LoadBalancerController, "load balancer name", name);
        }
        if !service.metadata.uid.is_empty() && name == naming::cloud_provider(&service.metadata.uid)
        {
            return Ownership::new(Owner::CloudProvider, "load balancer name", name);
        }
    }
    intended
}

/// Whether a finalizer shows that `owner` has taken the Service; `None` for owners without a known one.
pub fn has_taken(service: &Service, owner: Owner) -> Option<bool> {
    let wanted = match owner {
        Owner::LoadBalancerController => LBC_FINALIZER,
        Owner::CloudProvider => CLOUD_FINALIZER,
        Owner::AutoMode | Owner::Other | Owner::Nobody => return None,
    };
    let finalizers = &service.metadata.finalizers;
    Some(finalizers.iter().any(|finalizer| finalizer == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(class: Option<&str>, annotations: &[(&str, &str)]) -> Service {
        let mut service = Service::default();
        service.spec.load_balancer_class = class.map(str::to_owned);
        service.metadata.annotations = annotations
            .iter()
            .map(|(name, value)| (format!("{}{name}", PREFIX), (*value).to_owned()))
            .collect();
        service
    }

    #[test]
    fn the_table_of_class_and_annotations() {
        const TYPE: &str = "aws-load-balancer-type";
        const TARGET: &str = "aws-load-balancer-nlb-target-type";
        type Row<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)], Owner);
        let rows: [Row<'_>; 10] = [
            (
                Some("service.k8s.aws/nlb"),
                &[],
                Owner::LoadBalancerController,
            ),
            (
                Some("service.k8s.aws/nlb"),
                &[(TYPE, "nlb")],
                Owner::LoadBalancerController,
            ),
            (Some("eks.amazonaws.com/nlb"), &[], Owner::AutoMode),
            (
                Some("io.cilium/bgp-control-plane"),
                &[(TYPE, "external")],
                Owner::Other,
            ),
            (None, &[(TYPE, "nlb-ip")], Owner::LoadBalancerController),
            (
                None,
                &[(TYPE, "external"), (TARGET, "ip")],
                Owner::LoadBalancerController,
            ),
            (
                None,
                &[(TYPE, "external"), (TARGET, "instance")],
                Owner::LoadBalancerController,
            ),
            (None, &[(TYPE, "external")], Owner::Nobody),
            (None, &[(TYPE, "nlb")], Owner::CloudProvider),
            (None, &[], Owner::CloudProvider),
        ];
        for (class, annotations, owner) in rows {
            assert_eq!(
                intended(&service(class, annotations)).owner,
                owner,
                "{class:?} {annotations:?}"
            );
        }
    }

    #[test]
    fn finalizer_and_name_outrank_the_intent() {
        let mut plain = service(None, &[]);
        plain.metadata.uid = "e57726fb-7cd2-4615-8242-678a6b3037f4".to_owned();
        let by = |service: &Service, name| actual(service, name).owner;
        assert_eq!(
            by(&plain, Some("k8s-a-b-0123456789")),
            Owner::LoadBalancerController
        );
        assert_eq!(
            by(&plain, Some("ae57726fb7cd246158242678a6b3037f")),
            Owner::CloudProvider
        );
        plain.metadata.finalizers = vec![LBC_FINALIZER.to_owned()];
        assert_eq!(by(&plain, None), Owner::LoadBalancerController);
    }
}
