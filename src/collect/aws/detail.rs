//! The third wave: health, instances, and everything that stands between the load balancer and its targets.

use super::classic::{self, CLASSIC};
use super::find::{BALANCERS, Found};
use super::left_over::Users;
use crate::model::aws::instance::Reservation;
use crate::model::aws::{LoadBalancer, NetworkInterface, RouteTable, SecurityGroup, Subnet};
use futures::StreamExt;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Who is registered with a target group, and how they fare.
pub(super) const HEALTH: &str = "elbv2-describe-target-health";
/// Target groups at a time.
const AT_A_TIME: usize = 4;

impl Found<'_> {
    /// VPCs of the load balancers of every kind and of the target groups.
    fn vpcs(&self) -> Vec<String> {
        let of_balancers = self
            .balancers
            .iter()
            .map(|balancer| balancer.vpc_id.clone());
        let of_groups = self.groups.iter().filter_map(|group| group.vpc_id.clone());
        let of_classic = self
            .classic
            .found
            .iter()
            .filter_map(|one| one.vpc_id.clone());
        let all: BTreeSet<String> = of_balancers
            .chain(of_groups)
            .chain(of_classic)
            .filter(|vpc| !vpc.is_empty())
            .collect();
        all.into_iter().collect()
    }

    /// Health and attributes of every target group; returns the ids of all targets, and whether all of them are known
    /// to be healthy.
    async fn health(&self) -> (BTreeSet<String>, bool) {
        let reader = &self.reader;
        let answers: Vec<_> = futures::stream::iter(&self.groups)
            .map(|group| async move {
                let (arn, name) = (&group.target_group_arn, &group.target_group_name);
                let health = reader.document(
                    HEALTH,
                    name,
                    "TargetHealthDescriptions",
                    reader.target_health(arn),
                );
                let attributes = reader.document(
                    "elbv2-describe-target-group-attributes",
                    name,
                    "Attributes",
                    reader.target_group_attributes(arn),
                );
                futures::future::join(health, attributes).await.0
            })
            .buffer_unordered(AT_A_TIME)
            .collect()
            .await;
        let well = answers.iter().all(|answer| {
            let mut targets = answer.iter().flatten();
            answer.is_some() && targets.all(|health| health.target_health.state == "healthy")
        });
        let targets = answers.into_iter().flatten().flatten();
        (targets.map(|health| health.target.id).collect(), well)
    }

    async fn balancer_attributes(&self) {
        let reader = &self.reader;
        let reads = self.balancers.iter().map(|balancer| {
            reader.document(
                "elbv2-describe-load-balancer-attributes",
                &balancer.load_balancer_name,
                "Attributes",
                reader.load_balancer_attributes(&balancer.load_balancer_arn),
            )
        });
        futures::future::join_all(reads).await;
    }

    async fn tags(&self) {
        if self.tags.is_none() {
            let balancers = self.balancers.iter();
            self.reader.read_tags(balancers, &self.groups).await;
        }
    }

    fn has_address_targets(&self) -> bool {
        self.groups.iter().any(|group| group.target_type == "ip")
    }

    /// Interfaces of the load balancers: the addresses that health checks come from. With targets by
    /// address those of the whole VPC, because no filter finds an address in a delegated prefix.
    async fn interfaces(&self) -> Vec<NetworkInterface> {
        let (by, values) = if self.has_address_targets() {
            ("vpc-id", self.vpcs())
        } else {
            let names = self.balancers.iter().filter_map(interface_name);
            let classic = self.classic.found.iter().map(classic::interface_name);
            ("description", names.chain(classic).collect())
        };
        let is_read = |value: &String| {
            let mut known = self.interfaces.iter();
            by == "description" && known.any(|eni| eni.description.as_ref() == Some(value))
        };
        if values.iter().all(is_read) {
            return self.interfaces.clone();
        }
        let call = self.reader.network_interfaces(by, &values);
        self.reader
            .document(
                "ec2-describe-network-interfaces",
                "",
                "NetworkInterfaces",
                call,
            )
            .await
            .unwrap_or_default()
    }

    /// What keeps the internet away from the load balancers, and what is excluded from that.
    ///
    /// The subnets, which are read in any case, tell whether block public access is on; only then it is asked about.
    async fn public_access(&self, subnets: &[Subnet]) {
        let schemes = self.balancers.iter().map(|balancer| &balancer.scheme);
        let classic = self.classic.found.iter().map(|balancer| &balancer.scheme);
        let is_public = schemes
            .chain(classic)
            .any(|scheme| scheme == "internet-facing");
        let blocked = |subnet: &Subnet| {
            subnet
                .public_access_mode()
                .is_some_and(|mode| mode != "off")
        };
        if !is_public || !subnets.iter().any(blocked) {
            return;
        }
        let reader = &self.reader;
        let options = reader
            .document(
                "ec2-describe-vpc-block-public-access-options",
                "",
                "VpcBlockPublicAccessOptions",
                reader.block_public_access(),
            )
            .await;
        let mode = options.and_then(|options| options.internet_gateway_block_mode);
        if mode.is_none_or(|mode| mode == "off") {
            return;
        }
        reader
            .document(
                "ec2-describe-vpc-block-public-access-exclusions",
                "",
                "VpcBlockPublicAccessExclusions",
                reader.block_public_access_exclusions(),
            )
            .await;
    }

    /// The network of the VPCs, and the prefix lists that its routes name.
    async fn network(&self) -> BTreeSet<String> {
        let vpcs = self.vpcs();
        if vpcs.is_empty() {
            return BTreeSet::new();
        }
        let reader = &self.reader;
        let acls = reader.network_acls(&vpcs);
        let acls = reader.document("ec2-describe-network-acls", "", "NetworkAcls", acls);
        let tables = reader.route_tables(&vpcs);
        let tables = reader.document("ec2-describe-route-tables", "", "RouteTables", tables);
        let subnets = reader.subnets(&vpcs);
        let subnets = async {
            let answer = reader.document("ec2-describe-subnets", "", "Subnets", subnets);
            self.public_access(&answer.await.unwrap_or_default()).await;
        };
        let ranges = async {
            // Only an address that is registered as a target can be outside the VPC's ranges.
            if self.has_address_targets() {
                let call = reader.vpcs(&vpcs);
                reader.document("ec2-describe-vpcs", "", "Vpcs", call).await;
            }
        };
        let (_, tables, ..) = futures::future::join4(acls, tables, subnets, ranges).await;
        lists_of_routes(&tables.unwrap_or_default())
    }

    /// The instances, then the security groups of both ends, and the prefix lists that those name.
    ///
    /// `of_addresses` are the groups of interfaces that carry targets by address. The ids of rules only serve to name the
    /// one that keeps a health check out, so they are not asked for while all targets are `well`. None when the instances
    /// could not be read.
    async fn instances(
        &self,
        ids: &BTreeSet<String>,
        of_addresses: BTreeSet<String>,
        well: bool,
    ) -> (Option<Vec<Reservation>>, BTreeSet<String>) {
        let mut reservations = Some(Vec::new());
        let mut groups: BTreeSet<String> = self
            .balancers
            .iter()
            .flat_map(|balancer| balancer.security_groups.clone())
            .chain(
                self.classic
                    .found
                    .iter()
                    .flat_map(|one| one.security_groups.clone()),
            )
            .chain(of_addresses)
            .collect();
        if !ids.is_empty() {
            let ids: Vec<String> = ids.iter().cloned().collect();
            let call = self.reader.instances(&ids);
            reservations = self
                .reader
                .document("ec2-describe-instances", "", "Reservations", call)
                .await;
            groups.extend(reservations.iter().flat_map(|read| groups_of(read)));
        }
        if groups.is_empty() {
            return (reservations, BTreeSet::new());
        }
        let ids: Vec<String> = groups.into_iter().collect();
        let reader = &self.reader;
        let groups = reader.security_groups(&ids);
        let groups = reader.document("ec2-describe-security-groups", "", "SecurityGroups", groups);
        let rules = async {
            if !well {
                let (operation, field) =
                    ("ec2-describe-security-group-rules", "SecurityGroupRules");
                let call = reader.security_group_rules(&ids);
                reader.document(operation, "", field, call).await;
            }
        };
        let (groups, ()) = futures::future::join(groups, rules).await;
        (reservations, lists_of_groups(&groups.unwrap_or_default()))
    }

    async fn prefix_lists(&self, ids: &BTreeSet<String>) {
        let reads = ids.iter().map(|id| {
            let call = self.reader.prefix_list(id);
            self.reader
                .document("ec2-get-managed-prefix-list-entries", id, "Entries", call)
        });
        futures::future::join_all(reads).await;
    }

    /// Load balancers that this account does not have: proven only if the account is the cluster's own.
    fn absent(&self, instances: usize) {
        let account = &self.reader.account;
        // A load balancer that was found proves it as well.
        let at_home = instances > 0 || !self.balancers.is_empty() || !self.classic.found.is_empty();
        for (operation, field, missing) in [
            (BALANCERS, "LoadBalancers", &self.missing),
            (CLASSIC, "LoadBalancerDescriptions", &self.classic.missing),
        ] {
            let Some(failure) = missing else { continue };
            if at_home {
                self.reader
                    .keep::<[LoadBalancer]>(operation, "", field, &[]);
                continue;
            }
            let reason = format!(
                "{failure}; account {} in {} has none of the cluster's instances either, so the credentials may be for another account: choose others with --aws-profile or --role-arn",
                account.number, account.region
            );
            self.reader
                .notebook
                .gap(account.source(operation, ""), reason);
        }
    }
}

