//! A token bucket before the SDK: ELBv2's own is shared with the controller that registers targets.
//!
//! AWS allows 40 calls at once and 10 a second over all ELB actions of an account and region (Elastic Load
//! Balancing guide, "Request throttling"); the AWS Load Balancer Controller limits itself to the same.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Calls at once.
const BURST: f64 = 40.0;
/// Calls a second.
const RATE: f64 = 10.0;

/// The buckets of this process by account and region: several collections share them.
static BUCKETS: Mutex<BTreeMap<(String, String), Arc<Bucket>>> = Mutex::new(BTreeMap::new());

/// Tokens that come back with time.
#[derive(Debug)]
pub(super) struct Bucket {
    state: Mutex<Option<(f64, Instant)>>,
}

impl Bucket {
    fn new() -> Self {
        Self {
            state: Mutex::new(None),
        }
    }

    /// The bucket of an account and region.
    pub(super) fn of(account: &str, region: &str) -> Arc<Self> {
        let mut buckets = BUCKETS.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (account.to_owned(), region.to_owned());
        Arc::clone(buckets.entry(key).or_insert_with(|| Arc::new(Self::new())))
    }

    /// Waits for a token and takes it, in order of arrival.
    pub(super) async fn take(&self) {
        let wait = self.reserve(Instant::now());
        if !wait.is_zero() {
            sleep(wait).await;
        }
    }

    /// Takes a token at `now`, possibly one that is still to come, and says how long that is.
    fn reserve(&self, now: Instant) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, since) = state.unwrap_or((BURST, now));
        let passed = now.saturating_duration_since(since).as_secs_f64();
        let tokens = (tokens + passed * RATE).min(BURST) - 1.0;
        *state = Some((tokens, now.max(since)));
        if tokens < 0.0 {
            Duration::from_secs_f64(-tokens / RATE)
        } else {
            Duration::ZERO
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bucket;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::time::Instant;

    #[test]
    fn forty_at_once_and_then_ten_a_second() {
        let bucket = Bucket::new();
        let start = Instant::now();
        assert!((0..40).all(|_| bucket.reserve(start).is_zero()));
        assert_eq!(bucket.reserve(start), Duration::from_millis(100));
        assert_eq!(bucket.reserve(start), Duration::from_millis(200));
        let later = start + Duration::from_secs(1);
        // Two were promised, so eight are left.
        assert!((0..8).all(|_| bucket.reserve(later).is_zero()));
        assert!(!bucket.reserve(later).is_zero());
        let much_later = start + Duration::from_secs(60);
        assert!((0..40).all(|_| bucket.reserve(much_later).is_zero()));
        assert!(!bucket.reserve(much_later).is_zero());
    }

    #[test]
    fn an_account_and_region_have_one_bucket() {
        let one = Bucket::of("1", "a");
        assert!(Arc::ptr_eq(&one, &Bucket::of("1", "a")));
        assert!(!Arc::ptr_eq(&one, &Bucket::of("1", "b")));
    }
}
