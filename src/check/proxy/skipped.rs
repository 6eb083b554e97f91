//! Whether the agent of a node has taken a CiliumEnvoyConfig at all.
//!
//! A CiliumEnvoyConfig that an agent cannot parse never reaches Envoy: it is left out of the agent's table
//! `ciliumenvoyconfigs` with a warning (pkg/ciliumenvoyconfig/k8s_reflector.go). Before 1.18 there is no
//! table and only the log tells.

use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::check::node::running::running;
use crate::check::node::setting::Key;
use crate::model::cilium::AgentLog;
use crate::model::kubernetes::CiliumEnvoyConfig;
use crate::model::{Fact, Gap};

/// What became of a CiliumEnvoyConfig on one node.
pub enum Taken {
    /// The agent's table has it.
    Yes,
    /// The agent looks at no CiliumEnvoyConfig, which has a cause of its own.
    NotFollowing,
    /// This version has no table (before 1.18), and its log says nothing.
    NoTable,
    /// It is not in the table, or the log says that it could not be parsed.
    Skipped(Skipped),
}

/// A CiliumEnvoyConfig that an agent left out.
pub struct Skipped {
    /// What says so; never empty.
    pub evidence: Vec<Evidence>,
    /// The agent's reason, where its log was captured.
    pub reason: Option<String>,
    /// Whether the agent's present state says so, and not only a line of its log.
    pub certain: bool,
}

/// What became of `config` on `node`.
///
/// # Errors
/// The gap of the reading that would tell: the table, or the running configuration where the table has no row
/// at all, as it has where CiliumEnvoyConfigs are not followed.
pub fn taken(view: &View<'_>, node: &str, config: &Fact<CiliumEnvoyConfig>) -> Result<Taken, Gap> {
    let meta = &config.metadata;
    let agent = view.agent(node);
    let subject = format!("Node/{node}");
    let said = agent.log().ok().and_then(|log| {
        let line = complaint(log, &meta.namespace, &meta.name)?;
        let evidence = Evidence::new(Layer::Observed, &log.origin, &subject, "log", line);
        Some((line.to_owned(), evidence))
    });
    let rows = agent.envoy_configs();
    let listed = rows.as_ref().is_ok_and(|rows| {
        rows.iter()
            .any(|row| row.namespace == meta.namespace && row.name == meta.name)
    });
    if listed {
        return Ok(Taken::Yes);
    }
    let keeps_table = match agent.version() {
        Ok(version) => Ok(version.at_least(1, 18)),
        Err(gap) => Err(gap),
    };
    let rows = match (rows, keeps_table, &said) {
        (Ok(rows), Ok(true), _) => rows,
        (_, _, Some((line, evidence))) => {
            return Ok(Taken::Skipped(Skipped {
                evidence: vec![evidence.clone()],
                reason: Some(line.clone()),
                certain: false,
            }));
        }
        (_, Ok(false), None) => return Ok(Taken::NoTable),
        (Err(gap), _, None) | (Ok(_), Err(gap), None) => return Err(gap),
    };
    if rows.is_empty() && said.is_none() {
        let switches = [Key::EnvoyConfig, Key::L7Proxy].map(|key| running(view, node, key));
        // One switch that is off settles it, whatever is known of the other.
        if switches.iter().flatten().any(|setting| !setting.on) {
            return Ok(Taken::NotFollowing);
        }
        if let Some(gap) = switches.into_iter().find_map(Result::err) {
            return Err(gap);
        }
    }
    let names: Vec<String> = rows
        .iter()
        .map(|row| format!("{}/{}", row.namespace, row.name))
        .collect();
    let mut evidence = vec![Evidence::new(
        Layer::Programmed,
        &rows.origin,
        subject,
        format!("ciliumenvoyconfigs {}/{}", meta.namespace, meta.name),
        match names.as_slice() {
            [] => "no row; the table is empty".to_owned(),
            names => format!("no row; present: {}", names.join(", ")),
        },
    )];
    let reason = said.map(|(line, more)| {
        evidence.push(more);
        line
    });
    Ok(Taken::Skipped(Skipped {
        evidence,
        reason,
        certain: true,
    }))
}

/// The last line in which the agent says that it could not use the CiliumEnvoyConfig.
///
/// 1.14 to 1.17 say "malformed Envoy config", 1.18 on "Skipping CiliumEnvoyConfig due to …"; what the fields are
/// called differs between versions, how their names end does not.
fn complaint<'a>(log: &'a AgentLog, namespace: &str, name: &str) -> Option<&'a str> {
    log.notable
        .iter()
        .rev()
        .map(String::as_str)
        .filter(|line| {
            line.contains("Skipping CiliumEnvoyConfig") || line.contains("malformed Envoy config")
        })
        .find(|line| {
            // `namespace` or `k8sNamespace`, `name` or `ciliumEnvoyConfigName`.
            let field = |ending: &str, wanted: &str| {
                line.split([' ', ',', '{', '}'])
                    .filter_map(|word| word.split_once(['=', ':']))
                    .any(|(field, value)| {
                        let field = field.trim_matches('"').to_ascii_lowercase();
                        field.ends_with(ending) && value.trim_matches('"') == wanted
                    })
            };
            field("namespace", namespace) && field("name", name)
        })
}

#[cfg(test)]
mod tests {
    use super::complaint;
    use crate::model::cilium::AgentLog;

    #[test]
    fn lines_are_matched_by_namespace_and_name() {
        let lines = [
            "level=warn msg=\"Skipping CiliumEnvoyConfig due to malformed xDS resources\" namespace=shop name=site error=\"unknown type\"",
            "level=warn msg=\"Skipping CiliumEnvoyConfig due to invalid NodeSelector\" k8sNamespace=shop name=site",
            "level=error msg=\"Failed to add CiliumEnvoyConfig: malformed Envoy config\" ciliumEnvoyConfigName=site k8sNamespace=shop",
            "{\"level\":\"warn\",\"msg\":\"Skipping CiliumEnvoyConfig due to malformed xDS resources\",\"namespace\":\"shop\",\"name\":\"site\"}",
        ];
        for line in lines {
            let log = AgentLog {
                notable: vec![line.to_owned()],
                ..AgentLog::default()
            };
            assert_eq!(complaint(&log, "shop", "site"), Some(line));
            assert_eq!(complaint(&log, "shop", "sit"), None);
            assert_eq!(complaint(&log, "site", "shop"), None);
        }
    }
}
