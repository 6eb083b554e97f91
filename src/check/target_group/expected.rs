//! The target group that a controller should have made for a Service port.
//!
//! Defaults by controller and mode: AWS Load Balancer Controller, pkg/service/model_builder.go and
//! model_build_target_group.go; cloud-provider-aws, buildNLBHealthCheckConfiguration. For address
//! targets the first one does not use the health-check node port (its issue #1813).

use crate::check::objects::declared::annotated;
use crate::check::objects::owner::Owner;
use crate::model::aws::TargetGroup;
use crate::model::kubernetes::Service;

/// What a field of the target group should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// The field as AWS names it.
    pub(super) name: &'static str,
    /// Its value.
    pub(super) wanted: String,
    /// The annotation or field that declares it; none for the controller's default.
    pub(super) by: Option<String>,
}

/// Defaults of one controller in one mode.
struct Defaults {
    protocol: &'static str,
    path: &'static str,
    interval: u32,
    timeout: u32,
    threshold: u32,
}

fn defaults(owner: Owner, local: bool) -> Defaults {
    let http = |timeout| Defaults {
        protocol: "HTTP",
        path: "/healthz",
        interval: 10,
        timeout,
        threshold: 2,
    };
    let tcp = |interval| Defaults {
        protocol: "TCP",
        path: "/",
        interval,
        timeout: 10,
        threshold: 3,
    };
    match (owner, local) {
        (Owner::CloudProvider, true) => http(10),
        (Owner::CloudProvider, false) => tcp(30),
        (_, true) => http(6),
        (_, false) => tcp(10),
    }
}

/// kube-proxy's health port.
const SHARED: &str = "10256";

/// Whether a target group is checked as cloud-provider-aws does in its other mode,
/// `ClusterServiceLoadBalancerHealthProbeMode=Shared`, which only its own configuration tells.
fn is_shared(group: &TargetGroup) -> bool {
    group.health_check_port.as_deref() == Some(SHARED)
        && group.health_check_protocol.as_deref() == Some("HTTP")
}

/// What the fields of the target group of a Service port should be.
///
/// `group` tells what cannot be told from the Service: the type that the controller's flags default to.
pub(super) fn fields(
    service: &Service,
    owner: Owner,
    port: u16,
    group: &TargetGroup,
) -> Vec<Field> {
    let lbc = owner == Owner::LoadBalancerController;
    let mut all = Vec::new();
    let mut add = |name, wanted: String, by: Option<String>| all.push(Field { name, wanted, by });
    let declared_type = annotated(service, "aws-load-balancer-nlb-target-type");
    match &declared_type {
        Some((by, value)) if lbc => add("TargetType", (*value).to_owned(), Some(by.clone())),
        _ if !lbc => add("TargetType", "instance".to_owned(), None),
        _ => {}
    }
    let target_type = match declared_type {
        Some((_, value)) if lbc => value,
        _ => group.target_type.as_str(),
    };
    let local = service.is_local() && target_type == "instance";
    let shared = owner == Owner::CloudProvider && !local && is_shared(group);
    let defaults = if shared {
        Defaults {
            interval: 30,
            threshold: 3,
            ..defaults(owner, true)
        }
    } else {
        defaults(owner, local)
    };
    let annotation =
        |name: &str| annotated(service, &format!("aws-load-balancer-healthcheck-{name}"));
    let (protocol, by) = match annotation("protocol") {
        Some((by, value)) => (value.to_ascii_uppercase(), Some(by)),
        None => (defaults.protocol.to_owned(), None),
    };
    let http = protocol != "TCP";
    add("HealthCheckProtocol", protocol, by);
    let (check_port, by) = match annotation("port") {
        Some((by, value)) => (port_of(service, value, target_type), Some(by)),
        None if local && service.spec.health_check_node_port != 0 => (
            Some(service.spec.health_check_node_port.to_string()),
            Some("spec.healthCheckNodePort".to_owned()),
        ),
        None if shared => (Some(SHARED.to_owned()), None),
        None => (Some("traffic-port".to_owned()), None),
    };
    // A number that is the traffic port says the same in other words.
    if let Some(wanted) = check_port.filter(|wanted| !same_port(service, port, group, wanted)) {
        add("HealthCheckPort", wanted, by);
    }
    if http {
        let (path, by) = match annotation("path") {
            Some((by, value)) => (value.to_owned(), Some(by)),
            None => (defaults.path.to_owned(), None),
        };
        add("HealthCheckPath", path, by);
        if let (true, Some((by, value))) = (lbc, annotation("success-codes")) {
            add("Matcher.HttpCode", value.to_owned(), Some(by));
        }
    }
    for (name, field, default) in [
        ("interval", "HealthCheckIntervalSeconds", defaults.interval),
        ("timeout", "HealthCheckTimeoutSeconds", defaults.timeout),
        (
            "healthy-threshold",
            "HealthyThresholdCount",
            defaults.threshold,
        ),
        (
            "unhealthy-threshold",
            "UnhealthyThresholdCount",
            defaults.threshold,
        ),
    ] {
        // cloud-provider-aws does not pass the timeout on, so AWS's own default stays.
        if !lbc && name == "timeout" {
            continue;
        }
        match annotation(name) {
            Some((by, value)) => add(field, value.to_owned(), Some(by)),
            None => add(field, default.to_string(), None),
        }
    }
    all
}

