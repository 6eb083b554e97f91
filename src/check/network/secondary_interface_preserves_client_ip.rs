//! Answers of pods on secondary interfaces leave by the primary one, which drops them.

use super::ends::{Question, ends};
use crate::check::finding::{Change, Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::node::age::config_map;
use crate::check::node::version;
use crate::check::outcome::{Checked, Outcome, fail, not_applicable, pass};
use crate::check::target_group::attribute_fix;
use crate::check::view::RegionView;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Gap, Origin, Reason, Source};
use crate::path::{AwsName, Path, Target};
use std::net::IpAddr;

/// Attribute of target groups.
const PRESERVE: &str = "preserve_client_ip.enabled";

/// The key of cilium-config that lets routes of pods end at the VPC's ranges.
const MASQUERADE: &str = "enable-ipv4-masquerade";

/// The option that hands masquerading to the NodePort datapath.
const BPF_MASQUERADE: &str = "enable-bpf-masquerade";

/// The check.
pub static CHECK: Check = Check {
    code: Code(4104),
    slug: "secondary-interface-preserves-client-ip",
    hop: Hop::Network,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "pods on secondary interfaces answer clients outside the VPC by the wrong interface",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::ConfigMaps,
        Source::Nodes,
        Source::AgentVersion,
        Source::AgentStatus,
        Source::AgentConfig,
        Source::LoadBalancers,
        Source::TargetGroups,
        Source::TargetGroupAttributes,
        Source::NetworkInterfaces,
    ],
    page: include_str!("secondary_interface_preserves_client_ip.md"),
    run: Run::Target(run),
    known_issues: &[],
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    if target.id.parse::<IpAddr>().is_err() {
        return not_applicable("an instance takes traffic on its primary interface");
    }
    let ends = match ends(view, path, target)? {
        Question::Posed(ends) => ends,
        Question::Moot(why) => return not_applicable(why),
    };
    let group = ends.group;
    let preserved = ends.region.target_group_attribute(&group.name, PRESERVE)?;
    if preserved != Some("true") {
        return pass("client addresses are not preserved");
    }
    let interface = match (ends.target.interface, &ends.target.groups) {
        (Some(interface), _) => interface,
        (None, Err(gap)) => return Err(gap.clone()),
        (None, Ok(_)) => return not_applicable("the address is on no interface of the VPC"),
    };
    let Some(attachment) = &interface.attachment else {
        return not_applicable("the interface belongs to no instance");
    };
    let index = attachment.device_index;
    match index {
        Some(0) => return pass("the address is on the primary interface of the node"),
        Some(_) => {}
        None => {
            let reason = Reason::Partial("Attachment.DeviceIndex is not in it".to_owned());
            let id = &interface.network_interface_id;
            return Err(Gap::new(Source::NetworkInterfaces, id, reason));
        }
    }
    let config = config_map(view);
    let masquerade = config.and_then(|map| map.data.get(MASQUERADE));
    if masquerade.is_some_and(|value| value == "false") {
        return pass("Cilium routes all answers of a pod by the pod's own interface");
    }
    let (settled, mut evidence) = match answers(view, attachment.instance_id.as_deref())? {
        Answers::ByRoutes(said) => (true, vec![said]),
        Answers::Unsettled(said) => (false, said.into()),
        Answers::ByOwnInterface => {
            // Pods that an older agent made stay as they are, and no reading has when a pod was made.
            return pass(
                "Cilium sends answers back by the pod's own interface, for pods made by agents of 1.17 or later",
            );
        }
    };
    if let Some(origin) = ends.target.origin {
        evidence.push(Evidence::new(
            Layer::Programmed,
            origin,
            ends.target.subject.clone(),
            "Attachment.DeviceIndex",
            index.unwrap_or_default().to_string(),
        ));
    }
    if let Ok(origin) = ends.region.target_group_attributes_origin(&group.name) {
        evidence.push(Evidence::new(
            Layer::Declared,
            origin,
            format!("TargetGroup/{}", group.name),
            PRESERVE,
            "true",
        ));
    }
    if let Some(map) = config {
        evidence.push(Evidence::new(
            Layer::Declared,
            &map.origin,
            "ConfigMap/cilium-config",
            MASQUERADE,
            masquerade.map_or("unset", String::as_str),
        ));
    }
    let finding = Finding::new(
        format!(
            "{PRESERVE} of {} is true and its addresses are on secondary interfaces: answers to clients outside the VPC {} by the primary interface, which drops what is not from its own addresses",
            group.name,
            if settled { "leave" } else { "may leave" },
        ),
        format!("{} secondary interfaces", group.name),
        evidence,
    )
    .about([
        format!("TargetGroup/{}", group.name),
        ends.target.subject.clone(),
    ])
    .confidence(if settled {
        Confidence::Medium
    } else {
        Confidence::Low
    })
    .assuming(format!(
        "Cilium routes only answers into the VPC by a pod's own interface, as it does unless {MASQUERADE} is false"
    ))
    .fix(fix(view, path, &ends.region, group)?);
    if !settled {
        return Ok(Outcome::Note(finding.assuming(
            "the NodePort datapath does not send answers back by a pod's own interface, as it may from 1.17 on",
        )));
    }
    if ends.balancer.lb.scheme == "internet-facing" {
        fail(finding)
    } else {
        Ok(Outcome::Note(
            finding.assuming("some clients are outside the VPC"),
        ))
    }
}

