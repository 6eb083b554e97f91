//! sessionAffinity on a Service that Envoy serves: since 1.18 the agent refuses to program such a frontend.
//!
//! Up to 1.17 the affinity was dropped silently, as redirect and affinity share a field of the BPF entry
//! (pkg/service/service.go); since 1.18 it is an error (pkg/loadbalancer/reconciler/bpf_reconciler.go).

use super::proxied::Proxied;
use crate::check::View;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};

/// The words of the reconciler's error.
const ERROR: &str = "SessionAffinity with proxy redirection";

/// That a NodePort of the Service stays as it was because of sessionAffinity; `None` where the agent says no such thing.
pub fn refused(view: &View<'_>, of: &Proxied<'_>, node: &str) -> Option<Finding> {
    let rows = view.agent(node).frontends().ok()?;
    let row = rows
        .iter()
        .find(|row| row.key.port == of.probe.node_port && row.error.contains(ERROR))?;
    let id = of.id();
    let meta = &of.service.metadata;
    let evidence = vec![
        Evidence::new(
            Layer::Programmed,
            &rows.origin,
            format!("Node/{node}"),
            format!("frontends {} Status", row.key.port),
            format!("{}: {}", row.status, row.error),
        ),
        Evidence::new(
            Layer::Declared,
            &of.service.origin,
            format!("Service/{id}"),
            "spec.sessionAffinity",
            of.service.spec.session_affinity.as_str(),
        ),
    ];
    Some(
        Finding::new(
            format!(
                "spec.sessionAffinity of {id} is {}, which cannot go with the redirect to Envoy: the agents refuse \
                 to program its NodePorts",
                of.service.spec.session_affinity
            ),
            format!("{id} sessionAffinity"),
            evidence,
        )
        .about([format!("Service/{id}"), format!("Node/{node}")])
        .fix(Fix {
            summary: "set sessionAffinity back to None, and where it is kept (the Helm values of the shared Ingress \
                      Service): Envoy balances by itself, so the affinity has no effect there"
                .to_owned(),
            commands: vec![format!(
                "kubectl -n {} patch service {} -p '{{\"spec\":{{\"sessionAffinity\":\"None\"}}}}'",
                meta.namespace, meta.name
            )],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: "`cilium-dbg shell -- db/show frontends` says Done, and the NodePort entries show l7-load-balancer"
                .to_owned(),
        }),
    )
}
