//! Gives the findings of an audit their states, cluster by cluster, and remembers what for.

use super::suppression::{Standing, Suppression, day};
use super::{Baseline, Policy, annotation, stale};
use crate::audit::reduce::Reduced;
use crate::path::Shard;
use crate::report::v1::{self, StaleSuppression, SubjectName, Suppressed};
use std::collections::BTreeSet;

/// What was decided so far.
#[derive(Debug, Default)]
pub(in crate::audit) struct Ruling {
    baseline: Option<Baseline>,
    shard: Option<Shard>,
    entries: Vec<Tracked>,
    suppressed: BTreeSet<Suppressed>,
    stale: BTreeSet<StaleSuppression>,
    fixed: BTreeSet<v1::Fixed>,
}

/// A suppression and what became of it.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) suppression: Suppression,
    /// A cluster that it means was read.
    pub(super) answered: bool,
    /// Its last day is past in one of them.
    pub(super) expired: bool,
    /// It means a subject of one of them.
    pub(super) known: bool,
    /// It means a subject that was diagnosed.
    pub(super) diagnosed: bool,
    /// What to say when it means nothing.
    pub(super) idle: &'static str,
}

impl Tracked {
    fn new(suppression: Suppression, idle: &'static str) -> Self {
        Self {
            suppression,
            answered: false,
            expired: false,
            known: false,
            diagnosed: false,
            idle,
        }
    }
}

impl Ruling {
    pub(in crate::audit) fn new(shard: Option<Shard>, policy: Policy) -> Self {
        let entries = policy.suppressions.into_iter();
        Self {
            entries: entries
                .map(|entry| Tracked::new(entry, stale::NO_SUBJECT))
                .collect(),
            baseline: policy.baseline,
            shard,
            ..Self::default()
        }
    }

    /// Judges the findings of a cluster.
    pub(in crate::audit) fn judge(&mut self, reduced: &mut Reduced) {
        if reduced.cluster.error.is_some() {
            return;
        }
        self.annotations(reduced);
        self.track(reduced);
        for item in &mut reduced.items {
            self.item(item);
        }
        if let Some(baseline) = &self.baseline {
            self.fixed.extend(baseline.fixed(reduced));
        }
    }

    /// Takes over the suppressions that stand on the cluster's objects.
    fn annotations(&mut self, reduced: &Reduced) {
        for found in &reduced.roll.annotations {
            let object = &found.object;
            let of =
                reduced.roll.names.iter().filter(|name| {
                    name.subject == *object || name.service.as_ref() == Some(object)
                });
            let subjects: Vec<_> = of.collect();
            let held = if subjects.is_empty() {
                let scope = &reduced.roll.scope;
                scope.holds(&object.cluster, &object.namespace, &object.name)
            } else {
                subjects.iter().any(|name| name.held)
            };
            if !held {
                continue;
            }
            let scope = super::Pattern::only(object);
            let by = format!("annotation {} of {scope}", annotation::KEY);
            for entry in annotation::entries(&found.text) {
                match entry {
                    Ok(entry) => self.entries.push(Tracked::new(
                        Suppression {
                            check: entry.check,
                            scope: scope.clone(),
                            reason: entry.reason,
                            until: entry.until,
                            by: by.clone(),
                        },
                        stale::NOT_DIAGNOSED,
                    )),
                    Err(wrong) => {
                        self.stale.insert(StaleSuppression {
                            by: by.clone(),
                            code: wrong.code,
                            matches: scope.to_string(),
                            reason: format!("{}: {}", stale::UNREADABLE, wrong.message),
                        });
                    }
                }
            }
        }
    }

    /// Notes what the suppressions mean of a cluster.
    fn track(&mut self, reduced: &Reduced) {
        let cluster = &reduced.cluster;
        let day = day(cluster.taken_at.as_deref());
        let entries = self.entries.iter_mut();
        for entry in entries.filter(|entry| entry.suppression.scope.reaches(&cluster.name)) {
            let scope = &entry.suppression.scope;
            let asked = reduced.roll.scope.namespace.as_ref();
            entry.answered |= asked.is_none_or(|namespace| scope.stays_in(namespace));
            entry.expired |= entry.suppression.standing(day) == Standing::Expired;
            for name in &reduced.roll.names {
                if scope.means(&name.subject, name.service.as_ref()) {
                    entry.known = true;
                    entry.diagnosed |= name.held;
                }
            }
        }
    }

    fn item(&mut self, item: &mut v1::Diagnosis) {
        let subject = SubjectName::of(item);
        let service = SubjectName::of_service(item);
        let day = day(item.run.taken_at.as_deref());
        let ours: Vec<&Suppression> = self
            .entries
            .iter()
            .map(|entry| &entry.suppression)
            .filter(|entry| entry.scope.means(&subject, service.as_ref()))
            .collect();
        let findings = item.causes.iter_mut().chain(&mut item.notes);
        for finding in findings.filter(|finding| finding.role != "refuted") {
            let of_code: Vec<&&Suppression> = ours
                .iter()
                .filter(|suppression| suppression.check.code.to_string() == finding.code)
                .collect();
            let holds = |suppression: &&&&Suppression| suppression.standing(day) == Standing::Holds;
            if let Some(first) = of_code.iter().find(holds) {
                finding.state = Some("suppressed".to_owned());
                let record = first.record(&subject, &finding.fingerprint);
                self.suppressed.insert(record);
                continue;
            }
            let undated = of_code
                .iter()
                .filter(|suppression| suppression.standing(day) == Standing::Undated);
            self.stale
                .extend(undated.map(|suppression| stale::undated(suppression, &subject.cluster)));
            if let Some(baseline) = &self.baseline {
                finding.state = Some(baseline.state(&subject.cluster, finding).to_owned());
            }
        }
    }

    /// Writes what was decided into the list that has all items and clusters.
    pub(in crate::audit) fn write(self, list: &mut v1::DiagnosisList) {
        let mut stale = self.stale;
        stale.extend(stale::idle(&self.entries));
        list.suppressed = self.suppressed.into_iter().collect();
        list.stale_suppressions = stale.into_iter().collect();
        list.baseline = self.baseline.map(|baseline| v1::Baseline {
            file: baseline.file,
            fixed: self.fixed.into_iter().collect(),
            ..v1::Baseline::default()
        });
        super::settle(list);
        list.shard = self.shard.map(|shard| v1::Shard {
            index: shard.index(),
            total: shard.total(),
        });
    }
}
