//! A bridge with br_netfilter keeps redirected packets from the rule that hands them to Envoy.

use crate::check::datapath::proxied::Redirect;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::known_issue::{Component, KnownIssue};
use crate::check::node::running;
use crate::check::node::setting::Key;
use crate::check::node::version;
use crate::check::outcome::{Checked, not_applicable};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::cilium::CiliumVersion;
use crate::model::{Gap, Reason, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(7106),
    slug: "bridge-skips-tproxy",
    hop: Hop::Proxy,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the target's device is a bridge, and br_netfilter hides redirected packets from the TPROXY rule",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::BpfLb,
        Source::AgentVersion,
        Source::DbDevices,
        Source::Sysctl,
        Source::AgentConfig,
        Source::AgentStartConfig,
        Source::AgentLog,
        Source::AgentMetrics,
        Source::DbConfigs,
        Source::ConfigMaps,
        Source::NodeConfigs,
        Source::Nodes,
        Source::Pods,
    ],
    page: include_str!("bridge_skips_tproxy.md"),
    known_issues: &[KnownIssue {
        component: Component::Cilium,
        ranges: &[((1, 17, 0), (1, 19, 4))],
        link: "https://github.com/cilium/cilium/commit/52f35a920d",
        summary: "redirected packets that come in on a bridge skip the TPROXY rule where br_netfilter is on",
        branch: "",
    }],
    run: Run::Target(run),
};

/// 1 where bridged packets pass iptables a first time inside the bridge.
const SETTING: &str = "net.bridge.bridge-nf-call-iptables";

/// Whether the release has both changes: the hairpin of pull request 44658 (1.17.14, 1.19.2) and the mark that it
/// needs on some kernels (45582, carried back to 1.19 only).
fn around(version: &CiliumVersion) -> bool {
    version.at_least(1, 20) || (version.at_least(1, 19) && version.patch >= 4)
}

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let redirect = match Redirect::of(view, path, target)? {
        Ok(redirect) => redirect,
        Err(why) => return not_applicable(why),
    };
    let entry = &redirect.entry;
    let agent = view.agent(entry.node);
    let version = agent.version();
    if let Ok(version) = &version {
        if !version.at_least(1, 17) {
            return not_applicable("before 1.17 redirected packets go through cilium_net");
        }
        if around(version) {
            return not_applicable(
                "from 1.19.4 and 1.20 on redirected packets go around a bridge's iptables pass",
            );
        }
    }
    let devices = agent.devices()?;
    let Some(device) = devices
        .iter()
        .find(|device| device.addresses.contains(&entry.address))
    else {
        return not_applicable("no device of the node carries the target's address");
    };
    if device.kind != "bridge" {
        return not_applicable("the target's device is no bridge");
    }
    let version = version?;
    let settings = agent.sysctl()?;
    let value = settings.get(SETTING).ok_or_else(|| {
        Gap::new(
            Source::Sysctl,
            format!("node {}", entry.node),
            Reason::Partial(format!("{SETTING} is not among them")),
        )
    })?;
    if value != "1" {
        return not_applicable("bridged packets do not pass iptables");
    }
    if running::running(view, entry.node, Key::BpfTproxy)?.on {
        return not_applicable("enable-bpf-tproxy delivers packets without iptables");
    }
    let subject = format!("Node/{}", entry.node);
    let finding = Finding::new(
        format!(
            "{} carries the target's address and is a bridge, and {SETTING} is 1: the kernel skips the TPROXY rule \
             for packets that Cilium 1.17 to 1.19.3 hands up there",
            device.name
        ),
        format!("bridge {}", device.name),
        vec![
            Evidence::new(
                Layer::Programmed,
                &devices.origin,
                subject.clone(),
                format!("devices {} Type", device.name),
                device.kind.as_str(),
            ),
            Evidence::new(Layer::Observed, &settings.origin, &subject, SETTING, value),
            version::row(entry.node, version),
            redirect.evidence(),
        ],
    )
    .about([subject])
    .confidence(Confidence::Medium)
    .assuming("this release does not go around the bridge (1.17.14 and 1.19.2 do so on some kernels, 1.19.4 and 1.20 on all)")
    .fix(Fix {
        summary: "upgrade to 1.19.4 or 1.20, or take the bridge out of the way: register an address of a device that is no \
                  bridge, or keep br_netfilter from calling iptables if no other tool of the node needs it to"
            .to_owned(),
        commands: vec![format!(
            "kubectl debug node/{} -it --image=busybox --profile=sysadmin -- sysctl -w {SETTING}=0",
            entry.node
        )],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: "the targets on these nodes turn healthy while the redirect stays as it is".to_owned(),
    });
    redirect.broken(finding)
}
