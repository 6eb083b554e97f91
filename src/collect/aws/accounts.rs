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
    signed: ByKey<Login, Result<Arc<Signed>, String>>,
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
        sign_in: impl Future<Output = Result<Signed, String>>,
    ) -> Result<Arc<Signed>, String> {
        let cell = once(&self.signed, login);
        let signed = cell.get_or_init(|| async { sign_in.await.map(Arc::new) });
        signed.await.clone()
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
        let listed = cell.get_or_init(|| async { Inventory::list(reader).await.map(Arc::new) });
        listed.await.clone().map(Some)
    }
}

fn once<K: Ord + Clone, T>(all: &ByKey<K, T>, key: &K) -> Once<T> {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(all.entry(key.clone()).or_default())
}
