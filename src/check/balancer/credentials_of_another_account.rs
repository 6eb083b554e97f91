//! The credentials are for another account than the one that the Service's bindings name.

use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::{Arn, CallerIdentity};
use crate::model::kubernetes::{Object, TargetGroupBinding};
use crate::model::{Fact, Gap, Source};

/// The check.
pub static CHECK: Check = Check {
    code: Code(2106),
    slug: "credentials-of-another-account",
    hop: Hop::LoadBalancer,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "the AWS credentials are for another account than the load balancer's",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::TargetGroupBindings,
        Source::CallerIdentity,
    ],
    page: include_str!("credentials_of_another_account.md"),
    known_issues: &[],
    run: Run::Subject(run),
};

fn run(view: &View<'_>) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service stands behind the subject");
    };
    let meta = &service.metadata;
    let bindings: Vec<(&Fact<TargetGroupBinding>, Arn)> = view
        .target_group_bindings()
        .known()
        .filter(|binding| binding.of_service(&meta.namespace, &meta.name))
        .filter_map(|binding| Some((binding, binding.spec.target_group_arn.parse().ok()?)))
        .collect();
    if bindings.is_empty() {
        return not_applicable("no TargetGroupBinding names the account");
    }
    let mut unread = None;
    for (binding, arn) in &bindings {
        let callers: Vec<Result<&Fact<CallerIdentity>, Gap>> = view
            .regions()
            .filter(|region| region.name() == arn.region)
            .map(|region| region.caller())
            .collect();
        let known: Vec<&Fact<CallerIdentity>> = callers
            .iter()
            .filter_map(|caller| caller.as_ref().ok().copied())
            .collect();
        if known.iter().any(|caller| caller.account == arn.account) {
            continue;
        }
        match known.first() {
            Some(caller) => {
                return fail(finding(&meta.name, &meta.namespace, binding, arn, caller));
            }
            None => {
                let missing = callers.into_iter().find_map(Result::err);
                unread = unread
                    .or(missing)
                    .or_else(|| Some(Gap::not_collected(Source::CallerIdentity, &arn.region)));
            }
        }
    }
    match unread {
        Some(gap) => Err(gap),
        None => pass("the credentials are for the account of the target groups"),
    }
}

fn finding(
    service: &str,
    namespace: &str,
    binding: &Fact<TargetGroupBinding>,
    arn: &Arn,
    caller: &Fact<CallerIdentity>,
) -> Finding {
    let id = binding.id();
    let role = binding.spec.iam_role_arn_to_assume.as_deref();
    let mut evidence = vec![
        Evidence::new(
            Layer::Declared,
            &binding.origin,
            id.clone(),
            "spec.targetGroupARN",
            arn.to_string(),
        ),
        Evidence::new(
            Layer::Observed,
            &caller.origin,
            "credentials",
            "Arn",
            caller.arn.clone(),
        ),
    ];
    let optional = [
        ("spec.iamRoleArnToAssume", role),
        (
            "spec.assumeRoleExternalId",
            binding.spec.assume_role_external_id.as_deref(),
        ),
    ];
    evidence.extend(optional.into_iter().filter_map(|(field, value)| {
        Some(Evidence::new(
            Layer::Declared,
            &binding.origin,
            id.clone(),
            field,
            value?,
        ))
    }));
    let reached = role.map_or(String::new(), |role| {
        format!("; the controller reaches it with the role {role}")
    });
    Finding::new(
        format!(
            "the target group of {service} belongs to account {}, and the credentials to account {}{reached}",
            arn.account, caller.account
        ),
        arn.account.clone(),
        evidence,
    )
    .about([id])
    .fix(Fix {
        summary: "ask again with credentials for that account".to_owned(),
        commands: vec![match role {
            Some(role) => {
                let external = binding
                    .spec
                    .assume_role_external_id
                    .as_deref()
                    .map_or(String::new(), |id| format!(" --external-id {id}"));
                format!("kubectl cilium-lb why-unhealthy service/{service} -n {namespace} --role-arn {role}{external}")
            }
            None => format!("kubectl cilium-lb why-unhealthy service/{service} -n {namespace} --aws-profile PROFILE_OF_{}", arn.account),
        }],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: format!("aws sts get-caller-identity names account {}", arn.account),
    })
}
