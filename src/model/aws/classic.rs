//! Classic Load Balancers, of `aws elb`: what cloud-provider-aws makes for a Service unless it is told otherwise.

use serde::{Deserialize, Serialize};

/// A load balancer of `elb describe-load-balancers`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ClassicLoadBalancer {
    /// Name, unique per account and region.
    pub load_balancer_name: String,
    /// DNS name as AWS spells it; compare without regard to case.
    #[serde(rename = "DNSName")]
    pub dns_name: String,
    /// `internet-facing` or `internal`.
    pub scheme: String,
    /// Listeners with the port of the instances behind each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listener_descriptions: Vec<ListenerDescription>,
    /// The one health check for all listeners.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<ClassicHealthCheck>,
    /// The registered instances.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<ClassicInstance>,
    /// Enabled zones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub availability_zones: Vec<String>,
    /// `vpc-…`; absent for one of EC2-Classic, which no longer exists.
    #[serde(rename = "VPCId", skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    /// Its subnets, one in each zone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<String>,
    /// Its security groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<String>,
}

/// A listener in its envelope.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListenerDescription {
    /// The listener.
    pub listener: ClassicListener,
}

/// A listener and where it forwards to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ClassicListener {
    /// `TCP`, `SSL`, `HTTP` or `HTTPS`.
    pub protocol: String,
    /// The port of clients.
    pub load_balancer_port: u16,
    /// Towards the instances: `TCP`, `SSL`, `HTTP` or `HTTPS`.
    pub instance_protocol: String,
    /// The port of the instances: a NodePort.
    pub instance_port: u16,
}

/// The health check of a Classic Load Balancer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ClassicHealthCheck {
    /// `TCP:31080`, `SSL:31443`, `HTTP:32100/healthz`, `HTTPS:…`.
    pub target: String,
    /// Seconds between checks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<u32>,
    /// Seconds until a check counts as failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u32>,
    /// Failed checks until an instance is out of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unhealthy_threshold: Option<u32>,
    /// Passed checks until it is in service again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthy_threshold: Option<u32>,
}

/// A registered instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ClassicInstance {
    /// `i-…`.
    pub instance_id: String,
}

/// The state of an instance, of `elb describe-instance-health`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct InstanceHealth {
    /// `i-…`.
    pub instance_id: String,
    /// `InService`, `OutOfService` or `Unknown`.
    pub state: String,
    /// `ELB`, `Instance` or `N/A`.
    pub reason_code: String,
    /// Text that goes with it; `N/A` where nothing does.
    pub description: String,
}

/// What the state of an instance means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceStanding {
    /// Checks pass.
    InService,
    /// It has just been registered.
    Registering,
    /// It is in a zone that is not enabled.
    ZoneNotEnabled,
    /// It is stopped.
    Stopped,
    /// It is terminated.
    Terminated,
    /// The load balancer does not have it.
    NotRegistered,
    /// Checks fail.
    ChecksFail,
    /// It is out of service; why is not told in known words.
    OutOfService,
    /// AWS does not know.
    Unknown,
}

impl InstanceHealth {
    /// What state and description say together, by the telling words of the descriptions.
    ///
    /// (Guide of Classic Load Balancers, "Troubleshoot a Classic Load Balancer: health checks".)
    pub fn standing(&self) -> InstanceStanding {
        let text = self.description.to_ascii_lowercase();
        let has = |words: &str| text.contains(words);
        match self.state.as_str() {
            "InService" => InstanceStanding::InService,
            "OutOfService" if has("registration is still in progress") => {
                InstanceStanding::Registering
            }
            "OutOfService" if has("for which loadbalancer is not configured") => {
                InstanceStanding::ZoneNotEnabled
            }
            "OutOfService" if has("stopped state") => InstanceStanding::Stopped,
            "OutOfService" if has("terminated") => InstanceStanding::Terminated,
            "OutOfService" if has("not currently registered") => InstanceStanding::NotRegistered,
            "OutOfService" if has("unhealthythreshold") || has("health check") => {
                InstanceStanding::ChecksFail
            }
            "OutOfService" => InstanceStanding::OutOfService,
            _ => InstanceStanding::Unknown,
        }
    }
}

/// The target of a health check, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckTarget<'a> {
    /// `TCP`, `SSL`, `HTTP` or `HTTPS`.
    pub protocol: &'a str,
    /// Port.
    pub port: u16,
    /// Path of an HTTP check.
    pub path: Option<&'a str>,
}

impl ClassicHealthCheck {
    /// Protocol, port and path; `None` where the text has another form.
    pub fn parts(&self) -> Option<CheckTarget<'_>> {
        let (protocol, rest) = self.target.split_once(':')?;
        let (port, path) = match rest.find('/') {
            Some(at) => (&rest[..at], Some(&rest[at..])),
            None => (rest, None),
        };
        Some(CheckTarget {
            protocol,
            port: port.parse().ok()?,
            path,
        })
    }
}

impl ClassicLoadBalancer {
    /// The listener on a port of clients.
    pub fn listener(&self, port: u16) -> Option<&ClassicListener> {
        self.listener_descriptions
            .iter()
            .map(|description| &description.listener)
            .find(|listener| listener.load_balancer_port == port)
    }
}

#[cfg(test)]
mod tests {
    use super::{CheckTarget, ClassicHealthCheck, InstanceHealth, InstanceStanding};

    #[test]
    fn words_of_the_guide() {
        let of = |state: &str, description: &str| {
            let health = InstanceHealth {
                state: state.to_owned(),
                description: description.to_owned(),
                ..InstanceHealth::default()
            };
            health.standing()
        };
        assert_eq!(of("InService", "N/A"), InstanceStanding::InService);
        for (text, standing) in [
            (
                "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.",
                InstanceStanding::ChecksFail,
            ),
            (
                "Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to.",
                InstanceStanding::ZoneNotEnabled,
            ),
            ("Instance is in stopped state.", InstanceStanding::Stopped),
            (
                "Instance is in terminated state.",
                InstanceStanding::Terminated,
            ),
            (
                "Instance is not currently registered with the LoadBalancer.",
                InstanceStanding::NotRegistered,
            ),
            (
                "Instance registration is still in progress.",
                InstanceStanding::Registering,
            ),
            ("A word that nobody knows.", InstanceStanding::OutOfService),
        ] {
            assert_eq!(of("OutOfService", text), standing, "{text}");
        }
        assert_eq!(
            of("Unknown", "A transient error occurred."),
            InstanceStanding::Unknown
        );
    }

    #[test]
    fn targets_of_health_checks() {
        let parts = |target: &str| {
            let check = ClassicHealthCheck {
                target: target.to_owned(),
                ..ClassicHealthCheck::default()
            };
            check.parts().map(
                |CheckTarget {
                     protocol,
                     port,
                     path,
                 }| { (protocol.to_owned(), port, path.map(str::to_owned)) },
            )
        };
        assert_eq!(parts("TCP:31080"), Some(("TCP".to_owned(), 31080, None)));
        assert_eq!(
            parts("HTTP:32100/healthz"),
            Some(("HTTP".to_owned(), 32100, Some("/healthz".to_owned())))
        );
        for broken in ["", "TCP", "TCP:", "TCP:http", "TCP:70000", "HTTP:/healthz"] {
            assert_eq!(parts(broken), None, "{broken}");
        }
    }
}
