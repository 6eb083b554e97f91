//! What collections of several clusters share: sign-ins, token buckets, and lists of whole accounts.
//!
//! Credential plugins run once, a rejected token is met once, and each API sees one caller per account and region. What one
//! cluster had no time for, the next one tries again.

use super::bucket::{Api, Bucket, Pace};
use super::failure::Failure;
use super::inventory::Inventory;
use super::reader::{Account, Reader};
use super::session::{Login, Signed};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// A thing that is made once, by whoever needs it first.
type Once<T> = Arc<OnceCell<T>>;
/// Things that are made once, by key.
type ByKey<K, T> = Mutex<BTreeMap<K, Once<T>>>;

/// Shared by the collections of one run.
pub(in crate::collect) struct Accounts {
    pace: Pace,
    whole: bool,
    signed: ByKey<Login, Result<Arc<Signed>, Failure>>,
    buckets: Mutex<BTreeMap<(Account, Api), Arc<Bucket>>>,
    inventories: ByKey<Account, Arc<Inventory>>,
}

impl Accounts {
    /// For one question: what it names is asked for by name.
    pub(in crate::collect) fn for_question() -> Self {
        Self::new(Pace::QUESTION, false)
    }

    /// For one of `processes` audits of the same accounts: accounts are listed as a whole, and slowly.
    pub(in crate::collect) fn for_audit(processes: u32) -> Self {
        Self::new(Pace::AUDIT.shared_by(processes), true)
    }

    fn new(pace: Pace, whole: bool) -> Self {
        Self {
            pace,
            whole,
            signed: Mutex::default(),
            buckets: Mutex::default(),
            inventories: Mutex::default(),
        }
    }

    /// Whether accounts are listed as a whole.
    pub(in crate::collect) fn lists_everything(&self) -> bool {
        self.whole
    }

    /// The bucket of an API in an account and region.
    pub(super) fn bucket(&self, account: &Account, api: Api) -> Arc<Bucket> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets
            .entry((account.clone(), api))
            .or_insert_with(|| Arc::new(Bucket::new(self.pace)));
        Arc::clone(bucket)
    }

    /// Who `login` is; `sign_in` runs for the first that asks.
    pub(super) async fn signed(
        &self,
        login: &Login,
        sign_in: impl Future<Output = Result<Signed, Failure>>,
    ) -> Result<Arc<Signed>, Failure> {
        let lasts = |signed: &Result<_, Failure>| {
            let failure = signed.as_ref().err();
            !failure.is_some_and(Failure::is_passing)
        };
        let sign_in = async { sign_in.await.map(Arc::new) };
        shared(&self.signed, login, lasts, sign_in).await
    }

    /// Everything that an account has in a region, where that is listed as a whole.
    pub(super) async fn inventory(&self, reader: &Reader<'_>) -> Option<Arc<Inventory>> {
        if !self.whole {
            return None;
        }
        // Boxed, because it asks through the reader, whose every call may come by here.
        let list = Box::pin(async { Arc::new(Inventory::list(reader).await) });
        let lasts = |listed: &Arc<Inventory>| !listed.lacks_for_now();
        Some(shared(&self.inventories, &reader.account, lasts, list).await)
    }
}

/// What `make` gives to whoever asks first, failures included: they would meet everybody. What does not last serves the
/// one who asked, and the next one tries again.
async fn shared<K: Ord + Clone, T: Clone>(
    all: &ByKey<K, T>,
    key: &K,
    lasts: impl Fn(&T) -> bool,
    make: impl Future<Output = T>,
) -> T {
    let cell = once(all, key);
    let made = cell.get_or_try_init(|| async {
        let made = make.await;
        if lasts(&made) { Ok(made) } else { Err(made) }
    });
    match made.await {
        Ok(made) => made.clone(),
        Err(made) => made,
    }
}

fn once<K: Ord + Clone, T>(all: &ByKey<K, T>, key: &K) -> Once<T> {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(all.entry(key.clone()).or_default())
}

#[cfg(test)]
mod tests {
    use super::{Account, Accounts, Api, Failure, Login, shared};
    use std::cell::Cell;
    use std::sync::Arc;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
    }

    fn account(number: &str, region: &str) -> Account {
        Account {
            number: number.to_owned(),
            region: region.to_owned(),
        }
    }

    #[test]
    fn every_account_region_and_api_has_a_bucket_of_its_own() {
        let accounts = Accounts::for_audit(1);
        let of = |number: &str, region: &str, api| accounts.bucket(&account(number, region), api);
        let first = of("111122223333", "eu-west-2", Api::ElbV2);
        let same = of("111122223333", "eu-west-2", Api::ElbV2);
        assert!(Arc::ptr_eq(&first, &same));
        for (number, region, api) in [
            ("111122223333", "us-east-1", Api::ElbV2),
            ("444455556666", "eu-west-2", Api::ElbV2),
            ("111122223333", "eu-west-2", Api::Classic),
            ("111122223333", "eu-west-2", Api::Tagging),
        ] {
            assert!(!Arc::ptr_eq(&first, &of(number, region, api)));
        }
    }

    #[test]
    fn what_lasts_is_made_once_for_each_key() {
        runtime().block_on(async {
            let (all, asked) = (Default::default(), Cell::new(0));
            let ask = async |key: &'static str, answer: u8| {
                let make = async {
                    asked.set(asked.get() + 1);
                    answer
                };
                shared(&all, &key, |made| *made > 0, make).await
            };
            assert_eq!(ask("a", 0).await, 0, "it serves the one who asked");
            assert_eq!(ask("a", 7).await, 7);
            assert_eq!(ask("a", 8).await, 7);
            assert_eq!(ask("b", 9).await, 9);
            assert_eq!(asked.get(), 3);
        });
    }

    /// How often two clusters that sign in alike run the sign-in, when it fails with `code`.
    fn sign_ins(code: &str) -> usize {
        let accounts = Accounts::for_audit(1);
        let runs = Cell::new(0);
        for _ in 0..2 {
            let signed = runtime().block_on(accounts.signed(&Login::default(), async {
                runs.set(runs.get() + 1);
                Err(Failure::new(code, "x"))
            }));
            assert_eq!(signed.err().unwrap().code, code);
        }
        runs.get()
    }

    #[test]
    fn a_failure_of_one_clusters_time_is_not_that_of_the_next() {
        for code in [
            "AccessDenied",
            "ExpiredToken",
            "NoCredentials",
            "MfaRequired",
        ] {
            assert_eq!(sign_ins(code), 1, "{code} is met once");
        }
        for code in ["Timeout", "Deadline", "Unreachable", "Throttling"] {
            assert_eq!(sign_ins(code), 2, "{code} may pass");
        }
    }
}