/// Reads everything else of a region, and says whether it has, or may have, any of the cluster's instances.
///
/// `nodes` are the instance ids of the cluster's nodes; with `users` what they do not use is looked for.
pub(in crate::collect) async fn detail(
    found: &Found<'_>,
    nodes: &BTreeSet<String>,
    users: Option<&Users>,
) -> bool {
    let targets = async {
        let ((registered, well), of_classic, interfaces) =
            futures::future::join3(found.health(), found.instance_health(), found.interfaces())
                .await;
        let registered = registered.into_iter().chain(of_classic);
        let (mut ids, addresses): (BTreeSet<String>, BTreeSet<String>) =
            registered.partition(|id| id.starts_with("i-"));
        if ids.is_empty() || found.has_address_targets() {
            ids.extend(nodes.iter().cloned());
        }
        let (read, lists) = found
            .instances(&ids, groups_of_addresses(&interfaces, &addresses), well)
            .await;
        let is_read = read.is_some();
        let reservations = read.unwrap_or_default();
        found.absent(reservations.iter().map(|r| r.instances.len()).sum());
        if let Some(users) = users {
            found.left_over(&reservations, users).await;
        }
        let mut instances = reservations.iter().flat_map(|of| &of.instances);
        let at_home = !is_read || instances.any(|instance| nodes.contains(&instance.instance_id));
        (at_home, lists)
    };
    let ((at_home, mut lists), of_routes, ..) = futures::future::join4(
        targets,
        found.network(),
        found.balancer_attributes(),
        found.tags(),
    )
    .await;
    lists.extend(of_routes);
    found.prefix_lists(&lists).await;
    at_home
}

