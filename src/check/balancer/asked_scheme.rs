//! Which scheme a load balancer has, which was asked for, where, and whether the owner controller obeys it.

use crate::check::View;
use crate::check::finding::{Evidence, Layer};
use crate::check::objects::go_bool;
use crate::check::objects::owner::{Owner, PREFIX};
use crate::check::objects::setting;
use crate::check::view::Located;
use crate::model::aws::LoadBalancer;
use crate::model::kubernetes::{Object, Service};
use crate::model::{Fact, Gap, Origin, Reason, Source};
use std::collections::BTreeMap;

/// Read by the AWS Load Balancer Controller and EKS Auto Mode.
pub(super) const SCHEME: &str = "aws-load-balancer-scheme";
/// Read by cloud-provider-aws; deprecated in the AWS Load Balancer Controller.
pub(super) const INTERNAL: &str = "aws-load-balancer-internal";

/// A prefix that people write and no controller reads.
const UNREAD: &str = "service.kubernetes.io/";

/// The scheme that a load balancer has, with the row that says so.
///
/// # Errors
/// The gap when the answer does not have it.
pub(super) fn actual<'a>(balancer: &Located<'a, LoadBalancer>) -> Result<(&'a str, Evidence), Gap> {
    let name = &balancer.value.load_balancer_name;
    let scheme = balancer.value.scheme.as_str();
    if scheme.is_empty() {
        let why = "Scheme is not in the answer".to_owned();
        return Err(Gap::new(Source::LoadBalancers, name, Reason::Partial(why)));
    }
    let subject = format!("LoadBalancer/{name}");
    let row = Evidence::new(
        Layer::Programmed,
        balancer.origin,
        subject,
        "Scheme",
        scheme,
    );
    Ok((scheme, row))
}

/// What was asked for, and where.
pub(super) struct Asked<'a> {
    /// `internal` or `internet-facing`.
    pub(super) scheme: &'a str,
    /// The annotation.
    pub(super) key: String,
    /// Its value.
    pub(super) value: &'a str,
    /// Where it was read.
    pub(super) origin: &'a Origin,
    /// The object that carries it.
    pub(super) subject: String,
    /// The field that carries it.
    pub(super) field: String,
    /// Whether the owner controller obeys it.
    pub(super) heeded: Heeded,
}

/// Whether the owner controller obeys an annotation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Heeded {
    /// It sees it and knows it.
    Yes,
    /// It does not know it: cloud-provider-aws no aws-load-balancer-scheme, nobody a key without `beta` in its prefix.
    Ignored,
    /// It sits on the Gateway's metadata, from where Cilium copies nothing.
    Misplaced,
    /// It sits where Cilium copies from, and the Service does not carry it.
    NotCopied,
}

/// What was asked for: on the Service, or else on its Gateway.
///
/// # Errors
/// The gap when the Gateway was not read.
pub(super) fn asked<'a>(
    view: &View<'a>,
    service: &'a Fact<Service>,
    owner: Owner,
) -> Result<Option<Asked<'a>>, Gap> {
    let found = |(key, value): (String, &'a str), scheme: &'a str, heeded| Asked {
        scheme,
        field: format!("metadata.annotations[{key}]"),
        key,
        value,
        origin: &service.origin,
        subject: service.id(),
        heeded,
    };
    let annotations = &service.metadata.annotations;
    let scheme = lookup(annotations, SCHEME);
    let internal = lookup(annotations, INTERNAL);
    let on_service = if owner == Owner::CloudProvider {
        match (internal, scheme.filter(|(_, value)| is_scheme(value))) {
            (Some((key, value)), _) => {
                // EnsureLoadBalancer: any value except "false" and "" means internal.
                let wanted = if matches!(value, "false" | "") {
                    "internet-facing"
                } else {
                    "internal"
                };
                Some(found((key, value), wanted, Heeded::Yes))
            }
            (None, Some((key, value))) => Some(found((key, value), value, Heeded::Ignored)),
            (None, None) => None,
        }
    } else {
        match (scheme, internal) {
            // The controller fails on a scheme that it does not know (CLB1101), and looks no further.
            (Some((key, value)), _) => {
                is_scheme(value).then(|| found((key, value), value, Heeded::Yes))
            }
            (None, Some((key, value))) => {
                let wanted = match go_bool::parse(value) {
                    Some(true) => Some("internal"),
                    // What EKS Auto Mode makes of it is not documented.
                    Some(false) if owner == Owner::LoadBalancerController => {
                        Some("internet-facing")
                    }
                    Some(false) | None => None,
                };
                wanted.map(|wanted| found((key, value), wanted, Heeded::Yes))
            }
            (None, None) => None,
        }
    };
    let unread =
        || unread(annotations).map(|(asked, wanted)| found(asked, wanted, Heeded::Ignored));
    match on_service.or_else(unread) {
        Some(asked) => Ok(Some(asked)),
        None => on_gateway(view),
    }
}

fn on_gateway<'a>(view: &View<'a>) -> Result<Option<Asked<'a>>, Gap> {
    let Some(gateway) = setting::gateway(view)? else {
        return Ok(None);
    };
    let infrastructure = gateway.spec.infrastructure.as_ref();
    let places = [
        (
            "spec.infrastructure.annotations",
            infrastructure.map(|infrastructure| &infrastructure.annotations),
            Heeded::NotCopied,
        ),
        (
            "metadata.annotations",
            Some(&gateway.metadata.annotations),
            Heeded::Misplaced,
        ),
    ];
    Ok(places.into_iter().find_map(|(place, annotations, heeded)| {
        let (key, value) = lookup(annotations?, SCHEME).filter(|(_, value)| is_scheme(value))?;
        Some(Asked {
            scheme: value,
            field: format!("{place}[{key}]"),
            key,
            value,
            origin: &gateway.origin,
            subject: gateway.id(),
            heeded,
        })
    }))
}

fn lookup<'a>(annotations: &'a BTreeMap<String, String>, name: &str) -> Option<(String, &'a str)> {
    of_prefix(annotations, PREFIX, name)
}

fn of_prefix<'a>(
    annotations: &'a BTreeMap<String, String>,
    prefix: &str,
    name: &str,
) -> Option<(String, &'a str)> {
    let key = format!("{prefix}{name}");
    let value = annotations.get(&key)?.as_str();
    Some((key, value))
}

/// What is asked for under a prefix that no controller reads, with the scheme that it means.
fn unread(annotations: &BTreeMap<String, String>) -> Option<((String, &str), &str)> {
    let scheme = of_prefix(annotations, UNREAD, SCHEME).filter(|(_, value)| is_scheme(value));
    if let Some((key, value)) = scheme {
        return Some(((key, value), value));
    }
    let internal = of_prefix(annotations, UNREAD, INTERNAL);
    let (key, value) = internal.filter(|(_, value)| *value == "true")?;
    Some(((key, value), "internal"))
}

fn is_scheme(value: &str) -> bool {
    matches!(value, "internal" | "internet-facing")
}