/// What chooses the interface that answers leave by.
enum Answers {
    /// The routes of the node alone.
    ByRoutes(Evidence),
    /// The NodePort datapath, which knows the interface that each pod's address belongs to.
    ByOwnInterface,
    /// Either.
    Unsettled([Evidence; 2]),
}

/// What chooses the interface on the node that is this instance.
///
/// From 1.17 on the NodePort datapath redirects answers that leave by another interface than the pod's own
/// (bpf/lib/nodeport_egress.h `nodeport_snat_fwd_ipv4`, pull request 35298). It runs where Cilium serves NodePorts,
/// which it may do beside kube-proxy as well (mode `False` with enable-node-port, up to 1.18), and for sure where BPF
/// masquerades; without that it depends on how NodePorts are forwarded.
///
/// # Errors
/// A gap when the node, or the version, status or configuration of its agent was not read.
fn answers(view: &View<'_>, instance: Option<&str>) -> Result<Answers, Gap> {
    let nodes = view.nodes().all("")?;
    let node = nodes
        .iter()
        .find(|node| instance.is_some() && node.instance_id() == instance);
    let Some(node) = node else {
        let reason = Reason::Partial("no Node has its spec.providerID".to_owned());
        let instance = instance.unwrap_or("the interface's instance");
        return Err(Gap::new(Source::Nodes, instance, reason));
    };
    let name = &node.metadata.name;
    let shown = |origin: &Origin, field: String, value: &str| {
        Evidence::new(
            Layer::Programmed,
            origin,
            format!("Node/{name}"),
            field,
            value,
        )
    };
    let agent = view.agent(name);
    let version = agent.version()?;
    if !version.at_least(1, 17) {
        return Ok(Answers::ByRoutes(version::row(name, version)));
    }
    let status = agent.status()?;
    if status.kube_proxy_replacement == Some(false) && status.node_port.is_none() {
        let field = "kube-proxy-replacement.mode".to_owned();
        return Ok(Answers::ByRoutes(shown(&status.origin, field, "False")));
    }
    let config = agent.running()?;
    let masquerades = config.get(BPF_MASQUERADE);
    if masquerades == Some("true") {
        return Ok(Answers::ByOwnInterface);
    }
    Ok(Answers::Unsettled([
        version::row(name, version),
        shown(
            &config.origin,
            format!("{BPF_MASQUERADE} (running)"),
            masquerades.unwrap_or("unset"),
        ),
    ]))
}

fn fix(
    view: &View<'_>,
    path: &Path,
    region: &RegionView<'_, '_>,
    group: &AwsName,
) -> Result<Fix, Gap> {
    let command = attribute_fix::command(view, path, region, group, PRESERVE, "false")?;
    Ok(Fix {
        summary: "switch client address preservation off; proxy protocol v2 carries client addresses to backends that read it".to_owned(),
        commands: vec![command],
        risk: Risk::Disruptive,
        changes: vec![Change::TargetGroupAttribute {
            region: group.region.clone(),
            group: group.name.clone(),
            key: PRESERVE.to_owned(),
            value: "false".to_owned(),
        }],
        after: "clients outside the VPC connect, and backends see addresses of the load balancer"
            .to_owned(),
    })
}