/// `ELB net/<name>/<id>`, the description of a load balancer's interfaces.
fn interface_name(balancer: &LoadBalancer) -> Option<String> {
    let (_, resource) = balancer.load_balancer_arn.split_once(":loadbalancer/")?;
    Some(format!("ELB {resource}"))
}

fn groups_of(reservations: &[Reservation]) -> BTreeSet<String> {
    reservations
        .iter()
        .flat_map(|reservation| &reservation.instances)
        .flat_map(|instance| instance.group_ids())
        .map(str::to_owned)
        .collect()
}

/// The groups of the interfaces that carry any of the addresses.
fn groups_of_addresses(
    interfaces: &[NetworkInterface],
    addresses: &BTreeSet<String>,
) -> BTreeSet<String> {
    let addresses: Vec<IpAddr> = addresses.iter().filter_map(|id| id.parse().ok()).collect();
    interfaces
        .iter()
        .filter(|eni| addresses.iter().any(|address| eni.carries(*address)))
        .flat_map(|eni| &eni.groups)
        .map(|group| group.group_id.clone())
        .collect()
}

/// The prefix lists of routes that may lead to a target or back.
fn lists_of_routes(tables: &[RouteTable]) -> BTreeSet<String> {
    tables
        .iter()
        .flat_map(|table| &table.routes)
        .filter(|route| !route.is_gateway_endpoint())
        .filter_map(|route| route.destination_prefix_list_id.clone())
        .collect()
}

