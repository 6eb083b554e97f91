//! The lines of cilium-operator's log that say why it runs no Gateway API controller.
//!
//! `operator/pkg/gateway-api/cell.go` checks once, at the start, and says in one line what it misses; a CRD
//! whose version is not served ends the process instead, with the complaint of the client library.

use super::log_line::{LogLine, clip};
use crate::model::cilium::{OperatorLog, RefusalLine};
use crate::parse::{ParseError, text};

/// Reasons kept, the last ones.
const KEEP: usize = 10;

/// The check for CRDs failed (1.15 on).
const REQUIRED: &str = "Required GatewayAPI resources are not found";
/// What it says before it looks for CRDs: `Checking for required [and optional] GatewayAPI resources`.
const LOOKS: &str = "GatewayAPI resources";
/// kube-proxy replacement is off (1.16 on).
const NEEDS_PROXY: &str = "Gateway API support requires";
/// A version of a kind is not served (issues #44920 and #45139).
const NO_MATCH: &str = "no matches for kind";
/// No version of the group is served, which ends 1.14.
const NO_GROUP: &str = "unable to retrieve the complete list of server APIs";
/// The group of all of them.
const GROUP: &str = "gateway.networking.k8s.io";

/// Reads a log.
pub(super) fn log(text: &str) -> Result<OperatorLog, ParseError> {
    let text = text::filled(text)?;
    let mut log = OperatorLog::default();
    for line in text.lines() {
        log.lines += 1;
        log.looked |= line.contains(LOOKS);
        let Some(why) = why(line) else { continue };
        log.refusals.retain(|known| known.why != why);
        log.refusals.insert(
            0,
            RefusalLine {
                why,
                time: LogLine::parse(line).time().map(str::to_owned),
                raw: clip(line),
            },
        );
        log.refusals.truncate(KEEP);
    }
    Ok(log)
}

/// What a line says is missing; `None` for lines about anything else.
fn why(line: &str) -> Option<String> {
    let of_group = line.contains(GROUP)
        && [NO_MATCH, NO_GROUP]
            .iter()
            .any(|words| line.contains(words));
    if !line.contains(REQUIRED) && !line.contains(NEEDS_PROXY) && !of_group {
        return None;
    }
    let fields = LogLine::parse(line);
    let message = fields.get("msg").unwrap_or_default();
    let error = fields.get("error").unwrap_or_default();
    if message.contains(REQUIRED) {
        return Some(if error.is_empty() {
            clip(message)
        } else {
            resources(error)
        });
    }
    if message.contains(NEEDS_PROXY) {
        return Some(clip(message));
    }
    [error, message].into_iter().find_map(|text| {
        let at = [NO_MATCH, NO_GROUP]
            .iter()
            .find_map(|words| text.find(words))
            .filter(|at| text[*at..].contains(GROUP))?;
        Some(clip(&text[at..].replace('"', "")))
    })
}

/// The missing CRDs, one after the other: the error has one per line.
fn resources(error: &str) -> String {
    let parts: Vec<String> = error
        .lines()
        .map(|part| {
            part.trim()
                .trim_start_matches("customresourcedefinitions.apiextensions.k8s.io ")
                .replace('"', "")
        })
        .filter(|part| !part.is_empty())
        .collect();
    clip(&parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::log;

    #[test]
    fn missing_crds_are_named_one_by_one() {
        let found = log(
            "time=2026-08-10T07:08:37.22Z level=error msg=\"Required GatewayAPI resources are not found, please refer to docs for installation instructions\" module=operator error=\"customresourcedefinitions.apiextensions.k8s.io \\\"tlsroutes.gateway.networking.k8s.io\\\" not found\\nCRD \\\"referencegrants.gateway.networking.k8s.io\\\" does not have version \\\"v1\\\"\"\n",
        )
        .unwrap();
        assert_eq!(
            found.refusals[0].why,
            "tlsroutes.gateway.networking.k8s.io not found; CRD referencegrants.gateway.networking.k8s.io does not have version v1"
        );
        assert_eq!(
            found.refusals[0].time.as_deref(),
            Some("2026-08-10T07:08:37.22Z")
        );
    }

    #[test]
    fn the_other_ways_to_refuse() {
        for (line, why) in [
            (
                "level=warn msg=\"Gateway API support requires kube-proxy-replacement enabled\"",
                "Gateway API support requires kube-proxy-replacement enabled",
            ),
            (
                "level=fatal msg=\"failed to start: no matches for kind \\\"TLSRoute\\\" in version \\\"gateway.networking.k8s.io/v1alpha2\\\"\"",
                "no matches for kind TLSRoute in version gateway.networking.k8s.io/v1alpha2",
            ),
            (
                "level=fatal msg=\"Failed to create gateway controller\" error=\"failed to get API group resources: unable to retrieve the complete list of server APIs: gateway.networking.k8s.io/v1beta1: the server could not find the requested resource\"",
                "unable to retrieve the complete list of server APIs: gateway.networking.k8s.io/v1beta1: the server could not find the requested resource",
            ),
        ] {
            assert_eq!(log(line).unwrap().refusals[0].why, why);
        }
    }

    #[test]
    fn other_lines_say_nothing_and_the_list_is_bounded() {
        let text = "level=error msg=\"no matches for kind \\\"X\\\" in version \\\"example.com/v1\\\"\"\n\
                    level=info msg=\"Checking for required and optional GatewayAPI resources\"\n";
        let found = log(text).unwrap();
        assert!(found.refusals.is_empty());
        assert!(found.looked);
        assert_eq!(found.lines, 2);
        let many: String = (0..40)
            .map(|n| format!("level=error msg=\"Required GatewayAPI resources are not found\" error=\"crd {n}\"\n"))
            .collect();
        let found = log(&many).unwrap();
        assert_eq!(found.refusals.len(), 10);
        assert_eq!(found.refusals[0].why, "crd 39");
        assert!(log(" \n").is_err());
    }
}
