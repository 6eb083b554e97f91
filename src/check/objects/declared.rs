//! What a Service declares about its load balancer against what AWS has.
//!
//! A difference is no failure by itself. It says that somebody changed AWS by
//! hand, that a controller has not followed, or that it never will; and so which
//! of the two a person has to edit.

use super::owner::{Owner, PREFIXES, annotation};
use super::setting;
use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::model::kubernetes::Service;
use crate::model::{Fact, Origin};

/// What happens to a difference if nobody does anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wins {
    /// The controller writes the declared value when it reconciles.
    Declared,
    /// The value is read only when the object is made.
    Actual,
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
    let key = PREFIXES
        .iter()
        .map(|prefix| format!("{prefix}{name}"))
        .find(|key| service.metadata.annotations.contains_key(key))?;
    Some((format!("metadata.annotations[{key}]"), value))
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
    let first = differences.first()?;
    let id = format!(
        "Service/{}/{}",
        service.metadata.namespace, service.metadata.name
    );
    let list: Vec<String> = differences
        .iter()
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
    let end = match first.wins {
        Wins::Declared => format!("{} sets it back when it reconciles", owner.name()),
        Wins::Actual => format!("{} reads it only when it makes the object", owner.name()),
    };
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
            evidence.push(Evidence::new(
                Layer::Declared,
                &service.origin,
                id.clone(),
                by.clone(),
                found.wanted.clone(),
            ));
        }
    }
    // A default may be another one in another version of the controller.
    let confidence = if differences.iter().any(|found| found.by.is_some()) {
        Confidence::High
    } else {
        Confidence::Medium
    };
    let message = format!("{}: {end}", list.join("; "));
    Some(
        Finding::new(message.clone(), message, evidence)
            .about([object.to_owned(), id])
            .confidence(confidence)
            .fix(fix(service, first)),
    )
}

/// The key without its prefix, for a sentence.
fn short(by: &str) -> &str {
    by.trim_end_matches(']')
        .rsplit(['/', '['])
        .next()
        .unwrap_or(by)
}

fn fix(service: &Service, first: &Difference<'_>) -> Fix {
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    let describe = format!("kubectl describe service {name} -n {namespace}");
    match (first.wins, &first.by) {
        (Wins::Actual, _) => Fix {
            summary: "take the declaration back, or have the load balancer made again, with a new DNS name".to_owned(),
            commands: vec![describe],
            risk: Risk::Destructive,
            changes: Vec::new(),
            after: format!("{} is as declared", first.field),
        },
        (Wins::Declared, Some(by)) => Fix {
            summary: "if the value of AWS is the right one, declare it; otherwise see what keeps the controller from following".to_owned(),
            commands: vec![
                setting::annotate(service, key(by), &first.actual),
                describe,
            ],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: format!("{} is as declared", first.field),
        },
        (Wins::Declared, None) => Fix {
            summary: "if the value of AWS is the right one, declare it with an annotation: what is set by hand is lost".to_owned(),
            commands: vec![describe],
            risk: Risk::Safe,
            changes: Vec::new(),
            after: format!("{} is as declared", first.field),
        },
    }
}

/// The annotation's key inside the name of its field.
fn key(by: &str) -> &str {
    by.strip_prefix("metadata.annotations[")
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(by)
}

#[cfg(test)]
mod tests {
    use super::{key, pairs, short};

    #[test]
    fn keys_of_annotations() {
        let by = "metadata.annotations[service.beta.kubernetes.io/aws-load-balancer-name]";
        assert_eq!(key(by), "service.beta.kubernetes.io/aws-load-balancer-name");
        assert_eq!(short(by), "aws-load-balancer-name");
        assert_eq!(
            short("spec.healthCheckNodePort"),
            "spec.healthCheckNodePort"
        );
    }

    #[test]
    fn lists_of_attributes() {
        let all: Vec<_> = pairs("a.b=true, c=1,broken,").collect();
        assert_eq!(all, [("a.b", "true"), ("c", "1")]);
    }
}