fn lists_of_groups(groups: &[SecurityGroup]) -> BTreeSet<String> {
    groups
        .iter()
        .flat_map(|group| {
            group
                .ip_permissions
                .iter()
                .chain(&group.ip_permissions_egress)
        })
        .flat_map(|permission| &permission.prefix_list_ids)
        .map(|list| list.prefix_list_id.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{groups_of_addresses, interface_name, lists_of_groups, lists_of_routes};
    use crate::model::aws::{LoadBalancer, NetworkInterface, RouteTable, SecurityGroup};
    use serde_json::json;

    #[test]
    fn interfaces_are_found_by_what_elb_writes() {
        let balancer = LoadBalancer {
            load_balancer_arn:
                "arn:aws:elasticloadbalancing:eu-west-2:1:loadbalancer/net/k8s-web/0a1b".to_owned(),
            ..LoadBalancer::default()
        };
        assert_eq!(
            interface_name(&balancer).as_deref(),
            Some("ELB net/k8s-web/0a1b")
        );
    }

    #[test]
    fn groups_come_from_the_interfaces_that_carry_targets() {
        let interfaces: Vec<NetworkInterface> = serde_json::from_value(json!([
            {"NetworkInterfaceId": "eni-1", "PrivateIpAddress": "10.0.0.7", "Groups": [{"GroupId": "sg-1"}]},
            {"NetworkInterfaceId": "eni-2", "Ipv4Prefixes": [{"Ipv4Prefix": "10.0.1.16/28"}], "Groups": [{"GroupId": "sg-2"}]},
            {"NetworkInterfaceId": "eni-3", "PrivateIpAddress": "10.0.2.7", "Groups": [{"GroupId": "sg-3"}]},
        ]))
        .unwrap();
        let targets = ["10.0.0.7".to_owned(), "10.0.1.20".to_owned()].into();
        let groups = groups_of_addresses(&interfaces, &targets);
        assert_eq!(groups, ["sg-1".to_owned(), "sg-2".to_owned()].into());
    }

    #[test]
    fn lists_of_both_directions_are_read_once() {
        let permission = json!({"IpProtocol": "tcp", "PrefixListIds": [{"PrefixListId": "pl-1"}]});
        let group: SecurityGroup = serde_json::from_value(
            json!({"GroupId": "sg-1", "IpPermissions": [permission], "IpPermissionsEgress": [permission]}),
        )
        .unwrap();
        assert_eq!(lists_of_groups(&[group]).len(), 1);
    }

    #[test]
    fn lists_of_routes_are_read_unless_they_are_of_a_gateway_endpoint() {
        let table: RouteTable = serde_json::from_value(json!({"RouteTableId": "rtb-1", "Routes": [
            {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
            {"DestinationPrefixListId": "pl-s3", "GatewayId": "vpce-1", "State": "active"},
            {"DestinationPrefixListId": "pl-offices", "TransitGatewayId": "tgw-1", "State": "active"}]}))
        .unwrap();
        assert_eq!(
            lists_of_routes(&[table]).into_iter().collect::<Vec<_>>(),
            ["pl-offices"]
        );
    }
}
