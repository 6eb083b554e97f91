//! Credentials that are loaded when a run begins and again before they expire: an audit may outlast a session, which a
//! role that was assumed by a role ends after an hour (IAM guide, "Role chaining").

use aws_credential_types::Credentials;
use aws_credential_types::provider::future;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider};
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

/// How long before they expire credentials are loaded again.
const EARLY: Duration = Duration::from_secs(5 * 60);

/// A provider and what it gave last.
#[derive(Debug)]
pub(super) struct Refreshing {
    source: SharedCredentialsProvider,
    last: Mutex<Credentials>,
}

impl Refreshing {
    /// `first` came from `source` and serves until it expires.
    pub(super) fn new(source: SharedCredentialsProvider, first: Credentials) -> Self {
        Self {
            source,
            last: Mutex::new(first),
        }
    }

    /// Those that are still good; others wait while one loads.
    async fn current(&self) -> provider::Result {
        let mut last = self.last.lock().await;
        if ends_within(&last, EARLY) {
            match self.source.provide_credentials().await {
                Ok(next) => *last = next,
                // They serve as long as they can.
                Err(_) if !ends_within(&last, Duration::ZERO) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(last.clone())
    }
}

impl ProvideCredentials for Refreshing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.current())
    }
}

fn ends_within(credentials: &Credentials, time: Duration) -> bool {
    let end = credentials.expiry();
    end.is_some_and(|end| end <= SystemTime::now() + time)
}

#[cfg(test)]
mod tests {
    use super::Refreshing;
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::error::CredentialsError;
    use aws_credential_types::provider::{
        self, ProvideCredentials, SharedCredentialsProvider, future,
    };
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::{Duration, SystemTime};

    /// Gives new keys that serve for an hour each time, or refuses.
    #[derive(Debug)]
    struct Source {
        asked: Arc<AtomicU64>,
        refuses: bool,
    }

    impl ProvideCredentials for Source {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            self.asked.fetch_add(1, Ordering::Relaxed);
            future::ProvideCredentials::ready(if self.refuses {
                Err(CredentialsError::provider_error("the session is over"))
            } else {
                Ok(keys("second", Some(3600)))
            })
        }
    }

    /// Keys that expire so many seconds from now.
    fn keys(id: &str, left: Option<u64>) -> Credentials {
        let end = left.map(|left| SystemTime::now() + Duration::from_secs(left));
        Credentials::new(id, "secret", None, end, "test")
    }

    /// The key ids of three questions in a row, and how often the source was asked.
    fn three(first: Credentials, refuses: bool) -> (Vec<provider::Result>, u64) {
        let asked = Arc::new(AtomicU64::new(0));
        let source = Source {
            asked: Arc::clone(&asked),
            refuses,
        };
        let provider = Refreshing::new(SharedCredentialsProvider::new(source), first);
        let answers = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(async {
                let mut answers = Vec::new();
                for _ in 0..3 {
                    answers.push(provider.provide_credentials().await);
                }
                answers
            });
        (answers, asked.load(Ordering::Relaxed))
    }

    fn ids(answers: &[provider::Result]) -> Vec<&str> {
        let ids = answers.iter().map(|one| one.as_ref().unwrap());
        ids.map(Credentials::access_key_id).collect()
    }

    #[test]
    fn what_does_not_expire_soon_is_loaded_once() {
        for left in [None, Some(3600)] {
            let (answers, asked) = three(keys("first", left), false);
            assert_eq!((ids(&answers), asked), (vec!["first"; 3], 0), "{left:?}");
        }
    }

    #[test]
    fn what_expires_is_loaded_again_before_it_does() {
        for left in [0, 60] {
            let (answers, asked) = three(keys("first", Some(left)), false);
            assert_eq!((ids(&answers), asked), (vec!["second"; 3], 1), "{left}");
        }
    }

    #[test]
    fn old_keys_serve_to_their_end_and_no_longer() {
        let (answers, _) = three(keys("first", Some(60)), true);
        assert_eq!(ids(&answers), ["first"; 3]);
        let (answers, _) = three(keys("first", Some(0)), true);
        assert!(answers.iter().all(Result::is_err));
    }
}
