//! The protocol of the target group that a controller should have made for a Service port.
//!
//! AWS Load Balancer Controller, buildListenerSpec of pkg/service/model_build_listener.go; cloud-provider-aws, the
//! port mappings of EnsureLoadBalancer. Where versions or the controller's own flags differ, nothing is expected.

use super::expected::Field;
use crate::check::objects::declared::annotated;
use crate::check::objects::owner::Owner;
use crate::model::kubernetes::Service;
use crate::model::kubernetes::service::ServicePort;

/// The protocol that it should have, with what declares it; `None` where that is not certain.
pub(super) fn protocol(
    service: &Service,
    owner: Owner,
    port: u16,
    transport: &str,
) -> Option<Field> {
    let alike: Vec<&ServicePort> = service
        .spec
        .ports
        .iter()
        .filter(|found| found.port == port)
        .collect();
    let own = *alike.iter().find(|found| found.protocol() == transport)?;
    let plain = (own.protocol().to_owned(), field_of(own));
    let lbc = owner == Owner::LoadBalancerController;
    let (wanted, by) = match (own.protocol(), alike.as_slice()) {
        ("TCP" | "UDP", [_]) => plain,
        ("TCP" | "UDP", [_, _]) if lbc => both(service, &alike)?,
        _ => return None,
    };
    let backend = backend(service, owner, own)?;
    let quic = lbc.then(|| annotated(service, "aws-load-balancer-quic-enabled-ports"));
    let quic = quic.flatten().filter(|(_, text)| lists(text, own));
    let (wanted, by) = match (wanted.as_str(), backend, quic) {
        ("TCP", Backend::Tls(by), None) => ("TLS".to_owned(), by),
        // Only TCP carries TLS, which older versions of cloud-provider-aws did not heed.
        ("UDP", Backend::Tls(_), None) if !lbc => return None,
        ("UDP", _, Some((by, _))) => ("QUIC".to_owned(), by),
        ("TCP_UDP", _, Some((by, _))) => ("TCP_QUIC".to_owned(), by),
        // Refused.
        (_, _, Some(_)) => return None,
        (_, _, None) => (wanted, by),
    };
    Some(Field {
        name: "Protocol",
        wanted,
        by: Some(by),
    })
}

/// `spec.ports[http].protocol`; a port without a name is the only one.
fn field_of(port: &ServicePort) -> String {
    let name = if port.name.is_empty() {
        port.port.to_string()
    } else {
        port.name.clone()
    };
    format!("spec.ports[{name}].protocol")
}

/// One listener for TCP and UDP of one number, where the Service asks for it; otherwise a flag of the controller decides.
fn both(service: &Service, alike: &[&ServicePort]) -> Option<(String, String)> {
    let (by, asked) = annotated(service, "aws-load-balancer-enable-tcp-udp-listener")?;
    let differ = ["TCP", "UDP"]
        .iter()
        .all(|wanted| alike.iter().any(|port| port.protocol() == *wanted));
    (asked == "true" && differ).then(|| ("TCP_UDP".to_owned(), by))
}

/// How the load balancer speaks to the targets of a TCP port.
enum Backend {
    /// As the client does, or without the TLS that the listener has ended.
    Plain,
    /// TLS, and the annotation that says so.
    Tls(String),
}

/// How the annotations have it speak; `None` where that is not certain.
fn backend(service: &Service, owner: Owner, port: &ServicePort) -> Option<Backend> {
    let of = |name: &str| annotated(service, name);
    let Some((by, asked)) = of("aws-load-balancer-backend-protocol") else {
        return Some(Backend::Plain);
    };
    if asked != "ssl" {
        // Another spelling of it may be read by another version.
        return (!asked.eq_ignore_ascii_case("ssl")).then_some(Backend::Plain);
    }
    let has_certificate =
        of("aws-load-balancer-ssl-cert").is_some_and(|(_, text)| !text.trim().is_empty());
    if !has_certificate {
        return Some(Backend::Plain);
    }
    let listed = of("aws-load-balancer-ssl-ports").map_or("", |(_, text)| text);
    if listed.is_empty() || (listed == "*" && owner == Owner::CloudProvider) {
        return Some(Backend::Tls(by));
    }
    let is_port = |word: &str| service.spec.ports.iter().any(|port| is(word, port));
    if listed.contains(char::is_whitespace) || !listed.split(',').all(is_port) {
        // Refused by one version, skipped by another.
        return None;
    }
    Some(if lists(listed, port) {
        Backend::Tls(by)
    } else {
        Backend::Plain
    })
}

fn lists(text: &str, port: &ServicePort) -> bool {
    text.split(',').any(|word| is(word.trim(), port))
}

fn is(word: &str, port: &ServicePort) -> bool {
    !word.is_empty() && (word == port.name || word == port.port.to_string())
}

#[cfg(test)]
mod tests {
    use super::protocol;
    use crate::check::objects::annotated;
    use crate::check::objects::owner::Owner;
    use crate::model::kubernetes::Service;
    use serde_json::{Value, json};

    const LBC: Owner = Owner::LoadBalancerController;
    const CPA: Owner = Owner::CloudProvider;

