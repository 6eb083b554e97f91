//! An HTTP health check names no host, and every virtual host of the Gateway or Ingress wants one.

use super::chains::{Transport, domains, listener, unnamed};
use super::http_probe::{HttpProbe, probe, use_tcp};
use super::ingress_policy::{doubted, may_come_first, taken};
use crate::check::finding::{Evidence, Finding, Layer};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::{Gap, Reason, Source};
use crate::path::{Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(8102),
    slug: "http-check-misses-host",
    hop: Hop::Workload,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the HTTP health check is answered with 404, as every route wants a host name",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::EnvoyConfigs,
        Source::TargetGroups,
        Source::AgentVersion,
        Source::IngressEndpoint,
        Source::EndpointList,
    ],
    page: include_str!("http_check_misses_host.md"),
    known_issues: &[],
    run: Run::Target(run),
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    let found = match probe(view, path)? {
        Ok(probe) => probe,
        Err(why) => return not_applicable(why),
    };
    let HttpProbe {
        service,
        check,
        config,
        ref group,
    } = found;
    let Some(transport) = Transport::of(&check.protocol) else {
        return not_applicable("a TCP check asks for no host");
    };
    let open = listener(config, &service.metadata.name, path.port)?;
    let takers = unnamed(open, transport);
    if takers.is_empty() {
        return not_applicable("no filter chain takes the check (CLB8103)");
    }
    let mut hosts = Vec::new();
    for chain in takers {
        hosts.extend(domains(config, chain).ok_or_else(|| {
            let reason = Reason::Partial("its routes are not in the object".to_owned());
            Gap::new(Source::EnvoyConfigs, config.metadata.name.clone(), reason)
        })?);
    }
    // "*" takes any Host header; a check sends an address and a port.
    if hosts.contains(&"*") {
        return pass("a route takes any host name");
    }
    let doubt = match &target.node {
        Ok(node) => may_come_first(view, node),
        Err(gap) => Some(gap.clone()),
    };
    let codes = found.codes();
    if taken(codes, 404, doubt.as_ref())? {
        return pass("the target group takes 404 for healthy");
    }
    hosts.sort_unstable();
    hosts.dedup();
    let id = format!("{}/{}", config.metadata.namespace, config.metadata.name);
    let path_text = check.path.as_deref().unwrap_or("/");
    let finding = Finding::new(
        format!(
            "the {} check of {path_text} sends an address as its host, and every route wants a host name, so Envoy \
             answers 404, which is not in {codes}",
            check.protocol
        ),
        format!("{id} {}", check.protocol),
        vec![
            Evidence::new(
                Layer::Declared,
                &config.origin,
                format!("CiliumEnvoyConfig/{id}"),
                "virtualHosts[].domains",
                if hosts.is_empty() {
                    "none".to_owned()
                } else {
                    hosts.join(", ")
                },
            ),
            Evidence::new(
                Layer::Declared,
                group.origin,
                format!("TargetGroup/{}", group.target_group_name),
                "HealthCheckProtocol, Matcher",
                format!("{}, {codes}", check.protocol),
            ),
        ],
    )
    .about([
        format!("TargetGroup/{}", group.target_group_name),
        format!("CiliumEnvoyConfig/{id}"),
    ])
    .fix(use_tcp(service));
    fail(doubted(finding, doubt))
}
