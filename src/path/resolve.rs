//! From what a person wrote to an object and the Service behind it.

use super::ingress;
use super::similar::similar;
use super::{ObjectName, Subject, SubjectKind, SubjectRef};
use crate::model::aws::Arn;
use crate::model::kubernetes::gateway::CILIUM_CONTROLLER;
use crate::model::kubernetes::generated::service_name;
use crate::model::kubernetes::{Ingress, Meta, Object, Objects};
use crate::model::{Gap, Snapshot};
use crate::parse::hostname::is_name_of;

/// Why a subject cannot be diagnosed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// It does not exist where it was looked for.
    #[error("{wanted} not found: looked in {}{}", looked.join(", "), hint(similar))]
    NotFound {
        /// What was asked for.
        wanted: String,
        /// Where it was looked for.
        looked: Vec<String>,
        /// Names that resemble it, and the namespaces that hold one of that name.
        similar: Vec<String>,
    },
    /// A bare name that several kinds carry.
    #[error("{name:?} is ambiguous: write {}", choices.join(" or "))]
    Ambiguous {
        /// The name.
        name: String,
        /// What to write instead.
        choices: Vec<String>,
    },
    /// It exists and is somebody else's.
    #[error("{0}")]
    Foreign(String),
    /// Whether it exists was not read.
    #[error("cannot tell whether {0} exists: {1}")]
    Unread(String, Gap),
}

fn hint(similar: &[String]) -> String {
    if similar.is_empty() {
        String::new()
    } else {
        format!("; similar: {}", similar.join(", "))
    }
}

/// Resolves `wanted` in `namespace`.
///
/// # Errors
/// See [`ResolveError`]; every variant is a complete sentence for a person.
pub fn resolve(
    snapshot: &Snapshot,
    wanted: &SubjectRef,
    namespace: &str,
) -> Result<Subject, ResolveError> {
    match wanted {
        SubjectRef::Object {
            kind: Some(kind),
            name,
        } => object(snapshot, *kind, namespace, name),
        SubjectRef::Object { kind: None, name } => bare(snapshot, namespace, name),
        SubjectRef::Hostname(hostname) => by_hostname(snapshot, hostname),
        SubjectRef::LoadBalancer(arn) => by_balancer(snapshot, arn),
        SubjectRef::TargetGroup(arn) => by_target_group(snapshot, arn),
    }
}

fn object(
    snapshot: &Snapshot,
    kind: SubjectKind,
    namespace: &str,
    name: &str,
) -> Result<Subject, ResolveError> {
    let k8s = &snapshot.kubernetes;
    let id = ObjectName::new(namespace, name);
    let subject = |service| Subject {
        kind,
        object: id.clone(),
        service,
        target_group: None,
        load_balancer: None,
    };
    match kind {
        SubjectKind::Gateway => {
            let gateway = find(&k8s.gateways, kind, namespace, name)?;
            refuse_foreign_class(snapshot, &gateway.spec.gateway_class_name, &id)?;
            Ok(subject(owned_service(
                snapshot,
                "Gateway",
                &gateway.metadata,
            )))
        }
        SubjectKind::Service => {
            find(&k8s.services, kind, namespace, name)?;
            Ok(subject(Some(id.clone())))
        }
        SubjectKind::Ingress => {
            let ingress = find(&k8s.ingresses, kind, namespace, name)?;
            if let Some(class) = ingress.class().filter(|class| *class != "cilium") {
                return Err(ResolveError::Foreign(format!(
                    "ingress {id} has class {class:?}: only Cilium's Ingress (class \"cilium\") is diagnosed; ask about the Service of its controller instead"
                )));
            }
            let service = owned_service(snapshot, "Ingress", &ingress.metadata)
                .or_else(|| shared_ingress(snapshot, ingress));
            Ok(subject(service))
        }
        SubjectKind::TargetGroupBinding => {
            let binding = find(&k8s.target_group_bindings, kind, namespace, name)?;
            Ok(Subject {
                kind,
                object: id,
                service: Some(ObjectName::new(namespace, &binding.spec.service_ref.name)),
                target_group: Some(binding.spec.target_group_arn.clone()),
                load_balancer: None,
            })
        }
        SubjectKind::LoadBalancer | SubjectKind::TargetGroup => Err(ResolveError::NotFound {
            wanted: name.to_owned(),
            looked: vec![
                "load balancers are named by DNS name or ARN, target groups by ARN".to_owned(),
            ],
            similar: Vec::new(),
        }),
    }
}

