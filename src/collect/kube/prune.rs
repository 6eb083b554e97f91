//! What an agent prints beyond what was asked for is dropped before it becomes a document.
//!
//! A diagnosis needs addresses, ports and verdicts of Hubble's flows, and no names of Pods. A dump of StateDB holds
//! every route and neighbour of the node, and a list of endpoints their whole configuration twice over.

use serde_json::{Map, Value};

/// Parts of an endpoint's status that are kept.
const STATUS: [&str; 5] = [
    "external-identifiers",
    "identity",
    "networking",
    "policy",
    "state",
];

/// The label of the endpoint whose policy decides; that of Pods is enforced elsewhere, and long.
const INGRESS: &str = "reserved:ingress";

/// Tables of `statedb dump` that are kept.
const TABLES: [&str; 2] = ["devices", "node-addresses"];

/// Fields of a flow that are kept; `l7`, labels, names and identities are not.
const FIELDS: [&str; 7] = [
    "time",
    "verdict",
    "drop_reason",
    "drop_reason_desc",
    "IP",
    "l4",
    "is_reply",
];

/// A document of the script as it goes into the bundle. What is not understood stays as it is.
pub(super) fn prune(path: &str, document: Vec<u8>) -> Vec<u8> {
    match path {
        "hubble/flows.json" => flows(&document),
        "cilium/endpoint-list.json" => endpoints(&document).unwrap_or(document),
        "cilium/statedb-dump.json" => tables(&document).unwrap_or(document),
        _ => document,
    }
}

fn endpoints(document: &[u8]) -> Option<Vec<u8>> {
    let mut endpoints: Vec<Map<String, Value>> = serde_json::from_slice(document).ok()?;
    for endpoint in &mut endpoints {
        endpoint.retain(|field, _| ["id", "status"].contains(&field.as_str()));
        let Some(Value::Object(status)) = endpoint.get_mut("status") else {
            continue;
        };
        let labels = status
            .get("identity")
            .and_then(|identity| identity.get("labels"));
        let is_ingress = labels
            .and_then(Value::as_array)
            .is_some_and(|labels| labels.iter().any(|label| label == INGRESS));
        status.retain(|field, _| {
            STATUS.contains(&field.as_str()) && (is_ingress || field.as_str() != "policy")
        });
    }
    Some(super::documents::bytes(&serde_json::json!(endpoints)))
}

fn tables(document: &[u8]) -> Option<Vec<u8>> {
    let mut tables: Map<String, Value> = serde_json::from_slice(document).ok()?;
    tables.retain(|table, _| TABLES.contains(&table.as_str()));
    Some(super::documents::bytes(&Value::Object(tables)))
}

/// Leaves what [`FIELDS`] names of every flow, one per line. Lines that are no flow stay as they are.
fn flows(document: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(document.len());
    for line in document.split(|byte| *byte == b'\n') {
        if line.is_empty() {
            continue;
        }
        match flow(line) {
            Some(flow) => out.extend_from_slice(flow.as_bytes()),
            None => out.extend_from_slice(line),
        }
        out.push(b'\n');
    }
    out
}

fn flow(line: &[u8]) -> Option<String> {
    let mut line: Value = serde_json::from_slice(line).ok()?;
    line.get_mut("flow")?
        .as_object_mut()?
        .retain(|field, _| FIELDS.contains(&field.as_str()));
    Some(line.to_string())
}

#[cfg(test)]
mod tests {
    use super::prune;

    #[test]
    fn a_flow_keeps_its_addresses_and_loses_its_names() {
        let line = r#"{"flow":{"time":"2026-03-10T14:29:50Z","uuid":"x","verdict":"DROPPED","ethernet":{"source":"02:00:00:00:00:01"},"IP":{"source":"10.0.0.9","destination":"10.0.1.5","ipVersion":"IPv4"},"l4":{"TCP":{"source_port":40000,"destination_port":443,"flags":{"SYN":true}}},"source":{"identity":2,"labels":["reserved:world"]},"destination":{"namespace":"payroll","pod_name":"db-0","workloads":[{"name":"db"}]},"destination_names":["db.example"],"drop_reason":133,"drop_reason_desc":"POLICY_DENIED","Summary":"TCP Flags: SYN"},"node_name":"prod/node-a","time":"2026-03-10T14:29:50Z"}"#;
        let text = format!(
            "{line}\n\n{{\"lost_events\":{{\"num_events_lost\":\"4\"}}}}\nfailed to connect"
        );
        let pruned = String::from_utf8(prune("hubble/flows.json", text.into_bytes())).unwrap();
        let lines: Vec<&str> = pruned.lines().collect();
        assert_eq!(
            lines,
            [
                r#"{"flow":{"time":"2026-03-10T14:29:50Z","verdict":"DROPPED","IP":{"source":"10.0.0.9","destination":"10.0.1.5","ipVersion":"IPv4"},"l4":{"TCP":{"source_port":40000,"destination_port":443,"flags":{"SYN":true}}},"drop_reason":133,"drop_reason_desc":"POLICY_DENIED"},"node_name":"prod/node-a","time":"2026-03-10T14:29:50Z"}"#,
                r#"{"lost_events":{"num_events_lost":"4"}}"#,
                "failed to connect",
            ]
        );
        assert!(prune("hubble/flows.json", Vec::new()).is_empty());
    }

    #[test]
    fn a_dump_keeps_two_tables_and_what_is_none_stays() {
        let dump = br#"{"routes":[{"Dst":"10.0.0.0/8"}],"devices":[{"Name":"eth0"}]}"#;
        assert_eq!(
            prune("cilium/statedb-dump.json", dump.to_vec()),
            b"{\"devices\":[{\"Name\":\"eth0\"}]}\n"
        );
        assert_eq!(prune("cilium/statedb-dump.json", b"{".to_vec()), b"{");
        assert_eq!(prune("cilium/status.json", dump.to_vec()), dump);
    }

    #[test]
    fn an_endpoint_keeps_who_it_is_and_only_that_of_the_ingress_its_policy() {
        let list = br#"[
            {"id": 1, "spec": {"options": {}}, "status": {"state": "ready", "log": [], "policy": {"realized": {}}, "identity": {"labels": ["k8s:app=web"]}, "networking": {"addressing": [{"ipv4": "10.0.0.9"}]}}},
            {"id": 2, "status": {"policy": {"realized": {}}, "identity": {"labels": ["reserved:ingress"]}}}]"#;
        assert_eq!(
            prune("cilium/endpoint-list.json", list.to_vec()),
            br#"[{"id":1,"status":{"state":"ready","identity":{"labels":["k8s:app=web"]},"networking":{"addressing":[{"ipv4":"10.0.0.9"}]}}},{"id":2,"status":{"policy":{"realized":{}},"identity":{"labels":["reserved:ingress"]}}}]
"#
        );
        assert_eq!(
            prune("cilium/endpoint-list.json", b"null".to_vec()),
            b"null"
        );
    }
}
