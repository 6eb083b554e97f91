//! Whether a policy's selector holds for labels of which perhaps only a part is known.

use super::identity_labels::Filter;
use crate::model::kubernetes::LabelSelector;
use std::collections::BTreeMap;

/// Labels, and whether these are all of them.
#[derive(Debug, Clone, Copy)]
pub struct Labels<'l> {
    /// What is known of the labels of the object.
    pub known: &'l BTreeMap<String, String>,
    /// Whether nothing else can be set.
    pub all: bool,
    /// Which of them become labels of the endpoint.
    pub filter: &'l Filter,
}

/// The value of a label of an endpoint.
enum Value<'l> {
    /// It is set, or known not to be.
    Certain(Option<&'l str>),
    /// It is this, unless it is kept from the endpoint.
    Perhaps(&'l str),
    /// Not known.
    Open,
}

/// Whether a selector holds; `None` when that depends on labels that are not known.
///
/// Cilium's selectors may name the source of a label before its key (`k8s:app`, `any:app`); labels of the
/// namespace never are labels of the Pod.
pub fn selects(selector: &LabelSelector, labels: Labels<'_>) -> Option<bool> {
    let mut open = false;
    for (key, wanted) in &selector.match_labels {
        match asked(value_of(key, labels), |value| value == Some(wanted)) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => open = true,
        }
    }
    for one in &selector.match_expressions {
        let listed = |value: Option<&str>| {
            value.is_some_and(|value| one.values.iter().any(|one| one == value))
        };
        let holds = asked(value_of(&one.key, labels), |value| {
            match one.operator.as_str() {
                "In" => listed(value),
                "NotIn" => !listed(value),
                "Exists" => value.is_some(),
                _ => value.is_none(),
            }
        });
        match holds {
            Some(true) => {}
            Some(false) => return Some(false),
            None => open = true,
        }
    }
    if open { None } else { Some(true) }
}

/// Whether a requirement holds for a value; `None` when that is not known.
fn asked(value: Value<'_>, holds: impl Fn(Option<&str>) -> bool) -> Option<bool> {
    match value {
        Value::Certain(value) => Some(holds(value)),
        Value::Perhaps(value) => {
            let with = holds(Some(value));
            (with == holds(None)).then_some(with)
        }
        Value::Open => None,
    }
}

fn value_of<'l>(key: &str, labels: Labels<'l>) -> Value<'l> {
    let key = ["k8s:", "any:"]
        .iter()
        .find_map(|source| key.strip_prefix(source))
        .unwrap_or(key);
    // Labels that Cilium adds to those of the object.
    let added = key.starts_with("io.kubernetes.pod.")
        || key.starts_with("io.cilium.k8s.")
        || key.starts_with("reserved:");
    match (labels.known.get(key), labels.filter.keeps(key)) {
        (Some(value), _) if added => Value::Certain(Some(value)),
        (None, _) if added => Value::Open,
        (_, Some(false)) => Value::Certain(None),
        (Some(value), Some(true)) => Value::Certain(Some(value)),
        (Some(value), None) => Value::Perhaps(value),
        (None, _) if labels.all => Value::Certain(None),
        (None, _) => Value::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::{Filter, Labels, selects};
    use crate::model::kubernetes::LabelSelector;
    use crate::model::{Gap, Source};
    use std::collections::BTreeMap;

    fn ask(text: &str, all: bool) -> Option<bool> {
        let selector: LabelSelector = serde_json::from_str(text).unwrap();
        filtered(&selector, all, &Filter::Default)
    }

    fn filtered(selector: &LabelSelector, all: bool, filter: &Filter) -> Option<bool> {
        let known = [("app", "web"), ("kubernetes.io/os", "linux")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()));
        selects(
            selector,
            Labels {
                known: &BTreeMap::from(known),
                all,
                filter,
            },
        )
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

    #[test]
    fn labels_that_are_kept_from_endpoints() {
        let os = r#"{"matchLabels": {"kubernetes.io/os": "linux"}}"#;
        assert_eq!(ask(os, true), Some(false));
        assert_eq!(ask(os, false), Some(false));
        let not_windows = r#"{"matchExpressions": [{"key": "kubernetes.io/os", "operator": "NotIn", "values": ["windows"]}]}"#;
        assert_eq!(ask(not_windows, true), Some(true));
        let absent =
            r#"{"matchExpressions": [{"key": "kubernetes.io/os", "operator": "DoesNotExist"}]}"#;
        assert_eq!(ask(absent, true), Some(true));
        let open = Filter::Open(Gap::not_collected(Source::AgentConfig, "node a"));
        // A list of one's own may keep either, whatever the default list says; what differs anyway differs.
        let cases = [
            (os, None),
            (r#"{"matchLabels": {"app": "web"}}"#, None),
            (r#"{"matchLabels": {"app": "db"}}"#, Some(false)),
            (not_windows, Some(true)),
            ("{}", Some(true)),
        ];
        for (text, wanted) in cases {
            let selector: LabelSelector = serde_json::from_str(text).unwrap();
            assert_eq!(filtered(&selector, true, &open), wanted, "{text}");
        }
    }
}