fn bare(snapshot: &Snapshot, namespace: &str, name: &str) -> Result<Subject, ResolveError> {
    let k8s = &snapshot.kubernetes;
    let mut kinds = Vec::new();
    let mut unread = None;
    let mut probe = |kind, found: Result<bool, Gap>| match found {
        Ok(true) => kinds.push(kind),
        Ok(false) => {}
        Err(gap) => unread = unread.take().or(Some(gap)),
    };
    probe(SubjectKind::Gateway, exists(&k8s.gateways, namespace, name));
    probe(SubjectKind::Service, exists(&k8s.services, namespace, name));
    probe(
        SubjectKind::Ingress,
        exists(&k8s.ingresses, namespace, name),
    );
    probe(
        SubjectKind::TargetGroupBinding,
        exists(&k8s.target_group_bindings, namespace, name),
    );
    match kinds.as_slice() {
        [kind] => object(snapshot, *kind, namespace, name),
        [] => match unread {
            Some(gap) if gap.permission().is_some() => {
                Err(ResolveError::Unread(name.to_owned(), gap))
            }
            _ => Err(ResolveError::NotFound {
                wanted: name.to_owned(),
                looked: vec![format!(
                    "gateways, services, ingresses and targetgroupbindings of namespace {namespace}"
                )],
                similar: everywhere(snapshot, namespace, name),
            }),
        },
        several => Err(ResolveError::Ambiguous {
            name: name.to_owned(),
            choices: several
                .iter()
                .map(|kind| format!("{}/{name}", kind.name().to_ascii_lowercase()))
                .collect(),
        }),
    }
}

fn exists<T>(objects: &Objects<T>, namespace: &str, name: &str) -> Result<bool, Gap> {
    Ok(objects.find(namespace, name)?.is_some())
}

fn find<'a, T: Object>(
    objects: &'a Objects<T>,
    kind: SubjectKind,
    namespace: &str,
    name: &str,
) -> Result<&'a T, ResolveError> {
    let wanted = format!("{}/{name}", kind.name().to_ascii_lowercase());
    match objects.find(namespace, name) {
        Ok(Some(fact)) => Ok(&fact.value),
        Err(gap) if gap.permission().is_some() => Err(ResolveError::Unread(wanted, gap)),
        _ => {
            let names = || objects.known().map(|fact| fact.meta());
            let mut near: Vec<String> = names()
                .filter(|meta| meta.name == name && meta.namespace != namespace)
                .map(|meta| format!("{wanted} -n {}", meta.namespace))
                .collect();
            let here = names().filter(|meta| meta.namespace == namespace);
            near.extend(similar(name, here.map(|meta| meta.name.as_str())));
            Err(ResolveError::NotFound {
                wanted,
                looked: vec![format!("namespace {namespace}")],
                similar: near,
            })
        }
    }
}

