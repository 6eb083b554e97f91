//! The agents: one exec each, at most eight at a time, and their logs.

use super::client::Kube;
use super::{log, prune, script, split};
use futures::StreamExt;

/// Execs at a time: the API server limits them no further.
const AT_A_TIME: usize = 8;

/// An agent to be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::collect) struct Agent {
    /// Kubernetes node name.
    pub(in crate::collect) node: String,
    /// Namespace of the Pod.
    pub(in crate::collect) namespace: String,
    /// Name of the Pod.
    pub(in crate::collect) pod: String,
    /// Whether the Pod runs, so that a command can be run in it.
    pub(in crate::collect) running: Result<(), String>,
    /// Whether its list of endpoints decides something.
    pub(in crate::collect) endpoints: bool,
}

impl Kube<'_> {
    /// Reads the agents into the notebook; without `execs` only their logs.
    pub(in crate::collect) async fn agents(&self, agents: &[Agent], ports: &[u16], execs: bool) {
        for agent in agents {
            for half in halves(agent) {
                self.notebook.expect(&half, half.as_str());
            }
        }
        let witness = agents.iter().find(|agent| agent.running.is_ok());
        futures::stream::iter(agents)
            .for_each_concurrent(AT_A_TIME, |agent| async move {
                futures::future::join(
                    self.agent_log(agent),
                    self.agent_state(agent, ports, execs, witness == Some(agent)),
                )
                .await;
                for half in halves(agent) {
                    self.notebook.settle(&half);
                }
            })
            .await;
    }

    async fn agent_log(&self, agent: &Agent) {
        match self.log(&agent.namespace, &agent.pod).await {
            Ok(bytes) => self
                .notebook
                .document(format!("{}/agent.log", node(agent)), bytes),
            Err(failure) => self.notebook.gap(format!("{}/agent", node(agent)), failure),
        }
    }

    async fn agent_state(&self, agent: &Agent, ports: &[u16], execs: bool, witness: bool) {
        if !execs {
            return self.missing(agent, "NotAsked: commands in agents are switched off");
        }
        if let Err(reason) = &agent.running {
            return self.missing(agent, reason);
        }
        let boundary = script::boundary();
        let lists = script::Lists {
            nodes: witness,
            endpoints: agent.endpoints,
        };
        let command = script::command(&boundary, ports, lists);
        let output = match self
            .exec(&agent.namespace, &agent.pod, log::CONTAINER, &command)
            .await
        {
            Ok(output) => output,
            Err(failure) => return self.missing(agent, &failure.reason),
        };
        let result = split::split(&output.stdout, &boundary, ports);
        for (path, bytes) in result.documents {
            let bytes = prune::prune(&path, bytes);
            self.notebook.document(placed(&path, agent), bytes);
        }
        for (path, reason) in result.gaps {
            self.notebook.gap(placed(&path, agent), reason);
        }
        if !result.complete {
            let failure = output.failure();
            let reason = failure.map_or_else(
                || "Truncated: the script did not come to its end".to_owned(),
                |failure| failure.reason,
            );
            self.missing(agent, &reason);
        }
    }

    /// Everything of a node that is not a document is missing for this reason.
    fn missing(&self, agent: &Agent, reason: &str) {
        for half in halves(agent) {
            self.notebook.gap(half, reason);
        }
    }
}

/// The folders of a node: the agent's and its proxy's.
fn halves(agent: &Agent) -> [String; 2] {
    [node(agent), format!("envoy/{}", agent.node)]
}

fn node(agent: &Agent) -> String {
    format!("cilium/{}", agent.node)
}

/// `cilium/status.json` of the script is `cilium/<node>/status.json` of the bundle.
fn placed(path: &str, agent: &Agent) -> String {
    let (half, name) = path.split_once('/').unwrap_or(("cilium", path));
    format!("{half}/{}/{name}", agent.node)
}

#[cfg(test)]
mod tests {
    use super::{Agent, placed};

    #[test]
    fn documents_go_to_the_folder_of_their_node() {
        let agent = Agent {
            node: "node-a".to_owned(),
            namespace: "kube-system".to_owned(),
            pod: "cilium-x".to_owned(),
            running: Ok(()),
            endpoints: false,
        };
        assert_eq!(
            placed("cilium/config-map/devices", &agent),
            "cilium/node-a/config-map/devices"
        );
        assert_eq!(
            placed("envoy/listeners.json", &agent),
            "envoy/node-a/listeners.json"
        );
        assert_eq!(
            placed("hubble/flows.json", &agent),
            "hubble/node-a/flows.json"
        );
    }
}
