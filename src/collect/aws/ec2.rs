//! The calls of EC2. Every one filters and pages: an unfiltered call drains a smaller bucket, and one unknown
//! id in a list of ids refuses the whole call.

use super::convert_ec2 as convert;
use super::failure::Failure;
use super::reader::Reader;
use crate::model::aws::block_public_access::{
    BlockPublicAccessExclusion, BlockPublicAccessOptions,
};
use crate::model::aws::instance::Reservation;
use crate::model::aws::security_group::PrefixListEntry;
use crate::model::aws::{
    NetworkAcl, NetworkInterface, RouteTable, SecurityGroup, SecurityGroupRule, Subnet, Vpc,
};
use aws_sdk_ec2::types::Filter;

/// Values of one filter.
const VALUES: usize = 200;
/// Items of one page; route tables and prefix lists allow no more.
const PAGE: i32 = 100;
/// Items of one page of everything else.
const LARGE_PAGE: i32 = 1000;

fn filter(name: &str, values: &[String]) -> Filter {
    Filter::builder()
        .name(name)
        .set_values(Some(values.to_vec()))
        .build()
}

/// A paged Describe call with one filter, in batches of its values.
macro_rules! filtered {
    ($reader:expr, $name:literal, $client:ident, $size:expr, $filter:expr, $values:expr, $field:ident, $convert:path $(, $extra:ident)*) => {{
        let mut all = Vec::new();
        for values in $values.chunks(VALUES) {
            let found = $reader
                .pages(|token| async {
                    let call = $reader
                        .ec2
                        .$client()
                        .filters(filter($filter, values))
                        .max_results($size)
                        $(.$extra(true))*
                        .set_next_token(token);
                    let answer = $reader.ec2($name, call.send()).await?;
                    let items: Vec<_> = answer.$field().iter().map($convert).collect();
                    Ok((items, answer.next_token))
                })
                .await?;
            all.extend(found);
        }
        Ok(all)
    }};
}

impl Reader<'_> {
    /// Instances by id; those that do not exist are simply not in the answer.
    pub(super) async fn instances(&self, ids: &[String]) -> Result<Vec<Reservation>, Failure> {
        // Nodes of EKS Auto Mode are managed resources and hidden unless they are asked for.
        filtered!(
            self,
            "DescribeInstances",
            describe_instances,
            LARGE_PAGE,
            "instance-id",
            ids,
            reservations,
            convert::reservation,
            include_managed_resources
        )
    }

    /// Network interfaces by one filter: `description`, by which Elastic Load Balancing marks its own,
    /// or `vpc-id`.
    pub(super) async fn network_interfaces(
        &self,
        by: &str,
        values: &[String],
    ) -> Result<Vec<NetworkInterface>, Failure> {
        filtered!(
            self,
            "DescribeNetworkInterfaces",
            describe_network_interfaces,
            LARGE_PAGE,
            by,
            values,
            network_interfaces,
            convert::network_interface,
            include_managed_resources
        )
    }

    pub(super) async fn security_groups(
        &self,
        ids: &[String],
    ) -> Result<Vec<SecurityGroup>, Failure> {
        filtered!(
            self,
            "DescribeSecurityGroups",
            describe_security_groups,
            LARGE_PAGE,
            "group-id",
            ids,
            security_groups,
            convert::security_group
        )
    }

    /// The rules of these groups, each with its id.
    pub(super) async fn security_group_rules(
        &self,
        ids: &[String],
    ) -> Result<Vec<SecurityGroupRule>, Failure> {
        filtered!(
            self,
            "DescribeSecurityGroupRules",
            describe_security_group_rules,
            LARGE_PAGE,
            "group-id",
            ids,
            security_group_rules,
            convert::security_group_rule
        )
    }

    pub(super) async fn network_acls(&self, vpcs: &[String]) -> Result<Vec<NetworkAcl>, Failure> {
        filtered!(
            self,
            "DescribeNetworkAcls",
            describe_network_acls,
            LARGE_PAGE,
            "vpc-id",
            vpcs,
            network_acls,
            convert::network_acl
        )
    }

    /// Route tables of whole VPCs: a filter by subnet misses those on the main table.
    pub(super) async fn route_tables(&self, vpcs: &[String]) -> Result<Vec<RouteTable>, Failure> {
        filtered!(
            self,
            "DescribeRouteTables",
            describe_route_tables,
            PAGE,
            "vpc-id",
            vpcs,
            route_tables,
            convert::route_table
        )
    }

    pub(super) async fn subnets(&self, vpcs: &[String]) -> Result<Vec<Subnet>, Failure> {
        filtered!(
            self,
            "DescribeSubnets",
            describe_subnets,
            LARGE_PAGE,
            "vpc-id",
            vpcs,
            subnets,
            convert::subnet
        )
    }

    pub(super) async fn vpcs(&self, vpcs: &[String]) -> Result<Vec<Vpc>, Failure> {
        filtered!(
            self,
            "DescribeVpcs",
            describe_vpcs,
            LARGE_PAGE,
            "vpc-id",
            vpcs,
            vpcs,
            convert::vpc
        )
    }

    /// Whether VPCs of the region may talk to the internet at all.
    pub(super) async fn block_public_access(&self) -> Result<BlockPublicAccessOptions, Failure> {
        let call = self.ec2.describe_vpc_block_public_access_options();
        let answer = self
            .ec2("DescribeVpcBlockPublicAccessOptions", call.send())
            .await?;
        let options = answer.vpc_block_public_access_options();
        Ok(options
            .map(convert::block_public_access)
            .unwrap_or_default())
    }

    /// The VPCs and subnets that may although the region's may not.
    pub(super) async fn block_public_access_exclusions(
        &self,
    ) -> Result<Vec<BlockPublicAccessExclusion>, Failure> {
        self.pages(|token| async {
            let call = self
                .ec2
                .describe_vpc_block_public_access_exclusions()
                .max_results(LARGE_PAGE)
                .set_next_token(token);
            let answer = self
                .ec2("DescribeVpcBlockPublicAccessExclusions", call.send())
                .await?;
            let items = answer
                .vpc_block_public_access_exclusions()
                .iter()
                .map(convert::block_public_access_exclusion)
                .collect();
            Ok((items, answer.next_token))
        })
        .await
    }

    pub(super) async fn prefix_list(&self, id: &str) -> Result<Vec<PrefixListEntry>, Failure> {
        self.pages(|token| async {
            let call = self
                .ec2
                .get_managed_prefix_list_entries()
                .prefix_list_id(id)
                .max_results(PAGE)
                .set_next_token(token);
            let answer = self.ec2("GetManagedPrefixListEntries", call.send()).await?;
            let items = answer
                .entries()
                .iter()
                .map(convert::prefix_list_entry)
                .collect();
            Ok((items, answer.next_token))
        })
        .await
    }
}
