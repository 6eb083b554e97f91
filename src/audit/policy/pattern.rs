//! The subjects that a suppression means: `context/namespace/Kind/name`, each with `*` for any text.

use crate::path::similar::similar;
use crate::report::v1::SubjectName;
use std::fmt;
use std::str::FromStr;

/// The kinds that a subject may have; see [`SubjectName`].
const KINDS: [&str; 6] = [
    "Gateway",
    "Service",
    "Ingress",
    "TargetGroupBinding",
    "LoadBalancer",
    "TargetGroup",
];

/// A pattern of subjects: the name of one, with `*` in its parts. Contexts of EKS hold slashes
/// (`arn:aws:eks:…:cluster/prod`), so it is cut from the right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(SubjectName);

/// A text that is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    /// Fewer than four parts.
    #[error(
        "{0:?} is no pattern: expected context/namespace/Kind/name, each with * for any text, such as prod/infra/Service/*"
    )]
    Form(String),
    /// A kind that no subject has.
    #[error("{0:?} is the kind of no subject: expected {expected}{hint}", expected = KINDS.join(", "), hint = hint(.1))]
    Kind(String, Vec<String>),
}

fn hint(near: &[String]) -> String {
    match near.first() {
        Some(near) => format!("; did you mean {near}?"),
        None => String::new(),
    }
}

impl Pattern {
    /// One object and nothing else.
    pub(super) fn only(object: &SubjectName) -> Self {
        Self(object.clone())
    }

    /// Whether it means `subject`.
    pub fn matches(&self, subject: &SubjectName) -> bool {
        self.reaches(&subject.cluster)
            && glob(&self.0.namespace, &subject.namespace)
            && glob(&self.0.kind, &subject.kind)
            && glob(&self.0.name, &subject.name)
    }

    /// Whether it means a subject or the Service behind it.
    pub(super) fn means(&self, subject: &SubjectName, service: Option<&SubjectName>) -> bool {
        self.matches(subject) || service.is_some_and(|service| self.matches(service))
    }

    /// Whether it means subjects of `cluster`.
    pub(super) fn reaches(&self, cluster: &str) -> bool {
        glob(&self.0.cluster, cluster)
    }

    /// Whether everything it means lies in `namespace`.
    pub(super) fn stays_in(&self, namespace: &str) -> bool {
        self.0.namespace == namespace
    }
}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.rsplitn(4, '/');
        let (Some(name), Some(kind), Some(namespace), Some(context)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidPattern::Form(text.to_owned()));
        };
        // Only what AWS has is without a namespace.
        if [name, kind, context].contains(&"") {
            return Err(InvalidPattern::Form(text.to_owned()));
        }
        if !kind.contains('*') && !KINDS.contains(&kind) {
            let near = KINDS
                .iter()
                .filter(|known| known.eq_ignore_ascii_case(kind));
            let mut near: Vec<String> = near.map(|known| (*known).to_owned()).collect();
            near.extend(similar(kind, KINDS.into_iter()));
            return Err(InvalidPattern::Kind(kind.to_owned(), near));
        }
        Ok(Self(SubjectName {
            cluster: context.to_owned(),
            namespace: namespace.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
        }))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether `text` is what `pattern` says, in which `*` stands for any text, also none. Takes time in proportion to the
/// product of both lengths at most.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| text.strip_prefix(head)) else {
        return false;
    };
    let Some(tail) = parts.next_back() else {
        return rest.is_empty();
    };
    // The earliest place of each part leaves the most room for the next.
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::{Pattern, glob};
    use crate::report::v1::SubjectName;

    fn subject(cluster: &str, namespace: &str, kind: &str, name: &str) -> SubjectName {
        SubjectName {
            cluster: cluster.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("*", "x", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "ac", true),
            ("ab*ba", "aba", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*é*", "caféine", true),
            ("", "a", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn contexts_may_hold_slashes() {
        let eks = "arn:aws:eks:eu-west-2:111122223333:cluster/prod";
        let web = subject(eks, "shop", "Service", "web");
        for text in [
            format!("{eks}/shop/Service/web"),
            "*/prod/shop/Service/*".to_owned(),
            "*/*/*/*".to_owned(),
        ] {
            assert!(text.parse::<Pattern>().unwrap().matches(&web), "{text}");
        }
        for text in [
            "prod/shop/Service/web",
            "*/shop/Gateway/web",
            "*/s/Service/*",
        ] {
            assert!(!text.parse::<Pattern>().unwrap().matches(&web), "{text}");
        }
        let balancer = subject("prod", "", "LoadBalancer", "k8s-x");
        assert!(
            "prod//LoadBalancer/*"
                .parse::<Pattern>()
                .unwrap()
                .matches(&balancer)
        );
    }

    #[test]
    fn what_is_no_pattern_says_how_to_write_one() {
        for (text, said) in [
            ("web", "context/namespace/Kind/name"),
            ("shop/Service/web", "context/namespace/Kind/name"),
            ("prod/shop/Service/", "context/namespace/Kind/name"),
            ("prod/shop/service/web", "did you mean Service?"),
            ("prod/shop/Servcie/web", "did you mean Service?"),
            ("prod/shop/Deployment/web", "expected Gateway, Service"),
        ] {
            let told = text.parse::<Pattern>().unwrap_err().to_string();
            assert!(told.contains(said), "{text}: {told}");
        }
    }
}
