//! A networking rule without ports, of which the controller makes no rule at all.

use super::registrar::binding_of;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::Path;

/// The check.
pub static CHECK: Check = Check {
    code: Code(3111),
    slug: "binding-rule-without-ports",
    hop: Hop::TargetGroup,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "a networking rule without ports makes the controller write no rule",
    since: "0.1.0",
    needs: &[Source::Services, Source::TargetGroupBindings],
    page: include_str!("binding_rule_without_ports.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(group) = path.target_group.read()? else {
        return not_applicable("there is no target group");
    };
    let Some(binding) = binding_of(view, group) else {
        let namespace = path
            .service
            .as_ref()
            .map_or("", |service| &service.namespace);
        view.target_group_bindings().complete(namespace)?;
        return not_applicable("no TargetGroupBinding names the target group");
    };
    let rules = binding
        .spec
        .networking
        .as_ref()
        .and_then(|networking| networking["ingress"].as_array());
    let Some(rules) = rules else {
        return not_applicable("the binding asks for no rules");
    };
    let without = rules
        .iter()
        .position(|rule| rule["ports"].as_array().is_none_or(Vec::is_empty));
    let Some(index) = without else {
        return pass("every networking rule of the binding names its ports");
    };
    let (namespace, name) = (&binding.metadata.namespace, &binding.metadata.name);
    let id = format!("TargetGroupBinding/{namespace}/{name}");
    let port = view.service().ok().flatten().map_or(0, |_| path.node_port);
    let shown = if port == 0 {
        "PORT".to_owned()
    } else {
        port.to_string()
    };
    fail(
        Finding::new(
            format!("spec.networking.ingress[{index}] of {name} names no ports: documented as every port, but the AWS Load Balancer Controller makes no rule of it"),
            format!("{namespace}/{name}"),
            vec![Evidence::new(
                Layer::Declared,
                &binding.origin,
                id.clone(),
                format!("spec.networking.ingress[{index}]"),
                rules[index].to_string(),
            )],
        )
        .about([id])
        .confidence(Confidence::Medium)
        .assuming("the running controller drops such rules, as every version does that was read (up to 3.5.0)")
        .fix(Fix {
            summary: "list the ports of the traffic and of the health check".to_owned(),
            commands: vec![format!(
                "kubectl patch targetgroupbinding {name} -n {namespace} --type json -p '[{{\"op\":\"add\",\"path\":\"/spec/networking/ingress/{index}/ports\",\"value\":[{{\"protocol\":\"TCP\",\"port\":{shown}}}]}}]'"
            )],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "the security group of the nodes has a rule described elbv2.k8s.aws/targetGroupBinding=shared".to_owned(),
        }),
    )
}
