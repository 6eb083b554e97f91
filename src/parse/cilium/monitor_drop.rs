//! `cilium-dbg monitor -t drop -j`: one drop event per line.
//!
//! A quiet node prints nothing at all, so an empty document means that no drop was seen while it ran.

use crate::model::cilium::datapath::DropEvent;
use crate::parse::ParseError;
use serde::Deserialize;

/// Reads the events. Banners and lines cut at the end are skipped, for they hide no other line.
pub(super) fn events(text: &str) -> Result<Vec<DropEvent>, ParseError> {
    let mut events = Vec::new();
    let (mut objects, mut first) = (0_usize, None);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with("Listening for") || line.starts_with("Press Ctrl") {
            continue;
        }
        match serde_json::from_str::<Event>(line) {
            Ok(event) => {
                objects += 1;
                if event.kind == "drop" {
                    events.push(event.into_drop());
                }
            }
            Err(_) => {
                first.get_or_insert((index + 1, line));
            }
        }
    }
    match first {
        Some((line, text)) if objects == 0 => {
            Err(ParseError::at(line, text, "no event in the document"))
        }
        _ => Ok(events),
    }
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    reason: String,
    summary: Option<Summary>,
}

#[derive(Deserialize, Default)]
struct Summary {
    l3: Option<Ends>,
    l4: Option<Ends>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Ends {
    src: String,
    dst: String,
}

impl Event {
    fn into_drop(self) -> DropEvent {
        let summary = self.summary.unwrap_or_default();
        let (l3, l4) = (
            summary.l3.unwrap_or_default(),
            summary.l4.unwrap_or_default(),
        );
        DropEvent {
            reason: self.reason,
            source: join(l3.src, &l4.src),
            destination: join(l3.dst, &l4.dst),
        }
    }
}

fn join(address: String, port: &str) -> String {
    if port.is_empty() {
        address
    } else if address.contains(':') {
        format!("[{address}]:{port}")
    } else {
        format!("{address}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::events;

    #[test]
    fn drops_among_other_lines() {
        let events = events(
            "Listening for events on 2 CPUs\n\
             {\"cpu\":\"CPU 01:\",\"type\":\"drop\",\"mark\":\"0x1\",\"reason\":\"Policy denied\",\"source\":3,\
             \"summary\":{\"l3\":{\"src\":\"10.0.1.50\",\"dst\":\"10.0.1.10\"},\"l4\":{\"src\":\"40000\",\"dst\":\"30080\"}}}\n\
             {\"type\":\"drop\",\"reason\":\"Invalid source ip\",\"summary\":{\"l3\":{\"src\":\"fe80::1\",\"dst\":\"ff02::2\"}}}\n\
             {\"type\":\"trace\"}\n{\"type\":\"dr",
        )
        .unwrap();
        assert_eq!(events.len(), 2);
        assert_eq!(events[0].destination, "10.0.1.10:30080");
        assert_eq!(events[1].source, "fe80::1");
    }

    #[test]
    fn quiet_is_empty_and_an_error_message_is_an_error() {
        assert!(events("").unwrap().is_empty());
        assert!(events("Press Ctrl-C to quit\n").unwrap().is_empty());
        assert!(events("Error: dial unix /var/run/cilium/monitor1_2.sock\n").is_err());
    }
}
