//! The clients of one account and region, and how their answers become documents.

use super::accounts::Accounts;
use super::bucket::Api;
use super::failure::Failure;
use super::inventory::Inventory;
use super::throttle::ThrottleWatch;
use crate::collect::deadline::Deadline;
use crate::collect::notebook::Notebook;
use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};
use aws_sdk_ec2::config::retry::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde::Serialize;
use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// Most pages of one answer.
const PAGES: usize = 100;

/// An account and region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::collect) struct Account {
    /// Twelve digits.
    pub(in crate::collect) number: String,
    /// Region name.
    pub(in crate::collect) region: String,
}

impl Account {
    /// The path of a document without its ending: operation and, where the answer does not say, what it is about.
    pub(in crate::collect) fn source(&self, operation: &str, key: &str) -> String {
        let folder = format!("aws/{}/{}/{operation}", self.number, self.region);
        if key.is_empty() {
            folder
        } else {
            format!("{folder}.{key}")
        }
    }
}

/// Reads one account and region.
pub(super) struct Reader<'a> {
    pub(super) account: Account,
    pub(super) elb: aws_sdk_elasticloadbalancingv2::Client,
    pub(super) classic: aws_sdk_elasticloadbalancing::Client,
    pub(super) tagging: aws_sdk_resourcegroupstagging::Client,
    pub(super) ec2: aws_sdk_ec2::Client,
    pub(super) notebook: &'a Notebook<'a>,
    deadline: Deadline,
    accounts: &'a Accounts,
    listed: OnceCell<Option<Arc<Inventory>>>,
}

/// One page of an answer, and the token of the next.
pub(super) type Page<T> = (Vec<T>, Option<String>);

impl<'a> Reader<'a> {
    /// Clients with their own retry quota: by default all accounts of a process share one.
    pub(super) fn new(
        config: &SdkConfig,
        account: Account,
        deadline: Deadline,
        accounts: &'a Accounts,
        notebook: &'a Notebook<'a>,
    ) -> Self {
        let region = Region::new(account.region.clone());
        // Measured against a server that allows 10 a second: 60 of 60 calls succeed.
        let retries = RetryConfig::standard()
            .with_max_attempts(8)
            .with_initial_backoff(Duration::from_millis(300))
            .with_max_backoff(Duration::from_secs(5));
        let partition = |service: &str| {
            let name = format!("{}-{}-{service}", account.number, account.region);
            let tokens = TokenBucket::builder()
                .capacity(5000)
                .refill_rate(10.0)
                .build();
            RetryPartition::custom(name).token_bucket(tokens).build()
        };
        let watch = |api| ThrottleWatch(accounts.bucket(&account, api));
        let elb = aws_sdk_elasticloadbalancingv2::config::Builder::from(config)
            .region(region.clone())
            .retry_config(retries.clone())
            .retry_partition(partition("elbv2"))
            .interceptor(watch(Api::ElbV2))
            .build();
        let classic = aws_sdk_elasticloadbalancing::config::Builder::from(config)
            .region(region.clone())
            .retry_config(retries.clone())
            .retry_partition(partition("elb"))
            .interceptor(watch(Api::Classic))
            .build();
        let tagging = aws_sdk_resourcegroupstagging::config::Builder::from(config)
            .region(region.clone())
            .retry_config(retries.clone())
            .retry_partition(partition("tagging"))
            .interceptor(watch(Api::Tagging))
            .build();
        let ec2 = aws_sdk_ec2::config::Builder::from(config)
            .region(region)
            .retry_config(retries)
            .retry_partition(partition("ec2"))
            .build();
        Self {
            elb: aws_sdk_elasticloadbalancingv2::Client::from_conf(elb),
            classic: aws_sdk_elasticloadbalancing::Client::from_conf(classic),
            tagging: aws_sdk_resourcegroupstagging::Client::from_conf(tagging),
            ec2: aws_sdk_ec2::Client::from_conf(ec2),
            account,
            notebook,
            deadline,
            accounts,
            listed: OnceCell::new(),
        }
    }

