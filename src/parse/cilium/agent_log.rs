//! The lines of an agent's log that say something about the path of a health check.
//!
//! slog text (1.18 on), logrus text (before), JSON lines and klog are told apart line by line. Most lines
//! are passed over with one search for the words that matter, because a tail can be large.

use super::log_line::{LogLine, clip};
use crate::model::cilium::{AgentLog, DriftLine, NackLine};
use crate::parse::{ParseError, text};

/// Lines kept of rejections and of notable lines, the last ones.
const KEEP: usize = 50;

/// Keys kept of a run of the drift checker; an agent has fewer options.
const MAX_KEYS: usize = 1000;

/// Seconds between drift lines after which they belong to another run of the checker.
const BURST_GAP: i64 = 1;

/// `pkg/driftchecker/checker.go`.
const MISMATCH: &str = "Mismatch found";
const NO_ENTRY: &str = "No local entry found";

/// What a rejection says in every xDS mode (`pkg/envoy/xds/server.go`, `xdsnew/callbacks`).
const NACK: &str = "NACK received";

/// Words of other lines worth quoting.
const NOTABLE: [&str; 15] = [
    // No address left for ingress: the agent does not start.
    "unable to allocate ingress IPs",
    "ipam-range-full",
    "must be disabled with --ipam=delegated-plugin",
    // CiliumEnvoyConfigs are not watched, or not understood.
    "L7 proxies are disabled",
    "malformed xDS resources",
    "malformed Envoy config",
    "retrieved nil details for Service",
    // The datapath could not be programmed.
    "Unable to update element for LB bpf map",
    "IPSec cannot be used with BPF NodePort",
    // The health-check node port is taken.
    "ListenAndServe failed",
    // The XDP program cannot be attached to a device (1.14 and before, 1.15 on).
    "attaching XDP program",
    "attaching program cil_xdp_entry",
    // Agents that stop themselves.
    "level=fatal",
    "level=FATAL",
    "\"level\":\"fatal\"",
];

/// Reads a tail.
pub(super) fn log(text: &str) -> Result<AgentLog, ParseError> {
    let text = text::filled(text)?;
    let mut log = AgentLog::default();
    for line in text.lines() {
        log.lines += 1;
        if line.contains(MISMATCH) || line.contains(NO_ENTRY) {
            if let Some(found) = drift(line) {
                add_drift(&mut log.drift, found);
            }
        } else if line.contains(NACK) {
            if let Some(found) = nack(line) {
                log.nacks.retain(|known| known.detail != found.detail);
                log.nacks.push(found);
                keep_last(&mut log.nacks);
            }
        } else if NOTABLE.iter().any(|words| line.contains(words)) {
            let line = clip(line);
            log.notable.retain(|known| *known != line);
            log.notable.push(line);
            keep_last(&mut log.notable);
        }
    }
    log.drift.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(log)
}

fn drift(line: &str) -> Option<DriftLine> {
    let fields = LogLine::parse(line);
    let actual = match fields.get("msg")? {
        MISMATCH => Some(fields.get("actual")?.to_owned()),
        NO_ENTRY => None,
        _ => return None,
    };
    Some(DriftLine {
        key: fields.get("key")?.to_owned(),
        actual,
        expected: fields.get("expectedValue")?.to_owned(),
        time: fields.time().map(str::to_owned),
        raw: clip(line),
    })
}

/// Every run of the checker prints all keys that differ, each once. So a key that comes again, or a pause,
/// begins a new run, and keys that only older runs have named differ no more.
fn add_drift(burst: &mut Vec<DriftLine>, line: DriftLine) {
    let again = burst.iter().any(|known| known.key == line.key);
    let paused = burst
        .last()
        .is_some_and(|last| seconds_between(last, &line) > BURST_GAP);
    if again || paused {
        burst.clear();
    }
    if burst.len() < MAX_KEYS {
        burst.push(line);
    }
}

fn seconds_between(earlier: &DriftLine, later: &DriftLine) -> i64 {
    let time = |line: &DriftLine| line.time.as_deref()?.parse::<jiff::Timestamp>().ok();
    match (time(earlier), time(later)) {
        (Some(earlier), Some(later)) => later.as_second().saturating_sub(earlier.as_second()),
        _ => 0,
    }
}

