//! The kernel drops packets whose reply would leave by another device.

use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, Outcome, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Gap, Reason, Source};

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
    let all = value("all");
    let mut strict = Vec::new();
    let mut unread = None;
    for name in served {
        match is_strict(value(name), all) {
            Some(true) => strict.push(name),
            Some(false) => {}
            None => unread = Some(name),
        }
    }
    if strict.is_empty() {
        return match unread {
            Some(name) => Err(Gap::new(
                Source::Sysctl,
                format!("node {node}"),
                Reason::Partial(format!(
                    "net.ipv4.conf.{name}.rp_filter or net.ipv4.conf.all.rp_filter is not among the settings"
                )),
            )),
            None => {
                pass("reverse path filtering is not strict on the devices that serve NodePorts")
            }
        };
    }
    let shown = |value: Option<u8>| value.map_or("not read".to_owned(), |value| value.to_string());
    let evidence = strict
        .iter()
        .map(|name| {
            Evidence::new(
                Layer::Observed,
                &settings.origin,
                format!("Node/{node}"),
                format!("net.ipv4.conf.{name}.rp_filter"),
                format!("{} (all {})", shown(value(name)), shown(all)),
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

/// Whether the kernel filters strictly on a device, for which it uses the larger of the device's value and that of
/// `all` (Documentation/networking/ip-sysctl.rst); `None` when the value that was not read decides.
fn is_strict(own: Option<u8>, all: Option<u8>) -> Option<bool> {
    match (own, all) {
        (Some(own), Some(all)) => Some(own.max(all) == 1),
        (Some(one), None) | (None, Some(one)) if one >= 2 => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::is_strict;

    #[test]
    fn the_larger_value_counts_and_a_missing_one_may_be_it() {
        let cases = [
            ((Some(0), Some(0)), Some(false)),
            ((Some(1), Some(0)), Some(true)),
            ((Some(0), Some(1)), Some(true)),
            ((Some(1), Some(2)), Some(false)),
            ((Some(2), Some(1)), Some(false)),
            ((Some(2), None), Some(false)),
            ((None, Some(2)), Some(false)),
            ((Some(1), None), None),
            ((Some(0), None), None),
            ((None, Some(0)), None),
            ((None, None), None),
        ];
        for ((own, all), wanted) in cases {
            assert_eq!(is_strict(own, all), wanted, "{own:?} {all:?}");
        }
    }
}
