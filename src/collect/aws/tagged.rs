//! Load balancers that only tags lead to: named by an annotation that is gone, or without an interface yet.
//!
//! Elastic Load Balancing does not find by tag, so the Resource Groups Tagging API is asked: last, and once for each
//! controller that may have made one. Tags do not tell a Service from one of the same name before it or in another
//! cluster, so what they lead to is read and then proven as everything else is.

use super::bucket::Api;
use super::elbv2::{By, TAGS};
use super::failure::Failure;
use super::find::{self, BALANCERS, Found};
use super::marks::Marks;
use super::plan::Wanted;
use super::reader::Reader;
use super::unnamed;
use super::values::tag;
use crate::model::aws::load_balancer::TaggedResource;
use crate::model::kubernetes::Service;
use crate::path::candidates;
use std::collections::BTreeSet;

/// The operation whose document is written here.
const TAGGED: &str = "resourcegroupstaggingapi-get-resources";
/// How the API calls load balancers of every kind.
const BALANCER: &str = "elasticloadbalancing:loadbalancer";
/// Most load balancers that are read for each Service; more are those of other clusters.
const MOST: usize = 10;

impl Reader<'_> {
    /// The load balancers that have these tags.
    async fn tagged(&self, marks: &Marks) -> Result<Vec<TaggedResource>, Failure> {
        self.pages(|token| async {
            let call = self
                .tagging
                .get_resources()
                .resource_type_filters(BALANCER)
                .set_tag_filters(Some(marks.filters()))
                .set_pagination_token(token);
            let call = call.send();
            let answer = self.limited(Api::Tagging, "tag:GetResources", call).await?;
            let items = answer.resource_tag_mapping_list().iter();
            let items = items.map(|found| TaggedResource {
                resource_arn: found.resource_arn().unwrap_or_default().to_owned(),
                tags: found
                    .tags()
                    .iter()
                    .map(|own| tag(Some(own.key()), Some(own.value())))
                    .collect(),
            });
            Ok((items.collect(), answer.pagination_token))
        })
        .await
    }

    /// The ARNs of what has any of these tags, and the document of what the API said. Where the account is listed as a
    /// whole, its tags are known.
    async fn arns_by_tags(&self, all: &[Marks]) -> BTreeSet<String> {
        if let Some(inventory) = self.inventory().await {
            let tags = match &inventory.tags {
                Ok(tags) => tags,
                Err(failure) => {
                    self.notebook.gap(self.account.source(TAGS, ""), failure);
                    return BTreeSet::new();
                }
            };
            let own = tags.values().filter(|one| {
                one.resource_arn.contains(":loadbalancer/")
                    && all.iter().any(|marks| marks.are_on(&one.tags))
            });
            return own.map(|one| one.resource_arn.clone()).collect();
        }
        let source = self.account.source(TAGGED, "");
        self.notebook.expect(&source, &source);
        let answers = futures::future::join_all(all.iter().map(|marks| self.tagged(marks))).await;
        let mut found: Vec<TaggedResource> = Vec::new();
        let mut is_answered = false;
        for answer in answers {
            match answer {
                Ok(resources) => {
                    is_answered = true;
                    found.extend(resources);
                }
                Err(failure) => self.notebook.gap(&source, failure),
            }
        }
        if is_answered {
            self.keep(TAGGED, "", "ResourceTagMappingList", &found);
        }
        self.notebook.settle(&source);
        found.into_iter().map(|one| one.resource_arn).collect()
    }
}

