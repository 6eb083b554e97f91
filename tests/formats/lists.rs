//! Lists to render: an audit of scenarios, plain, and with everything filled that an audit can fill.

use super::scenario;
use cilium_lb::audit::{Audit, Reduced, Scope, reduce};
use cilium_lb::parse;
use cilium_lb::report::v1::{
    Baseline, DiagnosisList, Fixed, Run, Shard, StaleSuppression, SubjectName, Suppressed,
};
use std::sync::LazyLock;

/// Scenarios that are clusters of the audit: a cause, healthy subjects, two of one cause, clients, latent, unknown.
pub(crate) const CLUSTERS: [&str; 6] = [
    "obs-eu-dev",
    "shop",
    "l7-redirect-missing",
    "hairpin",
    "host-process-answers-unknown",
    "case-c09",
];

static REDUCED: LazyLock<Vec<Reduced>> = LazyLock::new(|| {
    let run = Run {
        version: "test".to_owned(),
        ..Run::default()
    };
    let clusters = CLUSTERS.iter().map(|name| {
        let snapshot = parse::snapshot(&scenario::one(name).bundle);
        reduce(&snapshot, name, &Scope::default(), &run)
    });
    clusters.collect()
});

/// The reduced clusters in order.
pub(crate) fn reduced() -> Vec<Reduced> {
    REDUCED.clone()
}

/// The list of clusters in any order.
pub(crate) fn joined(clusters: Vec<Reduced>) -> DiagnosisList {
    let mut audit = Audit::default();
    for cluster in clusters {
        audit.add(cluster);
    }
    audit.finish(Run {
        version: "test".to_owned(),
        ..Run::default()
    })
}

/// The list of all scenarios.
pub(crate) fn plain() -> DiagnosisList {
    joined(reduced())
}

/// The same with failed clusters, a baseline, suppressions and a shard.
pub(crate) fn filled() -> DiagnosisList {
    let mut clusters = reduced();
    let mut suppressed = Vec::new();
    let (mut new, mut known) = (0, 0);
    for cluster in &mut clusters {
        for item in &mut cluster.items {
            for finding in item.causes.iter_mut().chain(&mut item.notes) {
                let state = match (cluster.cluster.name.as_str(), finding.code.as_str()) {
                    ("shop", "CLB8205") => {
                        suppressed.push(Suppressed {
                            subject: subject("shop", "Service", "shop", &item.subject.name),
                            code: finding.code.clone(),
                            fingerprint: finding.fingerprint.clone(),
                            reason: "few clients share an address | we looked".to_owned(),
                            until: Some("2026-12-31".to_owned()),
                            by: "suppressions.yaml entry 1".to_owned(),
                        });
                        "suppressed"
                    }
                    ("obs-eu-dev", _) => {
                        known += 1;
                        "known"
                    }
                    _ => {
                        new += 1;
                        "new"
                    }
                };
                finding.state = Some(state.to_owned());
            }
        }
    }
    clusters.push(Reduced::failed(
        "far-away",
        "the API server did not answer".to_owned(),
    ));
    let mut list = joined(clusters);
    list.accounts[0].errors =
        vec!["ec2:DescribeSubnets: ExpiredToken: the token has expired".to_owned()];
    list.suppressed = suppressed;
    list.stale_suppressions = vec![StaleSuppression {
        by: "suppressions.yaml entry 2".to_owned(),
        code: "CLB4102".to_owned(),
        matches: "*/*/*/*".to_owned(),
        reason: "unused: nothing matches it; remove it".to_owned(),
    }];
    list.baseline = Some(Baseline {
        file: "last-week.json".to_owned(),
        new,
        known,
        fixed: vec![Fixed {
            subject: subject("shop", "Service", "shop", "api"),
            code: "CLB8101".to_owned(),
            fingerprint: "0123456789abcdef".to_owned(),
            message: "no endpoint of api is ready".to_owned(),
        }],
    });
    list.shard = Some(Shard { index: 1, total: 2 });
    list
}

fn subject(cluster: &str, kind: &str, namespace: &str, name: &str) -> SubjectName {
    SubjectName {
        cluster: cluster.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}
