//! Amazon resource names.

use std::fmt;
use std::str::FromStr;

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arn {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: String,
    /// `elasticloadbalancing`, `ec2`, `iam`, …
    pub service: String,
    /// Region; empty for global services.
    pub region: String,
    /// Twelve digits.
    pub account: String,
    /// The rest, such as `targetgroup/k8s-web/73e2d6bc24d8a067`.
    pub resource: String,
}

/// A text that is not an ARN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an ARN: expected arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE")]
pub struct InvalidArn(String);

impl FromStr for Arn {
    type Err = InvalidArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", partition, service, region, account, resource]
                if !partition.is_empty() && !service.is_empty() && !resource.is_empty() =>
            {
                Ok(Self {
                    partition: (*partition).to_owned(),
                    service: (*service).to_owned(),
                    region: (*region).to_owned(),
                    account: (*account).to_owned(),
                    resource: (*resource).to_owned(),
                })
            }
            _ => Err(InvalidArn(text.to_owned())),
        }
    }
}

impl Arn {
    /// The name of a load balancer or target group: `net/NAME/ID` or `NAME/ID`.
    pub fn name(&self) -> Option<&str> {
        let parts: Vec<&str> = self.resource.split('/').collect();
        match parts.as_slice() {
            ["loadbalancer", _, name, _] | ["targetgroup", name, _] | ["loadbalancer", name] => {
                Some(name)
            }
            _ => None,
        }
    }

    /// Whether it names a target group.
    pub fn is_target_group(&self) -> bool {
        self.resource.starts_with("targetgroup/")
    }

    /// Whether it names a load balancer.
    pub fn is_load_balancer(&self) -> bool {
        self.resource.starts_with("loadbalancer/")
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "arn:{}:{}:{}:{}:{}",
            self.partition, self.service, self.region, self.account, self.resource
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Arn;

    #[test]
    fn names_of_balancers_and_groups() {
        let lb: Arn =
            "arn:aws:elasticloadbalancing:eu-west-2:111122223333:loadbalancer/net/k8s-a/0a1b"
                .parse()
                .unwrap();
        assert_eq!(lb.name(), Some("k8s-a"));
        let tg: Arn =
            "arn:aws-cn:elasticloadbalancing:cn-north-1:111122223333:targetgroup/k8s-b/0a1b"
                .parse()
                .unwrap();
        assert_eq!((tg.name(), tg.is_target_group()), (Some("k8s-b"), true));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "arn",
            "arn:aws:elb",
            "arn::x:::y",
            "k8s-a.elb.eu-west-2.amazonaws.com",
        ] {
            assert!(text.parse::<Arn>().is_err(), "{text}");
        }
    }
}