/// The number behind `healthcheck-port`: a number, `traffic-port`, or the name of a Service port.
///
/// `None` for a name that address targets resolve by their pods.
fn port_of(service: &Service, value: &str, target_type: &str) -> Option<String> {
    if value == "traffic-port" || value.parse::<u16>().is_ok() {
        return Some(value.to_owned());
    }
    let named = service.spec.ports.iter().find(|port| port.name == value)?;
    (target_type == "instance" && named.node_port != 0).then(|| named.node_port.to_string())
}

fn same_port(service: &Service, port: u16, group: &TargetGroup, wanted: &str) -> bool {
    let node_port = service
        .spec
        .ports
        .iter()
        .find(|found| found.port == port)
        .map(|found| found.node_port.to_string());
    let plain = |text: &str| {
        if Some(text) == node_port.as_deref() {
            "traffic-port".to_owned()
        } else {
            text.to_owned()
        }
    };
    let actual = group.health_check_port.as_deref().unwrap_or("traffic-port");
    plain(actual) == plain(wanted)
}

/// The value of a field in the description of a target group.
pub(super) fn actual(group: &TargetGroup, name: &str) -> Option<String> {
    let number = |value: Option<u32>| value.map(|value| value.to_string());
    match name {
        "TargetType" => Some(group.target_type.clone()).filter(|value| !value.is_empty()),
        "Protocol" => Some(group.protocol.clone()).filter(|value| !value.is_empty()),
        "HealthCheckProtocol" => group.health_check_protocol.clone(),
        "HealthCheckPort" => group.health_check_port.clone(),
        "HealthCheckPath" => group.health_check_path.clone(),
        "Matcher.HttpCode" => group.matcher.as_ref()?.http_code.clone(),
        "HealthCheckIntervalSeconds" => number(group.health_check_interval_seconds),
        "HealthCheckTimeoutSeconds" => number(group.health_check_timeout_seconds),
        "HealthyThresholdCount" => number(group.healthy_threshold_count),
        "UnhealthyThresholdCount" => number(group.unhealthy_threshold_count),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, actual, fields};
    use crate::check::objects::owner::Owner;
    use crate::model::aws::TargetGroup;
    use crate::model::kubernetes::Service;
    use serde_json::json;

    fn service(local: bool, annotations: &[(&str, &str)]) -> Service {
        let mut service: Service = serde_json::from_value(json!({
            "spec": {"type": "LoadBalancer", "ports": [{"name": "http", "port": 80, "nodePort": 31080}]}
        }))
        .unwrap();
        if local {
            service.spec.external_traffic_policy = "Local".to_owned();
            service.spec.health_check_node_port = 32100;
        }
        for (name, value) in annotations {
            let key = format!("service.beta.kubernetes.io/aws-load-balancer-{name}");
            service
                .metadata
                .annotations
                .insert(key, (*value).to_owned());
        }
        service
    }

    fn of(service: &Service, owner: Owner, target_type: &str) -> Vec<String> {
        let group = TargetGroup {
            target_type: target_type.to_owned(),
            health_check_port: Some("1".to_owned()),
            ..TargetGroup::default()
        };
        fields(service, owner, 80, &group)
            .into_iter()
            .filter(|field| field.name != "TargetType")
            .map(|field| field.wanted)
            .collect()
    }

    #[test]
    fn the_defaults_of_both_controllers_by_mode() {
        use Owner::{CloudProvider, LoadBalancerController};
        let rows: [(Owner, bool, &str, &[&str]); 5] = [
            (
                LoadBalancerController,
                false,
                "instance",
                &["TCP", "traffic-port", "10", "10", "3", "3"],
            ),
            (
                LoadBalancerController,
                true,
                "instance",
                &["HTTP", "32100", "/healthz", "10", "6", "2", "2"],
            ),
            (
                LoadBalancerController,
                true,
                "ip",
                &["TCP", "traffic-port", "10", "10", "3", "3"],
            ),
            (
                CloudProvider,
                false,
                "instance",
                &["TCP", "traffic-port", "30", "3", "3"],
            ),
            (
                CloudProvider,
                true,
                "instance",
                &["HTTP", "32100", "/healthz", "10", "2", "2"],
            ),
        ];
        for (owner, local, target_type, expected) in rows {
            assert_eq!(
                of(&service(local, &[]), owner, target_type),
                expected,
                "{owner:?} {local} {target_type}"
            );
        }
    }

    #[test]
    fn annotations_win_and_a_port_may_be_named() {
        let declared = service(
            false,
            &[
                ("healthcheck-protocol", "http"),
                ("healthcheck-port", "http"),
                ("healthcheck-path", "/ready"),
                ("healthcheck-success-codes", "200"),
                ("healthcheck-interval", "20"),
            ],
        );
        assert_eq!(
            of(&declared, Owner::LoadBalancerController, "instance"),
            ["HTTP", "31080", "/ready", "200", "20", "10", "3", "3"]
        );
    }

    #[test]
    fn the_number_of_the_traffic_port_is_the_traffic_port() {
        let group = TargetGroup {
            target_type: "instance".to_owned(),
            health_check_port: Some("31080".to_owned()),
            ..TargetGroup::default()
        };
        let all = fields(&service(false, &[]), Owner::CloudProvider, 80, &group);
        assert!(!all.iter().any(|field| field.name == "HealthCheckPort"));
        assert_eq!(actual(&group, "HealthCheckPort").as_deref(), Some("31080"));
        let first = Field {
            name: "TargetType",
            wanted: "instance".to_owned(),
            by: None,
        };
        assert_eq!(all[0], first);
    }
}
