//! What the Pods of cilium-operator logged, each access remembered.

use super::View;
use crate::model::cilium::OperatorLog;
use crate::model::{Fact, Gap, Reason, Source};

impl<'a> View<'a> {
    /// The logs of cilium-operator by node, in order of name.
    ///
    /// # Errors
    /// A gap when no log was captured: the reason of the first reading that was tried.
    pub fn operator_logs(&self) -> Result<Vec<(&'a str, &'a Fact<OperatorLog>)>, Gap> {
        self.note(Source::OperatorLog);
        let agents = || self.snapshot.agents.iter();
        let logs: Vec<(&'a str, &'a Fact<OperatorLog>)> = agents()
            .filter_map(|(node, agent)| Some((node.as_str(), agent.operator_log.as_ref().ok()?)))
            .collect();
        if !logs.is_empty() {
            return Ok(logs);
        }
        let tried = agents()
            .filter_map(|(_, agent)| agent.operator_log.as_ref().err())
            .find(|gap| gap.reason != Reason::NotCollected);
        Err(tried
            .cloned()
            .unwrap_or_else(|| Gap::not_collected(Source::OperatorLog, "")))
    }
}
