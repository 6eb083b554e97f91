//! The load balancer carries the tags of another Service or another cluster.

use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::view::RegionView;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::load_balancer::TagDescription;
use crate::model::kubernetes::{Object, Service};
use crate::model::{Fact, Gap, Origin, Reason, Source};
use crate::path::balancer::{CLUSTER_TAG, SERVICE_TAG, STACK_TAG};
use crate::path::claim::INGRESS_TAG;
use crate::path::{AwsName, Path};

/// The check.
pub static CHECK: Check = Check {
    code: Code(2105),
    slug: "load-balancer-of-another-stack",
    hop: Hop::LoadBalancer,
    severity: Severity::Error,
    bearing: Bearing::Hygiene,
    title: "the tags of the load balancer name another Service or another cluster",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::TargetGroupBindings,
        Source::LoadBalancers,
        Source::Tags,
    ],
    page: include_str!("load_balancer_of_another_stack.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind this listener");
    };
    if !path.owned {
        return not_applicable("the load balancer is not the Service's own");
    }
    let Some(name) = path.load_balancer.read()? else {
        return not_applicable("there is no load balancer");
    };
    let region = view.region(name, Source::LoadBalancers)?;
    let arn = region
        .load_balancer(&name.name)?
        .value
        .load_balancer_arn
        .as_str();
    let tags = region
        .tags()
        .map_err(|gap| Gap::new(Source::Tags, arn, gap.reason))?;
    let Some(own) = tags.iter().find(|found| found.resource_arn == arn) else {
        return Err(Gap::new(
            Source::Tags,
            &name.name,
            Reason::Partial(format!("its tags are not in {}", tags.origin.document)),
        ));
    };
    let stack = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    for key in [STACK_TAG, SERVICE_TAG, INGRESS_TAG] {
        if let Some(value) = value(own, key).filter(|value| *value != stack) {
            return fail(
                finding(
                    service,
                    name,
                    format!(
                        "the load balancer of {stack} carries the tag {key}={value}: it was made for that one"
                    ),
                    vec![row(&tags.origin, name, key, value)],
                )
                .confidence(Confidence::Medium)
                .assuming("the other owner still exists, so that each of the two sets the listeners for itself alone"),
            );
        }
    }
    if let Some((group, theirs)) = cluster_of_groups(view, &region, service)?
        && let Some(ours) = value(own, CLUSTER_TAG)
        && ours != theirs
    {
        return fail(finding(
            service,
            name,
            format!(
                "the load balancer carries the tag {CLUSTER_TAG}={ours}, and the target group that this cluster binds {CLUSTER_TAG}={theirs}"
            ),
            vec![
                row(&tags.origin, name, CLUSTER_TAG, ours),
                Evidence::new(
                    Layer::Programmed,
                    &tags.origin,
                    format!("TargetGroup/{group}"),
                    format!("Tags[{CLUSTER_TAG}]"),
                    theirs,
                ),
            ],
        ));
    }
    pass("the tags of the load balancer name this Service")
}

fn value<'a>(resource: &'a TagDescription, key: &str) -> Option<&'a str> {
    let tag = resource.tags.iter().find(|tag| tag.key == key)?;
    Some(tag.value.as_str())
}

/// The cluster that made the target groups which this cluster's bindings name.
fn cluster_of_groups<'a>(
    view: &View<'a>,
    region: &RegionView<'_, 'a>,
    service: &Service,
) -> Result<Option<(String, &'a str)>, Gap> {
    let tags = region.tags()?;
    let meta = &service.metadata;
    Ok(view
        .target_group_bindings()
        .known()
        .filter(|binding| binding.is_generated() && binding.of_service(&meta.namespace, &meta.name))
        .find_map(|binding| {
            let arn = &binding.spec.target_group_arn;
            let resource = tags.iter().find(|found| found.resource_arn == *arn)?;
            Some((binding.metadata.name.clone(), value(resource, CLUSTER_TAG)?))
        }))
}

fn row(origin: &Origin, name: &AwsName, key: &str, value: &str) -> Evidence {
    Evidence::new(
        Layer::Programmed,
        origin,
        format!("LoadBalancer/{}", name.name),
        format!("Tags[{key}]"),
        value,
    )
}

fn finding(
    service: &Fact<Service>,
    name: &AwsName,
    message: String,
    mut evidence: Vec<Evidence>,
) -> Finding {
    let id = service.id();
    evidence.extend(service.hostname().map(|hostname| {
        Evidence::new(
            Layer::Programmed,
            &service.origin,
            id.clone(),
            "status.loadBalancer.ingress[].hostname",
            hostname,
        )
    }));
    Finding::new(message, name.name.clone(), evidence)
        .about([format!("LoadBalancer/{}", name.name), id])
        .fix(Fix {
            summary: "give each Service its own aws-load-balancer-name and each cluster its own --cluster-name, then have the loser's load balancer made again".to_owned(),
            commands: vec![
                "kubectl get services -A -o custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name,HOST:.status.loadBalancer.ingress[*].hostname".to_owned(),
                "kubectl get deployment aws-load-balancer-controller -n kube-system -o jsonpath='{.spec.template.spec.containers[0].args}'".to_owned(),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: format!("the tags of {} name one Service, and no other Service has its host name", name.name),
        })
}
