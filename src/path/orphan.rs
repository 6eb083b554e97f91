//! Whether a load balancer or target group that carries the cluster's tags was left behind.
//!
//! Advice to delete follows from it, so everything must be proven: the cluster's own name, that the thing is in the
//! VPC of its nodes, that whom it was made for is gone, and that nothing else of the cluster or of another uses it.

use super::RegionKey;
use super::claim::{Claim, Claimant};
use super::estate::{Estate, Proof};
use crate::model::aws::{LoadBalancer, Region, TargetGroup};
use crate::model::kubernetes::Service;
use crate::model::{Fact, Gap, Origin, Reason, Source};

/// Annotation that puts an Ingress into a group.
const GROUP_ANNOTATION: &str = "alb.ingress.kubernetes.io/group.name";

/// What is known of who needs a load balancer or target group.
#[derive(Debug)]
pub enum Standing<'a> {
    /// Something uses it or is about to; the text says what.
    Needed(String),
    /// It is not this cluster's, or that cannot be told; the text says why.
    NotJudged(String),
    /// It was left behind.
    Orphan(Box<Orphan<'a>>),
}

/// Why nobody needs it.
#[derive(Debug, Clone, Copy)]
pub enum Left<'a> {
    /// Whom it was made for does not exist.
    Gone,
    /// The Service it was made for has this other load balancer.
    Replaced(&'a Fact<Service>),
    /// The Service it was made for exists and neither a load balancer nor a binding uses the target group.
    Unbound(&'a Fact<Service>),
}

/// Something that was left behind, with what proves it.
#[derive(Debug)]
pub struct Orphan<'a> {
    /// What its tags say.
    pub claim: Claim<'a>,
    /// Where its tags were read.
    pub tags: &'a Origin,
    /// What proves the name of the cluster.
    pub cluster: Proof<'a>,
    /// Why nobody needs it.
    pub left: Left<'a>,
    /// Its target groups, in the order in which AWS answered.
    pub groups: Vec<&'a TargetGroup>,
    /// Registered targets, all of them nodes of this cluster.
    pub targets: usize,
    /// Those that AWS reports healthy.
    pub healthy: usize,
}

type Judged<'a> = Result<Standing<'a>, Gap>;

