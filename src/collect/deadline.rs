//! One deadline for everything, and shorter bounds inside it.

use std::fmt;
use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The longest deadline, so that adding to the clock cannot overflow: a day.
const LONGEST: Duration = Duration::from_secs(86_400);

/// The code of what was not read because the time for everything was over.
pub(super) const PASSED: &str = "Deadline";

/// When to stop, handed to everything that waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    end: Instant,
    total: Duration,
    request: Duration,
}

/// Nothing came in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Elapsed {
    /// The bound that was hit.
    limit: Duration,
    /// Whether it was the deadline of everything rather than the bound of one call.
    everything: bool,
}

impl Deadline {
    /// Starts now. Without a bound of its own, a request has none but the deadline.
    pub(super) fn new(total: Duration, request: Option<Duration>) -> Self {
        let total = total.min(LONGEST);
        Self {
            end: Instant::now() + total,
            total,
            request: request.unwrap_or(total),
        }
    }

    /// When everything ends.
    pub(super) fn end(&self) -> Instant {
        self.end
    }

    /// What is left of it.
    pub(super) fn remaining(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// The bound of one request.
    pub(super) fn request(&self) -> Duration {
        self.request
    }

    /// Runs `work` within `limit` and within the deadline, whichever ends first.
    ///
    /// # Errors
    /// Which of the two it was. Nothing is started once the deadline has passed.
    pub(super) async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, Elapsed> {
        let remaining = self.remaining();
        if remaining.is_zero() {
            return Err(self.passed());
        }
        let everything = remaining <= limit;
        let end = Instant::now() + remaining.min(limit);
        timeout_at(end, work).await.map_err(|_| {
            if everything {
                self.passed()
            } else {
                Elapsed {
                    limit,
                    everything: false,
                }
            }
        })
    }

    /// The error of everything that is not read when the deadline passes.
    pub(super) fn passed(&self) -> Elapsed {
        Elapsed {
            limit: self.total,
            everything: true,
        }
    }
}

impl Elapsed {
    /// [`PASSED`] or `Timeout`.
    pub(super) fn code(&self) -> &'static str {
        if self.everything { PASSED } else { "Timeout" }
    }

    /// What stands behind the code.
    pub(super) fn message(&self) -> String {
        let what = if self.everything {
            "not read"
        } else {
            "no answer"
        };
        format!("{what} within {} s", self.limit.as_secs_f64())
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.message())
    }
}

#[cfg(test)]
mod tests {
    use super::Deadline;
    use std::time::Duration;

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
            .block_on(work)
    }

    #[test]
    fn the_shorter_bound_is_named() {
        run(async {
            let deadline = Deadline::new(Duration::from_secs(60), None);
            let short = Duration::from_millis(20);
            let error = deadline.within(short, std::future::pending::<()>()).await;
            assert_eq!(
                error.unwrap_err().to_string(),
                "Timeout: no answer within 0.02 s"
            );
            assert_eq!(deadline.within(short, async { 7 }).await, Ok(7));
        });
    }

    #[test]
    fn nothing_starts_after_the_deadline() {
        run(async {
            let deadline = Deadline::new(Duration::ZERO, Some(Duration::from_secs(20)));
            let error = deadline.within(deadline.request(), async { 7 }).await;
            assert_eq!(
                error.unwrap_err().to_string(),
                "Deadline: not read within 0 s"
            );
        });
    }
}
