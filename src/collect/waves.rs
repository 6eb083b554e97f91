//! The four waves, each as parallel as it can be, and what each learns from those before it.

use super::aws::{self, Accounts, Found, Sessions, Wanted};
use super::deadline::Deadline;
use super::event::Event;
use super::first::{Cluster, first};
use super::kube::Kube;
use super::notebook::Notebook;
use super::request::Request;
use super::targets;
use crate::model::aws::Arn;
use crate::path::SubjectRef;
use futures::future::{join, join_all};

/// The account in documents about AWS when nobody could tell it.
const UNKNOWN_ACCOUNT: &str = "unknown";

/// Reads everything that `request` needs. What cannot be read is in the notebook's gaps.
///
/// `context` is the kubeconfig context, which may name the cluster.
pub(super) async fn run(
    kube: &Kube<'_>,
    request: &Request,
    namespace: &str,
    context: Option<&str>,
    accounts: &Accounts,
) {
    let notebook = kube.notebook;
    notebook.wave(1, "Kubernetes objects");
    let mut cluster = first(kube, request, namespace).await;
    if !kube.answered() {
        return;
    }
    cluster.facts.in_context(context);

    if request.subjects.is_empty() {
        notebook.tell(Event::Subjects(cluster.facts.subjects(request)));
    }

    notebook.wave(2, "load balancers and target groups");
    // Of a part of the cluster's objects nobody can tell what they do not use.
    let searched =
        accounts.lists_everything() && request.all_namespaces && request.subjects.is_empty();
    let wanted = everywhere(&cluster, request, namespace, searched);
    let (found, ()) = join(
        find(request, wanted, accounts, kube.deadline, notebook),
        cluster.follow(kube, request, namespace),
    )
    .await;

    notebook.wave(3, "target health and the network");
    let instances = cluster.facts.instances();
    let users = searched.then(|| cluster.facts.users(request));
    let details = found
        .iter()
        .map(|found| aws::detail(found, &instances, users.as_ref()));
    let (at_home, ()) = join(
        join_all(details),
        by_dns_name(kube, request, &found, &mut cluster),
    )
    .await;
    if searched && !at_home.contains(&true) && found.iter().all(Found::is_empty) {
        found.iter().for_each(Found::not_home);
    }

    notebook.wave(4, "agents");
    let (agents, ports) = targets::agents(&cluster, request, namespace, notebook);
    kube.agents(&agents, &ports, request.agents).await;
}

/// What is wanted of AWS; of a slice also the accounts and regions in which only other slices want something by name,
/// because what was left behind there may be this one's to judge.
fn everywhere(
    cluster: &Cluster,
    request: &Request,
    namespace: &str,
    searched: bool,
) -> Vec<Wanted> {
    let mut all = wanted(cluster, request, namespace, searched);
    if searched && request.slice.is_some() {
        let whole = Request {
            slice: None,
            ..request.clone()
        };
        for other in wanted(cluster, &whole, namespace, searched) {
            if !all.iter().any(|known| known.is_beside(&other)) {
                all.push(other.place());
            }
        }
    }
    all
}

/// What is wanted of AWS by what is known of the subjects.
fn wanted(cluster: &Cluster, request: &Request, namespace: &str, searched: bool) -> Vec<Wanted> {
    let names = cluster.wanted(request, namespace);
    let services: Vec<_> = names
        .iter()
        .filter_map(|(namespace, name)| cluster.facts.service(namespace, name))
        .collect();
    let bindings: Vec<_> = cluster.facts.bindings().collect();
    let hostnames: Vec<&str> = request
        .subjects
        .iter()
        .filter_map(|subject| match subject {
            SubjectRef::Hostname(hostname) => Some(hostname.as_str()),
            _ => None,
        })
        .collect();
    let mut arns: Vec<Arn> = Vec::new();
    for subject in &request.subjects {
        match subject {
            SubjectRef::LoadBalancer(arn) | SubjectRef::TargetGroup(arn) => arns.push(arn.clone()),
            SubjectRef::Object { name, .. } => {
                // A binding whose Service is not there still names its target group.
                let own = bindings.iter().filter(|binding| {
                    binding.metadata.namespace == namespace && binding.metadata.name == *name
                });
                arns.extend(own.filter_map(|binding| binding.spec.target_group_arn.parse().ok()));
            }
            SubjectRef::Hostname(_) => {}
        }
    }
    if request.subjects.is_empty() {
        // Everything: also groups whose Service is no load balancer.
        let all = bindings.iter().filter(|binding| {
            let service = &binding.spec.service_ref.name;
            request.holds(&binding.metadata.namespace, service)
        });
        arns.extend(all.filter_map(|binding| binding.spec.target_group_arn.parse().ok()));
    }
    let arns: Vec<&Arn> = arns.iter().collect();
    let (region, clusters) = cluster.facts.home();
    let home = aws::Home {
        region,
        clusters,
        searched,
    };
    aws::plan(&services, &bindings, &hostnames, &arns, &home)
}

