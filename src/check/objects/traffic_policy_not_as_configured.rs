//! The operator is configured with another externalTrafficPolicy than the Service that it generated has.

use super::{class, operator_age, setting};
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::age;
use crate::check::node::desired::config_map_gap;
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Service;
use crate::model::{Fact, Gap, Source};

/// The check.
pub static CHECK: Check = Check {
    code: Code(1114),
    slug: "traffic-policy-not-as-configured",
    hop: Hop::Objects,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "the generated Service has another externalTrafficPolicy than the operator is told to give it",
    since: "0.1.0",
    known_issues: &[],
    needs: &[
        Source::Services,
        Source::ConfigMaps,
        Source::Gateways,
        Source::GatewayClasses,
        Source::GatewayClassConfigs,
        Source::Pods,
    ],
    page: include_str!("traffic_policy_not_as_configured.md"),
    run: Run::Subject(run),
};

/// Of cilium-operator, from 1.16 on; Helm's `gatewayAPI.externalTrafficPolicy`.
const KEY: &str = "gateway-api-service-externaltrafficpolicy";

fn run(view: &View<'_>) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("no Service was made");
    };
    if setting::gateway_name(service).is_none() {
        return not_applicable("Cilium's operator did not make the Service for a Gateway");
    }
    if service.spec.kind != "LoadBalancer" {
        return not_applicable("the Service is no load balancer, so the setting does not reach it");
    }
    let map = age::config_map(view).ok_or_else(|| config_map_gap(view))?;
    let Some(wanted) = map.data.get(KEY).map(|value| value.trim()) else {
        return not_applicable("nothing tells the operator which policy to set");
    };
    let actual = match service.spec.external_traffic_policy.as_str() {
        "" => "Cluster",
        policy => policy,
    };
    if wanted == actual {
        return pass("externalTrafficPolicy is the one that the operator is told to set");
    }
    if set_by_class(view, service)? {
        return not_applicable("the parameters of the GatewayClass decide the policy");
    }
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    let id = format!("Service/{namespace}/{name}");
    let of_map = format!("ConfigMap/{}/cilium-config", map.metadata.namespace);
    let mut evidence = vec![
        Evidence::new(Layer::Declared, &map.origin, of_map.clone(), KEY, wanted),
        Evidence::new(
            Layer::Programmed,
            &service.origin,
            id.clone(),
            "spec.externalTrafficPolicy",
            actual,
        ),
    ];
    let older = operator_age::older_than(view, map);
    let why = if older.is_some() {
        "cilium-operator is older than the change, and reads the setting only when it starts"
    } else {
        "cilium-operator reads the setting only when it starts"
    };
    evidence.extend(older.into_iter().flatten());
    Ok(Outcome::Note(
        Finding::new(
            format!("{KEY} is {wanted}, and spec.externalTrafficPolicy of {name} is {actual}: {why}"),
            format!("{namespace}/{name}"),
            evidence,
        )
        .about([id, of_map])
        .fix(Fix {
            summary: "restart the operator, so that it writes the Services of all Gateways anew; Local and Cluster differ in which \
                      nodes pass their checks and in whose address backends see"
                .to_owned(),
            commands: vec![
                view.kubectl("rollout restart deploy/cilium-operator"),
                format!(
                    "kubectl get service {name} -n {namespace} -o jsonpath='{{.spec.externalTrafficPolicy}}'"
                ),
            ],
            risk: Risk::Disruptive,
            changes: Vec::new(),
            after: format!("spec.externalTrafficPolicy of {name} is {wanted}"),
        }),
    ))
}

/// Whether the CiliumGatewayClassConfig of the class (1.18 on) names a policy of its own.
fn set_by_class(view: &View<'_>, service: &Fact<Service>) -> Result<bool, Gap> {
    let Some(gateway) = setting::gateway(view)? else {
        return Ok(false);
    };
    let Some(class) = class::of(view, gateway)? else {
        return Ok(false);
    };
    let Some(reference) = &class.spec.parameters_ref else {
        return Ok(false);
    };
    view.gateway_class_configs()
        .find(&reference.namespace, &reference.name)?;
    Ok(class::parameters(view, service)
        .and_then(|config| class::service_field(config, "externalTrafficPolicy"))
        .is_some())
}
