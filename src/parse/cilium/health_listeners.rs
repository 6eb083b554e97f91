//! `status --verbose`: of the tree of modules, the listeners of the health server.
//!
//! ```text
//! Modules Health:   Stopped(0) Degraded(1) OK(90)
//!   agent
//!   ├── controlplane
//!   │   ├── loadbalancer-healthserver
//!   │   │   ├── job-control-loop       [OK] 5 health servers running (42s, x13)
//!   │   │   └── job-listener-31454     [OK] Running (71s, x1)
//! ```
//!
//! Up to 1.19 the tree begins on the line of the title.

use crate::model::cilium::ListenerJob;
use crate::parse::text::number;
use crate::parse::{ParseError, text};
use std::collections::BTreeMap;

const TITLE: &str = "Modules Health:";
const MODULE: &str = "loadbalancer-healthserver";

/// Reads the listeners by port. Agents before 1.18 have no such module, so that there are none.
pub(super) fn listeners(text: &str) -> Result<BTreeMap<u16, ListenerJob>, ParseError> {
    let text = text::filled(text)?;
    let mut lines = text.lines().enumerate();
    if !lines.any(|(_, line)| line.starts_with(TITLE)) {
        // Agents before 1.16 print no modules.
        return if text.lines().any(|line| line.starts_with("NodeMonitor:")) {
            Ok(BTreeMap::new())
        } else {
            Err(ParseError::first_line(
                text,
                "no line `Modules Health:`: not the output of `status --verbose`",
            ))
        };
    }
    let mut found = BTreeMap::new();
    let mut inside = false;
    for (index, line) in lines {
        let node = line.trim_start_matches(|c: char| c.is_whitespace() || "│├└─".contains(c));
        let Some((name, state)) = node.split_once('[') else {
            // A module, or a group within one.
            inside = node.trim_end() == MODULE;
            continue;
        };
        let Some(port) = name.trim_end().strip_prefix("job-listener-") else {
            continue;
        };
        if !inside {
            continue;
        }
        let port = number(port)
            .ok_or_else(|| ParseError::at(index + 1, line, "a listener without a port"))?;
        let text = format!("[{}", state.trim_end());
        found.insert(
            port,
            ListenerJob {
                runs: text.starts_with("[OK] Running"),
                failed: text.starts_with("[DEGRADED]"),
                text,
            },
        );
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::listeners;
    use crate::model::cilium::ListenerJob;

    #[test]
    fn listeners_of_the_health_server_and_of_nothing_else() {
        let text = "KVStore:   Disabled\nNodeMonitor:   Disabled\n\
            Modules Health:      agent\n\
            \x20                    ├── controlplane\n\
            \x20                    │   ├── loadbalancer-healthserver\n\
            \x20                    │   │   ├── job-control-loop     [OK] 2 health servers running (87s, x6)\n\
            \x20                    │   │   ├── job-listener-31081   [OK] Running (89s, x1)\n\
            \x20                    │   │   └── job-listener-31082   [DEGRADED] one-shot job errored (3s, x9)\n\
            \x20                    │   ├── loadbalancer-maps\n\
            \x20                    │   │   └── job-listener-31083   [OK] Running (90s, x1)\n\
            \x20                    └── infra\n\
            \x20                        └── shell\n\
            \x20                            └── job-listener         [OK] Listening on /var/run/cilium/shell.sock (90s, x1)\n\n";
        let job = |runs, text: &str| ListenerJob {
            runs,
            failed: !runs,
            text: text.to_owned(),
        };
        let expected = [
            (31081, job(true, "[OK] Running (89s, x1)")),
            (
                31082,
                job(false, "[DEGRADED] one-shot job errored (3s, x9)"),
            ),
        ];
        assert_eq!(listeners(text).unwrap(), expected.into());
    }

    #[test]
    fn an_agent_without_modules_and_what_is_no_status() {
        assert!(listeners("NodeMonitor:   Disabled\n").unwrap().is_empty());
        assert!(listeners("").is_err());
        assert!(listeners("Error: Cannot get status/probe\n").is_err());
        let broken =
            "Modules Health:\n├── loadbalancer-healthserver\n│   └── job-listener-x [OK] Running\n";
        assert_eq!(listeners(broken).unwrap_err().line, Some(3));
    }
}
