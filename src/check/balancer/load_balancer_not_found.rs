//! The Service's status names a load balancer that its account does not have.
//!
//! "Not found" is what AWS answers for a deleted load balancer and for one of
//! another account alike, so the account has to be proven before anything is
//! called deleted.

use super::classic;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::controller;
use crate::check::objects::owner::{self, Owner};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::view::RegionView;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::Arn;
use crate::model::kubernetes::{Service, TargetGroupBinding};
use crate::model::{Fact, Gap, Reason, Source};
use crate::parse::hostname::{LoadBalancerKind, LoadBalancerName};
use crate::path::{Lookup, Path};

/// The check.
pub static CHECK: Check = Check {
    code: Code(2101),
    slug: "load-balancer-not-found",
    hop: Hop::LoadBalancer,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "the load balancer that the Service's status names does not exist",
    since: "0.1.0",
    needs: &[
        Source::Services,
        Source::TargetGroupBindings,
        Source::Nodes,
        Source::CallerIdentity,
        Source::LoadBalancers,
        Source::ClassicLoadBalancers,
        Source::Instances,
    ],
    page: include_str!("load_balancer_not_found.md"),
    known_issues: &[],
    run: Run::Path(run),
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    if path.classic.is_some() {
        return pass("the account has the Classic Load Balancer");
    }
    match &path.load_balancer {
        Lookup::Found(_) => {
            let named = view
                .service()?
                .is_some_and(|found| found.hostname().is_some());
            return pass(if named {
                "the account has the load balancer of the Service's status"
            } else {
                "the account has the load balancer"
            });
        }
        Lookup::Unknown(gap) => return Err(gap.clone()),
        Lookup::Absent(_) => {}
    }
    let Some(service) = view.service()? else {
        return not_applicable("no Service names a load balancer");
    };
    let Some(hostname) = service.hostname() else {
        return not_applicable("the Service's status names no load balancer");
    };
    let hostname = hostname.trim_end_matches('.').to_ascii_lowercase();
    let Some(name) = LoadBalancerName::parse(&hostname) else {
        return not_applicable("the host name is not one of AWS");
    };
    if name.kind == LoadBalancerKind::AlbOrClassic {
        // Classic load balancers share this form, and they are not among those of ELBv2.
        classic::are_read(view, &name)?;
    }
    let region = responsible(view, service, &name)?;
    let balancers = region.load_balancers()?;
    let (account, region_name) = (region.account(), region.name());
    let (namespace, service_name) = (&service.metadata.namespace, &service.metadata.name);
    let id = format!("Service/{namespace}/{service_name}");
    let balancer = format!("LoadBalancer/{}", name.name);
    let all = balancers.iter();
    let own = answer(
        all.map(|found| (&found.load_balancer_name, &found.dns_name)),
        &name,
    );
    let mut is_namesake = own.is_namesake;
    let mut evidence = vec![
        Evidence::new(
            Layer::Programmed,
            &service.origin,
            id.clone(),
            "status.loadBalancer.ingress[].hostname",
            hostname.clone(),
        ),
        Evidence::new(
            Layer::Observed,
            &balancers.origin,
            balancer.clone(),
            format!("load balancers of account {account} in {region_name}"),
            own.text,
        ),
    ];
    if name.kind == LoadBalancerKind::AlbOrClassic {
        // They were read in an account; here they must have been in the one that is responsible.
        let classic = region.classic_load_balancers()?;
        let all = classic.iter();
        let own = answer(
            all.map(|found| (&found.load_balancer_name, &found.dns_name)),
            &name,
        );
        is_namesake |= own.is_namesake;
        evidence.push(Evidence::new(
            Layer::Observed,
            &classic.origin,
            balancer.clone(),
            format!("Classic Load Balancers of account {account} in {region_name}"),
            own.text,
        ));
    }
    fail(
        Finding::new(
            if is_namesake {
                // The last part of a DNS name is the load balancer's own, so a name that was given twice is two.
                format!("the status of {service_name} names load balancer {} with the id {}, and the one of that name in account {account} has another id: it was made anew, or the status names one of another account", name.name, name.id)
            } else {
                format!("the status of {service_name} names load balancer {}, and account {account} has none of that name in {region_name}", name.name)
            },
            hostname.clone(),
            evidence,
        )
        .about([id, balancer])
        .fix(fix(service, &name)),
    )
}

/// What a list has in the place of a load balancer.
struct Answer {
    text: String,
    /// Whether that has its name.
    is_namesake: bool,
}

/// What these names and DNS names say of `wanted`, which is not among them.
fn answer<'a>(
    all: impl Iterator<Item = (&'a String, &'a String)>,
    wanted: &LoadBalancerName,
) -> Answer {
    let mut others = Vec::new();
    for (name, dns_name) in all {
        if name.eq_ignore_ascii_case(&wanted.name) {
            return Answer {
                text: dns_name.clone(),
                is_namesake: true,
            };
        }
        others.push(name.as_str());
    }
    others.sort_unstable();
    Answer {
        text: if others.is_empty() {
            "none".to_owned()
        } else {
            format!("only {}", others.join(", "))
        },
        is_namesake: false,
    }
}

