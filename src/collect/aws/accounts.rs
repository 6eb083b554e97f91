//! What collections of several clusters share: sign-ins, token buckets, and lists of whole accounts.
//!
//! Credential plugins run once, a rejected token is met once, and ELBv2 sees one caller per account and region.

use super::bucket::{Bucket, Pace};
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
    buckets: Mutex<BTreeMap<Account, Arc<Bucket>>>,
    inventories: ByKey<Account, Result<Arc<Inventory>, Failure>>,
}

impl Accounts {
    /// For one question: what it names is asked for by name.
    pub(in crate::collect) fn for_question() -> Self {
        Self::new(Pace::QUESTION, false)
    }

    /// For an audit: accounts are listed as a whole, and slowly.
    pub(in crate::collect) fn for_audit() -> Self {
        Self::new(Pace::AUDIT, true)
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

    /// The bucket of an account and region.
    pub(super) fn bucket(&self, account: &Account) -> Arc<Bucket> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets
            .entry(account.clone())
            .or_insert_with(|| Arc::new(Bucket::new(self.pace)));
        Arc::clone(bucket)
    }

    /// Who `login` is; `sign_in` runs for the first that asks.
    pub(super) async fn signed(
        &self,
        login: &Login,
        sign_in: impl Future<Output = Result<Signed, Failure>>,
    ) -> Result<Arc<Signed>, Failure> {
        shared(&self.signed, login, sign_in).await
    }

    /// Everything that an account has in a region, where that is listed as a whole.
    pub(super) async fn inventory(
        &self,
        reader: &Reader<'_>,
    ) -> Result<Option<Arc<Inventory>>, Failure> {
        if !self.whole {
            return Ok(None);
        }
        // Boxed, because it asks through the reader, whose every call may come by here.
        let list = Box::pin(Inventory::list(reader));
        let listed = shared(&self.inventories, &reader.account, list).await;
        listed.map(Some)
    }
}

/// What `make` gives to whoever asks first, failures included: they would meet everybody. Only a deadline is that of
/// one cluster, so the next one tries again.
async fn shared<K: Ord + Clone, T>(
    all: &ByKey<K, Result<Arc<T>, Failure>>,
    key: &K,
    make: impl Future<Output = Result<T, Failure>>,
) -> Result<Arc<T>, Failure> {
    let cell = once(all, key);
    let made = cell.get_or_try_init(|| async {
        match make.await {
            Err(failure) if failure.is_deadline() => Err(failure),
            made => Ok(made.map(Arc::new)),
        }
    });
    made.await?.clone()
}

fn once<K: Ord + Clone, T>(all: &ByKey<K, T>, key: &K) -> Once<T> {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(all.entry(key.clone()).or_default())
}

#[cfg(test)]
mod tests {
    use super::{ByKey, Failure, shared};
    use std::cell::Cell;
    use std::sync::Arc;

    #[test]
    fn failures_are_kept_but_deadlines_are_not() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let all: ByKey<&str, Result<Arc<u8>, Failure>> = ByKey::default();
            let asked = Cell::new(0);
            let ask = async |key: &'static str, answer: Result<u8, Failure>| {
                let make = async {
                    asked.set(asked.get() + 1);
                    answer
                };
                shared(&all, &key, make).await.map(|made| *made)
            };
            let late = Failure::new("Deadline", "not read within 1 s");
            assert_eq!(ask("a", Err(late.clone())).await, Err(late));
            assert_eq!(ask("a", Ok(7)).await, Ok(7));
            assert_eq!(ask("a", Ok(8)).await, Ok(7));
            let denied = Failure::new("AccessDenied", "no");
            assert_eq!(ask("b", Err(denied.clone())).await, Err(denied.clone()));
            assert_eq!(ask("b", Ok(9)).await, Err(denied));
            assert_eq!(asked.get(), 3);
        });
    }
}
