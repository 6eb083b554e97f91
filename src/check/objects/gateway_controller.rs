//! Why cilium-operator runs no Gateway API controller: what it logged, what it is configured to do, whether it runs.
//!
//! The controller is started once with the operator (operator/pkg/gateway-api/cell.go): only with
//! `enable-gateway-api`, only with kube-proxy replacement (1.16 on), and only if every CRD it needs is there.

use super::operator_age::older_than;
use crate::check::View;
use crate::check::finding::{Confidence, Evidence, Fix, Layer, Risk};
use crate::check::node::age::config_map;
use crate::model::cilium::{CiliumVersion, OperatorLog, RefusalLine};
use crate::model::kubernetes::{ConfigMap, Deployment};
use crate::model::{Fact, Gap};

/// What to look at afterwards.
const AFTER: &str = "the GatewayClass shows Accepted=True and the generated Service exists";

/// A reason, with what proves it.
pub(super) struct Absent {
    /// Message of the finding.
    pub(super) message: String,
    /// What decides it.
    pub(super) decides: &'static str,
    /// What proves it.
    pub(super) evidence: Vec<Evidence>,
    /// How sure it is.
    pub(super) confidence: Confidence,
    /// What it takes for granted.
    pub(super) assuming: Option<&'static str>,
    /// How to mend it.
    pub(super) fix: Fix,
}

/// The first reason that the evidence gives; `None` when a log is there and nothing explains it.
///
/// # Errors
/// The gap of the operator's log when nothing else explains it.
pub(super) fn absent(view: &View<'_>) -> Result<Option<Absent>, Gap> {
    let map = config_map(view);
    let logs = view.operator_logs();
    let refusal = || {
        logs.iter().flatten().find_map(|(node, log)| {
            let line = log.refusals.first()?;
            Some(refused(view, node, log, line))
        })
    };
    let found = map
        .and_then(|map| switched_off(view, map))
        .or_else(refusal)
        .or_else(|| map.and_then(|map| without_replacement(view, map)))
        .or_else(|| operator(view).and_then(|operator| stopped(view, operator)))
        .or_else(|| {
            let looked = logs.iter().flatten().any(|(_, log)| log.looked);
            map.filter(|_| !looked)
                .and_then(|map| not_restarted(view, map))
        });
    match found {
        Some(found) => Ok(Some(found)),
        None => logs.map(|_| None),
    }
}

fn operator<'a>(view: &View<'a>) -> Option<&'a Fact<Deployment>> {
    view.deployments()
        .known()
        .find(|one| one.metadata.name == "cilium-operator")
}

/// The version of the operator, by the tag of its image, and what says so.
pub(super) fn version(view: &View<'_>) -> Option<(CiliumVersion, Evidence)> {
    let operator = operator(view)?;
    let version = CiliumVersion::parse(operator.tag("cilium-operator")?)?;
    let said = Evidence::new(
        Layer::Declared,
        &operator.origin,
        format!("Deployment/{}/cilium-operator", operator.metadata.namespace),
        "image tag of cilium-operator",
        version.to_string(),
    );
    Some((version, said))
}

/// A key of cilium-config; what is not there has the default `false`.
fn value<'a>(map: &'a ConfigMap, key: &str) -> &'a str {
    map.data.get(key).map_or("unset", String::as_str)
}

/// The operator reads the same ConfigMap as the agents.
fn switched_off(view: &View<'_>, map: &Fact<ConfigMap>) -> Option<Absent> {
    const KEY: &str = "enable-gateway-api";
    let found = value(map, KEY);
    (found != "true").then(|| Absent {
        message: format!(
            "{KEY} of cilium-config is {found}, so cilium-operator runs no Gateway API controller"
        ),
        decides: KEY,
        evidence: vec![row(map, KEY)],
        confidence: Confidence::High,
        assuming: None,
        fix: helm(view, "gatewayAPI.enabled=true"),
    })
}

/// Without kube-proxy replacement the operator leaves the controller out (1.16 on).
fn without_replacement(view: &View<'_>, map: &Fact<ConfigMap>) -> Option<Absent> {
    const KEY: &str = "kube-proxy-replacement";
    let (version, said) = version(view)?;
    if !version.at_least(1, 16) {
        return None;
    }
    let found = value(map, KEY);
    let off = matches!(found, "false" | "disabled") && value(map, "enable-node-port") != "true";
    off.then(|| Absent {
        message: format!(
            "{KEY} of cilium-config is {found}, and cilium-operator runs no Gateway API controller without it"
        ),
        decides: KEY,
        evidence: vec![
            row(map, KEY),
            said,
        ],
        confidence: Confidence::Medium,
        assuming: None,
        fix: helm(view, "kubeProxyReplacement=true"),
    })
}

