//! What a cluster has, beside what was diagnosed of it: the names of all its subjects, whichever slice holds them, and
//! the annotations that people put on their objects.
//!
//! It tells "gone" from "not looked at", and a suppression that means nothing from one that means something elsewhere.

use super::policy::KEY;
use super::reduce::Scope;
use crate::model::Snapshot;
use crate::model::kubernetes::{Meta, Object, Objects};
use crate::path::Subject;
use crate::report::v1::SubjectName;
use std::collections::BTreeSet;

/// The subjects and annotations of a cluster inside the scope of an audit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Roll {
    /// What of the cluster was asked for.
    pub(super) scope: Scope,
    /// All subjects by kind, namespace and name.
    pub(super) names: Vec<Name>,
    /// The annotations that suppress findings, by kind and object, of all slices.
    pub(super) annotations: Vec<Annotation>,
    /// Objects that are subjects or may become one.
    present: BTreeSet<SubjectName>,
    /// Kind and namespace of which `present` has all; an empty namespace stands for the whole cluster.
    complete: BTreeSet<(&'static str, String)>,
}

/// A subject.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Name {
    pub(super) subject: SubjectName,
    /// The Service behind it.
    pub(super) service: Option<SubjectName>,
    /// Whether the slice that is audited holds it.
    pub(super) held: bool,
}

/// An annotation that suppresses findings.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Annotation {
    pub(super) object: SubjectName,
    pub(super) text: String,
}

impl Roll {
    /// An empty roll of the objects of `snapshot`; `cluster` is what the list calls the cluster.
    pub(super) fn new(snapshot: &Snapshot, cluster: &str, scope: &Scope) -> Self {
        let mut roll = Self {
            scope: scope.clone(),
            ..Self::default()
        };
        let k8s = &snapshot.kubernetes;
        roll.read(&k8s.gateways, cluster, scope, |_| true);
        roll.read(&k8s.ingresses, cluster, scope, |_| true);
        roll.read(&k8s.services, cluster, scope, |service| {
            service.spec.kind == "LoadBalancer"
        });
        roll.read(&k8s.target_group_bindings, cluster, scope, |_| true);
        roll
    }

    fn read<T: Object>(
        &mut self,
        objects: &Objects<T>,
        cluster: &str,
        scope: &Scope,
        subject: impl Fn(&T) -> bool,
    ) {
        let of_objects = objects
            .known()
            .map(|object| object.meta().namespace.clone());
        let asked = [String::new()].into_iter().chain(scope.namespace.clone());
        let namespaces: BTreeSet<String> = asked.chain(of_objects).collect();
        let complete = namespaces
            .into_iter()
            .filter(|name| objects.all(name).is_ok());
        self.complete.extend(complete.map(|name| (T::KIND, name)));
        for object in objects.known() {
            let meta = object.meta();
            if !scope.has(&meta.namespace) {
                continue;
            }
            if let Some(text) = meta.annotations.get(KEY) {
                self.annotations.push(Annotation {
                    object: name::<T>(cluster, meta),
                    text: text.clone(),
                });
            }
            if subject(object) {
                self.present.insert(name::<T>(cluster, meta));
            }
        }
    }

    /// Adds a subject.
    pub(super) fn add(&mut self, cluster: &str, subject: &Subject, held: bool) {
        let of = |kind: &str, object: &crate::path::ObjectName| SubjectName {
            cluster: cluster.to_owned(),
            kind: kind.to_owned(),
            namespace: object.namespace.clone(),
            name: object.name.clone(),
        };
        self.names.push(Name {
            subject: of(subject.kind.name(), &subject.object),
            service: subject.service.as_ref().map(|name| of("Service", name)),
            held,
        });
    }

    /// Whether the evidence proves that there is no such object any more.
    pub(super) fn lacks(&self, subject: &SubjectName) -> bool {
        let complete = |namespace: &str| {
            let mut all = self.complete.iter();
            all.any(|(kind, of)| *kind == subject.kind && of == namespace)
        };
        let proven =
            complete("") || (!subject.namespace.is_empty() && complete(&subject.namespace));
        proven && !self.present.contains(subject)
    }
}

fn name<T: Object>(cluster: &str, meta: &Meta) -> SubjectName {
    SubjectName {
        cluster: cluster.to_owned(),
        kind: T::KIND.to_owned(),
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
    }
}