impl Found<'_> {
    /// Looks by their tags for the load balancers of Services of which nothing was found so far. For whom nothing is found
    /// then and no name could be asked for, a gap says so.
    pub(super) async fn by_tags(&mut self, wanted: &Wanted) {
        let lacking = unnamed::lacking(self, wanted);
        let marks = Marks::of(&lacking, &wanted.clusters);
        if marks.is_empty() {
            return;
        }
        let tagged = self.reader.arns_by_tags(&marks).await;
        let (arns, classic): (Vec<String>, Vec<String>) = tagged
            .into_iter()
            .partition(|arn| classic_name(arn).is_none());
        // Their names are computed from the UID, so another one is of another Service.
        let computed: BTreeSet<String> = lacking
            .iter()
            .filter_map(|service| candidates::classic(service))
            .collect();
        let names = classic.iter().filter_map(|arn| classic_name(arn));
        let names = names.filter(|name| computed.contains(*name));
        self.more_classic(names.map(str::to_owned).collect()).await;
        self.more_balancers(wanted, arns, MOST * lacking.len())
            .await;
        for service in unnamed::lacking(self, wanted) {
            if unnamed::names(service, wanted).is_empty() {
                self.nameless(service);
            }
        }
    }

    fn nameless(&self, service: &Service) {
        let (reader, meta) = (&self.reader, &service.metadata);
        reader.notebook.gap(
            reader.account.source(BALANCERS, ""),
            format!(
                "NotAsked: no interface or tag leads to a load balancer of Service {}/{}, and its name depends on the cluster's, which neither the context nor node labels tell",
                meta.namespace, meta.name
            ),
        );
    }

    /// Reads the load balancers with these ARNs, and keeps those that are proven to be one of the Services'.
    async fn more_balancers(&mut self, wanted: &Wanted, mut arns: Vec<String>, most: usize) {
        arns.retain(|arn| {
            let mut known = self.balancers.iter();
            !known.any(|balancer| balancer.load_balancer_arn == *arn)
        });
        let source = self.reader.account.source(BALANCERS, "");
        if let Some(more) = cut(&mut arns, most) {
            self.reader.notebook.gap(&source, more);
        }
        let found = match self.reader.load_balancers(By::Arn, &arns).await {
            Ok(batch) => batch.found,
            Err(failure) => return self.reader.notebook.gap(source, failure),
        };
        if found.is_empty() {
            return;
        }
        let (forwarded, all_heard) = find::listeners(&self.reader, found.iter()).await;
        let known = self.groups.iter().map(|group| &group.target_group_arn);
        let groups = known.chain(&forwarded).cloned().collect();
        match find::read_groups(&self.reader, &groups).await {
            Some(groups) => self.groups = groups,
            None => self.all_read = false,
        }
        self.all_read &= all_heard;
        unnamed::prove(self, wanted, found).await;
    }
}

/// Leaves `most` of them, and says so if there are more.
fn cut(arns: &mut Vec<String>, most: usize) -> Option<String> {
    let all = arns.len();
    arns.truncate(most);
    (all > most).then(|| {
        format!(
            "NotAsked: {all} load balancers carry tags of Services of these names, and {most} were read: a context or node label that names the cluster would tell them apart"
        )
    })
}

/// The name of a Classic Load Balancer, whose ARN ends with it alone; none for one of ELBv2.
fn classic_name(arn: &str) -> Option<&str> {
    let (_, name) = arn.split_once(":loadbalancer/")?;
    (!name.contains('/')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{classic_name, cut};

    #[test]
    fn no_more_are_read_than_a_service_can_mean() {
        let mut arns: Vec<String> = (0..12).map(|number| number.to_string()).collect();
        let told = cut(&mut arns, 10).unwrap();
        assert!(told.contains("12 load balancers") && told.contains("10 were read"));
        assert_eq!((arns.len(), cut(&mut arns, 10)), (10, None));
    }

    #[test]
    fn the_arn_tells_the_version() {
        let arn = |end: &str| {
            format!("arn:aws:elasticloadbalancing:eu-west-2:111122223333:loadbalancer/{end}")
        };
        assert_eq!(classic_name(&arn("a43b")), Some("a43b"));
        assert_eq!(classic_name(&arn("net/a43b/0a1b")), None);
        assert_eq!(classic_name("arn:aws:ec2:eu-west-2:1:instance/i-1"), None);
    }
}
