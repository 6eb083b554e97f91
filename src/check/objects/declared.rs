//! What a Service declares about its load balancer against what AWS has.
//!
//! A difference is no failure by itself. It says that somebody changed AWS by
//! hand, that a controller has not followed, or that it never will; and so which
//! of the two a person has to edit.

use super::owner::{Owner, PREFIX, annotation};
use super::setting;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::network::ends::{list, verb};
use crate::model::kubernetes::{Object, Service};
use crate::model::{Fact, Origin};

/// What happens to a difference if nobody does anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wins {
    /// The controller writes the declared value when it reconciles.
    Declared,
    /// The value is read only when the object is made.
    Actual,
    /// No target group can change the value: the controller makes another one when it reconciles.
    Remade,
    /// The controller makes another target group, under a name that follows from the declared value. If a person
    /// changed the value, the group of that name is this one, and AWS makes no second one (CreateTargetGroup,
    /// DuplicateTargetGroupName).
    RemadeByName,
    /// The controller leaves the value alone.
    Left,
}

/// One field that is not as declared.
#[derive(Debug)]
pub struct Difference<'a> {
    /// The field of AWS.
    pub field: String,
    /// The value that AWS has.
    pub actual: String,
    /// Where it was read.
    pub origin: &'a Origin,
    /// The value that is declared.
    pub wanted: String,
    /// The annotation or field that declares it; none for the controller's default.
    pub by: Option<String>,
    /// What happens to it.
    pub wins: Wins,
}

/// The annotation of the Service that a controller reads, with its whole key.
pub fn annotated<'a>(service: &'a Service, name: &str) -> Option<(String, &'a str)> {
    let value = annotation(service, name)?;
    Some((format!("metadata.annotations[{PREFIX}{name}]"), value))
}

/// `key=value,key=value` of an annotation.
pub fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.trim(), value.trim()))
}

