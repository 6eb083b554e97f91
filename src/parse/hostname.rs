//! Names of AWS load balancers, as a Service's status and DNS have them.
//!
//! The order of `elb` and the region tells a Network Load Balancer from the
//! others; whether one of the others is an Application or a Classic one cannot
//! be told from the name.

/// Longest name of a load balancer in characters.
const MAX_NAME: usize = 32;

/// Suffixes with their partitions; `amazonaws.com` stands for two, which the region tells apart.
const SUFFIXES: &[(&str, &str)] = &[
    (".amazonaws.com", "aws"),
    (".amazonaws.com.cn", "aws-cn"),
    (".amazonaws.eu", "aws-eusc"),
    (".c2s.ic.gov", "aws-iso"),
    (".sc2s.sgov.gov", "aws-iso-b"),
    (".cloud.adc-e.uk", "aws-iso-e"),
    (".csp.hci.ic.gov", "aws-iso-f"),
];

/// What a name says about the kind of load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadBalancerKind {
    /// Network Load Balancer.
    Nlb,
    /// Application or Classic Load Balancer.
    AlbOrClassic,
}

/// The parts of a load balancer's DNS name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadBalancerName {
    /// Kind.
    pub kind: LoadBalancerKind,
    /// Name in its account and region, in the case that was given; compare without regard to case.
    pub name: String,
    /// The last part of an NLB's ARN (16 hexadecimal digits); a decimal number otherwise.
    pub id: String,
    /// Region.
    pub region: String,
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: &'static str,
    /// Whether the scheme is internal; the name of an NLB does not say.
    pub internal: Option<bool>,
}

/// Whether `hostname` is the DNS name `name` of a load balancer or one below it, as those of its zones are.
///
/// Without regard to case and to the final dot.
pub fn is_name_of(hostname: &str, name: &str) -> bool {
    let (hostname, name) = (hostname.trim_end_matches('.'), name.trim_end_matches('.'));
    let split = hostname.len().checked_sub(name.len());
    let parts = split.and_then(|at| hostname.split_at_checked(at));
    !name.is_empty()
        && parts.is_some_and(|(below, end)| {
            end.eq_ignore_ascii_case(name) && (below.is_empty() || below.ends_with('.'))
        })
}

impl LoadBalancerName {
    /// Reads a DNS name in any case, with a final dot, a `dualstack.` prefix or the zone of a zonal name.
    ///
    /// `None` for every other name, such as one's own CNAME or the name of another service of AWS.
    pub fn parse(hostname: &str) -> Option<Self> {
        let given = hostname.strip_suffix('.').unwrap_or(hostname);
        let lower = given.to_ascii_lowercase();
        let (rest, partition) = SUFFIXES
            .iter()
            .find_map(|(suffix, partition)| Some((lower.strip_suffix(suffix)?, *partition)))?;
        let labels: Vec<&str> = rest.split('.').collect();
        let (kind, region, before) = match labels.as_slice() {
            [before @ .., "elb", region] => (LoadBalancerKind::Nlb, *region, before),
            [before @ .., region, "elb"] => (LoadBalancerKind::AlbOrClassic, *region, before),
            _ => return None,
        };
        let label = match before {
            [label] | ["dualstack", label] => *label,
            [zone, label] if kind == LoadBalancerKind::Nlb && is_zone(zone, region) => *label,
            _ => return None,
        };
        let partition = partition_of(region, partition)?;
        let (lower_name, id) = label.rsplit_once('-')?;
        let (lower_name, internal) = match (kind, lower_name.strip_prefix("internal-")) {
            (LoadBalancerKind::Nlb, None) => (lower_name, None),
            // AWS reserves the prefix.
            (LoadBalancerKind::Nlb, Some(_)) => return None,
            (LoadBalancerKind::AlbOrClassic, Some(name)) => (name, Some(true)),
            (LoadBalancerKind::AlbOrClassic, None) => (lower_name, Some(false)),
        };
        if !is_name(lower_name) || !is_id(id, kind) {
            return None;
        }
        // Lower case has the same length, so the name stands at the same place in what was given.
        let start = lower.find(label)? + label.len() - id.len() - 1 - lower_name.len();
        Some(Self {
            kind,
            name: given.get(start..start + lower_name.len())?.to_owned(),
            id: id.to_owned(),
            region: region.to_owned(),
            partition,
            internal,
        })
    }
}

