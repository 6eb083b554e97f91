//! A token bucket before the SDK: ELBv2's own is shared with the controller that registers targets.
//!
//! AWS allows 40 calls at once and 10 a second over all ELB actions of an account and region (Elastic Load
//! Balancing guide, "Request throttling"); the AWS Load Balancer Controller limits itself to the same. An audit
//! takes less, and gives way where AWS throttles all the same: somebody else needs the calls.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The slowest rate, however much AWS throttles: a call in two seconds.
const SLOWEST: f64 = 0.5;
/// After this long without throttling the rate doubles, up to where it began.
const RECOVERY: Duration = Duration::from_secs(30);

/// How many calls ELBv2 gets of an account and region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pace {
    /// Calls at once.
    pub(super) burst: f64,
    /// Calls a second.
    pub(super) rate: f64,
}

impl Pace {
    /// For one subject, while a person waits: all that AWS allows.
    pub(super) const QUESTION: Self = Self {
        burst: 40.0,
        rate: 10.0,
    };
    /// For everything: it leaves the controllers of the account the greater part.
    pub(super) const AUDIT: Self = Self {
        burst: 10.0,
        rate: 4.0,
    };

    /// The part of each of so many processes that audit the same accounts at a time: together they take no more.
    pub(super) fn shared_by(self, processes: u32) -> Self {
        let processes = f64::from(processes.max(1));
        Self {
            burst: self.burst / processes,
            rate: self.rate / processes,
        }
    }
}

/// Tokens that come back with time.
#[derive(Debug)]
pub(super) struct Bucket {
    pace: Pace,
    state: Mutex<Option<State>>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    tokens: f64,
    rate: f64,
    since: Instant,
    throttled: Option<Instant>,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(pace: Pace) -> Self {
        Self {
            pace,
            state: Mutex::new(None),
        }
    }

    /// Waits for a token and takes it, in order of arrival.
    pub(super) async fn take(&self) {
        let wait = self.reserve(Instant::now());
        if !wait.is_zero() {
            sleep(wait).await;
        }
    }

    /// The SDK tries a call again, by its own clock: those that wait pay for it.
    pub(super) fn retried(&self) {
        self.reserve(Instant::now());
    }

    /// AWS refused a call for the rate: half as many from now on, and none at once.
    pub(super) fn throttled(&self) {
        self.slow(Instant::now());
    }

    fn slow(&self, now: Instant) {
        self.change(now, |state| {
            // Refusals of calls that went out together are one sign.
            let fresh = state
                .throttled
                .is_none_or(|last| now.saturating_duration_since(last).as_secs_f64() > 1.0);
            if fresh {
                let slowest = SLOWEST.min(self.pace.rate);
                state.rate = (state.rate / 2.0).max(slowest);
            }
            state.tokens = state.tokens.min(0.0);
            state.throttled = Some(now);
        });
    }

    /// Takes a token at `now`, possibly one that is still to come, and says how long that is.
    fn reserve(&self, now: Instant) -> Duration {
        let state = self.change(now, |state| state.tokens -= 1.0);
        if state.tokens < 0.0 {
            Duration::from_secs_f64(-state.tokens / state.rate)
        } else {
            Duration::ZERO
        }
    }

    /// Lets time pass until `now`, then changes the state.
    fn change(&self, now: Instant, change: impl FnOnce(&mut State)) -> State {
        let mut guard = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = guard.unwrap_or(State {
            tokens: self.pace.burst,
            rate: self.pace.rate,
            since: now,
            throttled: None,
        });
        let passed = now.saturating_duration_since(state.since).as_secs_f64();
        state.tokens = (state.tokens + passed * state.rate).min(self.pace.burst);
        state.since = now.max(state.since);
        if let Some(last) = state.throttled
            && now.saturating_duration_since(last) >= RECOVERY
        {
            state.rate = (state.rate * 2.0).min(self.pace.rate);
            state.throttled = (state.rate < self.pace.rate).then_some(now);
        }
        change(&mut state);
        *guard = Some(state);
        state
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Pace};
    use std::time::Duration;
    use tokio::time::Instant;

    #[test]
    fn forty_at_once_and_then_ten_a_second() {
        let bucket = Bucket::new(Pace::QUESTION);
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
    fn an_audit_takes_ten_at_once_and_four_a_second() {
        let bucket = Bucket::new(Pace::AUDIT);
        let start = Instant::now();
        assert!((0..10).all(|_| bucket.reserve(start).is_zero()));
        assert_eq!(bucket.reserve(start), Duration::from_millis(250));
    }

    #[test]
    fn slices_together_take_what_one_audit_takes() {
        let mut first_minute = 0;
        for _ in 0..16 {
            let bucket = Bucket::new(Pace::AUDIT.shared_by(16));
            let start = Instant::now();
            let minute = Duration::from_secs(60);
            first_minute += (0..1000)
                .take_while(|_| bucket.reserve(start) < minute)
                .count();
        }
        assert!((220..=250).contains(&first_minute), "{first_minute}");
        let half = Bucket::new(Pace::AUDIT.shared_by(2));
        let start = Instant::now();
        assert!((0..5).all(|_| half.reserve(start).is_zero()));
        assert_eq!(half.reserve(start), Duration::from_millis(500));
        // A slice may be slower than the slowest of a whole audit, and throttling never makes it faster.
        let slow = Bucket::new(Pace::AUDIT.shared_by(16));
        slow.slow(start);
        assert_eq!(slow.reserve(start), Duration::from_secs(4));
    }

    #[test]
    fn what_the_sdk_tries_again_is_taken_from_those_that_wait() {
        let bucket = Bucket::new(Pace::AUDIT);
        for _ in 0..10 {
            bucket.retried();
        }
        assert!(!bucket.reserve(Instant::now()).is_zero());
    }

    #[test]
    fn throttling_halves_the_rate_once_for_calls_that_went_out_together() {
        let bucket = Bucket::new(Pace::AUDIT);
        let start = Instant::now();
        bucket.slow(start);
        bucket.slow(start);
        assert_eq!(
            bucket.reserve(start),
            Duration::from_millis(500),
            "2 a second"
        );
        let later = start + Duration::from_secs(2);
        for _ in 0..9 {
            bucket.slow(later);
        }
        assert_eq!(bucket.reserve(later), Duration::from_secs(1), "1 a second");
        let recovered = later + Duration::from_secs(61);
        assert!((0..10).all(|_| bucket.reserve(recovered).is_zero()));
        assert_eq!(
            bucket.reserve(recovered),
            Duration::from_millis(500),
            "2 a second again"
        );
    }
}
