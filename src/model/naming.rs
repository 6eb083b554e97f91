//! The names that the two AWS controllers compute for what they make.
//!
//! A name needs no AWS call, so a load balancer can be looked for before its
//! host name is in the Service's status, and it says which controller made it.
//! (AWS Load Balancer Controller, pkg/service/model_build_load_balancer.go and
//! model_build_target_group.go; cloud-provider cloud.go, DefaultLoadBalancerName.)

use sha2::{Digest, Sha256};

/// Longest part of a namespace or a name in a generated name.
const PART: usize = 8;
/// Hexadecimal digits of the hash in a generated name.
const HASH: usize = 10;
/// Longest name that cloud-provider gives.
const CLOUD: usize = 32;

/// The load balancer that the AWS Load Balancer Controller makes for a Service.
///
/// The scheme (`internal` or `internet-facing`) is part of the hash, so another scheme is another load balancer.
pub fn load_balancer(
    cluster: &str,
    namespace: &str,
    name: &str,
    uid: &str,
    scheme: &str,
) -> String {
    shaped(namespace, name, &[cluster, uid, scheme])
}

/// What decides the name of a target group of the AWS Load Balancer Controller.
#[derive(Debug, Clone, Copy)]
pub struct TargetGroupInputs<'a> {
    /// `--cluster-name` of the controller.
    pub cluster: &'a str,
    /// UID of the Service.
    pub uid: &'a str,
    /// The NodePort for `instance`; the number of the target port for `ip`, or 1 when it is named.
    pub target_port: u16,
    /// The port of the Service.
    pub service_port: u16,
    /// `instance` or `ip`.
    pub target_type: &'a str,
    /// `TCP`, `UDP`, …
    pub protocol: &'a str,
    /// Protocol of the health check.
    pub check_protocol: &'a str,
    /// Seconds between health checks.
    pub check_interval: u32,
}

/// The target group that the AWS Load Balancer Controller makes for a Service port.
pub fn target_group(namespace: &str, name: &str, inputs: TargetGroupInputs<'_>) -> String {
    shaped(
        namespace,
        name,
        &[
            inputs.cluster,
            inputs.uid,
            &inputs.target_port.to_string(),
            &inputs.service_port.to_string(),
            inputs.target_type,
            inputs.protocol,
            inputs.check_protocol,
            &inputs.check_interval.to_string(),
        ],
    )
}

/// The load balancer, network or classic, that cloud-provider-aws makes for a Service.
pub fn cloud_provider(uid: &str) -> String {
    let name = format!("a{}", uid.replace('-', ""));
    name.chars().take(CLOUD).collect()
}

/// What a name of the AWS Load Balancer Controller begins with, up to the hash.
pub fn prefix(namespace: &str, name: &str) -> String {
    let part = |text: &str| -> String {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .take(PART)
            .collect()
    };
    format!("k8s-{}-{}-", part(namespace), part(name))
}

fn shaped(namespace: &str, name: &str, hashed: &[&str]) -> String {
    let mut hash: String = Sha256::digest(hashed.concat())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    hash.truncate(HASH);
    format!("{}{hash}", prefix(namespace, name))
}

#[cfg(test)]
mod tests {
    use super::{TargetGroupInputs, cloud_provider, load_balancer, target_group};

    #[test]
    fn load_balancers_as_the_controller_names_them() {
        let rows = [
            (
                ["", "foo", "bar", "", "internet-facing"],
                "k8s-foo-bar-e053368fb2",
            ),
            (
                [
                    "shop-prod",
                    "shop",
                    "web",
                    "43b9bb7d-0691-4d0a-aac0-de41b40da37e",
                    "internet-facing",
                ],
                "k8s-shop-web-fba545b2c1",
            ),
            (
                [
                    "obs-eu-dev-cluster",
                    "gateway",
                    "cilium-gateway-shared-gateway",
                    "e57726fb-7cd2-4615-8242-678a6b3037f4",
                    "internet-facing",
                ],
                "k8s-gateway-ciliumga-64535184d1",
            ),
        ];
        for ([cluster, namespace, name, uid, scheme], expected) in rows {
            assert_eq!(
                load_balancer(cluster, namespace, name, uid, scheme),
                expected
            );
        }
    }

    #[test]
    fn target_groups_as_the_controller_names_them() {
        // The expectations of the controller's own unit tests.
        const FIRST: &str = "2dc098f0-ae33-4378-af7b-83e2a0424495";
        let rows = [
            (FIRST, "instance", 31223, 80, "0c68c79423"),
            (FIRST, "instance", 32323, 83, "c200165858"),
            (
                "bdca2bd0-bfc6-449a-88a3-03451f05f18c",
                "ip",
                80,
                80,
                "d4818dcd51",
            ),
            (
                "7ab4be33-11c2-4a7b-b622-7add8affab36",
                "ip",
                80,
                80,
                "cc40ce9c73",
            ),
        ];
        for (uid, target_type, target_port, service_port, hash) in rows {
            let inputs = TargetGroupInputs {
                cluster: "my-cluster",
                uid,
                target_port,
                service_port,
                target_type,
                protocol: "TCP",
                check_protocol: "TCP",
                check_interval: 10,
            };
            let name = target_group("default", "nlb-svc", inputs);
            assert_eq!(name, format!("k8s-default-nlbsvc-{hash}"));
        }
    }

    #[test]
    fn cloud_provider_takes_the_uid() {
        assert_eq!(
            cloud_provider("e57726fb-7cd2-4615-8242-678a6b3037f4"),
            "ae57726fb7cd246158242678a6b3037f"
        );
        assert_eq!(cloud_provider(""), "a");
    }
}