fn everywhere(snapshot: &Snapshot, namespace: &str, name: &str) -> Vec<String> {
    fn collect<T: Object>(objects: &Objects<T>, out: &mut Vec<(String, Meta)>) {
        out.extend(
            objects
                .known()
                .map(|fact| (T::KIND.to_ascii_lowercase(), fact.meta().clone())),
        );
    }
    let mut all = Vec::new();
    collect(&snapshot.kubernetes.gateways, &mut all);
    collect(&snapshot.kubernetes.services, &mut all);
    collect(&snapshot.kubernetes.ingresses, &mut all);
    collect(&snapshot.kubernetes.target_group_bindings, &mut all);
    let mut near: Vec<String> = all
        .iter()
        .filter(|(_, meta)| meta.name == name)
        .map(|(kind, meta)| format!("{kind}/{name} -n {}", meta.namespace))
        .collect();
    let here = all.iter().filter(|(_, meta)| meta.namespace == namespace);
    near.extend(similar(name, here.map(|(_, meta)| meta.name.as_str())));
    near
}

/// Gateways of other controllers are refused rather than half-diagnosed.
fn refuse_foreign_class(
    snapshot: &Snapshot,
    class: &str,
    gateway: &ObjectName,
) -> Result<(), ResolveError> {
    let Ok(Some(found)) = snapshot.kubernetes.gateway_classes.find("", class) else {
        return Ok(());
    };
    let controller = &found.spec.controller_name;
    if controller == CILIUM_CONTROLLER {
        return Ok(());
    }
    let advice = if controller.starts_with("gateway.k8s.aws/") {
        "its target groups point straight at backend Services: ask about their TargetGroupBindings instead"
    } else {
        "ask about the Service that its controller creates instead"
    };
    Err(ResolveError::Foreign(format!(
        "gateway {gateway} has class {class:?} of controller {controller:?}, not Cilium's {CILIUM_CONTROLLER:?}: {advice}"
    )))
}

/// The Service that Cilium made for a Gateway or dedicated Ingress: by owner reference, then by the generated name.
fn owned_service(snapshot: &Snapshot, kind: &str, owner: &Meta) -> Option<ObjectName> {
    let services = &snapshot.kubernetes.services;
    let owned = services.known().find(|service| {
        service.metadata.namespace == owner.namespace
            && service
                .metadata
                .owner_references
                .iter()
                .any(|reference| reference.kind == kind && reference.name == owner.name)
    });
    if let Some(service) = owned {
        return Some(ObjectName::new(
            &service.metadata.namespace,
            &service.metadata.name,
        ));
    }
    let name = service_name(kind, &owner.name);
    let made = services.find(&owner.namespace, &name).ok().flatten()?;
    // A Service that has another controller is that one's, whatever its name.
    let references = &made.metadata.owner_references;
    let is_of_another = references.iter().any(|reference| reference.controller);
    (!is_of_another).then(|| ObjectName::new(&owner.namespace, name))
}

/// The one Service of Ingresses in shared mode, which the chart creates in Cilium's namespace.
///
/// `None` as well where the mode is not known: what is missing is CLB1101's to say.
fn shared_ingress(snapshot: &Snapshot, ingress: &Ingress) -> Option<ObjectName> {
    let config_maps = &snapshot.kubernetes.config_maps;
    if ingress::is_shared(ingress, config_maps) != Ok(true) {
        return None;
    }
    let name = ingress::shared_name(config_maps);
    let home = ingress::config(config_maps).ok();
    let home = home.map(|map| &map.metadata.namespace);
    snapshot
        .kubernetes
        .services
        .known()
        .find(|service| {
            let meta = &service.metadata;
            meta.name == name && home.is_none_or(|home| meta.namespace == *home)
        })
        .map(|service| ObjectName::new(&service.metadata.namespace, &service.metadata.name))
}

fn by_hostname(snapshot: &Snapshot, hostname: &str) -> Result<Subject, ResolveError> {
    let service = snapshot.kubernetes.services.known().find(|service| {
        service
            .hostname()
            .is_some_and(|name| is_name_of(hostname, name))
    });
    if let Some(service) = service {
        return Ok(subject_of_service(snapshot, &service.metadata));
    }
    let balancer = snapshot.aws.regions.values().find_map(|region| {
        let balancers = region.load_balancers.as_ref().ok()?;
        balancers
            .iter()
            .find(|lb| is_name_of(hostname, &lb.dns_name))
            .map(|lb| lb.load_balancer_arn.clone())
    });
    match balancer.and_then(|arn| arn.parse().ok()) {
        Some(arn) => by_balancer(snapshot, &arn),
        None => Err(ResolveError::NotFound {
            wanted: hostname.to_owned(),
            looked: vec![
                "the status of all Services".to_owned(),
                "the load balancers of the accounts and regions that were read".to_owned(),
            ],
            similar: Vec::new(),
        }),
    }
}

