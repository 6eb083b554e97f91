//! Which load balancers and target groups are wanted, in which account and region, from what Kubernetes says.

use crate::model::aws::{Arn, LoadBalancer};
use crate::model::kubernetes::{Service, TargetGroupBinding};
use crate::parse::hostname::{LoadBalancerKind, LoadBalancerName};
use crate::path::candidates;
use std::collections::{BTreeMap, BTreeSet};

/// What is wanted of one region.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::collect) struct Wanted {
    /// The account that ARNs name; the caller's own when none does.
    pub(in crate::collect) account: Option<String>,
    /// Region.
    pub(in crate::collect) region: String,
    /// Names of load balancers, and whether a classic one may have the name.
    pub(super) names: BTreeMap<String, bool>,
    /// ARNs of load balancers.
    pub(super) balancers: BTreeSet<String>,
    /// ARNs of target groups.
    pub(super) groups: BTreeSet<String>,
    /// Roles that bindings name for target groups of another account.
    pub(super) roles: BTreeSet<String>,
    /// Services whose load balancer nothing names.
    pub(super) unnamed: Vec<Service>,
    /// Names that their cluster may have.
    pub(super) clusters: BTreeSet<String>,
}

/// Where the cluster is, and what it may be called.
#[derive(Debug, Default)]
pub(in crate::collect) struct Home<'a> {
    /// The region of its nodes, when they tell one.
    pub(in crate::collect) region: Option<&'a str>,
    /// Names that it may have on AWS.
    pub(in crate::collect) clusters: BTreeSet<String>,
    /// Whether what nothing in the cluster names is looked for there as well: what was left over.
    pub(in crate::collect) searched: bool,
}

/// Collects what is wanted by account and region.
#[derive(Debug, Default)]
struct Plan(BTreeMap<(Option<String>, String), Wanted>);

impl Plan {
    fn of(&mut self, account: Option<&str>, region: &str) -> &mut Wanted {
        let key = (account.map(str::to_owned), region.to_owned());
        self.0.entry(key).or_insert_with(|| Wanted {
            account: account.map(str::to_owned),
            region: region.to_owned(),
            ..Wanted::default()
        })
    }

    fn group(&mut self, arn: &Arn) -> &mut Wanted {
        let wanted = self.of(Some(&arn.account), &arn.region);
        wanted.groups.insert(arn.to_string());
        wanted
    }

    fn name(&mut self, account: Option<&str>, hostname: &str) {
        if let Some(name) = LoadBalancerName::parse(hostname) {
            let classic = name.kind == LoadBalancerKind::AlbOrClassic;
            self.of(account, &name.region)
                .names
                .insert(name.name, classic);
        }
    }
}

/// What is wanted for these Services with their bindings, and for names and ARNs that were asked about.
pub(in crate::collect) fn plan(
    services: &[&Service],
    bindings: &[&TargetGroupBinding],
    hostnames: &[&str],
    arns: &[&Arn],
    home: &Home<'_>,
) -> Vec<Wanted> {
    let mut plan = Plan::default();
    for service in services {
        let own: Vec<(&TargetGroupBinding, Arn)> = bindings
            .iter()
            .filter(|binding| serves(binding, service))
            .filter_map(|binding| Some((*binding, binding.spec.target_group_arn.parse().ok()?)))
            .collect();
        for (binding, arn) in &own {
            let wanted = plan.group(arn);
            wanted
                .roles
                .extend(binding.spec.iam_role_arn_to_assume.clone());
        }
        if let Some(hostname) = service.hostname() {
            let region = LoadBalancerName::parse(hostname).map(|name| name.region);
            let account = own
                .iter()
                .find(|(_, arn)| Some(&arn.region) == region.as_ref())
                .map(|(_, arn)| arn.account.as_str());
            plan.name(account, hostname);
        } else if own.is_empty()
            && let Some(region) = home.region
            && is_unnamed(service)
        {
            let wanted = plan.of(None, region);
            wanted.unnamed.push((*service).clone());
            wanted.clusters.clone_from(&home.clusters);
        }
    }
    for hostname in hostnames {
        // A Service's own status may have told the account already.
        let known = LoadBalancerName::parse(hostname).is_some_and(|name| {
            plan.0
                .values()
                .any(|w| w.region == name.region && w.names.contains_key(&name.name))
        });
        if !known {
            plan.name(None, hostname);
        }
    }
    for arn in arns {
        if arn.is_target_group() {
            plan.group(arn);
        } else {
            plan.of(Some(&arn.account), &arn.region)
                .balancers
                .insert(arn.to_string());
        }
    }
    if let Some(region) = home.region.filter(|_| home.searched) {
        let known = plan.0.values().any(|wanted| wanted.region == region);
        if !known {
            plan.of(None, region);
        }
    }
    plan.0.into_values().collect()
}

fn serves(binding: &TargetGroupBinding, service: &Service) -> bool {
    binding.metadata.namespace == service.metadata.namespace
        && binding.spec.service_ref.name == service.metadata.name
}

/// Whether a controller of AWS may have made a load balancer that the status does not name.
fn is_unnamed(service: &Service) -> bool {
    service.status.load_balancer.ingress.is_empty() && candidates::may_have_names(service)
}

impl Wanted {
    /// The same account and region, of which nothing by name is wanted.
    pub(in crate::collect) fn place(&self) -> Self {
        Self {
            account: self.account.clone(),
            region: self.region.clone(),
            ..Self::default()
        }
    }