fn row(map: &Fact<ConfigMap>, key: &str) -> Evidence {
    Evidence::new(
        Layer::Declared,
        &map.origin,
        format!("ConfigMap/{}/cilium-config", map.metadata.namespace),
        key,
        value(map, key),
    )
}

fn helm(view: &View<'_>, set: &str) -> Fix {
    Fix {
        summary:
            "switch it on in the Helm values; operator and agents read it only when they start"
                .to_owned(),
        commands: vec![
            view.helm_upgrade(&format!("--set {set}")),
            restart(view, "deployment/cilium-operator"),
            restart(view, "daemonset/cilium"),
        ],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: AFTER.to_owned(),
    }
}

/// The branch of an operator that asks for a version of TLSRoute which Gateway API 1.5 and later do not serve.
pub(super) const OLD_TLS_ROUTE: &str = "TLSRoute v1alpha2";

fn refused(view: &View<'_>, node: &str, log: &Fact<OperatorLog>, line: &RefusalLine) -> Absent {
    let why = &line.why;
    // The check may also have failed because the API server did not answer in time.
    let crds = ["not found", "does not have version", "no matches for kind"]
        .iter()
        .any(|words| why.contains(words));
    let summary = if crds {
        "install the Gateway API CRDs of the version that this Cilium documents (1.14 v0.7.1, 1.15 v1.0, 1.16 v1.1, 1.17 v1.2, 1.18 v1.3, 1.19 v1.4, 1.20 v1.6), then restart the operator: it looks only once"
    } else {
        "correct what the line names, then restart the operator: it looks only once"
    };
    Absent {
        message: format!("cilium-operator started without its Gateway API controller: {why}"),
        decides: if why.contains("TLSRoute") && why.contains("v1alpha2") {
            OLD_TLS_ROUTE
        } else {
            "operator log"
        },
        evidence: vec![Evidence::new(
            Layer::Observed,
            &log.origin,
            format!("cilium-operator on Node/{node}"),
            "log",
            line.raw.clone(),
        )],
        confidence: Confidence::High,
        assuming: None,
        fix: Fix {
            summary: summary.to_owned(),
            commands: vec![
                "kubectl get crds -o custom-columns='NAME:.metadata.name,SERVED:.spec.versions[?(@.served==true)].name' | grep gateway.networking.k8s.io".to_owned(),
                restart(view, "deployment/cilium-operator"),
            ],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: AFTER.to_owned(),
        },
    }
}

fn stopped(view: &View<'_>, operator: &Fact<Deployment>) -> Option<Absent> {
    let (ready, wanted) = (operator.status.ready_replicas, operator.wanted());
    if ready > 0 {
        return None;
    }
    let home = view.agent_namespace();
    Some(Absent {
        message: format!(
            "no Pod of cilium-operator is ready ({ready} of {wanted}), so nothing translates Gateways"
        ),
        decides: "operator not ready",
        evidence: vec![Evidence::new(
            Layer::Observed,
            &operator.origin,
            format!("Deployment/{}/cilium-operator", operator.metadata.namespace),
            "status.readyReplicas",
            format!("{ready} of {wanted}"),
        )],
        confidence: Confidence::High,
        assuming: None,
        fix: Fix {
            summary: if wanted == 0 {
                "scale the operator up"
            } else {
                "see why its Pods do not become ready"
            }
            .to_owned(),
            commands: if wanted == 0 {
                vec![format!(
                    "kubectl scale -n {home} deployment/cilium-operator --replicas=2"
                )]
            } else {
                vec![
                    format!("kubectl describe -n {home} deployment/cilium-operator"),
                    format!(
                        "kubectl logs -n {home} deployment/cilium-operator --previous --tail=50"
                    ),
                ]
            },
            risk: Risk::Safe,
            changes: Vec::new(),
            after: AFTER.to_owned(),
        },
    })
}

/// The operator started before the configuration was last written, and may not know that it shall run the controller.
fn not_restarted(view: &View<'_>, map: &Fact<ConfigMap>) -> Option<Absent> {
    let evidence = older_than(view, map)?;
    Some(Absent {
        message: "cilium-operator is older than the last change of cilium-config, and it reads enable-gateway-api only when it starts".to_owned(),
        decides: "operator not restarted",
        evidence: evidence.into(),
        confidence: Confidence::Medium,
        assuming: Some("the change that is younger than the operator is that of enable-gateway-api: its time is that of the whole ConfigMap"),
        fix: Fix {
            summary: "restart the operator, so that it runs with the present configuration".to_owned(),
            commands: vec![restart(view, "deployment/cilium-operator")],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: AFTER.to_owned(),
        },
    })
}

fn restart(view: &View<'_>, what: &str) -> String {
    format!(
        "kubectl rollout restart -n {} {what}",
        view.agent_namespace()
    )
}
