//! The nodes run different builds of Envoy, or some run it inside the agent and some beside it.

use crate::check::datapath::proxied;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::pods;
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::model::kubernetes::Object;
use std::collections::{BTreeMap, BTreeSet};

/// The check.
pub static CHECK: Check = Check {
    code: Code(7204),
    slug: "envoy-image-skew",
    hop: Hop::Proxy,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "the target nodes run different builds of Envoy",
    since: "0.1.0",
    needs: &[Source::Services, Source::Pods, Source::AgentStatus],
    page: include_str!("envoy_image_skew.md"),
    known_issues: &[],
    run: Run::Subject(run),
};

fn run(view: &View<'_>) -> Checked {
    if let Err(why) = proxied::service(view)? {
        return not_applicable(why);
    }
    let nodes: BTreeSet<&String> = view
        .paths()
        .iter()
        .flat_map(|path| {
            path.targets
                .iter()
                .filter_map(|target| target.node.as_ref().ok())
        })
        .collect();
    let Some(first) = nodes.first() else {
        return not_applicable("no target is a known node");
    };
    if view.pods().known().next().is_none() {
        pods::required(view, pods::ENVOY, first)?;
    }
    if let Some(finding) = modes(view, &nodes) {
        return Ok(Outcome::Note(finding));
    }
    let mut images: BTreeMap<&str, Vec<Evidence>> = BTreeMap::new();
    for node in nodes {
        let Some(pod) = pods::of_node(view, pods::ENVOY, node) else {
            continue;
        };
        if let Some(image) = pods::image(pod, "cilium-envoy") {
            images.entry(image).or_default().push(Evidence::new(
                Layer::Declared,
                &pod.origin,
                pod.id(),
                "image of cilium-envoy",
                image,
            ));
        }
    }
    if images.len() < 2 {
        return pass("the target nodes run one build of Envoy");
    }
    let names: Vec<&str> = images.keys().copied().collect();
    Ok(Outcome::Note(
        Finding::new(
            format!(
                "the target nodes run {} builds of Envoy ({}): one that is older than the agents may reject what they send",
                names.len(),
                names.join(", ")
            ),
            "envoy images",
            images.into_values().flatten().collect(),
        )
        .about(["DaemonSet/cilium-envoy".to_owned()])
        .fix(rollout(view)),
    ))
}

/// Nodes whose agents say that Envoy runs inside them, beside nodes where it does not.
fn modes(view: &View<'_>, nodes: &BTreeSet<&String>) -> Option<Finding> {
    let mut modes: BTreeMap<&str, Vec<Evidence>> = BTreeMap::new();
    for node in nodes {
        if let Ok(status) = view.agent(node).status()
            && let Some(proxy) = &status.proxy
            && !proxy.envoy_mode.is_empty()
        {
            modes
                .entry(&proxy.envoy_mode)
                .or_default()
                .push(Evidence::new(
                    Layer::Programmed,
                    &status.origin,
                    format!("Node/{node}"),
                    "proxy.envoy-deployment-mode",
                    proxy.envoy_mode.as_str(),
                ));
        }
    }
    (modes.len() > 1).then(|| {
        Finding::new(
            "on some target nodes Envoy runs inside the agent and on others beside it: agents that were not restarted since \
             external-envoy-proxy changed",
            "envoy deployment mode",
            modes.into_values().flatten().collect(),
        )
        .about(["DaemonSet/cilium".to_owned()])
        .fix(rollout(view))
    })
}

fn rollout(view: &View<'_>) -> Fix {
    Fix {
        summary: "let both DaemonSets finish their rollout with the images of one chart".to_owned(),
        commands: vec![
            view.kubectl("rollout status ds/cilium-envoy"),
            view.kubectl("rollout status ds/cilium"),
            view.kubectl("get pods -l k8s-app=cilium-envoy -o wide"),
        ],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "all cilium-envoy Pods run the image of the DaemonSet".to_owned(),
    }
}
