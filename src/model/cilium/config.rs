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
    /// Names are compared as `cilium-dbg config get` does it: without hyphens and case; one name that is
    /// listed, `policy-enforcement`, has a hyphen. `None` means that this version does not list the option,
    /// never that it is off.
    pub fn get(&self, flag: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(name, _)| letters(name).eq(letters(flag)))
            .map(|(_, value)| value.as_str())
    }
}

fn letters(name: &str) -> impl Iterator<Item = u8> {
    name.bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| byte.to_ascii_lowercase())
}
