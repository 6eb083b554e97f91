//! Two TargetGroupBindings fill one target group.

use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::Arn;
use crate::model::kubernetes::TargetGroupBinding;
use crate::model::kubernetes::binding::PortRef;
use crate::model::{Fact, Source};
use crate::path::{AwsName, Path};

/// The check.
pub static CHECK: Check = Check {
    code: Code(3115),
    slug: "target-group-bound-twice",
    hop: Hop::TargetGroup,
    severity: Severity::Error,
    bearing: Bearing::Hygiene,
    title: "two TargetGroupBindings fill one target group",
    since: "0.1.0",
    needs: &[Source::TargetGroupBindings],
    page: include_str!("target_group_bound_twice.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(group) = path.target_group.found() else {
        return not_applicable("there is no target group");
    };
    let all = view.target_group_bindings();
    let mut bindings: Vec<&Fact<TargetGroupBinding>> = all
        .known()
        .filter(|binding| names(binding, group))
        .collect();
    let Some(first) = bindings.first() else {
        return not_applicable("no TargetGroupBinding names the target group");
    };
    if bindings.len() == 1 {
        all.complete(&first.metadata.namespace)?;
        return pass("one TargetGroupBinding fills the target group");
    }
    if bindings
        .iter()
        .all(|binding| binding.spec.multi_cluster_target_group)
    {
        return pass("each of its bindings keeps to the targets that it registered");
    }
    let same = |binding: &&Fact<TargetGroupBinding>| fills(binding) == fills(first);
    if bindings.iter().all(same) {
        return pass("its bindings register the same targets");
    }
    bindings.sort_by_key(|binding| id(binding));
    let evidence = bindings.iter().flat_map(|binding| {
        let row = |field: &str, value: String| {
            Evidence::new(Layer::Declared, &binding.origin, id(binding), field, value)
        };
        let service = &binding.spec.service_ref;
        let port = match &service.port {
            PortRef::Number(number) => number.to_string(),
            PortRef::Name(name) => name.clone(),
        };
        [
            row("spec.targetGroupARN", binding.spec.target_group_arn.clone()),
            row("spec.serviceRef", format!("{}:{port}", service.name)),
        ]
    });
    let evidence = evidence.collect();
    let ids: Vec<String> = bindings.iter().map(|binding| id(binding)).collect();
    fail(
        Finding::new(
            format!(
                "{} fill one target group, {}: each deregisters what the other has registered",
                ids.join(" and "),
                group.name
            ),
            group.name.clone(),
            evidence,
        )
        .about(ids)
        .about([format!("TargetGroup/{}", group.name)])
        .fix(Fix {
            summary: "keep the binding of the Service that the target group is for and delete the other, or set spec.multiClusterTargetGroup on both (AWS Load Balancer Controller 2.10 on), with which each keeps to its own targets".to_owned(),
            commands: bindings
                .iter()
                .map(|binding| {
                    let meta = &binding.metadata;
                    format!("kubectl get targetgroupbinding {} -n {} -o yaml", meta.name, meta.namespace)
                })
                .collect(),
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: format!("one TargetGroupBinding names {}, and its targets stay registered", group.name),
        }),
    )
}

/// Whether a binding names a target group.
fn names(binding: &TargetGroupBinding, group: &AwsName) -> bool {
    let Ok(arn) = binding.spec.target_group_arn.parse::<Arn>() else {
        return false;
    };
    (arn.account.as_str(), arn.region.as_str())
        == (group.region.0.as_str(), group.region.1.as_str())
        && arn.name() == Some(group.name.as_str())
}

/// What decides which targets a binding registers.
fn fills(binding: &TargetGroupBinding) -> impl PartialEq {
    let spec = &binding.spec;
    (
        binding.metadata.namespace.clone(),
        spec.service_ref.clone(),
        spec.node_selector.clone(),
    )
}

fn id(binding: &TargetGroupBinding) -> String {
    let meta = &binding.metadata;
    format!("TargetGroupBinding/{}/{}", meta.namespace, meta.name)
}
