//! A token bucket before the SDK: ELBv2's own is shared with the controller that registers targets.
//!
//! Classic Load Balancers and those of ELBv2 have buckets of their own there (the same guide), and the tagging API
//! is another service.
//! AWS allows 40 calls at once and 10 a second over all ELB actions of an account and region (Elastic Load
//! Balancing guide, "Request throttling"); the AWS Load Balancer Controller limits itself to the same. An audit
//! takes less, and gives way where AWS throttles all the same: somebody else needs the calls.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync;
use tokio::time::{Instant, sleep};

/// The slowest rate, however much AWS throttles: a call in two seconds.
const SLOWEST: f64 = 0.5;
/// After this long without throttling the rate doubles, up to where it began.
const RECOVERY: Duration = Duration::from_secs(30);

/// The APIs that a bucket stands before, each with its own of an account and region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Api {
    /// Network and Application Load Balancers.
    ElbV2,
    /// Classic Load Balancers.
    Classic,
    /// Tags of every service.
    Tagging,
}

/// How many calls an API gets of an account and region.
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

    /// The part of each of so many processes that audit the same accounts at a time: together they take no more, but for
    /// the one call that each may begin with.
    pub(super) fn shared_by(self, processes: u32) -> Self {
        let processes = f64::from(processes.max(1));
        Self {
            burst: (self.burst / processes).max(1.0),
            rate: self.rate / processes,
        }
    }
}

/// Tokens that come back with time.
#[derive(Debug)]
pub(super) struct Bucket {
    pace: Pace,
    /// Held by whoever waits for a token, so that they are given in order of arrival.
    turn: sync::Mutex<()>,
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
            turn: sync::Mutex::new(()),
            state: Mutex::new(None),
        }
    }

    /// Waits for a token and takes it, in order of arrival. Whoever stops waiting leaves it to the others.
    pub(super) async fn take(&self) {
        let _turn = self.turn.lock().await;
        // AWS may throttle meanwhile, so the wait is not over because it was once said to be.
        while let Err(wait) = self.try_take(Instant::now()) {
            sleep(wait).await;
        }
    }

    /// A call goes out once more, without a token, because the SDK repeats it on its own: the next ones wait for it.
    pub(super) fn repeated(&self) {
        self.charge(Instant::now());
    }

    fn charge(&self, now: Instant) {
        self.change(now, |state| state.tokens -= 1.0);
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

    /// Takes a token at `now`.
    ///
    /// # Errors
    /// How long it takes until there is one.
    fn try_take(&self, now: Instant) -> Result<(), Duration> {
        self.change(now, |state| {
            if state.tokens < 1.0 {
                return Err(Duration::from_secs_f64((1.0 - state.tokens) / state.rate));
            }
            state.tokens -= 1.0;
            Ok(())
        })
    }

    /// Lets time pass until `now`, then changes the state.
    fn change<T>(&self, now: Instant, change: impl FnOnce(&mut State) -> T) -> T {
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
        let changed = change(&mut state);
        *guard = Some(state);
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Pace};
    use std::time::Duration;
    use tokio::time::Instant;

    /// How many calls may go out at `now`, and how long the next one waits.
    fn at_once(bucket: &Bucket, now: Instant) -> (usize, Duration) {
        let mut calls = 0;
        loop {
            match bucket.try_take(now) {
                Ok(()) => calls += 1,
                Err(wait) => return (calls, wait),
            }
        }
    }

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn forty_at_once_and_then_ten_a_second() {
        let bucket = Bucket::new(Pace::QUESTION);
        let start = Instant::now();
        assert_eq!(at_once(&bucket, start), (40, millis(100)));
        assert_eq!(at_once(&bucket, start + millis(200)), (2, millis(100)));
        assert_eq!(at_once(&bucket, start + millis(1200)), (10, millis(100)));
        assert_eq!(at_once(&bucket, start + millis(60_000)), (40, millis(100)));
    }

    #[test]
    fn an_audit_takes_ten_at_once_and_four_a_second() {
        let bucket = Bucket::new(Pace::AUDIT);
        assert_eq!(at_once(&bucket, Instant::now()), (10, millis(250)));
    }

    #[test]
    fn slices_together_take_what_one_audit_takes() {
        let half = Bucket::new(Pace::AUDIT.shared_by(2));
        assert_eq!(at_once(&half, Instant::now()), (5, millis(500)));
        let start = Instant::now();
        let minute = |slices: u32| -> usize {
            let of_slice = |_| {
                let bucket = Bucket::new(Pace::AUDIT.shared_by(slices));
                let seconds = (0..=60).map(|second| start + Duration::from_secs(second));
                seconds.map(|now| at_once(&bucket, now).0).sum::<usize>()
            };
            (0..slices).map(of_slice).sum()
        };
        assert_eq!((minute(1), minute(2), minute(5)), (250, 250, 250));
        assert_eq!(minute(16), 256, "the first call of each waits for nobody");
    }

    #[test]
    fn throttling_makes_no_slice_faster() {
        // Its own rate is below the slowest of a whole audit.
        let bucket = Bucket::new(Pace::AUDIT.shared_by(16));
        let start = Instant::now();
        bucket.slow(start);
        assert_eq!(at_once(&bucket, start), (0, millis(4000)));
    }

    #[test]
    fn throttling_halves_the_rate_once_for_calls_that_went_out_together() {
        let bucket = Bucket::new(Pace::AUDIT);
        let start = Instant::now();
        bucket.slow(start);
        bucket.slow(start);
        assert_eq!(at_once(&bucket, start), (0, millis(500)), "2 a second");
        let later = start + millis(2000);
        for _ in 0..9 {
            bucket.slow(later);
        }
        assert_eq!(at_once(&bucket, later), (0, millis(1000)), "1 a second");
        let recovered = later + millis(61_000);
        let again = "2 a second again";
        assert_eq!(at_once(&bucket, recovered), (10, millis(500)), "{again}");
    }

    #[test]
    fn throttling_slows_down_those_who_wait_already() {
        let bucket = Bucket::new(Pace::AUDIT);
        let start = Instant::now();
        let (_, wait) = at_once(&bucket, start);
        bucket.slow(start);
        // Of the token that was promised half is there.
        assert_eq!(bucket.try_take(start + wait), Err(wait));
        assert_eq!(bucket.try_take(start + 2 * wait), Ok(()));
    }

    #[test]
    fn what_the_sdk_repeats_is_taken_from_the_next_calls() {
        let bucket = Bucket::new(Pace::QUESTION);
        let start = Instant::now();
        for _ in 0..39 {
            bucket.charge(start);
        }
        assert_eq!(at_once(&bucket, start), (1, millis(100)));
        for _ in 0..10 {
            bucket.charge(start);
        }
        assert_eq!(at_once(&bucket, start), (0, millis(1100)));
    }

    #[test]
    fn who_stops_waiting_takes_nothing() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let slow = Pace {
                burst: 1.0,
                rate: 2.0,
            };
            let bucket = Bucket::new(slow);
            bucket.take().await;
            for _ in 0..9 {
                let short = tokio::time::timeout(millis(1), bucket.take());
                assert!(short.await.is_err());
            }
            let start = Instant::now();
            bucket.take().await;
            assert!(start.elapsed() < millis(3000), "{:?}", start.elapsed());
        });
    }
}