fn nack(line: &str) -> Option<NackLine> {
    let fields = LogLine::parse(line);
    let message = fields.get("msg").filter(|message| message.contains(NACK))?;
    let detail = ["xdsDetail", "detail", "error"]
        .into_iter()
        .find_map(|name| fields.get(name))
        .filter(|detail| !detail.is_empty())
        .unwrap_or(message);
    Some(NackLine {
        detail: clip(detail),
        raw: clip(line),
    })
}

fn keep_last<T>(lines: &mut Vec<T>) {
    if lines.len() > KEEP {
        lines.remove(0);
    }
}

#[cfg(test)]
mod tests {
    use super::log;

    /// The lines of the fourth seed have no time and no module.
    #[test]
    fn trimmed_lines() {
        let log = log(
            "level=warn msg=\"Mismatch found\" key=enable-gateway-api actual=false expectedValue=true\n\
             level=warn msg=\"No local entry found\" key=gateway-api-hostnetwork-enabled expectedValue=false\n",
        )
        .unwrap();
        assert_eq!(log.drift.len(), 2);
        assert_eq!(log.drift[0].key, "enable-gateway-api");
        assert_eq!(log.drift[0].actual.as_deref(), Some("false"));
        assert_eq!(log.drift[1].actual, None);
        assert_eq!(log.lines, 2);
    }

    fn line(second: u32, key: &str, value: &str) -> String {
        format!(
            "time=2026-11-21T00:46:{second:02}Z level=warn msg=\"Mismatch found\" module=x key={key} actual={value} expectedValue=\"\" expectedSource={key}/cilium-config\n"
        )
    }

    #[test]
    fn only_the_last_run_of_the_checker_counts() {
        let text = [line(1, "a", "1"), line(1, "b", "1"), line(9, "b", "2")].concat();
        let found = log(&text).unwrap().drift;
        assert_eq!(found.len(), 1, "a was put right before the second run");
        assert_eq!(
            (found[0].key.as_str(), found[0].actual.as_deref()),
            ("b", Some("2"))
        );
        assert_eq!(found[0].expected, "");
        let text = [line(1, "b", "1"), line(2, "b", "1"), line(2, "a", "1")].concat();
        assert_eq!(log(&text).unwrap().drift.len(), 2);
    }

    #[test]
    fn json_logrus_and_klog_lines() {
        let log = log(
            "{\"time\":\"2026-11-21T00:46:14Z\",\"level\":\"warn\",\"msg\":\"Mismatch found\",\"key\":\"devices\",\"actual\":\"eth0\",\"expectedValue\":\"eth1\"}\n\
             level=warning msg=\"NACK received for versions after 0 and up to 3; waiting for a version update before sending again\" subsys=xds xdsDetail=\"cannot bind '0.0.0.0:80': Permission denied\"\n\
             2026-11-21T00:46:15Z level=fatal msg=\"--enable-envoy-config must be disabled with --ipam=delegated-plugin\"\n\
             E1121 00:46:14.1 1 health.go:188] ListenAndServe failed for service health server\n",
        )
        .unwrap();
        assert_eq!(log.drift[0].expected, "eth1");
        assert_eq!(log.drift[0].time.as_deref(), Some("2026-11-21T00:46:14Z"));
        assert_eq!(
            log.nacks[0].detail,
            "cannot bind '0.0.0.0:80': Permission denied"
        );
        assert_eq!(log.notable.len(), 2);
    }

    #[test]
    fn the_same_rejection_again_is_one_rejection_and_lists_are_bounded() {
        let nack = |n: u32| {
            format!(
                "level=warn msg=\"NACK received, reverting resource changes\" error=\"reason {n}\"\n"
            )
        };
        let text: String = (0..200).map(|n| nack(n % 60)).collect();
        let found = log(&text).unwrap();
        assert_eq!(found.nacks.len(), 50);
        assert_eq!(found.nacks[49].detail, "reason 19");
        assert_eq!(log(&[nack(1), nack(1)].concat()).unwrap().nacks.len(), 1);
    }

    #[test]
    fn words_in_other_places_are_no_drift() {
        let text = "level=info msg=\"looking for Mismatch found in logs\" key=a actual=b expectedValue=c\n";
        assert!(log(text).unwrap().drift.is_empty());
        assert!(log(" \n").is_err());
    }
}
