//! The calls of Elastic Load Balancing v2, in batches as large as it takes them.

use super::batch::{Batch, batches};
use super::bucket::Api;
use super::convert_elbv2 as convert;
use super::failure::Failure;
use super::reader::Reader;
use crate::model::aws::load_balancer::{Attribute, TagDescription};
use crate::model::aws::{Listener, LoadBalancer, TargetGroup, TargetHealthDescription};
use aws_sdk_elasticloadbalancingv2::types::DescribeTargetHealthInputIncludeEnum as Include;

/// Items of one page, the most that AWS gives.
const PAGE: i32 = 400;

/// Whose everything is.
pub(super) const TAGS: &str = "elbv2-describe-tags";

/// How load balancers are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// By name.
    Name,
    /// By ARN.
    Arn,
}

impl Reader<'_> {
    /// Keeps the tags of load balancers and target groups.
    pub(super) async fn read_tags<'b>(
        &self,
        balancers: impl Iterator<Item = &'b LoadBalancer>,
        groups: &[TargetGroup],
    ) -> Vec<TagDescription> {
        let balancers = balancers.map(|found| &found.load_balancer_arn);
        let groups = groups.iter().map(|group| &group.target_group_arn);
        let arns: Vec<String> = balancers.chain(groups).cloned().collect();
        if arns.is_empty() {
            return Vec::new();
        }
        let call = self.tags(&arns);
        let tags = self.document(TAGS, "", "TagDescriptions", call);
        tags.await.unwrap_or_default()
    }

    pub(super) async fn load_balancers(
        &self,
        by: By,
        wanted: &[String],
    ) -> Result<Batch<LoadBalancer>, Failure> {
        if let Some(inventory) = self.inventory().await {
            return inventory.balancers_by(wanted, |balancer| match by {
                By::Name => &balancer.load_balancer_name,
                By::Arn => &balancer.load_balancer_arn,
            });
        }
        batches(wanted, |names| async {
            let call = self.elb.describe_load_balancers();
            let call = match by {
                By::Name => call.set_names(Some(names)),
                By::Arn => call.set_load_balancer_arns(Some(names)),
            };
            let answer = self
                .elb(Api::ElbV2, "DescribeLoadBalancers", call.send())
                .await?;
            Ok(answer
                .load_balancers()
                .iter()
                .map(convert::load_balancer)
                .collect())
        })
        .await
    }

    pub(super) async fn target_groups(
        &self,
        arns: &[String],
    ) -> Result<Batch<TargetGroup>, Failure> {
        if let Some(inventory) = self.inventory().await {
            return inventory.groups_by_arn(arns);
        }
        batches(arns, |arns| async {
            let call = self
                .elb
                .describe_target_groups()
                .set_target_group_arns(Some(arns));
            let answer = self
                .elb(Api::ElbV2, "DescribeTargetGroups", call.send())
                .await?;
            Ok(answer
                .target_groups()
                .iter()
                .map(convert::target_group)
                .collect())
        })
        .await
    }

    pub(super) async fn listeners(&self, balancer: &str) -> Result<Vec<Listener>, Failure> {
        self.pages(|marker| async {
            let call = self
                .elb
                .describe_listeners()
                .load_balancer_arn(balancer)
                .set_marker(marker);
            let answer = self
                .elb(Api::ElbV2, "DescribeListeners", call.send())
                .await?;
            let items = answer.listeners().iter().map(convert::listener).collect();
            Ok((items, answer.next_marker))
        })
        .await
    }

    pub(super) async fn load_balancer_attributes(
        &self,
        balancer: &str,
    ) -> Result<Vec<Attribute>, Failure> {
        let call = self
            .elb
            .describe_load_balancer_attributes()
            .load_balancer_arn(balancer);
        let answer = self
            .elb(Api::ElbV2, "DescribeLoadBalancerAttributes", call.send())
            .await?;
        let attributes = answer.attributes().iter();
        Ok(attributes
            .map(|a| convert::attribute(a.key(), a.value()))
            .collect())
    }

    pub(super) async fn target_group_attributes(
        &self,
        group: &str,
    ) -> Result<Vec<Attribute>, Failure> {
        let call = self
            .elb
            .describe_target_group_attributes()
            .target_group_arn(group);
        let answer = self
            .elb(Api::ElbV2, "DescribeTargetGroupAttributes", call.send())
            .await?;
        let attributes = answer.attributes().iter();
        Ok(attributes
            .map(|a| convert::attribute(a.key(), a.value()))
            .collect())
    }

    pub(super) async fn target_health(
        &self,
        group: &str,
    ) -> Result<Vec<TargetHealthDescription>, Failure> {
        let call = self
            .elb
            .describe_target_health()
            .target_group_arn(group)
            .include(Include::All);
        let answer = self
            .elb(Api::ElbV2, "DescribeTargetHealth", call.send())
            .await?;
        Ok(answer
            .target_health_descriptions()
            .iter()
            .map(convert::target_health)
            .collect())
    }

    pub(super) async fn tags(&self, arns: &[String]) -> Result<Vec<TagDescription>, Failure> {
        match self.inventory().await {
            Some(inventory) => inventory.tags_of(arns),
            None => self.tags_of(arns).await,
        }
    }

    /// Tags by calls, whatever is listed already. What was deleted in between has none.
    pub(super) async fn tags_of(&self, arns: &[String]) -> Result<Vec<TagDescription>, Failure> {
        let batch = batches(arns, |arns| async {
            let call = self.elb.describe_tags().set_resource_arns(Some(arns));
            let answer = self.elb(Api::ElbV2, "DescribeTags", call.send()).await?;
            Ok(answer
                .tag_descriptions()
                .iter()
                .map(convert::tags)
                .collect())
        });
        Ok(batch.await?.found)
    }

    /// Every load balancer of the account and region.
    pub(super) async fn all_load_balancers(&self) -> Result<Vec<LoadBalancer>, Failure> {
        self.pages(|marker| async {
            let call = self
                .elb
                .describe_load_balancers()
                .page_size(PAGE)
                .set_marker(marker);
            let answer = self
                .elb(Api::ElbV2, "DescribeLoadBalancers", call.send())
                .await?;
            let items = answer.load_balancers().iter();
            let items = items.map(convert::load_balancer).collect();
            Ok((items, answer.next_marker))
        })
        .await
    }

    /// Every target group of the account and region.
    pub(super) async fn all_target_groups(&self) -> Result<Vec<TargetGroup>, Failure> {
        self.pages(|marker| async {
            let call = self
                .elb
                .describe_target_groups()
                .page_size(PAGE)
                .set_marker(marker);
            let answer = self
                .elb(Api::ElbV2, "DescribeTargetGroups", call.send())
                .await?;
            let items = answer.target_groups().iter();
            let items = items.map(convert::target_group).collect();
            Ok((items, answer.next_marker))
        })
        .await
    }
}
