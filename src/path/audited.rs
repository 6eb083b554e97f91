//! Everything in a cluster that an audit diagnoses, each thing once.
//!
//! A Gateway, the Service that Cilium made for it and the TargetGroupBindings of that Service are one subject: the
//! Gateway, which is what people edit. Ingresses in shared mode are one subject: the shared Service. Load balancers and
//! target groups of the cluster that nothing of it uses any more are subjects as well.

use super::resolve::resolve;
use super::{Estate, ObjectName, Standing, Subject, SubjectKind, SubjectRef, ingress};
use crate::model::Snapshot;
use std::collections::BTreeSet;

/// All subjects by kind, namespace and name.
pub fn audited(snapshot: &Snapshot) -> Vec<Subject> {
    let k8s = &snapshot.kubernetes;
    let mut all: Vec<Subject> = Vec::new();
    let mut served: BTreeSet<ObjectName> = BTreeSet::new();
    let mut add = |subject: Subject| {
        served.extend(subject.service.clone());
        all.push(subject);
    };
    let subject = |kind, namespace: &str, name: &str| {
        let wanted = SubjectRef::Object {
            kind: Some(kind),
            name: name.to_owned(),
        };
        resolve(snapshot, &wanted, namespace).ok()
    };
    for gateway in k8s.gateways.known() {
        let meta = &gateway.metadata;
        if let Some(found) = subject(SubjectKind::Gateway, &meta.namespace, &meta.name) {
            add(found);
        }
    }
    let shared = ingress::shared_name(&k8s.config_maps);
    for ingress in k8s.ingresses.known() {
        let meta = &ingress.metadata;
        let Some(found) = subject(SubjectKind::Ingress, &meta.namespace, &meta.name) else {
            continue;
        };
        let own = found
            .service
            .as_ref()
            .is_some_and(|service| service.namespace == meta.namespace && service.name != shared);
        let unserved = found.service.is_none() && ingress.class() == Some("cilium");
        if own || unserved {
            add(found);
        }
    }
    for service in k8s
        .services
        .known()
        .filter(|service| service.spec.kind == "LoadBalancer")
    {
        let id = ObjectName::new(&service.metadata.namespace, &service.metadata.name);
        if !served.contains(&id)
            && let Some(found) = subject(SubjectKind::Service, &id.namespace, &id.name)
        {
            served.insert(id);
            all.push(found);
        }
    }
    // Several bindings may fill groups of one Service that is no load balancer: each is its own subject.
    for binding in k8s.target_group_bindings.known() {
        let meta = &binding.metadata;
        let service = ObjectName::new(&meta.namespace, &binding.spec.service_ref.name);
        if !served.contains(&service) {
            let kind = SubjectKind::TargetGroupBinding;
            all.extend(subject(kind, &meta.namespace, &meta.name));
        }
    }
    all.extend(orphans(snapshot));
    all.sort();
    all
}

/// What was left behind in the accounts that were read, as far as that is proven.
fn orphans(snapshot: &Snapshot) -> Vec<Subject> {
    let estate = Estate::new(snapshot);
    let subject = |kind, name: &str| Subject {
        kind,
        object: ObjectName::new("", name),
        service: None,
        target_group: None,
        load_balancer: None,
    };
    let is_orphan = |standing| matches!(standing, Ok(Standing::Orphan(_)));
    let mut found = Vec::new();
    for (key, region) in &snapshot.aws.regions {
        for balancer in region.load_balancers.iter().flat_map(|all| all.iter()) {
            if is_orphan(estate.balancer(key, balancer)) {
                found.push(Subject {
                    load_balancer: Some(balancer.load_balancer_arn.clone()),
                    ..subject(SubjectKind::LoadBalancer, &balancer.load_balancer_name)
                });
            }
        }
        for group in region.target_groups.iter().flat_map(|all| all.iter()) {
            if is_orphan(estate.group(key, group)) {
                found.push(Subject {
                    target_group: Some(group.target_group_arn.clone()),
                    ..subject(SubjectKind::TargetGroup, &group.target_group_name)
                });
            }
        }
    }
    found
}
