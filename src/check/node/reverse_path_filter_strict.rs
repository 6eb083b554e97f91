//! The kernel drops packets whose reply would leave by another device.

use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;

/// The check.
pub static CHECK: Check = Check {
    code: Code(5402),
    slug: "reverse-path-filter-strict",
    hop: Hop::Node,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "strict reverse path filtering on one of several devices that serve NodePorts",
    since: "0.1.0",
    needs: &[Source::AgentStatus, Source::DbDevices, Source::Sysctl],
    page: include_str!("reverse_path_filter_strict.md"),
    known_issues: &[],
    run: Run::Node(run),
};

fn run(view: &View<'_>, node: &str) -> Checked {
    let agent = view.agent(node);
    let mut served: Vec<&str> = match (agent.devices(), agent.status()) {
        (Ok(devices), _) => devices
            .iter()
            .filter(|device| device.selected)
            .map(|device| device.name.as_str())
            .collect(),
        (Err(_), Ok(status)) => status
            .devices
            .iter()
            .map(|device| device.name.as_str())
            .collect(),
        (Err(_), Err(_)) => {
            return not_applicable("nothing says that several devices serve NodePorts");
        }
    };
    served.sort_unstable();
    if served.len() < 2 {
        return not_applicable("one device serves NodePorts, and replies leave by it");
    }
    let settings = agent.sysctl()?;
    let value = |name: &str| {
        settings
            .get(&format!("net.ipv4.conf.{name}.rp_filter"))
            .and_then(|text| text.trim().parse::<u8>().ok())
    };
    let all = value("all").unwrap_or_default();
    // The kernel uses the larger of the two (Documentation/networking/ip-sysctl.rst).
    let strict: Vec<&str> = served
        .iter()
        .copied()
        .filter(|name| value(name).is_some_and(|own| own.max(all) == 1))
        .collect();
    if strict.is_empty() {
        return pass("reverse path filtering is not strict on the devices that serve NodePorts");
    }
    let evidence = strict
        .iter()
        .map(|name| {
            Evidence::new(
                Layer::Observed,
                &settings.origin,
                format!("Node/{node}"),
                format!("net.ipv4.conf.{name}.rp_filter"),
                format!("{} (all {all})", value(name).unwrap_or_default()),
            )
        })
        .collect();
    let names = strict.join(", ");
    Ok(Outcome::Note(
        Finding::new(
            format!(
                "rp_filter is 1 (strict) on {names}, one of several devices that serve NodePorts: packets whose reply would leave by \
                 another device are dropped without a trace"
            ),
            names.clone(),
            evidence,
        )
        .about([format!("Node/{node}")])
        .confidence(Confidence::Medium)
        .assuming("replies leave by another device than the check came in by, which the routes of the node decide")
        .fix(Fix {
            summary: "make the filter loose (2) or switch it off (0) where the node's settings are kept, and see what sets it after \
                      the agent, which writes 0 for `all` when it starts"
                .to_owned(),
            commands: strict
                .iter()
                .map(|name| {
                    format!(
                        "kubectl debug node/{node} -it --profile=sysadmin --image=busybox -- chroot /host sysctl -w net.ipv4.conf.{name}.rp_filter=2"
                    )
                })
                .collect(),
            risk: Risk::Safe,
            changes: Vec::new(),
            after: format!("`sysctl net.ipv4.conf.{names}.rp_filter` says 0 or 2 after the next boot as well"),
        }),
    ))
}
