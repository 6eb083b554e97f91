//! Classic Load Balancers: those that host names or computed names lead to. All of an account are never listed.
//!
//! They have no ARN and no target groups: what is registered with one is part of its description, and how the instances
//! fare is asked by its name.

use super::batch::{Batch, batches};
use super::bucket::Api;
use super::convert_elb as convert;
use super::failure::Failure;
use super::find::Found;
use super::reader::Reader;
use crate::model::aws::{ClassicLoadBalancer, InstanceHealth};
use std::collections::BTreeSet;

/// Operations whose documents are written here.
pub(super) const CLASSIC: &str = "elb-describe-load-balancers";
const HEALTH: &str = "elb-describe-instance-health";

/// What a region has of those that were asked for.
#[derive(Default)]
pub(super) struct Classic {
    /// Found.
    pub(super) found: Vec<ClassicLoadBalancer>,
    /// AWS's words when none is there: it may be the wrong account.
    pub(super) missing: Option<Failure>,
}

impl Reader<'_> {
    /// What exists of these names.
    async fn classic_load_balancers(
        &self,
        names: &[String],
    ) -> Result<Batch<ClassicLoadBalancer>, Failure> {
        batches(names, |names| async move {
            self.pages(|marker| {
                let names = names.clone();
                async {
                    let call = self
                        .classic
                        .describe_load_balancers()
                        .set_load_balancer_names(Some(names))
                        .set_marker(marker);
                    let call = call.send();
                    let answer = self
                        .elb(Api::Classic, "DescribeLoadBalancers", call)
                        .await?;
                    let items = answer.load_balancer_descriptions().iter();
                    let items = items.map(convert::load_balancer).collect();
                    Ok((items, answer.next_marker))
                }
            })
            .await
        })
        .await
    }

    /// The states of the instances of one.
    async fn instance_health(&self, name: &str) -> Result<Vec<InstanceHealth>, Failure> {
        let call = self
            .classic
            .describe_instance_health()
            .load_balancer_name(name);
        let call = call.send();
        let answer = self
            .elb(Api::Classic, "DescribeInstanceHealth", call)
            .await?;
        let states = answer.instance_states().iter();
        Ok(states.map(convert::instance_health).collect())
    }

    /// Looks for those that have one of these names, and keeps what there is.
    pub(super) async fn classic_of(&self, names: BTreeSet<String>) -> Classic {
        let mut classic = Classic::default();
        if names.is_empty() {
            return classic;
        }
        let source = self.account.source(CLASSIC, "");
        self.notebook.expect(&source, &source);
        let names: Vec<String> = names.into_iter().collect();
        match self.classic_load_balancers(&names).await {
            Ok(batch) if batch.found.is_empty() => {
                classic.missing = batch.missing.into_iter().map(|(_, why)| why).next();
            }
            Ok(batch) => {
                self.keep(CLASSIC, "", "LoadBalancerDescriptions", &batch.found);
                classic.found = batch.found;
            }
            Err(failure) => self.notebook.gap(&source, failure),
        }
        self.notebook.settle(&source);
        classic
    }
}

impl Found<'_> {
    /// Reads those with these names beside those that are known.
    pub(super) async fn more_classic(&mut self, mut names: BTreeSet<String>) {
        let known = self.classic.found.iter().map(|one| &one.load_balancer_name);
        known.for_each(|name| {
            names.remove(name);
        });
        let more = self.reader.classic_of(names).await.found;
        if more.is_empty() {
            return;
        }
        self.classic.found.extend(more);
        self.classic.missing = None;
        let all = &self.classic.found;
        self.reader
            .keep(CLASSIC, "", "LoadBalancerDescriptions", all);
    }

    /// How the instances of each fare; returns the ids of all that are registered.
    pub(super) async fn instance_health(&self) -> BTreeSet<String> {
        let reader = &self.reader;
        let reads = self.classic.found.iter().map(|balancer| {
            let name = &balancer.load_balancer_name;
            let call = reader.instance_health(name);
            reader.document(HEALTH, name, "InstanceStates", call)
        });
        let answers = futures::future::join_all(reads).await;
        let told = answers.into_iter().flatten().flatten();
        let registered = self.classic.found.iter().flat_map(|one| &one.instances);
        told.map(|state| state.instance_id)
            .chain(registered.map(|instance| instance.instance_id.clone()))
            .collect()
    }
}

/// `ELB <name>`, the description of the interfaces of one.
pub(super) fn interface_name(balancer: &ClassicLoadBalancer) -> String {
    format!("ELB {}", balancer.load_balancer_name)
}
