//! From a verdict to the document.

use super::known::known;
use super::v1;
use crate::check::finding::Fix;
use crate::model::Snapshot;
use crate::model::aws::target_group::TargetHealth;
use crate::path::SubjectKind;
use crate::verdict::{
    Agreement, Diagnosis, Group, Missing, Overall, PathVerdict, Predicted, Proof, Role, Status,
    TargetVerdict,
};
use sha2::{Digest, Sha256};

/// The document of a diagnosis.
pub fn diagnosis(snapshot: &Snapshot, verdict: &Diagnosis, run: v1::Run) -> v1::Diagnosis {
    let total = verdict.paths.iter().map(|path| path.targets.len()).sum();
    let finding = |group: &Group| finding(snapshot, verdict, group, total);
    let (causes, notes): (Vec<&Group>, Vec<&Group>) = verdict
        .groups
        .iter()
        .partition(|group| group.role == Role::Cause);
    v1::Diagnosis {
        api_version: v1::VERSION.to_owned(),
        kind: "Diagnosis".to_owned(),
        subject: subject(snapshot, verdict),
        verdict: overall(verdict.overall).to_owned(),
        causes: causes.into_iter().map(finding).collect(),
        notes: notes.into_iter().map(finding).collect(),
        by_design: verdict.expected.clone(),
        paths: verdict.paths.iter().map(path).collect(),
        gaps: verdict
            .gaps
            .iter()
            .map(|missing| gap(missing, snapshot.agent_namespace()))
            .collect(),
        contrast: verdict.contrast.iter().map(contrast).collect(),
        impact: verdict.impact.clone(),
        ignored: snapshot.ignored.clone(),
        run: v1::Run {
            taken_at: snapshot.taken_at.clone(),
            ..run
        },
    }
}

fn overall(overall: Overall) -> &'static str {
    match overall {
        Overall::Healthy => "healthy",
        Overall::Degraded => "degraded",
        Overall::Unhealthy => "unhealthy",
        Overall::Unknown => "unknown",
    }
}

fn subject(snapshot: &Snapshot, verdict: &Diagnosis) -> v1::Subject {
    let subject = &verdict.subject;
    let found = verdict.paths.iter().find_map(|path| {
        path.path
            .load_balancer
            .found()
            .or(path.path.classic.as_ref())
    });
    v1::Subject {
        kind: subject.kind.name().to_owned(),
        namespace: subject.object.namespace.clone(),
        name: subject.object.name.clone(),
        service: subject.service.as_ref().map(|service| v1::ServiceName {
            namespace: service.namespace.clone(),
            name: service.name.clone(),
        }),
        context: snapshot
            .context
            .clone()
            .filter(|_| !is_of_aws(subject.kind)),
        load_balancer: found.map(|found| v1::LoadBalancer {
            name: found.name.clone(),
            account: found.region.0.clone(),
            region: found.region.1.clone(),
        }),
    }
}

/// Whether no cluster owns it, as far as is known.
fn is_of_aws(kind: SubjectKind) -> bool {
    matches!(kind, SubjectKind::LoadBalancer | SubjectKind::TargetGroup)
}

fn finding(snapshot: &Snapshot, verdict: &Diagnosis, group: &Group, total: usize) -> v1::Finding {
    let check = group.check;
    v1::Finding {
        code: check.code.to_string(),
        slug: check.slug.to_owned(),
        hop: check.hop.id().to_owned(),
        role: role(group.role).to_owned(),
        severity: severity(group).to_owned(),
        confidence: group.finding.confidence.id().to_owned(),
        title: check.title.to_owned(),
        message: group.finding.message.clone(),
        objects: group.objects.clone(),
        explains: v1::Explains {
            targets: group.targets.len(),
            of: total,
        },
        fingerprint: fingerprint(verdict, group),
        cause_fingerprint: cause_fingerprint(group),
        state: None,
        evidence: group
            .evidence
            .iter()
            .map(|evidence| v1::Evidence {
                layer: evidence.layer.id().to_owned(),
                source: evidence.origin.document.clone(),
                subject: evidence.subject.clone(),
                field: evidence.field.clone(),
                value: evidence.value.clone(),
                at: snapshot.taken_at.clone(),
            })
            .collect(),
        assumptions: group.finding.assumptions.clone(),
        known_issues: known(snapshot, verdict, group),
        fix: group.finding.fix.as_ref().map(|found| fix(found, group)),
    }
}

/// What only informs is printed as information, whatever the check's severity when it fails.
fn severity(group: &Group) -> &'static str {
    match group.role {
        Role::Refuted => "info",
        Role::Latent => "warning",
        _ if !group.fails && group.check.severity == crate::check::Severity::Error => "warning",
        _ => group.check.severity.id(),
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Cause => "cause",
        Role::Later => "later",
        Role::Clients => "clients",
        Role::Latent => "latent",
        Role::Refuted => "refuted",
        Role::Note => "note",
    }
}

