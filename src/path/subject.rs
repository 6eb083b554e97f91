//! What a diagnosis is about, as people write it and as it is resolved.

use super::ObjectName;
use crate::model::aws::Arn;
use std::fmt;
use std::str::FromStr;

/// The kinds of objects that can be asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubjectKind {
    /// gateway.networking.k8s.io Gateway.
    Gateway,
    /// core/v1 Service.
    Service,
    /// networking.k8s.io Ingress.
    Ingress,
    /// elbv2.k8s.aws TargetGroupBinding.
    TargetGroupBinding,
    /// A load balancer of no known Service.
    LoadBalancer,
    /// A target group of no load balancer and no known binding.
    TargetGroup,
}

impl SubjectKind {
    /// The kind that a resource word of kubectl names, with or without its group.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        let (resource, group) = word.split_once('.').unwrap_or((&word, ""));
        let kind = match resource {
            "gateway" | "gateways" | "gtw" => Self::Gateway,
            "service" | "services" | "svc" => Self::Service,
            "ingress" | "ingresses" | "ing" => Self::Ingress,
            "targetgroupbinding" | "targetgroupbindings" | "tgb" => Self::TargetGroupBinding,
            _ => return None,
        };
        let expected = match kind {
            Self::Gateway => "gateway.networking.k8s.io",
            Self::Ingress => "networking.k8s.io",
            Self::TargetGroupBinding => "elbv2.k8s.aws",
            Self::Service | Self::LoadBalancer | Self::TargetGroup => "",
        };
        // `gateways.v1.gateway.networking.k8s.io` is kubectl's fully specified form.
        (group.is_empty() || (!expected.is_empty() && group.ends_with(expected))).then_some(kind)
    }

    /// The API kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "Gateway",
            Self::Service => "Service",
            Self::Ingress => "Ingress",
            Self::TargetGroupBinding => "TargetGroupBinding",
            Self::LoadBalancer => "LoadBalancer",
            Self::TargetGroup => "TargetGroup",
        }
    }

    /// The resource with its group, as `kubectl get -o name` prints it.
    pub fn resource(self) -> &'static str {
        match self {
            Self::Gateway => "gateway.gateway.networking.k8s.io",
            Self::Service => "service",
            Self::Ingress => "ingress.networking.k8s.io",
            Self::TargetGroupBinding => "targetgroupbinding.elbv2.k8s.aws",
            Self::LoadBalancer => "loadbalancer",
            Self::TargetGroup => "targetgroup",
        }
    }
}

/// What a person asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectRef {
    /// `gateway/shared-gateway`, or a bare name without a kind.
    Object {
        /// Kind, if given.
        kind: Option<SubjectKind>,
        /// Name.
        name: String,
    },
    /// A load balancer's DNS name.
    Hostname(String),
    /// ARN of a load balancer.
    LoadBalancer(Arn),
    /// ARN of a target group.
    TargetGroup(Arn),
}

/// An argument that names nothing this program diagnoses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSubject {
    /// A resource type this program does not know.
    #[error(
        "unknown type {0:?} in {1:?}: expected service, gateway, ingress or targetgroupbinding, a bare name, a load balancer's DNS name, or the ARN of a load balancer or target group"
    )]
    Kind(String, String),
    /// An ARN of something else.
    #[error("{0:?} is the ARN of neither a load balancer nor a target group")]
    Arn(String),
    /// No name.
    #[error("{0:?} has no name: write TYPE/NAME, such as gateway/shared-gateway")]
    Empty(String),
}

impl FromStr for SubjectRef {
    type Err = InvalidSubject;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("arn:") {
            return match text.parse::<Arn>() {
                Ok(arn) if arn.is_target_group() => Ok(Self::TargetGroup(arn)),
                Ok(arn) if arn.is_load_balancer() => Ok(Self::LoadBalancer(arn)),
                _ => Err(InvalidSubject::Arn(text.to_owned())),
            };
        }
        if let Some((word, name)) = text.split_once('/') {
            let kind = SubjectKind::from_word(word)
                .ok_or_else(|| InvalidSubject::Kind(word.to_owned(), text.to_owned()))?;
            if name.is_empty() {
                return Err(InvalidSubject::Empty(text.to_owned()));
            }
            return Ok(Self::Object {
                kind: Some(kind),
                name: name.to_owned(),
            });
        }
        if text.is_empty() {
            return Err(InvalidSubject::Empty(text.to_owned()));
        }
        // Names of Services have no dots; Gateways and Ingresses may, but never under `.elb.`.
        if text.to_ascii_lowercase().contains(".elb.") {
            return Ok(Self::Hostname(text.to_owned()));
        }
        Ok(Self::Object {
            kind: None,
            name: text.to_owned(),
        })
    }
}

impl fmt::Display for SubjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object {
                kind: Some(kind),
                name,
            } => {
                write!(f, "{}/{name}", kind.name().to_ascii_lowercase())
            }
            Self::Object { kind: None, name } => f.write_str(name),
            Self::Hostname(name) => f.write_str(name),
            Self::LoadBalancer(arn) | Self::TargetGroup(arn) => write!(f, "{arn}"),
        }
    }
}

/// What a diagnosis is about, resolved against the evidence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// Kind.
    pub kind: SubjectKind,
    /// Namespace and name; of [`SubjectKind::LoadBalancer`] and [`SubjectKind::TargetGroup`] the name alone.
    pub object: ObjectName,
    /// The Service behind it; absent when none exists or none was captured.
    pub service: Option<ObjectName>,
    /// Only this target group's paths, when it was asked about by binding or ARN; its ARN.
    pub target_group: Option<String>,
    /// ARN of the load balancer of [`SubjectKind::LoadBalancer`], whose name is another one in each region.
    pub load_balancer: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: Option<SubjectKind>, name: &str) -> SubjectRef {
        SubjectRef::Object {
            kind,
            name: name.to_owned(),
        }
    }

    #[test]
    fn the_forms_that_people_write() {
        let cases = [
            ("gateway/g", object(Some(SubjectKind::Gateway), "g")),
            ("gtw/g", object(Some(SubjectKind::Gateway), "g")),
            (
                "gateways.gateway.networking.k8s.io/g",
                object(Some(SubjectKind::Gateway), "g"),
            ),
            ("svc/web", object(Some(SubjectKind::Service), "web")),
            (
                "tgb/k8s-x",
                object(Some(SubjectKind::TargetGroupBinding), "k8s-x"),
            ),
            ("web", object(None, "web")),
            (
                "K8s-x-0a.elb.eu-west-2.amazonaws.com",
                SubjectRef::Hostname("K8s-x-0a.elb.eu-west-2.amazonaws.com".to_owned()),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<SubjectRef>().unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn other_forms_say_what_is_wrong() {
        for text in [
            "",
            "gateway/",
            "deployment/x",
            "ingresses.apps/x",
            "arn:aws:s3:::bucket",
        ] {
            assert!(text.parse::<SubjectRef>().is_err(), "{text}");
        }
    }
}