/// The partition, if the region can belong to the suffix.
fn partition_of(region: &str, partition: &'static str) -> Option<&'static str> {
    let is_region = region.ends_with(|c: char| c.is_ascii_digit())
        && region.split('-').count() >= 3
        && region
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if !is_region || region.starts_with("cn-") != (partition == "aws-cn") {
        return None;
    }
    match partition {
        "aws" if region.starts_with("us-gov-") => Some("aws-us-gov"),
        _ => Some(partition),
    }
}

/// `eu-west-2a`, or `us-west-2-lax-1a` for a local zone.
fn is_zone(zone: &str, region: &str) -> bool {
    zone.strip_prefix(region).is_some_and(|rest| {
        rest.ends_with(|c: char| c.is_ascii_lowercase())
            && (rest.len() == 1 || rest.starts_with('-'))
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && !name.starts_with('-')
        && !name.ends_with('-')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_id(id: &str, kind: LoadBalancerKind) -> bool {
    match kind {
        LoadBalancerKind::Nlb => id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit()),
        LoadBalancerKind::AlbOrClassic => {
            (1..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LoadBalancerKind, LoadBalancerName, is_name_of};
    use LoadBalancerKind::{AlbOrClassic, Nlb};

    #[test]
    fn a_name_is_its_own_or_that_of_a_zone() {
        let name = "Web-0123.elb.eu-west-2.amazonaws.com";
        for own in [
            "web-0123.elb.eu-west-2.amazonaws.com",
            "WEB-0123.elb.eu-west-2.amazonaws.com.",
            "eu-west-2a.web-0123.elb.eu-west-2.amazonaws.com",
        ] {
            assert!(is_name_of(own, name), "{own}");
        }
        for other in [
            "other-web-0123.elb.eu-west-2.amazonaws.com",
            "0123.elb.eu-west-2.amazonaws.com",
            "é-0123.elb.eu-west-2.amazonaws.com",
            "",
        ] {
            assert!(!is_name_of(other, name), "{other}");
        }
        assert!(!is_name_of(name, ""));
    }

    #[test]
    fn names_of_load_balancers() {
        for (hostname, kind, name, id, region, partition, internal) in [
            (
                "k8s-gateway-cilium-0a1b2c3d4e-0123456789abcdef.elb.eu-west-2.amazonaws.com",
                Nlb,
                "k8s-gateway-cilium-0a1b2c3d4e",
                "0123456789abcdef",
                "eu-west-2",
                "aws",
                None,
            ),
            (
                "WEB-0123456789ABCDEF.ELB.us-gov-west-1.amazonaws.com.",
                Nlb,
                "WEB",
                "0123456789abcdef",
                "us-gov-west-1",
                "aws-us-gov",
                None,
            ),
            (
                "eu-west-2a.web-0123456789abcdef.elb.eu-west-2.amazonaws.com",
                Nlb,
                "web",
                "0123456789abcdef",
                "eu-west-2",
                "aws",
                None,
            ),
            (
                "us-west-2-lax-1a.web-0123456789abcdef.elb.us-west-2.amazonaws.com",
                Nlb,
                "web",
                "0123456789abcdef",
                "us-west-2",
                "aws",
                None,
            ),
            (
                "web-0123456789abcdef.elb.cn-north-1.amazonaws.com.cn",
                Nlb,
                "web",
                "0123456789abcdef",
                "cn-north-1",
                "aws-cn",
                None,
            ),
            (
                "web-0123456789abcdef.elb.eusc-de-east-1.amazonaws.eu",
                Nlb,
                "web",
                "0123456789abcdef",
                "eusc-de-east-1",
                "aws-eusc",
                None,
            ),
            (
                "web-0123456789abcdef.elb.us-iso-east-1.c2s.ic.gov",
                Nlb,
                "web",
                "0123456789abcdef",
                "us-iso-east-1",
                "aws-iso",
                None,
            ),
            (
                "web-0123456789abcdef.elb.us-isob-east-1.sc2s.sgov.gov",
                Nlb,
                "web",
                "0123456789abcdef",
                "us-isob-east-1",
                "aws-iso-b",
                None,
            ),
            (
                "web-0123456789abcdef.elb.eu-isoe-west-1.cloud.adc-e.uk",
                Nlb,
                "web",
                "0123456789abcdef",
                "eu-isoe-west-1",
                "aws-iso-e",
                None,
            ),
            (
                "web-0123456789abcdef.elb.us-isof-east-1.csp.hci.ic.gov",
                Nlb,
                "web",
                "0123456789abcdef",
                "us-isof-east-1",
                "aws-iso-f",
                None,
            ),
            (
                "k8s-x-1234567890.eu-central-1.elb.amazonaws.com",
                AlbOrClassic,
                "k8s-x",
                "1234567890",
                "eu-central-1",
                "aws",
                Some(false),
            ),
            (
                "internal-k8s-x-1234567890.eu-central-1.elb.amazonaws.com",
                AlbOrClassic,
                "k8s-x",
                "1234567890",
                "eu-central-1",
                "aws",
                Some(true),
            ),
            (
                "dualstack.Internal-Web-12.eu-central-1.elb.amazonaws.com",
                AlbOrClassic,
                "Web",
                "12",
                "eu-central-1",
                "aws",
                Some(true),
            ),
        ] {
            let expected = LoadBalancerName {
                kind,
                name: name.to_owned(),
                id: id.to_owned(),
                region: region.to_owned(),
                partition,
                internal,
            };
            assert_eq!(
                LoadBalancerName::parse(hostname),
                Some(expected),
                "{hostname}"
            );
        }
    }

    #[test]
    fn near_misses_are_refused() {
        for hostname in [
            "",
            ".",
            "web.example.com",
            "web-0123456789abcde.elb.eu-west-2.amazonaws.com",
            "web-0123456789abcdeg.elb.eu-west-2.amazonaws.com",
            "web-0123456789abcdef.eu-west-2.elb.amazonaws.com",
            "web-1234567890.elb.eu-west-2.amazonaws.com",
            "web-0123456789abcdef.elb.eu-west-2.amazonaws.com.evil.example",
            "web-0123456789abcdef.elb.eu-west-2.amazonaws.org",
            "web-0123456789abcdef.elb.eu-west-2.notamazonaws.com",
            "web-0123456789abcdef.elb.cn-north-1.amazonaws.com",
            "web-0123456789abcdef.elb.eu-west-2.amazonaws.com.cn",
            "web-0123456789abcdef.elb.euwest.amazonaws.com",
            "internal-web-0123456789abcdef.elb.eu-west-2.amazonaws.com",
            "us-east-1a.web-0123456789abcdef.elb.eu-west-2.amazonaws.com",
            "eu-west-2a.web-1234567890.eu-west-2.elb.amazonaws.com",
            "a.b.web-0123456789abcdef.elb.eu-west-2.amazonaws.com",
            "0123456789abcdef.elb.eu-west-2.amazonaws.com",
            "-0123456789abcdef.elb.eu-west-2.amazonaws.com",
            "a-name-that-is-longer-than-allowed-0123456789abcdef.elb.eu-west-2.amazonaws.com",
            "bucket.s3.eu-west-2.amazonaws.com",
            "ec2-1-2-3-4.eu-west-2.compute.amazonaws.com",
            "elb.eu-west-2.amazonaws.com",
        ] {
            assert_eq!(LoadBalancerName::parse(hostname), None, "{hostname}");
        }
    }
}
