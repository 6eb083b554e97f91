//! A target group of IPv6 addresses holds instances that have no primary IPv6 address.

use crate::check::finding::{Evidence, Finding, Fix, Layer, Risk};
use crate::check::hop::{Hop, Severity};
use crate::check::outcome::{Checked, fail, not_applicable, pass};
use crate::check::view::RegionView;
use crate::check::{Bearing, Check, Code, Run, View};
use crate::model::aws::{Instance, NetworkInterface};
use crate::model::{Gap, Reason, Source};
use crate::path::{AwsName, Path, Target};

/// The check.
pub static CHECK: Check = Check {
    code: Code(4105),
    slug: "primary-ipv6-missing",
    hop: Hop::Network,
    severity: Severity::Error,
    bearing: Bearing::Health,
    title: "an IPv6 target group holds instances without a primary IPv6 address",
    since: "0.1.0",
    needs: &[Source::TargetGroups, Source::Instances],
    page: include_str!("primary_ipv6_missing.md"),
    run: Run::Target(run),
    known_issues: &[],
};

fn run(view: &View<'_>, path: &Path, target: &Target) -> Checked {
    if !target.id.starts_with("i-") {
        return not_applicable("the target is not an instance");
    }
    let Some(group) = path.target_group.read()? else {
        return not_applicable("there is no target group");
    };
    let region = view.region(group, Source::TargetGroups)?;
    let definition = region.target_group(&group.name)?;
    if definition.ip_address_type.as_deref() != Some("ipv6") {
        return not_applicable("the target group takes IPv4 addresses");
    }
    let instance = region.instance(&target.id)?;
    let interface = match primary(instance.value)? {
        Primary::Set => return pass("the instance has a primary IPv6 address"),
        Primary::Missing(interface) => interface,
    };
    let held: Vec<&str> = interface
        .ipv6_addresses
        .iter()
        .map(|address| address.ipv6_address.as_str())
        .collect();
    let evidence = vec![
        Evidence::new(
            Layer::Declared,
            definition.origin,
            format!("TargetGroup/{}", group.name),
            "IpAddressType",
            "ipv6",
        ),
        Evidence::new(
            Layer::Programmed,
            instance.origin,
            format!("Instance/{}", target.id),
            format!(
                "Ipv6Addresses of {} with IsPrimaryIpv6",
                interface.network_interface_id
            ),
            if held.is_empty() {
                "no IPv6 address".to_owned()
            } else {
                format!("none of {}", held.join(", "))
            },
        ),
    ];
    let finding = Finding::new(
        format!(
            "{} takes IPv6 addresses, and the primary interfaces of its instances have no primary IPv6 address",
            group.name
        ),
        format!("{} ipv6", group.name),
        evidence,
    );
    fail(
        finding
            .about([
                format!("TargetGroup/{}", group.name),
                format!("Instance/{}", target.id),
            ])
            .fix(fix(&region, path, group)),
    )
}

/// What the primary interface of an instance has.
enum Primary<'a> {
    /// A primary IPv6 address.
    Set,
    /// None.
    Missing(&'a NetworkInterface),
}

fn primary(instance: &Instance) -> Result<Primary<'_>, Gap> {
    let partial = |what: &str| {
        let reason = Reason::Partial(format!("{what} is not in it"));
        Gap::new(Source::Instances, &instance.instance_id, reason)
    };
    let interface = instance
        .primary_interface()
        .ok_or_else(|| partial("the primary interface"))?;
    if interface.primary_ipv6().is_some() {
        return Ok(Primary::Set);
    }
    let unsaid =
        |address: &crate::model::aws::instance::Ipv6Address| address.is_primary_ipv6.is_none();
    // Captures of older tools lack the field.
    if interface.ipv6_addresses.iter().any(unsaid) {
        return Err(partial("IsPrimaryIpv6"));
    }
    Ok(Primary::Missing(interface))
}

/// The commands for all instances of the path, because one cause is one fix.
fn fix(region: &RegionView<'_, '_>, path: &Path, group: &AwsName) -> Fix {
    let mut commands = Vec::new();
    for target in &path.targets {
        let Ok(instance) = region.instance(&target.id) else {
            continue;
        };
        let Ok(Primary::Missing(interface)) = primary(instance.value) else {
            continue;
        };
        let id = &interface.network_interface_id;
        if interface.ipv6_addresses.is_empty() {
            commands.push(format!(
                "aws ec2 assign-ipv6-addresses --region {} --network-interface-id {id} --ipv6-address-count 1",
                group.region.1
            ));
        }
        commands.push(format!(
            "aws ec2 modify-network-interface-attribute --region {} --network-interface-id {id} --enable-primary-ipv6",
            group.region.1
        ));
    }
    Fix {
        summary: "give every instance a primary IPv6 address (in the launch template: PrimaryIpv6), or use a target group of IPv4 addresses: ipFamilies [IPv4] of the Service".to_owned(),
        commands,
        risk: Risk::Safe,
        changes: Vec::new(),
        after: format!("IsPrimaryIpv6 is true and the targets of {} turn healthy", group.name),
    }
}
