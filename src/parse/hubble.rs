//! `hubble observe -o jsonpb`: one JSON object per line, of which only flows are read.
//!
//! Protobuf leaves out fields with their default value. `lost_events` and `node_status` lines say
//! nothing of a packet; a broken line does not cost the others.

use super::ParseError;
use crate::model::hubble::Flow;
use serde::Deserialize;

/// Reads the flows. No output at all means that none was seen, which proves nothing.
pub fn flows(text: &str) -> Result<Vec<Flow>, ParseError> {
    let mut flows = Vec::new();
    let (mut objects, mut first) = (0_usize, None);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        match serde_json::from_str::<Line>(line) {
            Ok(line) => {
                objects += 1;
                flows.extend(line.into_flow());
            }
            Err(error) => {
                first.get_or_insert((index + 1, line, error.to_string()));
            }
        }
    }
    match first {
        Some((line, text, why)) if objects == 0 => Err(ParseError::at(
            line,
            text,
            format!("no line of `hubble observe -o jsonpb`: {why}"),
        )),
        _ => Ok(flows),
    }
}

#[derive(Deserialize)]
struct Line {
    flow: Option<FlowObject>,
    #[serde(default)]
    time: String,
}

#[derive(Deserialize)]
struct FlowObject {
    #[serde(default)]
    time: String,
    #[serde(default)]
    verdict: String,
    drop_reason_desc: Option<String>,
    drop_reason: Option<u32>,
    #[serde(rename = "IP")]
    ip: Option<Ip>,
    l4: Option<Layer4>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Ip {
    source: String,
    destination: String,
}

#[derive(Deserialize)]
struct Layer4 {
    #[serde(rename = "TCP", alias = "UDP", alias = "SCTP")]
    ports: Option<Ports>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Ports {
    source_port: Option<u16>,
    destination_port: Option<u16>,
    flags: TcpFlags,
}

/// The flags of TCP that matter; those that are not set are left out.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "UPPERCASE")]
struct TcpFlags {
    syn: bool,
    ack: bool,
}

impl Line {
    fn into_flow(self) -> Option<Flow> {
        let flow = self.flow?;
        let ip = flow.ip.unwrap_or_default();
        let ports = flow.l4.and_then(|l4| l4.ports).unwrap_or_default();
        Some(Flow {
            time: if flow.time.is_empty() {
                self.time
            } else {
                flow.time
            },
            verdict: flow.verdict,
            drop_reason: flow
                .drop_reason_desc
                .or(flow.drop_reason.map(|number| number.to_string())),
            source: ip.source,
            destination: ip.destination,
            source_port: ports.source_port,
            destination_port: ports.destination_port,
            accepts: ports.flags.syn && ports.flags.ack,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::flows;

    const DROPPED: &str = r#"{"flow":{"time":"2023-08-21T12:12:18.5Z","verdict":"DROPPED","IP":{"source":"10.244.1.60","destination":"10.244.1.5","ipVersion":"IPv4"},"l4":{"TCP":{"source_port":44916,"destination_port":80,"flags":{"SYN":true}}},"drop_reason":133,"drop_reason_desc":"POLICY_DENIED"},"node_name":"a/b","time":"2023-08-21T12:12:18.5Z"}"#;

    #[test]
    fn flows_among_other_lines() {
        let text = format!(
            "{DROPPED}\n{{\"lost_events\":{{\"num_events_lost\":\"4\"}}}}\n{{\"node_status\":{{}}}}\n\n{{\"flow\":{{\"ti\n\
             {{\"flow\":{{\"verdict\":\"FORWARDED\",\"l4\":{{\"ICMPv6\":{{\"type\":133}}}}}},\"time\":\"2023-08-21T12:12:19Z\"}}\n"
        );
        let flows = flows(&text).unwrap();
        assert_eq!(flows.len(), 2);
        assert_eq!(flows[0].drop_reason.as_deref(), Some("POLICY_DENIED"));
        assert_eq!(flows[0].destination_port, Some(80));
        assert_eq!(
            (flows[1].time.as_str(), flows[1].destination_port),
            ("2023-08-21T12:12:19Z", None)
        );
    }

    #[test]
    fn nothing_and_nonsense() {
        assert!(flows("").unwrap().is_empty());
        let error = flows("\nfailed to connect to 'localhost:4245'\n").unwrap_err();
        assert_eq!(error.line, Some(2));
    }
}
