//! The calls of Elastic Load Balancing v2, in batches as large as it takes them.

use super::convert_elbv2 as convert;
use super::failure::Failure;
use super::reader::Reader;
use crate::model::aws::load_balancer::{Attribute, TagDescription};
use crate::model::aws::{Listener, LoadBalancer, TargetGroup, TargetHealthDescription};
use aws_sdk_elasticloadbalancingv2::types::DescribeTargetHealthInputIncludeEnum as Include;
use std::future::Future;

/// Names or ARNs of one call.
const BATCH: usize = 20;
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

/// What exists of what was asked for, and what does not.
#[derive(Debug)]
pub(super) struct Batch<T> {
    /// Found.
    pub(super) found: Vec<T>,
    /// Asked for and not there, with AWS's words.
    pub(super) missing: Vec<(String, Failure)>,
}

/// Asks in batches; AWS refuses a whole batch for one unknown name, so that one is then asked for alone.
async fn batches<T, F>(
    wanted: &[String],
    ask: impl Fn(Vec<String>) -> F,
) -> Result<Batch<T>, Failure>
where
    F: Future<Output = Result<Vec<T>, Failure>>,
{
    let mut batch = Batch {
        found: Vec::new(),
        missing: Vec::new(),
    };
    for names in wanted.chunks(BATCH) {
        match (ask(names.to_vec()).await, names) {
            (Ok(found), _) => batch.found.extend(found),
            (Err(failure), [only]) if failure.is_not_found() => {
                batch.missing.push((only.clone(), failure));
            }
            (Err(failure), _) if failure.is_not_found() => {
                for name in names {
                    match ask(vec![name.clone()]).await {
                        Ok(found) => batch.found.extend(found),
                        Err(failure) if failure.is_not_found() => {
                            batch.missing.push((name.clone(), failure));
                        }
                        Err(failure) => return Err(failure),
                    }
                }
            }
            (Err(failure), _) => return Err(failure),
        }
    }
    Ok(batch)
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
            let answer = self.elb("DescribeLoadBalancers", call.send()).await?;
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
            let answer = self.elb("DescribeTargetGroups", call.send()).await?;
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
            let answer = self.elb("DescribeListeners", call.send()).await?;
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
            .elb("DescribeLoadBalancerAttributes", call.send())
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
            .elb("DescribeTargetGroupAttributes", call.send())
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
        let answer = self.elb("DescribeTargetHealth", call.send()).await?;
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
            let answer = self.elb("DescribeTags", call.send()).await?;
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
            let answer = self.elb("DescribeLoadBalancers", call.send()).await?;
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
            let answer = self.elb("DescribeTargetGroups", call.send()).await?;
            let items = answer.target_groups().iter();
            let items = items.map(convert::target_group).collect();
            Ok((items, answer.next_marker))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, batches};
    use std::sync::Mutex;

    fn run(
        wanted: &[String],
        unknown: &[&str],
    ) -> (Result<super::Batch<String>, Failure>, Vec<usize>) {
        let asked = Mutex::new(Vec::new());
        let result = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(batches(wanted, |names| {
                asked.lock().unwrap().push(names.len());
                let missing = names.iter().any(|name| unknown.contains(&name.as_str()));
                async move {
                    if missing {
                        Err(Failure::new(
                            "LoadBalancerNotFound",
                            "One or more load balancers not found",
                        ))
                    } else {
                        Ok(names)
                    }
                }
            }));
        (result, asked.into_inner().unwrap())
    }

    #[test]
    fn one_unknown_name_does_not_hide_the_others() {
        let wanted: Vec<String> = (0..21).map(|i| format!("lb{i}")).collect();
        let (result, asked) = run(&wanted, &["lb20"]);
        assert_eq!(result.unwrap().found.len(), 20);
        assert_eq!(asked, [20, 1]);
        let (result, asked) = run(&wanted[..3], &["lb1"]);
        let batch = result.unwrap();
        assert_eq!(batch.found, ["lb0", "lb2"]);
        assert_eq!(batch.missing[0].0, "lb1");
        assert_eq!(asked, [3, 1, 1, 1]);
    }
}
