//! Why an agent does not come up: its XDP program cannot be attached to a device.
//!
//! With `bpf-lb-acceleration: native` every selected device must run XDP programs in its driver; the agent
//! does not start, or does not finish its datapath, without. ENA needs an MTU of at most about 3498 and half
//! of its channels free (kubeproxy-free.rst, "NodePort XDP on AWS"). `best-effort` goes on without.

use super::option::option;
use crate::check::View;
use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};

/// The finding that an agent does not run, with the reason if its log says that it is XDP.
pub fn explain(view: &View<'_>, node: &str, mut finding: Finding) -> Finding {
    let Ok(log) = view.agent(node).log() else {
        return finding;
    };
    let refused = |line: &&String| {
        (line.contains("attaching XDP program") || line.contains("attaching program cil_xdp_entry"))
            && !line.contains("best-effort")
    };
    let Some(line) = log.notable.iter().rev().find(refused) else {
        return finding;
    };
    let asked = option(view, node, "bpf-lb-acceleration");
    finding.message = format!(
        "{}; its log says that the XDP program cannot be attached{}",
        finding.message,
        match &asked {
            Some((mode, _)) => format!(", and bpf-lb-acceleration is {mode}"),
            None => String::new(),
        }
    );
    finding.decides = format!("{}, XDP", finding.decides);
    finding.evidence.push(Evidence::new(
        Layer::Observed,
        &log.origin,
        format!("Node/{node}"),
        "log",
        line.as_str(),
    ));
    finding.evidence.extend(asked.map(|(_, evidence)| evidence));
    finding.fix = Some(Fix {
        summary: "let the agents go on without XDP where a device cannot run it, or lower the MTU and the number of channels of \
                  the interface (ENA: at most 3498, and half of the channels)"
            .to_owned(),
        commands: vec![
            view.helm_upgrade("--set loadBalancer.acceleration=best-effort"),
            view.kubectl("rollout restart ds/cilium"),
        ],
        risk: Risk::Disruptive,
        changes: Vec::new(),
        after: "the agent's Pod is Ready on every target node".to_owned(),
    });
    finding
}