/// The account that must hold the load balancer, proven, or the gap that says why it is not.
fn responsible<'v, 'a>(
    view: &'v View<'a>,
    service: &Fact<Service>,
    name: &LoadBalancerName,
) -> Result<RegionView<'v, 'a>, Gap> {
    let read: Vec<RegionView<'v, 'a>> = view
        .regions()
        .filter(|region| region.name() == name.region && region.load_balancers().is_ok())
        .collect();
    let bindings: Vec<(&Fact<TargetGroupBinding>, Arn)> = view
        .target_group_bindings()
        .known()
        .filter(|binding| binding.of_service(&service.metadata.namespace, &service.metadata.name))
        .filter_map(|binding| Some((binding, binding.spec.target_group_arn.parse().ok()?)))
        .collect();
    let (generated, by_hand): (Vec<_>, Vec<_>) = bindings
        .into_iter()
        .partition(|(binding, _)| binding.is_generated());
    if let Some((binding, arn)) = generated.first() {
        // A load balancer and its target groups are always of one account.
        return read
            .into_iter()
            .find(|region| region.account() == arn.account)
            .ok_or_else(|| other_account(view, name, binding, &arn.account));
    }
    let owner = owner::actual(service, Some(&name.name)).owner;
    // They make no binding of a kind that is read here, and load balancers in their own account only.
    let is_at_home = matches!(owner, Owner::CloudProvider | Owner::AutoMode);
    if !is_at_home {
        // Without a binding nothing excludes a central networking account.
        view.target_group_bindings()
            .complete(&service.metadata.namespace)?;
    }
    let mut gap = None;
    for region in read {
        match holds_a_node(view, &region) {
            Ok(true) => {
                let elsewhere = |(_, arn): &&(_, Arn)| arn.account != region.account();
                return match by_hand.iter().find(elsewhere).filter(|_| !is_at_home) {
                    Some((binding, arn)) => Err(of_either(name, binding, arn, &region)),
                    None => Ok(region),
                };
            }
            Ok(false) => gap = Some(foreign(view, name, &region)),
            Err(missing) => gap = gap.or(Some(missing)),
        }
    }
    Err(gap.unwrap_or_else(|| Gap::not_collected(Source::LoadBalancers, &name.name)))
}

fn other_account(
    view: &View<'_>,
    name: &LoadBalancerName,
    binding: &TargetGroupBinding,
    account: &str,
) -> Gap {
    Gap::new(
        Source::LoadBalancers,
        &name.name,
        Reason::Failed(format!(
            "targetGroupARN of {} names account {account}, and {} was read",
            binding.metadata.name,
            callers(view, name),
        )),
    )
}

/// A binding made by hand fills a group of any load balancer, so it does not say whose the status names. Only such a
/// binding may name a role: the controller writes none into its own.
fn of_either(
    name: &LoadBalancerName,
    binding: &TargetGroupBinding,
    arn: &Arn,
    region: &RegionView<'_, '_>,
) -> Gap {
    let role = match binding.spec.iam_role_arn_to_assume.as_deref() {
        Some(role) => format!(" (its role {role} reaches it)"),
        None => String::new(),
    };
    Gap::new(
        Source::LoadBalancers,
        &name.name,
        Reason::Failed(format!(
            "{} was made by hand and names account {}{role}, and the nodes are of account {}: which of the two has the load balancer is not known",
            binding.metadata.name,
            arn.account,
            region.account(),
        )),
    )
}

fn foreign(view: &View<'_>, name: &LoadBalancerName, region: &RegionView<'_, '_>) -> Gap {
    Gap::new(
        Source::LoadBalancers,
        &name.name,
        Reason::Failed(format!(
            "{} has neither the load balancer nor an instance of this cluster in {}: the credentials are for another account or region",
            callers(view, name),
            region.name(),
        )),
    )
}

/// Whose answers were read: accounts, and the identities where they are known.
fn callers(view: &View<'_>, name: &LoadBalancerName) -> String {
    let all: Vec<String> = view
        .regions()
        .filter(|region| region.name() == name.region)
        .map(|region| match region.caller() {
            Ok(caller) => format!("account {} ({})", region.account(), caller.arn),
            Err(_) => format!("account {}", region.account()),
        })
        .collect();
    if all.is_empty() {
        "none of that region".to_owned()
    } else {
        all.join(" and ")
    }
}

/// Whether any node of the cluster is an instance of this account and region.
fn holds_a_node(view: &View<'_>, region: &RegionView<'_, '_>) -> Result<bool, Gap> {
    region.instances()?;
    let nodes = view.nodes().all("")?;
    let mut ids = nodes.iter().filter_map(|node| node.instance_id());
    Ok(ids.any(|id| region.instance(id).is_ok()))
}

fn fix(service: &Service, name: &LoadBalancerName) -> Fix {
    let (namespace, service_name) = (&service.metadata.namespace, &service.metadata.name);
    let mut commands = vec![
        format!(
            "aws cloudtrail lookup-events --region {} --lookup-attributes AttributeKey=EventName,AttributeValue=DeleteLoadBalancer --query \"Events[?contains(CloudTrailEvent, '{}')]\"",
            name.region, name.name
        ),
        format!("kubectl describe service {service_name} -n {namespace}"),
    ];
    commands.extend(controller::again(
        owner::actual(service, Some(&name.name)).owner,
    ));
    Fix {
        summary: "have the owner controller make it again, with a new DNS name; CloudTrail says who deleted it".to_owned(),
        commands,
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: format!("status.loadBalancer of {service_name} names a load balancer that exists; DNS records that point to the old name follow"),
    }
}
