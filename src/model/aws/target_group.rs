//! ELBv2 target groups and the health that AWS reports.

use serde::{Deserialize, Serialize};

/// A target group of `elbv2 describe-target-groups`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TargetGroup {
    /// ARN; names account and region.
    pub target_group_arn: String,
    /// Name.
    pub target_group_name: String,
    /// `TCP`, `TLS`, `UDP`, `TCP_UDP`, …
    pub protocol: String,
    /// Default port of targets registered without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    /// `instance` or `ip`.
    pub target_type: String,
    /// `ipv4` or `ipv6`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address_type: Option<String>,
    /// Load balancers that use it; empty when none does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub load_balancer_arns: Vec<String>,
    /// False only for lambda targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_enabled: Option<bool>,
    /// `TCP`, `HTTP` or `HTTPS`; always TCP on the wire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_protocol: Option<String>,
    /// A number or `traffic-port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_port: Option<String>,
    /// Path of an HTTP check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_path: Option<String>,
    /// Seconds, 5 to 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_interval_seconds: Option<u32>,
    /// Seconds, 2 to 120.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_timeout_seconds: Option<u32>,
    /// 2 to 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthy_threshold_count: Option<u32>,
    /// 2 to 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unhealthy_threshold_count: Option<u32>,
    /// Codes that count as healthy for an HTTP check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matcher: Option<Matcher>,
}

/// HTTP codes that count as healthy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Matcher {
    /// `200-399`, `200,302`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_code: Option<String>,
}

/// A target of `elbv2 describe-target-health`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TargetHealthDescription {
    /// The target.
    pub target: Target,
    /// The resolved port of the check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_port: Option<String>,
    /// What AWS reports.
    pub target_health: TargetHealth,
    /// Zonal shift.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub administrative_override: Option<AdministrativeOverride>,
}

/// A registered target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Target {
    /// Instance id or address.
    pub id: String,
    /// Port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// `all` for addresses outside the VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
}

/// What AWS reports.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TargetHealth {
    /// `initial`, `healthy`, `unhealthy`, `unused`, `draining`, `unavailable`, `unhealthy.draining`; an open set.
    pub state: String,
    /// `Target.FailedHealthChecks`, …; an open set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Text; tells the two causes of Target.NotInUse apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A zonal shift.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AdministrativeOverride {
    /// `no_override`, `zonal_shift_active`, …
    pub state: String,
    /// Reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl TargetGroup {
    /// Seconds until a target that passes again counts as healthy: interval × threshold.
    ///
    /// A first success makes a *new* target healthy at once; this is the bound for one that was unhealthy.
    pub fn seconds_to_healthy(&self) -> Option<u32> {
        Some(
            self.health_check_interval_seconds?
                .saturating_mul(self.healthy_threshold_count?),
        )
    }

    /// The port that the check goes to for a target registered with `port`.
    ///
    /// `None` when the configured text is neither a number nor `traffic-port`.
    pub fn health_check_port_for(&self, port: u16) -> Option<u16> {
        match self.health_check_port.as_deref() {
            None | Some("traffic-port") => Some(port),
            Some(number) => number.parse().ok(),
        }
    }
}