/// Signs in and finds what is wanted of every account and region.
async fn find<'a>(
    request: &Request,
    wanted: Vec<Wanted>,
    accounts: &'a Accounts,
    deadline: Deadline,
    notebook: &'a Notebook<'a>,
) -> Vec<Found<'a>> {
    let Some(first) = wanted.first() else {
        return Vec::new();
    };
    let region = first.region.clone();
    let sources: Vec<(String, String)> = wanted.iter().map(expected).collect();
    for (name, source) in &sources {
        notebook.expect(name, source);
    }
    let sessions = Sessions::open(&request.aws, &region, accounts, deadline, notebook).await;
    for (name, source) in &sources {
        if let Err(reason) = &sessions {
            notebook.gap(source, reason);
            notebook.gap(name, reason);
        }
        notebook.settle(name);
    }
    let Ok(sessions) = sessions else {
        return Vec::new();
    };
    let callers: Vec<&str> = sessions.accounts().collect();
    let wanted = merged(wanted, &callers);
    let reads = wanted
        .iter()
        .map(|wanted| in_account(&sessions, wanted, notebook));
    join_all(reads).await.into_iter().flatten().collect()
}

/// Finds what is wanted of one account, by the session that belongs to it.
async fn in_account<'a>(
    sessions: &Sessions<'a>,
    wanted: &Wanted,
    notebook: &Notebook<'_>,
) -> Option<Found<'a>> {
    let account = wanted.account.as_deref().unwrap_or(UNKNOWN_ACCOUNT);
    match sessions.of(account).await {
        Ok(session) => aws::find(&session, wanted).await,
        Err(reason) => {
            let (name, source) = expected(wanted);
            notebook.gap(source, &reason);
            notebook.gap(name, &reason);
            None
        }
    }
}

/// The caller's identity and the load balancers of a region, as sources of gaps.
fn expected(wanted: &Wanted) -> (String, String) {
    let account = wanted.account.as_deref().unwrap_or(UNKNOWN_ACCOUNT);
    let folder = format!("aws/{account}/{}", wanted.region);
    (
        format!("{folder}/sts-get-caller-identity"),
        format!("{folder}/elbv2-describe-load-balancers"),
    )
}

/// What names no account is looked for in the callers' own.
fn merged(wanted: Vec<Wanted>, callers: &[&str]) -> Vec<Wanted> {
    let mut all: Vec<Wanted> = Vec::new();
    for next in wanted {
        let accounts: Vec<String> = match &next.account {
            Some(account) => vec![account.clone()],
            None => callers.iter().map(|&caller| caller.to_owned()).collect(),
        };
        for account in accounts {
            let mut next = next.clone();
            next.account = Some(account);
            let same =
                |known: &&mut Wanted| known.region == next.region && known.account == next.account;
            match all.iter_mut().find(same) {
                Some(known) => known.absorb(next),
                None => all.push(next),
            }
        }
    }
    all
}

/// Of a load balancer that was asked for by ARN, only its answer tells the Service.
async fn by_dns_name(
    kube: &Kube<'_>,
    request: &Request,
    found: &[Found<'_>],
    cluster: &mut Cluster,
) {
    let arns = |subject: &SubjectRef| {
        matches!(
            subject,
            SubjectRef::LoadBalancer(_) | SubjectRef::TargetGroup(_)
        )
    };
    if !request.subjects.iter().any(arns) {
        return;
    }
    let services: Vec<SubjectRef> = found
        .iter()
        .flat_map(|found| &found.balancers)
        .filter(|balancer| cluster.facts.service_of(&balancer.dns_name).is_some())
        .map(|balancer| SubjectRef::Hostname(balancer.dns_name.clone()))
        .collect();
    let request = Request {
        subjects: services,
        ..request.clone()
    };
    if !request.subjects.is_empty() {
        cluster.follow(kube, &request, "").await;
    }
}

#[cfg(test)]
mod tests {
    use super::merged;
    use crate::collect::aws::{Home, plan};
    use crate::model::aws::Arn;

    #[test]
    fn an_open_account_is_the_callers() {
        let arn: Arn = "arn:aws:elasticloadbalancing:eu-west-2:111122223333:targetgroup/web/0a"
            .parse()
            .unwrap();
        let name = "k8s-a-0a1b2c3d4e5f6789.elb.eu-west-2.amazonaws.com";
        let both = || plan(&[], &[], &[name], &[&arn], &Home::default());
        assert_eq!(both().len(), 2);
        assert_eq!(merged(both(), &["111122223333"]).len(), 1);
        assert_eq!(merged(both(), &["444455556666"]).len(), 2);
        let several = merged(both(), &["444455556666", "111122223333"]);
        assert_eq!(several.len(), 2, "each caller's account once");
        let nowhere = plan(
            &[],
            &[],
            &[],
            &[],
            &Home {
                region: Some("eu-west-2"),
                searched: true,
                ..Home::default()
            },
        );
        let searched = merged(nowhere, &["444455556666", "111122223333"]);
        assert_eq!(
            searched.len(),
            2,
            "its instances tell in which of them a cluster without load balancers is"
        );
    }
}
