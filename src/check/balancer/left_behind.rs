//! What proves that a load balancer or target group was left behind, in the words of both checks.

use crate::check::View;
use crate::check::finding::{Confidence, Evidence, Finding, Layer};
use crate::model::kubernetes::Service;
use crate::model::{Fact, Source};
use crate::path::{AwsName, Left, Orphan, RegionKey, Standing};

/// The load balancer that the subject names by its ARN.
pub(crate) fn asked_for(view: &View<'_>) -> Option<AwsName> {
    let arn = view.subject().load_balancer.as_deref()?;
    AwsName::of_arn(&arn.parse().ok()?)
}

/// Whether that load balancer is proven to be left behind.
pub(crate) fn is_left_behind(view: &View<'_>) -> bool {
    let standing = asked_for(view).and_then(|at| {
        let region = view.region(&at, Source::LoadBalancers).ok()?;
        let balancer = region.load_balancer(&at.name).ok()?;
        view.estate().balancer(&at.region, balancer.value).ok()
    });
    matches!(standing, Some(Standing::Orphan(_)))
}

/// The finding about `object` (`LoadBalancer/…`), which `what` calls "load balancer" or "target group".
pub(crate) fn finding(orphan: &Orphan<'_>, object: &str, what: &str) -> Finding {
    let claim = &orphan.claim;
    let claimant = claim.claimant.id();
    let message = match orphan.left {
        Left::Gone => format!(
            "the {what} was made for {claimant}, as its tag {} says, and the cluster has no such object",
            claim.key
        ),
        Left::Replaced(service) => format!(
            "the {what} was made for {claimant}, which has another load balancer now: {}",
            service.hostname().unwrap_or_default()
        ),
        Left::Unbound(_) => format!(
            "the {what} was made for {claimant}, and neither a load balancer nor a TargetGroupBinding uses it"
        ),
    };
    let tag = |object: String, key: &str, value: &str, origin| {
        Evidence::new(
            Layer::Programmed,
            origin,
            object,
            format!("Tags[{key}]"),
            value,
        )
    };
    let own = &orphan.cluster;
    let mut evidence = vec![
        tag(object.to_owned(), claim.key, claim.stack, orphan.tags),
        tag(
            object.to_owned(),
            claim.cluster_key,
            claim.cluster_value,
            orphan.tags,
        ),
        tag(
            format!("{}/{}", own.kind, own.id),
            own.key,
            own.value,
            own.origin,
        ),
    ];
    evidence.extend(replacement(orphan.left, &claimant));
    let decides = format!("{} {claimant}", claim.cluster);
    let mut finding = Finding::new(message, decides, evidence).about([object.to_owned(), claimant]);
    let groups = orphan.groups.iter();
    finding
        .objects
        .extend(groups.map(|group| format!("TargetGroup/{}", group.target_group_name)));
    finding.objects.dedup();
    if orphan.healthy > 0 {
        finding = finding.confidence(Confidence::Medium).assuming(format!(
            "{} of its {} targets are healthy: something on the nodes answers its checks, and clients may still come",
            orphan.healthy, orphan.targets
        ));
    }
    if !matches!(orphan.left, Left::Gone) {
        finding = finding.confidence(Confidence::Medium).assuming(
            "its controller is not at work on it right now: what it replaces it removes within minutes",
        );
    }
    finding
}

/// The status of a Service that has another load balancer.
fn replacement(left: Left<'_>, claimant: &str) -> Option<Evidence> {
    let service: &Fact<Service> = match left {
        Left::Gone => return None,
        Left::Replaced(service) | Left::Unbound(service) => service,
    };
    Some(Evidence::new(
        Layer::Observed,
        &service.origin,
        claimant,
        "status.loadBalancer.ingress[].hostname",
        service.hostname().unwrap_or("unset"),
    ))
}

/// Commands that show what clients and targets a group still has, and then remove it.
pub(crate) fn group_commands(orphan: &Orphan<'_>, key: &RegionKey) -> (Vec<String>, Vec<String>) {
    let each = |verb: &str| {
        let arns = orphan.groups.iter().map(|group| &group.target_group_arn);
        arns.map(|arn| {
            format!(
                "aws elbv2 {verb} --region {} --target-group-arn {arn}",
                key.1
            )
        })
        .collect()
    };
    (each("describe-target-health"), each("delete-target-group"))
}
