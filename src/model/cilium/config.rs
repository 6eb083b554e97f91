//! The configuration an agent process runs with.

use std::collections::BTreeMap;

/// `config --all`: Go field names of the agent's DaemonConfig and their values as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunningConfig {
    /// `EnableEnvoyConfig` → `true`.
    pub values: BTreeMap<String, String>,
}

impl RunningConfig {
    /// The value of a flag such as `enable-envoy-config`.
    ///
    /// Names are compared as `cilium-dbg config get` does it: without hyphens and case. `None` means
    /// that this version does not list the option, never that it is off.
    pub fn get(&self, flag: &str) -> Option<&str> {
        let wanted: String = flag.chars().filter(char::is_ascii_alphanumeric).collect();
        self.values
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&wanted))
            .map(|(_, value)| value.as_str())
    }
}
