//! AWS documents, as `aws <service> <operation> --output json` prints them.

mod accounts;
mod items;

pub(super) use accounts::misplaced;

use super::document::operation;
use crate::model::aws::Region;
use crate::model::aws::instance::Reservation;
use crate::model::aws::load_balancer::{TagDescription, TaggedResource};
use crate::model::{Gap, Seen, Source};
use items::Document;

/// The reading that an operation makes; `None` if it is not known.
pub(super) fn source(operation: &str) -> Option<Source> {
    Source::all()
        .find(|source| {
            let key = source.info().key;
            key == operation && !key.contains('/') && !source.is_agent()
        })
        .or_else(|| (operation == "elbv2-describe-rules").then_some(Source::Listeners))
}

/// Reads a document into its field of `region`; false if its name is not known.
pub(super) fn document(
    region: &mut Region,
    gaps: &mut Vec<(String, Gap)>,
    path: &str,
    name: &str,
    bytes: &[u8],
) -> bool {
    let (operation, key) = operation(name);
    let Some(source) = source(operation).filter(|_| name.ends_with(".json")) else {
        return false;
    };
    // Where the output says what it is about, a key only splits it over several documents.
    let key = if is_keyed(source) { key } else { "" };
    let document = Document {
        path,
        key,
        source,
        bytes,
        gaps,
        broken: 0,
    };
    match operation {
        "sts-get-caller-identity" => document.whole(&mut region.caller),
        "elbv2-describe-load-balancers" => {
            document.list(&mut region.load_balancers, "LoadBalancers")
        }
        "elbv2-describe-load-balancer-attributes" => {
            document.keyed(&mut region.load_balancer_attributes, "Attributes");
        }
        "elbv2-describe-listeners" => document.keyed(&mut region.listeners, "Listeners"),
        // Rules exist for application load balancers only; nothing on a network path depends on them.
        "elbv2-describe-rules" => document.check("Rules"),
        "elbv2-describe-target-groups" => document.list(&mut region.target_groups, "TargetGroups"),
        "elbv2-describe-target-group-attributes" => {
            document.keyed(&mut region.target_group_attributes, "Attributes");
        }
        "elbv2-describe-target-health" => {
            document.keyed(&mut region.target_health, "TargetHealthDescriptions")
        }
        "elbv2-describe-tags" => document.list(&mut region.tags, "TagDescriptions"),
        "resourcegroupstaggingapi-get-resources" => tagged(document, &mut region.tags),
        "ec2-describe-instances" => {
            document.nested::<_, Reservation>(&mut region.instances, "Reservations", "Instances");
        }
        "ec2-describe-network-interfaces" => {
            document.list(&mut region.network_interfaces, "NetworkInterfaces")
        }
        "ec2-describe-security-groups" => {
            document.list(&mut region.security_groups, "SecurityGroups")
        }
        "ec2-describe-security-group-rules" => {
            document.list(&mut region.security_group_rules, "SecurityGroupRules")
        }
        "ec2-describe-network-acls" => document.list(&mut region.network_acls, "NetworkAcls"),
        "ec2-describe-route-tables" => document.list(&mut region.route_tables, "RouteTables"),
        "ec2-describe-subnets" => document.list(&mut region.subnets, "Subnets"),
        "ec2-describe-vpcs" => document.list(&mut region.vpcs, "Vpcs"),
        "ec2-describe-vpc-block-public-access-options" => {
            document.whole(&mut region.block_public_access);
        }
        "ec2-describe-vpc-block-public-access-exclusions" => document.list(
            &mut region.block_public_access_exclusions,
            "VpcBlockPublicAccessExclusions",
        ),
        "ec2-get-managed-prefix-list-entries" => {
            document.keyed(&mut region.prefix_lists, "Entries")
        }
        "elb-describe-load-balancers" => document.list(
            &mut region.classic_load_balancers,
            "LoadBalancerDescriptions",
        ),
        "elb-describe-instance-health" => {
            document.keyed(&mut region.instance_health, "InstanceStates");
        }
        _ => return false,
    }
    true
}

/// Whether the key of a document names what it is about.
pub(super) fn is_keyed(source: Source) -> bool {
    matches!(
        source,
        Source::LoadBalancerAttributes
            | Source::Listeners
            | Source::TargetGroupAttributes
            | Source::TargetHealth
            | Source::PrefixLists
            | Source::InstanceHealth
    )
}

/// The same facts as `describe-tags` gives, from the other API.
fn tagged(document: Document<'_>, tags: &mut Seen<Vec<TagDescription>>) {
    let mut found: Seen<Vec<TaggedResource>> = Err(Gap::not_collected(Source::TaggedResources, ""));
    document.list(&mut found, "ResourceTagMappingList");
    match found {
        Ok(fact) => {
            let resources = fact.value.into_iter().map(|resource| TagDescription {
                resource_arn: resource.resource_arn,
                tags: resource.tags,
            });
            match tags {
                Ok(known) => known.value.extend(resources),
                Err(_) => *tags = Ok(crate::model::Fact::new(resources.collect(), fact.origin)),
            }
        }
        Err(gap)
            if tags
                .as_ref()
                .is_err_and(|known| known.reason == crate::model::Reason::NotCollected) =>
        {
            *tags = Err(gap);
        }
        Err(_) => {}
    }
}
