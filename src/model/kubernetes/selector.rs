//! meta/v1 LabelSelector: which nodes an object concerns.
//!
//! Every selector of the program is matched here, with the semantics of the API machinery
//! (k8s.io/apimachinery labels.Requirement): all labels and all expressions must hold, `NotIn` holds
//! where the key is absent, and a selector without requirements matches everything.

use super::meta::null_as_default;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// A label selector.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    /// Labels that must have exactly these values.
    #[serde(deserialize_with = "null_as_default")]
    pub match_labels: BTreeMap<String, String>,
    /// Requirements that must hold as well.
    #[serde(deserialize_with = "null_as_default")]
    pub match_expressions: Vec<Requirement>,
}

/// One requirement of a selector.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Requirement {
    /// The label it is about.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// Values for `In` and `NotIn`.
    #[serde(deserialize_with = "null_as_default")]
    pub values: Vec<String>,
}

impl LabelSelector {
    /// The first requirement that a set of labels fails for certain, in a sentence about the object.
    pub fn unmet(&self, labels: &BTreeMap<String, String>) -> Option<String> {
        let label = self
            .match_labels
            .iter()
            .find(|(key, value)| labels.get(*key) != Some(*value))
            .map(|(key, value)| format!("lacks the label {key}={value}"));
        label.or_else(|| {
            self.match_expressions
                .iter()
                .find(|requirement| requirement.matches(labels) == Some(false))
                .map(|requirement| format!("does not satisfy `{requirement}`"))
        })
    }

    /// Whether a set of labels satisfies it; `None` where only an unknown operator could tell.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> Option<bool> {
        if self.unmet(labels).is_some() {
            return Some(false);
        }
        self.match_expressions
            .iter()
            .all(|requirement| requirement.matches(labels).is_some())
            .then_some(true)
    }
}

impl Requirement {
    fn matches(&self, labels: &BTreeMap<String, String>) -> Option<bool> {
        let value = labels.get(&self.key);
        let listed = value.is_some_and(|value| self.values.contains(value));
        match self.operator.as_str() {
            "In" => Some(listed),
            "NotIn" => Some(!listed),
            "Exists" => Some(value.is_some()),
            "DoesNotExist" => Some(value.is_none()),
            _ => None,
        }
    }
}

/// As `kubectl get --selector` takes it: `pool=web,tier in (a,b),!spot`.
impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self
            .match_labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        let expressions = self.match_expressions.iter().map(ToString::to_string);
        f.write_str(&labels.chain(expressions).collect::<Vec<_>>().join(","))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, values, .. } = self;
        match self.operator.as_str() {
            "In" => write!(f, "{key} in ({})", values.join(",")),
            "NotIn" => write!(f, "{key} notin ({})", values.join(",")),
            "Exists" => f.write_str(key),
            "DoesNotExist" => write!(f, "!{key}"),
            other => write!(f, "{key} {other} ({})", values.join(",")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LabelSelector;
    use std::collections::BTreeMap;

    fn selector(text: &str) -> LabelSelector {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_four_operators() {
        let labels = BTreeMap::from([("pool".to_owned(), "web".to_owned())]);
        let one = |key: &str, operator: &str, values: &str| {
            selector(&format!(
                r#"{{"matchExpressions": [{{"key": "{key}", "operator": "{operator}", "values": {values}}}]}}"#
            ))
            .matches(&labels)
        };
        let cases = [
            (one("pool", "In", r#"["web", "db"]"#), Some(true)),
            (one("pool", "In", r#"["db"]"#), Some(false)),
            (one("zone", "In", r#"["a"]"#), Some(false)),
            (one("pool", "NotIn", r#"["web"]"#), Some(false)),
            (one("pool", "NotIn", r#"["db"]"#), Some(true)),
            (one("zone", "NotIn", r#"["a"]"#), Some(true)),
            (one("pool", "Exists", "null"), Some(true)),
            (one("zone", "Exists", "[]"), Some(false)),
            (one("pool", "DoesNotExist", "null"), Some(false)),
            (one("zone", "DoesNotExist", "null"), Some(true)),
            (one("pool", "Gt", r#"["1"]"#), None),
        ];
        for (index, (found, wanted)) in cases.into_iter().enumerate() {
            assert_eq!(found, wanted, "case {index}");
        }
    }

    #[test]
    fn everything_must_hold_and_nothing_matches_all() {
        let labels = BTreeMap::from([("pool".to_owned(), "web".to_owned())]);
        assert_eq!(selector("{}").matches(&labels), Some(true));
        let both = selector(
            r#"{"matchLabels": {"pool": "web"}, "matchExpressions": [{"key": "spot", "operator": "Exists"}]}"#,
        );
        assert_eq!(both.matches(&labels), Some(false));
        // What is false already stays so, whatever an unknown operator means.
        let unknown = selector(
            r#"{"matchLabels": {"pool": "db"}, "matchExpressions": [{"key": "pool", "operator": "Like"}]}"#,
        );
        assert_eq!(unknown.matches(&labels), Some(false));
    }

    #[test]
    fn printed_as_kubectl_takes_it() {
        let all = selector(
            r#"{"matchLabels": {"pool": "web"}, "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["a", "b"]},
                {"key": "tier", "operator": "NotIn", "values": ["c"]},
                {"key": "arch", "operator": "Exists"},
                {"key": "spot", "operator": "DoesNotExist"}]}"#,
        );
        assert_eq!(
            all.to_string(),
            "pool=web,tier in (a,b),tier notin (c),arch,!spot"
        );
    }
}
