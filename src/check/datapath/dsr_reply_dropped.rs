//! DSR: the backend's node answers with the address of the node that was asked, and AWS drops it.

use super::between_nodes::instance;
use super::probe::{Entry, row_key, unless_answered};
use super::spread::{Forwarding, forwarding, spread};
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::view::Located;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::Instance;
use crate::model::cilium::{AgentStatus, Frontend};
use crate::model::kubernetes::Service;
use crate::model::{Fact, Gap, Reason, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(6305),
    slug: "dsr-reply-dropped",
    hop: Hop::Datapath,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "DSR answers with another node's address, which source/destination checks drop",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::AgentStatus,
        Source::AgentVersion,
        Source::EndpointSlices,
        Source::Nodes,
        Source::Instances,
    ],
    page: include_str!("dsr_reply_dropped.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    unless_answered(
        target,
        ask(view, path, target),
        "the check is answered, so its answer is not dropped",
    )
}

fn ask(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let Forwarding {
        service,
        found,
        frontend,
    } = match forwarding(view, path, target)? {
        Ok(asked) => asked,
        Err(why) => return not_applicable(why),
    };
    let mode = mode(view, service, found.node, frontend);
    if mode == Mode::Snat {
        return pass("answers come back through the node that was asked (SNAT)");
    }
    let spread = spread(view, service, &found)?;
    if spread.remote.is_empty() {
        return not_applicable("no backend runs on another node");
    }
    if let Mode::Unknown(gap) = mode {
        return Err(gap);
    }
    if spread.local > 0 {
        return not_applicable("a part of the checks is answered by a backend on the node itself");
    }
    let Some(group) = path.target_group.read()? else {
        return not_applicable("there is no target group");
    };
    let nodes = spread.nodes();
    let mut checking = Vec::new();
    for node in &nodes {
        let instance = instance(view, group, node)?;
        match sends_foreign(instance.value) {
            Some(true) => {}
            Some(false) => checking.push(instance),
            None => {
                return Err(Gap::new(
                    Source::Instances,
                    instance.instance_id.clone(),
                    Reason::Partial("SourceDestCheck is not in it".to_owned()),
                ));
            }
        }
    }
    if checking.is_empty() {
        return pass("the backends' nodes may answer with the address of the node that was asked");
    }
    let status = view.agent(found.node).status().ok();
    let geneve = status.is_some_and(|status| {
        status
            .node_port
            .as_ref()
            .is_some_and(|port| port.dsr_dispatch.eq_ignore_ascii_case("geneve"))
    });
    let finding = finding(
        view,
        service,
        &found,
        frontend,
        &checking,
        status,
        &group.region.1,
    );
    if checking.len() < nodes.len() {
        return fail(
            finding
                .confidence(Confidence::Medium)
                .assuming("a target counts as unhealthy although some of its backends can answer"),
        );
    }
    fail(if geneve {
        finding
            .confidence(Confidence::Medium)
            .assuming("with Geneve dispatch, too, the backend's node answers directly")
    } else {
        finding
    })
}

/// How an entry's answers come back.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mode {
    Dsr,
    Snat,
    Unknown(Gap),
}

/// With this annotation, and `bpf-lb-mode-annotation`, a Service has a mode of its own (1.17 on).
const FORWARDING_MODE: &str = "service.cilium.io/forwarding-mode";

/// The flag `dsr` of the entry (1.17 on) decides; without it, the agent's mode. Hybrid is DSR for TCP.
///
/// From 1.18 on every entry that is forwarded with DSR has the flag where the mode is DSR, so that without it the
/// Service asked for SNAT (pkg/loadbalancer/reconciler/bpf_reconciler.go `updateFrontend`); the status prints the mode of
/// the agent only.
fn mode(view: &View<'_>, service: &Service, node: &str, frontend: &Frontend) -> Mode {
    if frontend.flags.has("dsr") {
        return Mode::Dsr;
    }
    let status = match view.agent(node).status() {
        Ok(status) => status,
        Err(gap) => return Mode::Unknown(gap),
    };
    match status.node_port.as_ref().map(|port| port.mode.as_str()) {
        Some("SNAT") => Mode::Snat,
        Some("Hybrid") => Mode::Dsr,
        Some("DSR") => match view.agent(node).version() {
            Ok(version) if version.at_least(1, 18) => Mode::Snat,
            Ok(_) if service.metadata.annotations.contains_key(FORWARDING_MODE) => {
                Mode::Unknown(Gap::new(
                    Source::BpfLb,
                    format!("node {node}"),
                    Reason::Partial(format!(
                        "the agents are older than 1.18 and the Service has {FORWARDING_MODE}, so that an entry without the \
                         flag dsr says nothing"
                    )),
                ))
            }
            Ok(_) => Mode::Dsr,
            Err(gap) => Mode::Unknown(gap),
        },
        _ => Mode::Unknown(Gap::new(
            Source::AgentStatus,
            format!("node {node}"),
            Reason::Partial("the NodePort mode is not in it".to_owned()),
        )),
    }
}

/// Whether an instance may send packets with other addresses than its own; `None` where AWS does not say.
fn sends_foreign(instance: &Instance) -> Option<bool> {
    let check = instance
        .primary_interface()
        .and_then(|eni| eni.source_dest_check)
        .or(instance.source_dest_check)?;
    Some(!check)
}

fn finding(
    view: &View<'_>,
    service: &Service,
    found: &Entry<'_, '_>,
    frontend: &Frontend,
    checking: &[Located<'_, Instance>],
    status: Option<&Fact<AgentStatus>>,
    region: &str,
) -> Finding {
    let id = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let mut evidence = vec![Evidence::new(
        Layer::Programmed,
        &found.bpf.origin,
        format!("Node/{}", found.node),
        row_key(found.address, frontend.key.port),
        frontend.raw.as_str(),
    )];
    if let Some(status) = status
        && let Some(port) = &status.node_port
    {
        evidence.push(Evidence::new(
            Layer::Programmed,
            &status.origin,
            format!("Node/{}", found.node),
            "kube-proxy-replacement.features.nodePort.mode",
            format!("{} {}", port.mode, port.dsr_dispatch).trim_end(),
        ));
    }
    let mut objects = vec![format!("Service/{id}")];
    for instance in checking {
        objects.push(format!("Instance/{}", instance.instance_id));
        evidence.push(Evidence::new(
            Layer::Declared,
            instance.origin,
            format!("Instance/{}", instance.instance_id),
            "SourceDestCheck",
            "true",
        ));
    }
    let mut commands: Vec<String> = checking
        .iter()
        .map(|instance| {
            format!(
                "aws ec2 modify-instance-attribute --region {region} --instance-id {} --no-source-dest-check",
                instance.instance_id
            )
        })
        .collect();
    commands.push(view.helm_upgrade(
        "--set loadBalancer.mode=snat   # instead, if other addresses than its own must not leave an instance",
    ));
    Finding::new(
        format!(
            "{id} is forwarded with DSR, and none of its backends runs on the node that is asked: the backend's node answers \
             with that node's address, which its own SourceDestCheck=true drops"
        ),
        id,
        evidence,
    )
    .about(objects)
    .fix(Fix {
        summary: "switch the source/destination check of every node off (in the launch template as well, or new nodes bring it \
                  back), or let Cilium forward with SNAT"
            .to_owned(),
        commands,
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: "the nodes without a backend of their own turn healthy".to_owned(),
    })
}