    /// The names that a Classic Load Balancer may have, because nothing in `found` has the host name.
    ///
    /// A name alone does not tell: a Network Load Balancer may have the same, and another form of host name.
    pub(super) fn perhaps_classic(&self, found: &[LoadBalancer]) -> BTreeSet<String> {
        let is_found = |name: &&String| {
            let mut found = found.iter();
            found.any(|other| other.load_balancer_name == **name && other.kind != "network")
        };
        let names = self.names.iter().filter(|(_, classic)| **classic);
        let names = names.map(|(name, _)| name);
        names.filter(|name| !is_found(name)).cloned().collect()
    }

    /// Whether both are of one account, or of none that is known, and one region.
    pub(in crate::collect) fn is_beside(&self, other: &Self) -> bool {
        self.region == other.region && self.account == other.account
    }

    /// Adds what is wanted of the same region without a known account.
    pub(in crate::collect) fn absorb(&mut self, other: Self) {
        self.names.extend(other.names);
        self.balancers.extend(other.balancers);
        self.groups.extend(other.groups);
        self.roles.extend(other.roles);
        self.unnamed.extend(other.unnamed);
        self.clusters.extend(other.clusters);
    }
}

#[cfg(test)]
mod tests {
    use super::{Home, LoadBalancer, plan};
    use crate::model::kubernetes::{Service, TargetGroupBinding};
    use serde_json::{Value, json};

    const NLB: &str = "k8s-web-0a1b2c3d4e5f6789.elb.eu-west-2.amazonaws.com";
    const GROUP: &str =
        "arn:aws:elasticloadbalancing:eu-west-2:111122223333:targetgroup/k8s-web/73e2d6bc24d8a067";

    fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    fn service(hostname: &str) -> Service {
        from(json!({"metadata": {"name": "web", "namespace": "shop"},
            "status": {"loadBalancer": {"ingress": [{"hostname": hostname}]}}}))
    }

    fn binding(namespace: &str) -> TargetGroupBinding {
        from(json!({"metadata": {"name": "b", "namespace": namespace},
            "spec": {"targetGroupARN": GROUP, "serviceRef": {"name": "web", "port": 80},
                     "iamRoleArnToAssume": "arn:aws:iam::111122223333:role/x"}}))
    }

    #[test]
    fn a_binding_tells_the_account_of_the_load_balancer() {
        let wanted = plan(
            &[&service(NLB)],
            &[&binding("shop")],
            &[NLB],
            &[],
            &Home::default(),
        );
        assert_eq!(wanted.len(), 1);
        assert_eq!(wanted[0].account.as_deref(), Some("111122223333"));
        assert_eq!(wanted[0].names.keys().collect::<Vec<_>>(), ["k8s-web"]);
        assert!(wanted[0].groups.contains(GROUP));
        assert_eq!(wanted[0].roles.len(), 1);
    }

    #[test]
    fn without_a_binding_the_account_is_open() {
        let home = Home::default();
        let wanted = plan(&[&service(NLB)], &[&binding("other")], &[], &[], &home);
        assert_eq!(wanted.len(), 1);
        assert_eq!(
            (wanted[0].account.as_deref(), wanted[0].groups.len()),
            (None, 0)
        );
        assert_eq!(wanted[0].region, "eu-west-2");
        assert!(
            plan(
                &[&service("web.example.com")],
                &[],
                &[],
                &[],
                &Home::default()
            )
            .is_empty()
        );
    }

    #[test]
    fn a_service_that_names_nothing_is_looked_up_where_the_nodes_are() {
        let pending: Service = from(json!({
            "metadata": {"name": "web", "namespace": "shop", "uid": "43b9bb7d-0691-4d0a-aac0-de41b40da37e"},
            "spec": {"type": "LoadBalancer"}}));
        let home = Home {
            region: Some("eu-west-2"),
            ..Home::default()
        };
        let wanted = plan(&[&pending], &[], &[], &[], &home);
        assert_eq!((wanted.len(), wanted[0].unnamed.len()), (1, 1));
        assert_eq!(wanted[0].region, "eu-west-2");
        let bound = plan(&[&pending], &[&binding("shop")], &[], &[], &home);
        assert!(bound[0].unnamed.is_empty(), "its target group leads to it");
        assert!(plan(&[&pending], &[], &[], &[], &Home::default()).is_empty());
        let mut taken = pending.clone();
        taken.spec.load_balancer_class = Some("io.cilium/l2-announcer".to_owned());
        assert!(plan(&[&taken], &[], &[], &[], &home).is_empty());
    }

    #[test]
    fn what_elbv2_has_under_the_host_name_is_no_classic_one() {
        const HOST: &str = "internal-web-1234567890.eu-west-2.elb.amazonaws.com";
        let wanted = plan(&[&service(HOST)], &[], &[NLB], &[], &Home::default());
        let of_kind = |kind: &str| LoadBalancer {
            load_balancer_name: "web".to_owned(),
            kind: kind.to_owned(),
            ..LoadBalancer::default()
        };
        let names = |found: &[LoadBalancer]| wanted[0].perhaps_classic(found);
        assert_eq!(names(&[]), ["web".to_owned()].into());
        assert_eq!(names(&[of_kind("network")]), ["web".to_owned()].into());
        assert!(names(&[of_kind("application")]).is_empty());
    }

    #[test]
    fn arns_are_taken_as_they_are() {
        let group = GROUP.parse().unwrap();
        let balancer = GROUP
            .replace("targetgroup/k8s-web", "loadbalancer/net/k8s-web")
            .parse()
            .unwrap();
        let wanted = plan(&[], &[], &[], &[&group, &balancer], &Home::default());
        assert_eq!(wanted.len(), 1);
        assert_eq!((wanted[0].groups.len(), wanted[0].balancers.len()), (1, 1));
    }
}
