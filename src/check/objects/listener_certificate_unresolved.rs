//! A TLS listener names a certificate that Cilium cannot use: TCP checks pass and handshakes fail.

use super::listeners::{self, Refused, Speaking};
use super::setting::generated;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Gateway;
use crate::model::kubernetes::gateway::CertificateRef;
use crate::model::{Fact, Source};
use std::collections::BTreeSet;

/// The check.
pub static CHECK: Check = Check {
    code: Code(1110),
    slug: "listener-certificate-unresolved",
    hop: Hop::Objects,
    severity: Severity::Error,
    bearing: Bearing::Clients,
    title: "a TLS listener names a certificate that cannot be used",
    since: "0.1.0",
    known_issues: &[],
    needs: &[Source::Gateways, Source::Services, Source::ReferenceGrants],
    page: include_str!("listener_certificate_unresolved.md"),
    run: Run::Subject(run),
};

fn run(view: &View<'_>) -> Checked {
    let Some(Speaking {
        gateway,
        mut refused,
    }) = listeners::with(view, "ResolvedRefs", "False")?
    else {
        return not_applicable("no Gateway stands behind the subject");
    };
    // Other reasons are about route kinds, which TLS does not depend on.
    refused.retain(|one| {
        matches!(
            one.condition.reason.as_str(),
            "InvalidCertificateRef" | "RefNotPermitted"
        )
    });
    let Some(first) = refused.first() else {
        return if gateway.is_acted_on() {
            pass("no listener has an unresolved certificate")
        } else {
            not_applicable("nobody has answered for the Gateway's present generation (CLB1109)")
        };
    };
    let service = generated(view, gateway)?;
    let mut evidence: Vec<Evidence> = refused
        .iter()
        .map(|one| listeners::row(gateway, one))
        .collect();
    evidence.extend(
        refused
            .iter()
            .filter_map(|one| listeners::fate(service, one.listener)),
    );
    let ungranted = ungranted(view, gateway, &refused, &mut evidence);
    let (namespace, name) = (&gateway.metadata.namespace, &gateway.metadata.name);
    let names: Vec<String> = refused
        .iter()
        .map(|one| listeners::name(one.listener))
        .collect();
    let why = match &ungranted {
        Some(secret) => format!("no ReferenceGrant lets it use Secret {secret}"),
        None => refused
            .iter()
            .map(|one| {
                let secrets = secrets(gateway, one).join(", ");
                format!("{} of {secrets}", one.condition.reason)
            })
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
            .join(", "),
    };
    let (served, taken): (Vec<&Refused<'_>>, Vec<&Refused<'_>>) = refused
        .iter()
        .partition(|one| listeners::is_served(service, one.listener));
    let effect = match (served.is_empty(), taken.is_empty()) {
        _ if service.is_none() => "Cilium has made no Service, so nothing listens there".to_owned(),
        (false, true) => "TCP checks pass and TLS handshakes fail".to_owned(),
        (true, _) => "Cilium has taken the port out of the Service".to_owned(),
        (false, false) => format!(
            "TCP checks pass and TLS handshakes fail on {}, and Cilium has taken {} out of the Service",
            ports(&served),
            ports(&taken)
        ),
    };
    // With several certificates the others may still serve their names.
    let only = refused.iter().all(|one| references(one).len() < 2);
    fail(
        Finding::new(
            format!(
                "the certificate of listener {} of gateway {name} cannot be used ({why}): {effect}",
                names.join(", ")
            ),
            format!("{namespace}/{name}"),
            evidence,
        )
        .about([listeners::id(gateway)])
        .confidence(if only {
            Confidence::High
        } else {
            Confidence::Medium
        })
        .fix(fix(namespace, ungranted.as_deref(), gateway, first)),
    )
}

fn ports(refused: &[&Refused<'_>]) -> String {
    let ports: Vec<String> = refused
        .iter()
        .map(|one| one.listener.port.to_string())
        .collect();
    ports.join(", ")
}

fn references<'a>(refused: &Refused<'a>) -> &'a [CertificateRef] {
    refused
        .listener
        .tls
        .as_ref()
        .map_or(&[], |tls| tls.certificate_refs.as_slice())
}

fn secrets(gateway: &Gateway, refused: &Refused<'_>) -> Vec<String> {
    let own = &gateway.metadata.namespace;
    references(refused)
        .iter()
        .map(|one| {
            format!(
                "Secret {}/{}",
                one.namespace.as_deref().unwrap_or(own),
                one.name
            )
        })
        .collect()
}

/// The first Secret of another namespace that no captured ReferenceGrant opens, where all grants are known.
fn ungranted(
    view: &View<'_>,
    gateway: &Fact<Gateway>,
    refused: &[Refused<'_>],
    evidence: &mut Vec<Evidence>,
) -> Option<String> {
    let own = gateway.metadata.namespace.as_str();
    let (namespace, secret) = refused
        .iter()
        .flat_map(references)
        .filter_map(|one| Some((one.namespace.as_deref()?, one.name.as_str())))
        .find(|(namespace, secret)| {
            *namespace != own
                && view.reference_grants().all(namespace).is_ok_and(|grants| {
                    !grants.iter().any(|one| one.lets_gateways_use(own, secret))
                })
        })?;
    evidence.push(Evidence::new(
        Layer::Declared,
        &gateway.origin,
        listeners::id(gateway),
        "ReferenceGrants for the Secret",
        format!("none in namespace {namespace}"),
    ));
    Some(format!("{namespace}/{secret}"))
}

fn fix(namespace: &str, ungranted: Option<&str>, gateway: &Gateway, first: &Refused<'_>) -> Fix {
    let (summary, commands) = match ungranted {
        Some(secret) => (
            "let Gateways of this namespace use the Secret".to_owned(),
            vec![format!(
                "echo '{{\"apiVersion\":\"gateway.networking.k8s.io/v1beta1\",\"kind\":\"ReferenceGrant\",\"metadata\":{{\"name\":\"gateway-certificates\",\"namespace\":\"{}\"}},\"spec\":{{\"from\":[{{\"group\":\"gateway.networking.k8s.io\",\"kind\":\"Gateway\",\"namespace\":\"{namespace}\"}}],\"to\":[{{\"group\":\"\",\"kind\":\"Secret\"}}]}}}}' | kubectl apply -f -",
                secret.split('/').next().unwrap_or_default()
            )],
        ),
        None => (
            "make the Secret of type kubernetes.io/tls that the listener names, or name the right one".to_owned(),
            secrets(gateway, first)
                .iter()
                .filter_map(|text| {
                    let (of, secret) = text.strip_prefix("Secret ")?.split_once('/')?;
                    Some(format!("kubectl get secret {secret} -n {of}"))
                })
                .collect(),
        ),
    };
    Fix {
        summary,
        commands,
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "the listener shows ResolvedRefs=True and a TLS handshake succeeds".to_owned(),
    }
}