impl<'a> Estate<'a> {
    /// Judges a load balancer.
    ///
    /// # Errors
    /// The first reading that is missing.
    pub fn balancer(&self, key: &RegionKey, balancer: &'a LoadBalancer) -> Judged<'a> {
        let arn = balancer.load_balancer_arn.as_str();
        let (claim, tags, cluster) = match self.claimed(key, arn, Some(&balancer.vpc_id))? {
            Ok(own) => own,
            Err(why) => return Ok(Standing::NotJudged(why)),
        };
        if let Some(user) = self.user(balancer) {
            return needed(format!("the status of {} has its host name", user.id()));
        }
        let groups = self.groups(arn);
        let bound = |group: &&TargetGroup| self.binding(&group.target_group_arn);
        if let Some(binding) = groups.iter().find_map(bound) {
            return needed(format!(
                "TargetGroupBinding/{binding} fills its target group"
            ));
        }
        self.snapshot.kubernetes.services.complete("")?;
        self.all_bindings()?;
        let left = match self.claimant(&claim)? {
            Claimed::Gone => Left::Gone,
            Claimed::There(service) if being_deleted(service) => {
                return needed(format!("{} is being deleted", claim.claimant.id()));
            }
            Claimed::There(service) => match service.hostname() {
                Some(other) if self.has_balancer(other) => Left::Replaced(service),
                _ => return needed(format!("{} exists", claim.claimant.id())),
            },
            Claimed::Exists => return needed(format!("{} exists", claim.claimant.id())),
            Claimed::Unknowable(why) => return Ok(Standing::NotJudged(why)),
        };
        self.region(key)?
            .target_groups
            .as_ref()
            .map_err(Gap::clone)?;
        self.settle(key, claim, tags, cluster, left, groups.to_vec())
    }

    /// Judges a target group.
    ///
    /// # Errors
    /// The first reading that is missing.
    pub fn group(&self, key: &RegionKey, group: &'a TargetGroup) -> Judged<'a> {
        let arn = group.target_group_arn.as_str();
        if let Some(balancer) = group.load_balancer_arns.first() {
            return needed(format!("{balancer} uses it"));
        }
        let (claim, tags, cluster) = match self.claimed(key, arn, group.vpc_id.as_deref())? {
            Ok(own) => own,
            Err(why) => return Ok(Standing::NotJudged(why)),
        };
        if let Some(binding) = self.binding(arn) {
            return needed(format!("TargetGroupBinding/{binding} fills it"));
        }
        self.all_bindings()?;
        let left = match self.claimant(&claim)? {
            Claimed::Gone => Left::Gone,
            Claimed::There(service) if being_deleted(service) => {
                return needed(format!("{} is being deleted", claim.claimant.id()));
            }
            // Its controller has not finished yet.
            Claimed::There(service) if service.hostname().is_none() => {
                return needed(format!("{} has no load balancer yet", claim.claimant.id()));
            }
            Claimed::There(service) => Left::Unbound(service),
            Claimed::Exists => return needed(format!("{} exists", claim.claimant.id())),
            Claimed::Unknowable(why) => return Ok(Standing::NotJudged(why)),
        };
        self.settle(key, claim, tags, cluster, left, vec![group])
    }

    /// The claim of something that is proven to be this cluster's, or why that is not proven.
    #[allow(clippy::type_complexity, reason = "a gap, a reason, or what proves it")]
    fn claimed(
        &self,
        key: &RegionKey,
        arn: &str,
        vpc: Option<&str>,
    ) -> Result<Result<(Claim<'a>, &'a Origin, Proof<'a>), String>, Gap> {
        let tags = self.region(key)?.tags.as_ref();
        let tags = tags.map_err(|gap| Gap::new(Source::Tags, arn, gap.reason.clone()))?;
        if !self.has_tags(arn) {
            let why = format!("its tags are not in {}", tags.origin.document);
            return Err(Gap::new(Source::Tags, arn, Reason::Partial(why)));
        }
        let Some((claim, origin)) = self.claim(arn) else {
            let why = "its tags name no Service, Ingress or Gateway of a cluster";
            return Ok(Err(why.to_owned()));
        };
        let own = self.vpcs(key)?;
        let names = self.names();
        if names.len() > 1 {
            let names: Vec<&str> = names.keys().copied().collect();
            let names = names.join(" and ");
            return Ok(Err(format!(
                "what the cluster uses carries the names of several clusters, {names}, so its own is not proven"
            )));
        }
        let Some((name, proof)) = names.first_key_value() else {
            let why = "neither a node nor a load balancer in use has a tag with the cluster's name";
            return Err(Gap::new(Source::Tags, arn, Reason::Partial(why.to_owned())));
        };
        if claim.cluster != *name {
            return Ok(Err(format!(
                "its tags name the cluster {}, and this one is {name}",
                claim.cluster
            )));
        }
        if !vpc.is_some_and(|vpc| own.contains(vpc)) {
            let own: Vec<&str> = own.iter().copied().collect();
            return Ok(Err(format!(
                "it is in {}, and the cluster's nodes are in {}: another cluster has the same name",
                vpc.unwrap_or("no VPC"),
                own.join(" and ")
            )));
        }
        Ok(Ok((claim, origin, *proof)))
    }

    /// That every binding was read, and says which target group it is of.
    fn all_bindings(&self) -> Result<(), Gap> {
        self.snapshot
            .kubernetes
            .target_group_bindings
            .complete("")?;
        // The controller fills the ARN in where only a name is given; before that nobody knows the group.
        match self.binding("") {
            None => Ok(()),
            Some(binding) => {
                let why = "spec.targetGroupARN is empty".to_owned();
                Err(Gap::new(
                    Source::TargetGroupBindings,
                    &binding.name,
                    Reason::Partial(why),
                ))
            }
        }
    }

    /// Whether the one that tags name exists.
    fn claimant(&self, claim: &Claim<'a>) -> Result<Claimed<'a>, Gap> {
        let k8s = &self.snapshot.kubernetes;
        let exists = |found: bool| {
            if found {
                Claimed::Exists
            } else {
                Claimed::Gone
            }
        };
        Ok(match &claim.claimant {
            Claimant::Service(id) => k8s
                .services
                .find(&id.namespace, &id.name)?
                .map_or(Claimed::Gone, Claimed::There),
            Claimant::Ingress(id) => exists(k8s.ingresses.find(&id.namespace, &id.name)?.is_some()),
            Claimant::Gateway(id) => exists(k8s.gateways.find(&id.namespace, &id.name)?.is_some()),
            Claimant::IngressGroup(name) => {
                let member = k8s.ingresses.known().any(|ingress| {
                    ingress.metadata.annotations.get(GROUP_ANNOTATION) == Some(name)
                });
                if member {
                    Claimed::Exists
                } else {
                    Claimed::Unknowable(format!(
                        "IngressClassParams, which are not read, may put Ingresses into the group {name}"
                    ))
                }
            }
        })
    }

    /// An orphan, unless something that is not of this cluster is registered with it.
    fn settle(
        &self,
        key: &RegionKey,
        claim: Claim<'a>,
        tags: &'a Origin,
        cluster: Proof<'a>,
        left: Left<'a>,
        groups: Vec<&'a TargetGroup>,
    ) -> Judged<'a> {
        let region = self.region(key)?;
        let (mut targets, mut healthy) = (0, 0);
        for group in &groups {
            let name = &group.target_group_name;
            let health = Region::keyed(&region.target_health, Source::TargetHealth, name)?;
            for description in health.iter() {
                let id = &description.target.id;
                if !self.is_node(id) {
                    return Ok(Standing::NotJudged(format!(
                        "{id} is registered with {name} and is no node of this cluster: another cluster may have the same name"
                    )));
                }
                targets += 1;
                healthy += usize::from(description.target_health.state == "healthy");
            }
        }
        Ok(Standing::Orphan(Box::new(Orphan {
            claim,
            tags,
            cluster,
            left,
            groups,
            targets,
            healthy,
        })))
    }

    fn region(&self, key: &RegionKey) -> Result<&'a Region, Gap> {
        let region = self.snapshot.aws.regions.get(key);
        region.ok_or_else(|| Gap::not_collected(Source::LoadBalancers, &key.1))
    }
}

/// What became of the one that tags name.
enum Claimed<'a> {
    Gone,
    There(&'a Fact<Service>),
    Exists,
    Unknowable(String),
}

fn needed<'a>(why: String) -> Judged<'a> {
    Ok(Standing::Needed(why))
}

fn being_deleted(service: &Service) -> bool {
    service.metadata.deletion_timestamp.is_some()
}
