//! `/tmp/cilium/config-map/<key>`: one file per option, which holds what the agent booted with.

use crate::model::{Fact, Origin, Seen, Source};
use std::collections::BTreeMap;

/// Adds the option `key`. `false` when it is none: kubelet keeps the links `..data` and `..<time>` there.
pub(super) fn add(
    options: &mut Seen<BTreeMap<String, String>>,
    key: &str,
    document: &str,
    value: &str,
) -> bool {
    if key.is_empty() || key.starts_with('.') || key.contains('/') {
        return false;
    }
    let value = value.trim_end_matches(['\n', '\r']).to_owned();
    match options {
        Ok(options) => {
            options.value.insert(key.to_owned(), value);
        }
        Err(_) => {
            let folder = document.strip_suffix(key).unwrap_or(document);
            let origin = Origin::new(Source::AgentStartConfig, folder.trim_end_matches('/'));
            *options = Ok(Fact::new(BTreeMap::from([(key.to_owned(), value)]), origin));
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::add;
    use crate::model::{Gap, Source};

    #[test]
    fn options_gather_under_their_folder() {
        let mut options = Err(Gap::not_collected(Source::AgentStartConfig, "node a"));
        assert!(add(
            &mut options,
            "devices",
            "cilium/a/config-map/devices",
            ""
        ));
        assert!(add(
            &mut options,
            "enable-l7-proxy",
            "cilium/a/config-map/enable-l7-proxy",
            "true\n"
        ));
        assert!(!add(
            &mut options,
            "..data",
            "cilium/a/config-map/..data",
            ""
        ));
        assert!(!add(&mut options, "a/b", "cilium/a/config-map/a/b", ""));
        let options = options.unwrap();
        assert_eq!(options.origin.document, "cilium/a/config-map");
        assert_eq!(options["devices"], "");
        assert_eq!(options["enable-l7-proxy"], "true");
        assert_eq!(options.len(), 2);
    }
}
