//! The health check speaks plain HTTP to a listener that only has TLS, or the reverse.

use super::chains::{Transport, listener, server_names, transports, unnamed};
use super::http_probe::{HttpProbe, probe, use_tcp};
use crate::check::finding::{Confidence, Evidence, Finding, Layer};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::Source;
use crate::path::Path;

/// The check.
pub static CHECK: Check = Check {
    code: Code(8103),
    slug: "check-protocol-mismatch",
    hop: Hop::Workload,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the health check speaks a protocol that the Gateway or Ingress does not serve",
    since: "0.1.0",
    needs: &[Source::Services, Source::EnvoyConfigs, Source::TargetGroups],
    page: include_str!("check_protocol_mismatch.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let HttpProbe {
        service,
        check,
        config,
        group,
    } = match probe(view, path)? {
        Ok(probe) => probe,
        Err(why) => return not_applicable(why),
    };
    let Some(transport) = Transport::of(&check.protocol) else {
        return not_applicable("a TCP check speaks no protocol");
    };
    let id = format!("{}/{}", config.metadata.namespace, config.metadata.name);
    let open = listener(config, &service.metadata.name, path.port)?;
    if !unnamed(open, transport).is_empty() {
        return pass("a filter chain takes the check's protocol");
    }
    let names = server_names(open, transport).join(", ");
    let present = transports(open).join(", ");
    let (message, field, value) = if names.is_empty() {
        (
            format!(
                "the check speaks {}, which needs a filter chain for {}, and Envoy's listener only has chains for {}, so it \
                 closes the connection",
                check.protocol,
                transport.word(),
                if present.is_empty() {
                    "nothing"
                } else {
                    &present
                },
            ),
            "transportProtocol",
            present,
        )
    } else {
        (
            format!(
                "the {} check goes to an address and names no server, which needs a filter chain without server names, and \
                 those of Envoy's listener only take {names}, so it closes the connection",
                check.protocol
            ),
            "serverNames",
            names.clone(),
        )
    };
    let finding = Finding::new(
        message,
        format!("{id} {}", check.protocol),
        vec![
            Evidence::new(
                Layer::Declared,
                &config.origin,
                format!("CiliumEnvoyConfig/{id}"),
                format!("filterChains[].filterChainMatch.{field}"),
                value,
            ),
            Evidence::new(
                Layer::Declared,
                group.origin,
                format!("TargetGroup/{}", group.target_group_name),
                "HealthCheckProtocol",
                check.protocol.as_str(),
            ),
        ],
    )
    .about([
        format!("TargetGroup/{}", group.target_group_name),
        format!("CiliumEnvoyConfig/{id}"),
    ])
    .fix(use_tcp(service));
    fail(if names.is_empty() {
        finding
    } else {
        finding
            .confidence(Confidence::Medium)
            .assuming("the load balancer's check sends no server name: it knows no more of a target than its address")
    })
}
