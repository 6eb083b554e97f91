//! A label selector in its text form, as `service.cilium.io/node-selector` holds it.
//!
//! The grammar is that of `labels.Parse` (k8s.io/apimachinery/pkg/labels/selector.go): requirements joined
//! by commas, all of which must hold.

use std::collections::{BTreeMap, BTreeSet};

/// A parsed selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSelector<'a>(Vec<Requirement<'a>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Requirement<'a> {
    Exists(&'a str),
    Absent(&'a str),
    In(&'a str, BTreeSet<&'a str>),
    /// A label that is absent fulfils it as well.
    NotIn(&'a str, BTreeSet<&'a str>),
    Greater(&'a str, i64),
    Less(&'a str, i64),
}

impl<'a> NodeSelector<'a> {
    /// Reads a selector; `None` for what Cilium could not read either.
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.trim().is_empty() {
            return Some(Self(Vec::new()));
        }
        let requirements: Option<Vec<_>> = split(text).map(requirement).collect();
        requirements.map(Self)
    }

    /// Whether a node with these labels is selected.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = |key: &str| labels.get(key).map(String::as_str);
        let number = |key: &str| value(key).and_then(|text| text.parse::<i64>().ok());
        self.0.iter().all(|requirement| match requirement {
            Requirement::Exists(key) => value(key).is_some(),
            Requirement::Absent(key) => value(key).is_none(),
            Requirement::In(key, values) => value(key).is_some_and(|value| values.contains(value)),
            Requirement::NotIn(key, values) => {
                value(key).is_none_or(|value| !values.contains(value))
            }
            Requirement::Greater(key, bound) => number(key).is_some_and(|value| value > *bound),
            Requirement::Less(key, bound) => number(key).is_some_and(|value| value < *bound),
        })
    }
}

/// Splits at the commas outside of brackets.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.split(move |c| {
        match c {
            '(' => inside = true,
            ')' => inside = false,
            _ => {}
        }
        c == ',' && !inside
    })
}

fn requirement(text: &str) -> Option<Requirement<'_>> {
    let text = text.trim();
    if let Some(name) = text.strip_prefix('!') {
        return key(name).map(Requirement::Absent);
    }
    if let Some((left, right)) = text.split_once("!=") {
        return Some(Requirement::NotIn(
            key(left)?,
            BTreeSet::from([one(right)?]),
        ));
    }
    if let Some((left, right)) = text.split_once('=') {
        let right = right.strip_prefix('=').unwrap_or(right);
        return Some(Requirement::In(key(left)?, BTreeSet::from([one(right)?])));
    }
    if let Some((left, right)) = text.split_once('>') {
        return Some(Requirement::Greater(key(left)?, right.trim().parse().ok()?));
    }
    if let Some((left, right)) = text.split_once('<') {
        return Some(Requirement::Less(key(left)?, right.trim().parse().ok()?));
    }
    if let Some((left, list)) = text.split_once('(') {
        let list: BTreeSet<&str> = list
            .trim_end()
            .strip_suffix(')')?
            .split(',')
            .map(str::trim)
            .collect();
        let (name, operator) = left.trim_end().rsplit_once(char::is_whitespace)?;
        return match operator {
            "in" => Some(Requirement::In(key(name)?, list)),
            "notin" => Some(Requirement::NotIn(key(name)?, list)),
            _ => None,
        };
    }
    key(text).map(Requirement::Exists)
}

fn key(text: &str) -> Option<&str> {
    one(text).filter(|text| !text.is_empty())
}

/// A key or value: one word without the characters of the grammar.
fn one(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.contains(|c: char| c.is_whitespace() || "=!<>(),".contains(c))).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::NodeSelector;
    use std::collections::BTreeMap;

    fn matches(selector: &str) -> Option<bool> {
        let labels = BTreeMap::from([
            ("zone".to_owned(), "a".to_owned()),
            ("size".to_owned(), "8".to_owned()),
        ]);
        NodeSelector::parse(selector).map(|selector| selector.matches(&labels))
    }

    #[test]
    fn every_operator() {
        for (selector, expected) in [
            ("", true),
            ("zone", true),
            ("!zone", false),
            ("!edge", true),
            ("zone=a", true),
            ("zone == b", false),
            ("zone!=b", true),
            ("edge != yes", true),
            ("zone in (a, b)", true),
            ("zone notin (a,b)", false),
            ("edge notin (a)", true),
            ("size>4", true),
            ("size<4", false),
            ("zone in (a,b), size>9", false),
            ("zone=a,!edge", true),
        ] {
            assert_eq!(matches(selector), Some(expected), "{selector}");
        }
    }

    #[test]
    fn what_is_no_selector() {
        for selector in [
            "zone in a",
            "a b",
            "zone among (a)",
            "size>x",
            "=a",
            "zone=a,,b",
        ] {
            assert_eq!(matches(selector), None, "{selector}");
        }
    }
}