/// The finding about one object of AWS, such as `TargetGroup/k8s-…`; none without a difference.
pub fn finding(
    service: &Fact<Service>,
    owner: Owner,
    object: &str,
    differences: &[Difference<'_>],
) -> Option<Finding> {
    differences.first()?;
    let id = service.id();
    // What the controller never follows and what it does have different ends.
    let ends = [
        Wins::Actual,
        Wins::Remade,
        Wins::RemadeByName,
        Wins::Left,
        Wins::Declared,
    ];
    let parts: Vec<String> = ends
        .into_iter()
        .filter_map(|wins| sentence(owner, wins, differences))
        .collect();
    let mut evidence = Vec::new();
    for found in differences {
        evidence.push(Evidence::new(
            Layer::Programmed,
            found.origin,
            object,
            found.field.clone(),
            found.actual.clone(),
        ));
        if let Some(by) = &found.by {
            let said = key(by).and_then(|key| service.metadata.annotations.get(key));
            evidence.push(Evidence::new(
                Layer::Declared,
                &service.origin,
                id.clone(),
                by.clone(),
                said.unwrap_or(&found.wanted).clone(),
            ));
        }
    }
    // A default may be another one in another version of the controller.
    let confidence = if differences.iter().any(|found| found.by.is_some()) {
        Confidence::High
    } else {
        Confidence::Medium
    };
    let message = parts.join(". ");
    Some(
        Finding::new(message.clone(), message, evidence)
            .about([object.to_owned(), id])
            .confidence(confidence)
            .fix(fix(service, differences)),
    )
}

/// The key of an annotation without its prefix, for a sentence.
fn short(by: &str) -> &str {
    key(by).and_then(|key| key.rsplit('/').next()).unwrap_or(by)
}

/// The differences with one end, and that end; none without one.
fn sentence(owner: Owner, wins: Wins, differences: &[Difference<'_>]) -> Option<String> {
    let list: Vec<String> = differences
        .iter()
        .filter(|found| found.wins == wins)
        .map(|found| {
            let by = match &found.by {
                Some(by) => format!("{} asks for", short(by)),
                None => "the controller's default is".to_owned(),
            };
            format!(
                "{} is {}, and {by} {}",
                found.field, found.actual, found.wanted
            )
        })
        .collect();
    let end = match wins {
        Wins::Declared => "sets it back when it reconciles",
        Wins::Actual => "reads it only when it makes the object",
        Wins::Remade => "makes a new target group when it reconciles",
        Wins::RemadeByName => {
            "makes a new target group when it reconciles, which AWS refuses if this one was changed by hand, because both have one name"
        }
        Wins::Left => "leaves it alone",
    };
    (!list.is_empty()).then(|| format!("{}: {} {end}", list.join("; "), owner.name()))
}

/// What is read only once needs the object made again; everything else an annotation.
fn fix(service: &Service, differences: &[Difference<'_>]) -> Fix {
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    let fixed = differences.iter().any(|found| found.wins == Wins::Actual);
    let remade = differences.iter().any(|found| found.wins == Wins::Remade);
    let by_name = differences
        .iter()
        .any(|found| found.wins == Wins::RemadeByName);
    let left = differences.iter().any(|found| found.wins == Wins::Left);
    let mut commands: Vec<String> = differences
        .iter()
        .filter(|found| found.wins != Wins::Actual)
        .filter_map(|found| {
            let annotation = found.by.as_deref().and_then(key)?;
            let value = if annotation.contains(ATTRIBUTES) {
                attributes(service, annotation, differences)
            } else if takes_other_words(annotation, &found.field) {
                return None;
            } else {
                found.actual.clone()
            };
            Some(setting::annotate(service, annotation, &value))
        })
        .collect();
    let summary = match (fixed, commands.is_empty()) {
        (true, true) => {
            "take the declaration back, or have the load balancer made again, with a new DNS name"
        }
        (true, false) => {
            "what is read once: take the declaration back, or have the load balancer made again, with a new DNS name. The rest: if the value of AWS is the right one, declare it"
        }
        (false, _) if by_name => {
            "if the value of AWS is the right one, declare it with an annotation; if it was changed by hand, change it back, because the controller cannot; otherwise see what keeps the controller from following"
        }
        (false, _) if left => {
            "if the value of AWS is the right one, declare it with an annotation; otherwise set what the controller leaves alone with modify-target-group"
        }
        (false, false) => {
            "if the value of AWS is the right one, declare it; otherwise see what keeps the controller from following"
        }
        (false, true) if remade => {
            "see what keeps the controller from following: what cannot be changed is made anew, and every target has to pass its checks there first"
        }
        (false, true) => {
            "if the value of AWS is the right one, declare it with an annotation: what is set by hand is lost"
        }
    };
    commands.dedup();
    commands.push(format!("kubectl describe service {name} -n {namespace}"));
    let fields: Vec<&str> = differences
        .iter()
        .map(|found| found.field.as_str())
        .collect();
    Fix {
        summary: summary.to_owned(),
        commands,
        risk: if fixed { Risk::Destructive } else { Risk::Safe },
        changes: Vec::new(),
        after: format!(
            "{} {} as declared",
            list(&fields),
            verb(&fields, "is", "are")
        ),
    }
}

/// What is in the name of annotations that list attributes, also in that of one Service port's.
const ATTRIBUTES: &str = "-attributes";

/// Whether an annotation does not take the word that AWS has for the field that it decides.
fn takes_other_words(annotation: &str, field: &str) -> bool {
    field == "Protocol"
        || annotation.ends_with("aws-load-balancer-type")
        || annotation.contains("-proxy-protocol")
}

/// The attributes of an annotation, with the values that AWS has where they differ.
fn attributes(service: &Service, annotation: &str, differences: &[Difference<'_>]) -> String {
    let text = service.metadata.annotations.get(annotation);
    let all: Vec<String> = pairs(text.map_or("", String::as_str))
        .map(|(name, declared)| {
            let differs = |found: &&Difference<'_>| {
                found.field == name && found.by.as_deref().and_then(key) == Some(annotation)
            };
            let found = differences.iter().find(differs);
            format!("{name}={}", found.map_or(declared, |found| &found.actual))
        })
        .collect();
    all.join(",")
}

/// The annotation's key inside the name of its field; `None` for a field of the spec.
fn key(by: &str) -> Option<&str> {
    by.strip_prefix("metadata.annotations[")?.strip_suffix(']')
}

#[cfg(test)]
mod tests {
    use super::{key, pairs, short};

    #[test]
    fn keys_of_annotations() {
        let by = "metadata.annotations[service.beta.kubernetes.io/aws-load-balancer-name]";
        assert_eq!(
            key(by),
            Some("service.beta.kubernetes.io/aws-load-balancer-name")
        );
        assert_eq!(key("spec.healthCheckNodePort"), None);
        assert_eq!(short(by), "aws-load-balancer-name");
        for field in ["spec.healthCheckNodePort", "spec.ports[http].protocol"] {
            assert_eq!(short(field), field);
        }
    }

    #[test]
    fn lists_of_attributes() {
        let all: Vec<_> = pairs("a.b=true, c=1,broken,").collect();
        assert_eq!(all, [("a.b", "true"), ("c", "1")]);
    }
}