    /// Ports, annotations and owner, and the protocol of port 443's target group.
    type Case<'a> = (&'a Value, &'a [(&'a str, &'a str)], Owner, Option<&'a str>);

    fn service(ports: &Value, annotations: &[(&str, &str)]) -> Service {
        annotated::service(json!({"spec": {"ports": ports}}), annotations)
    }

    fn of(ports: &Value, annotations: &[(&str, &str)], owner: Owner) -> Option<String> {
        let service = service(ports, annotations);
        let transport = service.spec.ports[0].protocol().to_owned();
        protocol(&service, owner, 443, &transport).map(|field| field.wanted)
    }

    fn holds((ports, annotations, owner, expected): Case<'_>) {
        assert_eq!(
            of(ports, annotations, owner).as_deref(),
            expected,
            "{ports} {annotations:?} {owner:?}"
        );
    }

    #[test]
    fn what_both_controllers_make_of_one_port() {
        let tcp = json!([{"name": "https", "port": 443}, {"name": "http", "port": 80}]);
        let udp = json!([{"name": "h3", "port": 443, "protocol": "UDP"}]);
        let tls = [("ssl-cert", "arn:x"), ("backend-protocol", "ssl")];
        let with = |ports: &'static str| [tls[0], tls[1], ("ssl-ports", ports)];
        let cases: [Case<'_>; 23] = [
            (&tcp, &[], LBC, Some("TCP")),
            (&tcp, &[], CPA, Some("TCP")),
            (&udp, &[], LBC, Some("UDP")),
            (&udp, &[], CPA, Some("UDP")),
            (&tcp, &tls, LBC, Some("TLS")),
            (&tcp, &tls, CPA, Some("TLS")),
            (&udp, &tls, LBC, Some("UDP")),
            (&udp, &tls, CPA, None),
            (&tcp, &tls[..1], LBC, Some("TCP")),
            (&tcp, &tls[1..], LBC, Some("TCP")),
            (
                &tcp,
                &[tls[0], ("backend-protocol", "tcp")],
                LBC,
                Some("TCP"),
            ),
            (&tcp, &[tls[0], ("backend-protocol", "SSL")], LBC, None),
            (&tcp, &with("443"), LBC, Some("TLS")),
            (&tcp, &with("https"), CPA, Some("TLS")),
            (&tcp, &with("http"), LBC, Some("TCP")),
            (&tcp, &with("http,8443"), LBC, None),
            (&tcp, &with("443, 80"), CPA, None),
            (&tcp, &with("*"), CPA, Some("TLS")),
            (&tcp, &with("*"), LBC, None),
            (&udp, &[("quic-enabled-ports", "443")], LBC, Some("QUIC")),
            (&udp, &[("quic-enabled-ports", "80")], LBC, Some("UDP")),
            (&udp, &[("quic-enabled-ports", "443")], CPA, Some("UDP")),
            (&tcp, &[("quic-enabled-ports", "443")], LBC, None),
        ];
        cases.into_iter().for_each(holds);
    }

    #[test]
    fn two_protocols_of_one_number() {
        let both =
            json!([{"name": "a", "port": 443}, {"name": "b", "port": 443, "protocol": "UDP"}]);
        let twice = json!([{"name": "a", "port": 443}, {"name": "b", "port": 443}]);
        let asked = ("enable-tcp-udp-listener", "true");
        let tls = [asked, ("ssl-cert", "arn:x"), ("backend-protocol", "ssl")];
        let cases: [Case<'_>; 7] = [
            (&both, &[], LBC, None),
            (&both, &[asked], LBC, Some("TCP_UDP")),
            (&both, &[asked], CPA, None),
            (&twice, &[asked], LBC, None),
            (&both, &tls, LBC, Some("TCP_UDP")),
            (&both, &[("enable-tcp-udp-listener", "false")], LBC, None),
            (
                &both,
                &[asked, ("quic-enabled-ports", "443")],
                LBC,
                Some("TCP_QUIC"),
            ),
        ];
        cases.into_iter().for_each(holds);
    }

    #[test]
    fn a_prefix_that_no_controller_reads_declares_nothing() {
        let ports = json!([{"port": 443}]);
        let mut service = service(&ports, &[("ssl-cert", "arn:x")]);
        let key = "service.kubernetes.io/aws-load-balancer-backend-protocol";
        let annotations = &mut service.metadata.annotations;
        annotations.insert(key.to_owned(), "ssl".to_owned());
        let wanted = |owner| protocol(&service, owner, 443, "TCP").unwrap();
        for owner in [LBC, CPA] {
            assert_eq!(wanted(owner).wanted, "TCP");
            let by = wanted(owner).by;
            assert_eq!(by.as_deref(), Some("spec.ports[443].protocol"));
        }
    }

    #[test]
    fn other_protocols_and_ports_expect_nothing() {
        let ports = json!([{"port": 443, "protocol": "SCTP"}]);
        assert_eq!(of(&ports, &[], LBC), None);
        let ports = json!([{"port": 80}]);
        assert_eq!(of(&ports, &[], LBC), None);
    }
}
