//! An option of the agent that is no switch, in the layer it can be read from.

use super::age;
use crate::check::View;
use crate::check::finding::{Evidence, Layer};

/// The value of an option that an agent started with, or that cilium-config has.
///
/// `None` when neither says anything: an option that is absent from a part of the configuration may
/// still be set elsewhere.
pub fn option(view: &View<'_>, node: &str, flag: &str) -> Option<(String, Evidence)> {
    if let Ok(files) = view.agent(node).started_with()
        && let Some(text) = files.get(flag)
    {
        let field = format!("{flag} (started with)");
        let subject = format!("Node/{node}");
        let evidence = Evidence::new(
            Layer::Programmed,
            &files.origin,
            subject,
            field,
            shown(text),
        );
        return Some((text.trim().to_owned(), evidence));
    }
    let map = age::config_map(view)?;
    let text = map.data.get(flag)?;
    let subject = format!("ConfigMap/{}/cilium-config", map.metadata.namespace);
    let evidence = Evidence::new(Layer::Declared, &map.origin, subject, flag, shown(text));
    Some((text.trim().to_owned(), evidence))
}

fn shown(text: &str) -> &str {
    if text.trim().is_empty() {
        "(empty)"
    } else {
        text.trim()
    }
}
