//! The third wave: health, instances, and everything that stands between the load balancer and its targets.

use super::failure::Failure;
use super::find::{BALANCERS, Found};
use crate::model::aws::instance::Reservation;
use crate::model::aws::{LoadBalancer, SecurityGroup};
use futures::StreamExt;
use std::collections::BTreeSet;

/// Target groups at a time.
const AT_A_TIME: usize = 4;

impl Found<'_> {
    /// VPCs of the load balancers and target groups.
    fn vpcs(&self) -> Vec<String> {
        let of_balancers = self
            .balancers
            .iter()
            .map(|balancer| balancer.vpc_id.clone());
        let of_groups = self.groups.iter().filter_map(|group| group.vpc_id.clone());
        let all: BTreeSet<String> = of_balancers
            .chain(of_groups)
            .filter(|vpc| !vpc.is_empty())
            .collect();
        all.into_iter().collect()
    }

    /// Health and attributes of every target group; returns the ids of instance targets.
    async fn health(&self) -> BTreeSet<String> {
        let reader = &self.reader;
        let answers: Vec<_> = futures::stream::iter(&self.groups)
            .map(|group| async move {
                let (arn, name) = (&group.target_group_arn, &group.target_group_name);
                let health = reader.document(
                    "elbv2-describe-target-health",
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
        let targets = answers
            .into_iter()
            .flatten()
            .flatten()
            .map(|health| health.target.id);
        targets.filter(|id| id.starts_with("i-")).collect()
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
        let balancers = self
            .balancers
            .iter()
            .map(|balancer| &balancer.load_balancer_arn);
        let groups = self.groups.iter().map(|group| &group.target_group_arn);
        let arns: Vec<String> = balancers.chain(groups).cloned().collect();
        if arns.is_empty() {
            return;
        }
        let call = self.reader.tags(&arns);
        self.reader
            .document("elbv2-describe-tags", "", "TagDescriptions", call)
            .await;
    }

    /// Interfaces of the load balancers: the addresses that health checks come from.
    async fn interfaces(&self) {
        let descriptions: Vec<String> = self.balancers.iter().filter_map(interface_name).collect();
        if descriptions.is_empty() {
            return;
        }
        let call = self.reader.network_interfaces(&descriptions);
        self.reader
            .document(
                "ec2-describe-network-interfaces",
                "",
                "NetworkInterfaces",
                call,
            )
            .await;
    }

    async fn network(&self) {
        let vpcs = self.vpcs();
        if vpcs.is_empty() {
            return;
        }
        let reader = &self.reader;
        let acls = reader.network_acls(&vpcs);
        let acls = reader.document("ec2-describe-network-acls", "", "NetworkAcls", acls);
        let tables = reader.route_tables(&vpcs);
        let tables = reader.document("ec2-describe-route-tables", "", "RouteTables", tables);
        let subnets = reader.subnets(&vpcs);
        let subnets = reader.document("ec2-describe-subnets", "", "Subnets", subnets);
        let ranges = async {
            // Only an address that is registered as a target can be outside the VPC's ranges.
            if self.groups.iter().any(|group| group.target_type == "ip") {
                let call = reader.vpcs(&vpcs);
                reader.document("ec2-describe-vpcs", "", "Vpcs", call).await;
            }
        };
        futures::future::join4(acls, tables, subnets, ranges).await;
    }

    /// The instances, then the security groups of both ends, then the prefix lists that those name.
    async fn instances(&self, ids: &BTreeSet<String>) -> usize {
        let mut instances = 0;
        let mut groups: BTreeSet<String> = self
            .balancers
            .iter()
            .flat_map(|balancer| balancer.security_groups.clone())
            .collect();
        if !ids.is_empty() {
            let ids: Vec<String> = ids.iter().cloned().collect();
            let call = self.reader.instances(&ids);
            let answer = self
                .reader
                .document("ec2-describe-instances", "", "Reservations", call)
                .await
                .unwrap_or_default();
            instances = answer
                .iter()
                .map(|reservation| reservation.instances.len())
                .sum();
            groups.extend(groups_of(&answer));
        }
        if groups.is_empty() {
            return instances;
        }
        let ids: Vec<String> = groups.into_iter().collect();
        let call = self.reader.security_groups(&ids);
        let groups = self
            .reader
            .document("ec2-describe-security-groups", "", "SecurityGroups", call)
            .await
            .unwrap_or_default();
        let lists = prefix_lists(&groups);
        let reads = lists.iter().map(|id| {
            let call = self.reader.prefix_list(id);
            self.reader
                .document("ec2-get-managed-prefix-list-entries", id, "Entries", call)
        });
        futures::future::join_all(reads).await;
        instances
    }

    /// A load balancer that this account does not have: proven only if the account is the cluster's own.
    fn absent(&self, failure: &Failure, instances: usize) {
        let account = &self.reader.account;
        if instances > 0 {
            self.reader
                .keep::<LoadBalancer>(BALANCERS, "", "LoadBalancers", &[]);
            return;
        }
        let reason = format!(
            "{failure}; account {} in {} has none of the cluster's instances either, so the credentials may be for another account: choose others with --aws-profile or --role-arn",
            account.number, account.region
        );
        self.reader
            .notebook
            .gap(account.source(BALANCERS, ""), reason);
    }
}

/// Reads everything else of a region. `nodes` are the instance ids of the cluster's nodes.
pub(in crate::collect) async fn detail(found: &Found<'_>, nodes: &BTreeSet<String>) {
    let targets = async {
        let mut ids = found.health().await;
        let by_address = found.groups.iter().any(|group| group.target_type == "ip");
        if ids.is_empty() || by_address {
            ids.extend(nodes.iter().cloned());
        }
        let instances = found.instances(&ids).await;
        if let Some(failure) = &found.missing {
            found.absent(failure, instances);
        }
    };
    let rest = futures::future::join4(
        found.balancer_attributes(),
        found.tags(),
        found.interfaces(),
        found.network(),
    );
    futures::future::join(targets, rest).await;
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

fn prefix_lists(groups: &[SecurityGroup]) -> BTreeSet<String> {
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
    use super::{interface_name, prefix_lists};
    use crate::model::aws::{LoadBalancer, SecurityGroup};
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
    fn lists_of_both_directions_are_read_once() {
        let permission = json!({"IpProtocol": "tcp", "PrefixListIds": [{"PrefixListId": "pl-1"}]});
        let group: SecurityGroup = serde_json::from_value(
            json!({"GroupId": "sg-1", "IpPermissions": [permission], "IpPermissionsEgress": [permission]}),
        )
        .unwrap();
        assert_eq!(prefix_lists(&[group]).len(), 1);
    }
}