fn by_balancer(snapshot: &Snapshot, arn: &Arn) -> Result<Subject, ResolveError> {
    let text = arn.to_string();
    for region in snapshot.aws.regions.values() {
        let Ok(balancers) = &region.load_balancers else {
            continue;
        };
        let Some(balancer) = balancers.iter().find(|lb| lb.load_balancer_arn == text) else {
            continue;
        };
        let service = snapshot.kubernetes.services.known().find(|service| {
            service
                .hostname()
                .is_some_and(|host| is_name_of(host, &balancer.dns_name))
        });
        return Ok(match service {
            Some(service) => subject_of_service(snapshot, &service.metadata),
            None => Subject {
                kind: SubjectKind::LoadBalancer,
                object: ObjectName::new("", &balancer.load_balancer_name),
                service: None,
                target_group: None,
                load_balancer: Some(text),
            },
        });
    }
    Err(ResolveError::NotFound {
        wanted: text,
        looked: vec![format!(
            "load balancers of account {} in {}",
            arn.account, arn.region
        )],
        similar: Vec::new(),
    })
}

fn by_target_group(snapshot: &Snapshot, arn: &Arn) -> Result<Subject, ResolveError> {
    let text = arn.to_string();
    let binding = snapshot
        .kubernetes
        .target_group_bindings
        .known()
        .find(|binding| binding.spec.target_group_arn == text);
    if let Some(binding) = binding {
        return object(
            snapshot,
            SubjectKind::TargetGroupBinding,
            &binding.metadata.namespace,
            &binding.metadata.name,
        );
    }
    for region in snapshot.aws.regions.values() {
        let Ok(groups) = &region.target_groups else {
            continue;
        };
        let Some(group) = groups.iter().find(|group| group.target_group_arn == text) else {
            continue;
        };
        let balancer = group
            .load_balancer_arns
            .first()
            .and_then(|arn| arn.parse().ok());
        let mut subject = match balancer {
            Some(balancer) => by_balancer(snapshot, &balancer)?,
            None => Subject {
                kind: SubjectKind::TargetGroup,
                object: ObjectName::new("", &group.target_group_name),
                service: None,
                target_group: None,
                load_balancer: None,
            },
        };
        subject.target_group = Some(text);
        return Ok(subject);
    }
    Err(ResolveError::NotFound {
        wanted: text,
        looked: vec![
            "all TargetGroupBindings".to_owned(),
            format!("target groups of account {} in {}", arn.account, arn.region),
        ],
        similar: Vec::new(),
    })
}

/// The Gateway that owns a Service is the better subject; otherwise the Service itself.
fn subject_of_service(snapshot: &Snapshot, service: &Meta) -> Subject {
    let id = ObjectName::new(&service.namespace, &service.name);
    let gateway = service
        .owner_references
        .iter()
        .find(|owner| owner.kind == "Gateway")
        .filter(|owner| {
            matches!(
                snapshot
                    .kubernetes
                    .gateways
                    .find(&service.namespace, &owner.name),
                Ok(Some(_))
            )
        });
    match gateway {
        Some(owner) => Subject {
            kind: SubjectKind::Gateway,
            object: ObjectName::new(&service.namespace, &owner.name),
            service: Some(id),
            target_group: None,
            load_balancer: None,
        },
        None => Subject {
            kind: SubjectKind::Service,
            object: id.clone(),
            service: Some(id),
            target_group: None,
            load_balancer: None,
        },
    }
}
