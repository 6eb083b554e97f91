//! What the host name of a load balancer says: its kind, its name and its region.

/// What a host name of AWS says: `<name>-<id>.elb.<region>.<suffix>` for a network load balancer,
/// `<name>-<id>.<region>.elb.<suffix>` for the others.
pub(super) struct Name<'a> {
    /// Load balancer name.
    pub(super) name: &'a str,
    /// Region name.
    pub(super) region: &'a str,
    /// Whether it is the form of a network load balancer.
    pub(super) network: bool,
}

impl<'a> Name<'a> {
    /// Reads a lower-case host name without its trailing dot.
    pub(super) fn of(hostname: &'a str) -> Option<Self> {
        let hostname = hostname.strip_prefix("dualstack.").unwrap_or(hostname);
        let labels: Vec<&str> = hostname.split('.').collect();
        let elb = labels.iter().position(|label| *label == "elb")?;
        let (label, region, network) = match elb {
            // `<zone>.<name>-<id>.elb.…` is a network load balancer's zonal name.
            2 if labels.first()?.matches('-').count() >= 2
                && labels.get(3).is_some_and(|region| {
                    labels.first().is_some_and(|zone| zone.starts_with(region))
                }) =>
            {
                (*labels.get(1)?, *labels.get(3)?, true)
            }
            1 => (*labels.first()?, *labels.get(2)?, true),
            2 => (*labels.first()?, *labels.get(1)?, false),
            _ => return None,
        };
        let (name, _) = label.rsplit_once('-')?;
        Some(Self {
            name: name.strip_prefix("internal-").unwrap_or(name),
            region,
            network,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn host_names_of_the_kinds_of_load_balancer() {
        let rows = [
            (
                "k8s-a-b-0a1b2c3d4e-0123456789abcdef.elb.eu-central-1.amazonaws.com",
                Some(("k8s-a-b-0a1b2c3d4e", "eu-central-1", true)),
            ),
            (
                "eu-west-2a.k8s-a-b-0a-0123456789abcdef.elb.eu-west-2.amazonaws.com",
                Some(("k8s-a-b-0a", "eu-west-2", true)),
            ),
            (
                "internal-k8s-x-1234567890.eu-central-1.elb.amazonaws.com",
                Some(("k8s-x", "eu-central-1", false)),
            ),
            (
                "dualstack.a0123-99.cn-north-1.elb.amazonaws.com.cn",
                Some(("a0123", "cn-north-1", false)),
            ),
            ("gateway.example.com", None),
        ];
        for (hostname, expected) in rows {
            let name = Name::of(hostname).map(|name| (name.name, name.region, name.network));
            assert_eq!(name, expected, "{hostname}");
        }
    }
}
