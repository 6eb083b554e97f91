//! What collections of several clusters share: sign-ins, token buckets, and lists of whole accounts.
//!
//! Credential plugins run once, a rejected token is met once, and ELBv2 sees one caller per account and region. What one
//! cluster had no time for, the next one tries again.

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
        let cell = once(&self.signed, login);
        let signed = cell.get_or_try_init(|| async { lasting(sign_in.await.map(Arc::new)) });
        signed.await?.clone()
    }

    /// Everything that an account has in a region, where that is listed as a whole.
    pub(super) async fn inventory(
        &self,
        reader: &Reader<'_>,
    ) -> Result<Option<Arc<Inventory>>, Failure> {
        if !self.whole {
            return Ok(None);
        }
        let cell = once(&self.inventories, &reader.account);
        let listed = cell.get_or_try_init(|| async {
            let listed = Inventory::list(reader).await.map(Arc::new);
            // Without its tags it serves the one who asked and nobody else.
            match &listed {
                Ok(inventory) if inventory.lacks_tags_for_now() => Err(listed),
                _ => lasting(listed).map_err(Err),
            }
        });
        match listed.await {
            Ok(lasting) => lasting.clone().map(Some),
            Err(own) => own.map(Some),
        }
    }
}

/// What is kept for all who ask: an answer, or a failure of the account.
///
/// # Errors
/// A failure that is only that of the one who asked.
fn lasting<T>(result: Result<T, Failure>) -> Result<Result<T, Failure>, Failure> {
    match result {
        Err(failure) if failure.is_passing() => Err(failure),
        result => Ok(result),
    }
}

fn once<K: Ord + Clone, T>(all: &ByKey<K, T>, key: &K) -> Once<T> {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(all.entry(key.clone()).or_default())
}

#[cfg(test)]
mod tests {
    use super::{Account, Accounts, Failure, Login};
    use std::cell::Cell;
    use std::sync::Arc;

    fn account(number: &str, region: &str) -> Account {
        Account {
            number: number.to_owned(),
            region: region.to_owned(),
        }
    }

    #[test]
    fn every_account_and_region_has_a_bucket_of_its_own() {
        let accounts = Accounts::for_audit(1);
        let of = |number: &str, region: &str| accounts.bucket(&account(number, region));
        let first = of("111122223333", "eu-west-2");
        assert!(Arc::ptr_eq(&first, &of("111122223333", "eu-west-2")));
        assert!(!Arc::ptr_eq(&first, &of("111122223333", "us-east-1")));
        assert!(!Arc::ptr_eq(&first, &of("444455556666", "eu-west-2")));
    }

    /// How often two clusters that sign in alike run the sign-in, when it fails with `code`.
    fn sign_ins(code: &str) -> usize {
        let accounts = Accounts::for_audit(1);
        let runs = Cell::new(0);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        for _ in 0..2 {
            let signed = runtime.block_on(accounts.signed(&Login::default(), async {
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