/// Depends on what decides and on the subject, never on counts, times or the order of evidence.
fn fingerprint(verdict: &Diagnosis, group: &Group) -> String {
    let subject = &verdict.subject;
    let (namespace, name) = (&subject.object.namespace, &subject.object.name);
    digest(&[
        &group.check.code.to_string(),
        &group.finding.decides,
        subject.kind.name(),
        namespace,
        name,
    ])
}

fn cause_fingerprint(group: &Group) -> String {
    digest(&[&group.check.code.to_string(), &group.finding.decides])
}

/// 16 hexadecimal digits of all parts.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn fix(fix: &Fix, group: &Group) -> v1::Fix {
    let proof = group.proof.as_ref();
    v1::Fix {
        summary: fix.summary.clone(),
        commands: fix.commands.clone(),
        risk: fix.risk.id().to_owned(),
        verified: proof.and_then(|proof| proof.verified),
        after: match proof {
            // Health says nothing about clients, so what to look at stays.
            Some(proof) if proof.verified == Some(true) && group.role == Role::Clients => {
                format!(
                    "{} is gone and nothing else fails; afterwards: {}",
                    group.check.code, fix.after
                )
            }
            Some(proof) => after(proof, &fix.after),
            None => fix.after.clone(),
        },
    }
}

fn after(proof: &Proof, look: &str) -> String {
    match proof.verified {
        Some(true) => match proof.seconds {
            Some(seconds) => format!(
                "{} of {} targets healthy within {seconds} s",
                proof.healthy, proof.of
            ),
            None => format!("{} of {} targets healthy", proof.healthy, proof.of),
        },
        Some(false) => format!(
            "not enough: {} would still fail the check",
            proof
                .remaining
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        ),
        None => format!(
            "this cause is gone, what was not read decides the rest ({} of {} targets predicted healthy); then {look}",
            proof.healthy, proof.of
        ),
    }
}

fn path(verdict: &PathVerdict) -> v1::Path {
    let path = &verdict.path;
    v1::Path {
        listener: path.listener.found().copied().unwrap_or(path.port),
        protocol: path.protocol.clone(),
        target_group: path.target_group.found().map(|group| group.name.clone()),
        node_port: Some(path.node_port).filter(|port| *port != 0),
        health_check: path.targets.first().map(|target| v1::HealthCheck {
            protocol: target.check.protocol.clone(),
            port: target.check.port,
            path: target.check.path.clone(),
            assumed: target.check.assumed,
        }),
        hops: verdict
            .hops
            .iter()
            .map(|hop| v1::Hop {
                hop: hop.hop.id().to_owned(),
                status: status(hop.status).to_owned(),
                proof: hop.proofs.join("; "),
                proofs: hop.proofs.clone(),
                codes: hop.codes.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        targets: path
            .targets
            .iter()
            .zip(&verdict.targets)
            .map(|(of, verdict)| target(of, verdict))
            .collect(),
    }
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Pass => "pass",
        Status::Fail => "fail",
        Status::Expected => "expected",
        Status::Unknown => "unknown",
        Status::NotApplicable => "not-applicable",
    }
}

fn target(target: &crate::path::Target, verdict: &TargetVerdict) -> v1::Target {
    v1::Target {
        id: target.id.clone(),
        address: target.address.as_ref().ok().map(ToString::to_string),
        port: target.port,
        node: target.node.clone().ok(),
        zone: target.zone.clone(),
        reported: target.reported.as_ref().map(|reported| {
            let TargetHealth {
                state,
                reason,
                description,
            } = &reported.target_health;
            v1::Reported {
                state: state.clone(),
                reason: reason.clone(),
                description: description.clone(),
            }
        }),
        predicted: match verdict.predicted {
            Predicted::Healthy => "healthy",
            Predicted::Unhealthy => "unhealthy",
            Predicted::Unknown => "unknown",
        }
        .to_owned(),
        agreement: match verdict.agreement {
            Agreement::Explained => "explained",
            Agreement::Unexplained => "unexplained",
            Agreement::Latent => "latent",
            Agreement::Undecided => "undecided",
            Agreement::ByDesign => "by-design",
        }
        .to_owned(),
        failed_hop: verdict.failed_hop.map(|hop| hop.id().to_owned()),
        codes: verdict.codes.iter().map(ToString::to_string).collect(),
    }
}

fn gap(missing: &Missing, namespace: &str) -> v1::Gap {
    let example = missing.example();
    v1::Gap {
        source: missing.source.title().to_owned(),
        about: missing.about.clone(),
        reason: missing.reason.to_string(),
        permission: example.permission().map(str::to_owned),
        command: example.command(namespace),
        would_decide: missing
            .would_decide
            .iter()
            .map(ToString::to_string)
            .collect(),
    }
}

fn contrast(contrast: &crate::verdict::Contrast) -> v1::Contrast {
    v1::Contrast {
        target_group: contrast.target_group.clone(),
        attribute: contrast.attribute.to_owned(),
        pattern: contrast.pattern.map(str::to_owned),
        unhealthy: contrast.sick.clone(),
        healthy: contrast.healthy.clone(),
        unhealthy_targets: contrast.sick_targets,
        healthy_targets: contrast.healthy_targets,
    }
}
