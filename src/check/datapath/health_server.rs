//! What the agent's own tables say of its health server where nobody read its answer.
//!
//! The agent listens on a health-check node port in a job of its own, and answers 200 while the Service has an active
//! backend on the node (pkg/loadbalancer/healthserver/healthserver.go, 1.18 on). The job and the table of backends are
//! therefore as good as the answer, as long as AWS does not say otherwise.

use super::health_check_node_port_wrong::known;
use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::model::cilium::ListenerJob;
use crate::model::kubernetes::Service;

/// A backend of StateDB that takes connections.
const ACTIVE: i64 = 0;

/// The job that listens on the Service's health-check node port on a node, where it runs.
pub fn listens(view: &View<'_>, service: &Service, node: &str) -> Option<Evidence> {
    job(view, service, node, |job| job.runs)
}

/// The same job, where it could not listen.
pub fn cannot_listen(view: &View<'_>, service: &Service, node: &str) -> Option<Evidence> {
    job(view, service, node, |job| job.failed)
}

fn job(
    view: &View<'_>,
    service: &Service,
    node: &str,
    is_so: fn(&ListenerJob) -> bool,
) -> Option<Evidence> {
    let port = service.spec.health_check_node_port;
    let jobs = view.agent(node).health_listeners().ok()?;
    let job = jobs.get(&port).filter(|job| is_so(job))?;
    Some(Evidence::new(
        Layer::Observed,
        &jobs.origin,
        format!("Node/{node}"),
        format!("loadbalancer-healthserver job-listener-{port}"),
        job.text.as_str(),
    ))
}

/// What shows that the agent answers 200: it listens for this Service, and counts a backend of the node. A backend
/// without a node name counts, and so does the redirect of a Gateway or Ingress in versions that look at it.
pub fn promises(view: &View<'_>, service: &Service, node: &str) -> Option<Vec<Evidence>> {
    let listens = listens(view, service, node)?;
    let agent = view.agent(node);
    let name = format!("{}/{}", service.metadata.namespace, service.metadata.name);
    let port = service.spec.health_check_node_port;
    let services = agent.state_services().ok()?;
    let row = services
        .iter()
        .find(|row| row.name == name && row.health_check_node_port == port)?;
    if !row.redirects.is_empty() {
        let right = known(agent.version().ok()?) == Some(false);
        let ports: Vec<String> = row
            .redirects
            .iter()
            .map(|(port, _)| port.to_string())
            .collect();
        let redirects = Evidence::new(
            Layer::Programmed,
            &services.origin,
            format!("Node/{node}"),
            format!("redirects of {name}"),
            ports.join(", "),
        );
        return right.then(|| vec![listens, redirects]);
    }
    let backends = agent.backends().ok()?;
    let active: Vec<String> = backends
        .iter()
        .filter(|row| row.service == name && row.state == ACTIVE)
        .filter(|row| row.node.is_empty() || row.node == node)
        .map(|row| format!("{}:{}", row.address, row.port))
        .collect();
    if active.is_empty() {
        return None;
    }
    let active = Evidence::new(
        Layer::Programmed,
        &backends.origin,
        format!("Node/{node}"),
        format!("active backends of {name} on the node"),
        active.join(", "),
    );
    Some(vec![listens, active])
}
