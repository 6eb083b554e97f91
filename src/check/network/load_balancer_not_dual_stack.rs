//! The Service asks for IPv6 and its load balancer is IPv4 only: the controller then changes nothing any more.

use crate::check::finding::{Confidence, Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::objects::{events, owner, setting};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::kubernetes::Object;
use crate::model::{Gap, Reason, Source};
use crate::path::Path;

/// What the AWS Load Balancer Controller says (pkg/service/model_build_target_group.go).
const REFUSED: &str = "unsupported IPv6 configuration";

/// The annotation that decides.
const ANNOTATION: &str = "aws-load-balancer-ip-address-type";

/// The check.
pub static CHECK: Check = Check {
    code: Code(4106),
    slug: "load-balancer-not-dual-stack",
    hop: Hop::Network,
    severity: Severity::Warning,
    bearing: Bearing::Hygiene,
    title: "the Service has IPv6 and the load balancer has not, so the controller refuses both",
    since: "0.1.0",
    needs: &[Source::Services, Source::Events, Source::LoadBalancers],
    page: include_str!("load_balancer_not_dual_stack.md"),
    run: Run::Path(run),
    known_issues: &[],
};

fn run(view: &View<'_>, path: &Path) -> Checked {
    let Some(service) = view.service()? else {
        return not_applicable("there is no Service");
    };
    if !service
        .spec
        .ip_families
        .iter()
        .any(|family| family == "IPv6")
    {
        return not_applicable("the Service has no IPv6 address");
    }
    let Some(name) = path.load_balancer.read()? else {
        return not_applicable("there is no load balancer");
    };
    if owner::actual(service, Some(&name.name)).owner != owner::Owner::LoadBalancerController {
        return not_applicable("the load balancer is not that of the AWS Load Balancer Controller");
    }
    // The controller compares with the type that is wanted, so it does not refuse one that was asked for.
    if owner::annotation(service, ANNOTATION) == Some("dualstack") {
        return not_applicable("dual-stack is asked for: CLB2109 says whether it has come");
    }
    let region = view.region(name, Source::LoadBalancers)?;
    let lb = region.load_balancer(&name.name)?;
    match lb.ip_address_type.as_deref() {
        Some("ipv4") => {}
        Some(_) => return pass("the load balancer is dual-stack, as the Service is"),
        None => {
            let reason = Reason::Partial("IpAddressType is not in it".to_owned());
            return Err(Gap::new(Source::LoadBalancers, &name.name, reason));
        }
    }
    let meta = &service.metadata;
    let said = events::warnings(view, "Service", &meta.namespace, &meta.name)
        .into_iter()
        .find(|event| event.message.contains(REFUSED));
    let subject = format!("Service/{}", service.key());
    let mut evidence = vec![
        Evidence::new(
            Layer::Declared,
            &service.origin,
            subject.clone(),
            "spec.ipFamilies",
            service.spec.ip_families.join(", "),
        ),
        Evidence::new(
            Layer::Programmed,
            lb.origin,
            format!("LoadBalancer/{}", name.name),
            "IpAddressType",
            "ipv4",
        ),
    ];
    evidence.extend(said.map(events::evidence));
    let finding = Finding::new(
        format!(
            "spec.ipFamilies of the Service has IPv6 and IpAddressType of {} is ipv4: the AWS Load Balancer Controller refuses the pair and changes nothing any more",
            name.name
        ),
        format!("{} ipv4", name.name),
        evidence,
    )
    .about([subject, format!("LoadBalancer/{}", name.name)])
    .fix(Fix {
        summary: "make the load balancer dual-stack, which needs subnets with IPv6 blocks; or keep the Service to IPv4: ipFamilies [IPv4], for a Gateway in CiliumGatewayClassConfig.spec.service".to_owned(),
        commands: vec![setting::annotate(
            service,
            &format!("{}{ANNOTATION}", owner::PREFIX),
            "dualstack",
        )],
        risk: Risk::Safe,
        changes: Vec::new(),
        after: "the Service gets the event SuccessfullyReconciled".to_owned(),
    });
    fail(if said.is_some() {
        finding
    } else {
        finding
            .confidence(Confidence::Medium)
            .assuming("the controller has tried since; its events expire after an hour")
    })
}
