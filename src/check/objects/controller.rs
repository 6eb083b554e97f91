//! How to ask the controller of a load balancer what it does, whoever it is.
//!
//! EKS Auto Mode and the controllers that this program does not know have no log in the cluster: their events are
//! all there is.

use super::owner::Owner;
use crate::check::View;
use crate::model::Fact;
use crate::model::kubernetes::Deployment;

/// The class that the AWS Load Balancer Controller serves unless it is told another one.
pub const CLASS: &str = "service.k8s.aws/nlb";

/// The flag that tells it (pkg/config/runtime_config.go of the controller).
pub const CLASS_FLAG: &str = "--load-balancer-class";

/// The target type where neither the Service nor a flag says another one.
pub const TARGET_TYPE: &str = "instance";

/// The flag with the target type of Services that name none (pkg/config/controller_config.go; buildTargetType of
/// pkg/service/model_build_target_group.go starts from it).
pub const TARGET_TYPE_FLAG: &str = "--default-target-type";

/// The Deployment of the AWS Load Balancer Controller with the class that it serves; `None` when it was not read.
pub fn served_class<'a>(view: &View<'a>) -> Option<(&'a Fact<Deployment>, &'a str)> {
    let found = deployment(view)?;
    Some((found, found.value.flag(CLASS_FLAG).unwrap_or(CLASS)))
}

/// Its Deployment with the flag's target type, if it has the flag; `None` when it was not read.
pub fn default_target_type<'a>(view: &View<'a>) -> Option<(&'a Fact<Deployment>, Option<&'a str>)> {
    let found = deployment(view)?;
    Some((found, found.value.flag(TARGET_TYPE_FLAG)))
}

fn deployment<'a>(view: &View<'a>) -> Option<&'a Fact<Deployment>> {
    view.deployments()
        .known()
        .find(|found| found.metadata.name == "aws-load-balancer-controller")
}

/// The command that shows its log; none where no Pod of the cluster writes one.
pub fn log(owner: Owner) -> Option<String> {
    let selector = match owner {
        Owner::LoadBalancerController => "deployment/aws-load-balancer-controller",
        Owner::CloudProvider => "-l k8s-app=aws-cloud-controller-manager",
        Owner::AutoMode | Owner::Other | Owner::Nobody => return None,
    };
    Some(format!("kubectl logs -n kube-system {selector} --tail=200"))
}

/// The command after which it reconciles everything again, where a restart does that; else its log.
pub fn again(owner: Owner) -> Option<String> {
    match owner {
        Owner::LoadBalancerController => Some(
            "kubectl rollout restart deployment/aws-load-balancer-controller -n kube-system"
                .to_owned(),
        ),
        other => log(other),
    }
}
