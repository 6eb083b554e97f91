//! The target group that a controller should have made for a Service port.
//!
//! Defaults by controller and mode: AWS Load Balancer Controller, pkg/service/model_builder.go and
//! model_build_target_group.go; cloud-provider-aws, buildNLBHealthCheckConfiguration. For address
//! targets the first one does not use the health-check node port (its issue #1813).

use super::shared_mode;
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

/// The target type that annotations declare to the AWS Load Balancer Controller, whose flag decides without one
/// (pkg/service/model_build_target_group.go, buildTargetType).
fn declared_type(service: &Service) -> Option<(String, &str)> {
    match annotated(service, "aws-load-balancer-type") {
        Some((by, "nlb-ip")) => Some((by, "ip")),
        _ => annotated(service, "aws-load-balancer-nlb-target-type"),
    }
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
    let declared_type = declared_type(service).filter(|_| lbc);
    if let Some((by, value)) = &declared_type {
        add("TargetType", (*value).to_owned(), Some(by.clone()));
    }
    let target_type = declared_type.map_or(group.target_type.as_str(), |(_, value)| value);
    let local = service.is_local() && target_type == "instance";
    let defaults = defaults(owner, local);
    let annotation =
        |name: &str| annotated(service, &format!("aws-load-balancer-healthcheck-{name}"));
    if lbc || !shared_mode::may_have_set(service, group) {
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
    use crate::check::objects::annotated;
    use crate::check::objects::owner::Owner;
    use crate::model::aws::TargetGroup;
    use crate::model::kubernetes::Service;
    use serde_json::json;

    fn service(local: bool, annotations: &[(&str, &str)]) -> Service {
        let ports = json!([{"name": "http", "port": 80, "nodePort": 31080}]);
        let object = json!({"spec": {"type": "LoadBalancer", "ports": ports}});
        let mut service = annotated::service(object, annotations);
        if local {
            service.spec.external_traffic_policy = "Local".to_owned();
            service.spec.health_check_node_port = 32100;
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
            name: "HealthCheckProtocol",
            wanted: "TCP".to_owned(),
            by: None,
        };
        assert_eq!(all[0], first);
    }

    #[test]
    fn the_type_nlb_ip_wins_over_the_target_type() {
        let service = service(
            false,
            &[("type", "nlb-ip"), ("nlb-target-type", "instance")],
        );
        let group = TargetGroup::default();
        let all = fields(&service, Owner::LoadBalancerController, 80, &group);
        assert_eq!((all[0].name, all[0].wanted.as_str()), ("TargetType", "ip"));
        assert!(
            all[0]
                .by
                .as_deref()
                .unwrap()
                .contains("aws-load-balancer-type")
        );
    }

    #[test]
    fn a_check_that_the_shared_mode_may_have_set_is_not_judged() {
        let group = |protocol: &str, port: &str| TargetGroup {
            health_check_protocol: Some(protocol.to_owned()),
            health_check_port: Some(port.to_owned()),
            ..TargetGroup::default()
        };
        let judged = |local, owner, group: &TargetGroup| {
            let asked = [("healthcheck-port", "8080"), ("healthcheck-path", "/ready")];
            let all = fields(&service(local, &asked), owner, 80, group);
            all.iter().any(|field| field.name == "HealthCheckProtocol")
        };
        let (cpa, lbc) = (Owner::CloudProvider, Owner::LoadBalancerController);
        assert!(!judged(false, cpa, &group("HTTP", "10256")));
        assert!(!judged(false, cpa, &group("HTTP", "10300")));
        assert!(judged(false, cpa, &group("HTTP", "31080")));
        assert!(judged(false, cpa, &group("HTTP", "traffic-port")));
        assert!(judged(false, cpa, &group("TCP", "10300")));
        assert!(judged(true, cpa, &group("HTTP", "10300")));
        assert!(judged(false, lbc, &group("HTTP", "10300")));
    }
}