    /// Everything of the account and region, where that is listed as a whole. What this reader could not list, it does
    /// not try to list again.
    pub(super) async fn inventory(&self) -> Option<Arc<Inventory>> {
        let listed = self.listed.get_or_init(|| self.accounts.inventory(self));
        listed.await.clone()
    }

    /// One call of Elastic Load Balancing.
    pub(super) async fn elb<T, E>(
        &self,
        api: Api,
        operation: &str,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let action = format!("elasticloadbalancing:{operation}");
        self.limited(api, &action, call).await
    }

    /// One call, after a token of the account's bucket for `api`.
    pub(super) async fn limited<T, E>(
        &self,
        api: Api,
        action: &str,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let bucket = self.accounts.bucket(&self.account, api);
        self.deadline
            .within(self.deadline.remaining(), bucket.take())
            .await?;
        self.call(action, call).await
    }

    /// One call of EC2.
    pub(super) async fn ec2<T, E>(
        &self,
        operation: &str,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.call(&format!("ec2:{operation}"), call).await
    }

    async fn call<T, E>(
        &self,
        name: &str,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.notebook.count(name);
        let answer = self.deadline.within(self.deadline.request(), call).await?;
        answer.map_err(|error| Failure::of_call(&error))
    }

    /// All pages of an answer.
    pub(super) async fn pages<T, F>(
        &self,
        mut page: impl FnMut(Option<String>) -> F,
    ) -> Result<Vec<T>, Failure>
    where
        F: Future<Output = Result<Page<T>, Failure>>,
    {
        let mut all = Vec::new();
        let mut token = None;
        for _ in 0..PAGES {
            let (items, next) = page(token).await?;
            all.extend(items);
            token = next.filter(|next| !next.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
        Err(Failure::new("TooLarge", format!("more than {PAGES} pages")))
    }

    /// Keeps what a call answers under its operation, or why it does not; the items go on to the caller.
    pub(super) async fn document<A: Serialize>(
        &self,
        operation: &str,
        key: &str,
        field: &str,
        read: impl Future<Output = Result<A, Failure>>,
    ) -> Option<A> {
        let source = self.account.source(operation, key);
        self.notebook.expect(&source, &source);
        let answer = match read.await {
            Ok(answer) => {
                self.keep(operation, key, field, &answer);
                Some(answer)
            }
            Err(failure) => {
                self.notebook.gap(&source, failure);
                None
            }
        };
        self.notebook.settle(&source);
        answer
    }

    /// Writes a document as the AWS CLI prints it.
    pub(super) fn keep<A: Serialize + ?Sized>(
        &self,
        operation: &str,
        key: &str,
        field: &str,
        answer: &A,
    ) {
        let source = self.account.source(operation, key);
        self.keep_whole(&source, &BTreeMap::from([(field, answer)]));
    }

    /// The same of an answer that is no field.
    pub(super) fn keep_whole(&self, source: &str, answer: &impl Serialize) {
        match printed(answer) {
            Ok(bytes) => self.notebook.document(format!("{source}.json"), bytes),
            Err(error) => self.notebook.gap(source, format!("Unwritable: {error}")),
        }
    }
}

/// With the CLI's indentation of four blanks.
fn printed(answer: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut writer = serde_json::Serializer::with_formatter(&mut out, format);
    answer.serialize(&mut writer)?;
    out.push(b'\n');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::{Account, printed};
    use std::collections::BTreeMap;

    #[test]
    fn documents_are_named_and_printed_like_the_cli() {
        let account = Account {
            number: "111122223333".to_owned(),
            region: "eu-west-2".to_owned(),
        };
        assert_eq!(
            account.source("ec2-describe-vpcs", ""),
            "aws/111122223333/eu-west-2/ec2-describe-vpcs"
        );
        assert_eq!(
            account.source("elbv2-describe-target-health", "web"),
            "aws/111122223333/eu-west-2/elbv2-describe-target-health.web"
        );
        let answer = BTreeMap::from([("Vpcs", ["a"])]);
        let text = String::from_utf8(printed(&answer).unwrap()).unwrap();
        assert_eq!(text, "{\n    \"Vpcs\": [\n        \"a\"\n    ]\n}\n");
    }
}
