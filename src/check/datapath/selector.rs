//! Whether a policy's selector holds for labels of which perhaps only a part is known.

use crate::model::kubernetes::LabelSelector;
use std::collections::BTreeMap;

/// Labels, and whether these are all of them.
#[derive(Debug, Clone, Copy)]
pub struct Labels<'l> {
    /// What is known.
    pub known: &'l BTreeMap<String, String>,
    /// Whether nothing else can be set.
    pub all: bool,
}

/// Whether a selector holds; `None` when that depends on labels that are not known.
///
/// Cilium's selectors may name the source of a label before its key (`k8s:app`, `any:app`); labels of the
/// namespace never are labels of the Pod.
pub fn selects(selector: &LabelSelector, labels: Labels<'_>) -> Option<bool> {
    let mut open = false;
    let mut hold = |found: Option<bool>| match found {
        Some(holds) => holds,
        None => {
            open = true;
            true
        }
    };
    for (key, value) in &selector.match_labels {
        if !hold(value_of(key, labels).map(|found| found == Some(value.as_str()))) {
            return Some(false);
        }
    }
    for one in &selector.match_expressions {
        let found = value_of(&one.key, labels).map(|value| {
            let listed = value.is_some_and(|value| one.values.iter().any(|one| one == value));
            match one.operator.as_str() {
                "In" => listed,
                "NotIn" => !listed,
                "Exists" => value.is_some(),
                _ => value.is_none(),
            }
        });
        if !hold(found) {
            return Some(false);
        }
    }
    if open { None } else { Some(true) }
}

/// The value of a label; the outer `None` when it is not known whether it is set.
fn value_of<'l>(key: &str, labels: Labels<'l>) -> Option<Option<&'l str>> {
    let key = ["k8s:", "any:"]
        .iter()
        .find_map(|source| key.strip_prefix(source))
        .unwrap_or(key);
    if let Some(value) = labels.known.get(key) {
        return Some(Some(value));
    }
    // Labels that Cilium adds to those of the object.
    if key.starts_with("io.kubernetes.pod.")
        || key.starts_with("io.cilium.k8s.")
        || key.starts_with("reserved:")
    {
        return None;
    }
    labels.all.then_some(None)
}

#[cfg(test)]
mod tests {
    use super::{Labels, selects};
    use crate::model::kubernetes::LabelSelector;
    use std::collections::BTreeMap;

    fn ask(text: &str, all: bool) -> Option<bool> {
        let selector: LabelSelector = serde_json::from_str(text).unwrap();
        let known = BTreeMap::from([("app".to_owned(), "web".to_owned())]);
        selects(&selector, Labels { known: &known, all })
    }

    #[test]
    fn three_answers() {
        let cases = [
            ("{}", false, Some(true)),
            (r#"{"matchLabels": {"k8s:app": "web"}}"#, false, Some(true)),
            (r#"{"matchLabels": {"app": "db"}}"#, false, Some(false)),
            (r#"{"matchLabels": {"tier": "db"}}"#, false, None),
            (r#"{"matchLabels": {"tier": "db"}}"#, true, Some(false)),
            (
                r#"{"matchLabels": {"tier": "db", "app": "db"}}"#,
                false,
                Some(false),
            ),
            (
                r#"{"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "x"]}]}"#,
                true,
                Some(true),
            ),
            (
                r#"{"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}"#,
                true,
                Some(false),
            ),
            (
                r#"{"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}"#,
                true,
                Some(true),
            ),
            (
                r#"{"matchExpressions": [{"key": "tier", "operator": "Exists"}]}"#,
                false,
                None,
            ),
        ];
        for (text, all, wanted) in cases {
            assert_eq!(ask(text, all), wanted, "{text} {all}");
        }
    }
}
