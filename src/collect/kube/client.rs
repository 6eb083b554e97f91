//! Single requests to the API server: bounded in time and size, few retries, every one counted.

use super::failure::{Failure, Kind};
use crate::collect::deadline::Deadline;
use crate::collect::notebook::Notebook;
use http::header::{ACCEPT, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kube::client::Body;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How often a request is sent while the server says that it is busy.
const TRIES: u32 = 3;
/// The longest wait between two tries, whatever the server asks for.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Largest error answer in bytes.
const ERROR_BODY: usize = 64 << 10;

/// Whole objects.
const OBJECTS: &str = "application/json, */*";
/// Nothing of an object but its metadata; servers that cannot do it send the object.
const METADATA: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json";

/// A client of one API server, shared by all readings.
pub(in crate::collect) struct Kube<'a> {
    pub(super) client: kube::Client,
    accept: &'static str,
    pub(in crate::collect) deadline: Deadline,
    pub(in crate::collect) notebook: &'a Notebook<'a>,
    contact: Mutex<Contact>,
}

/// Whether anybody is at the other end.
#[derive(Default)]
struct Contact {
    answered: bool,
    failure: Option<Failure>,
}

impl<'a> Kube<'a> {
    /// A client that counts in `notebook`.
    pub(in crate::collect) fn new(
        client: kube::Client,
        deadline: Deadline,
        notebook: &'a Notebook<'a>,
    ) -> Self {
        Self {
            client,
            accept: OBJECTS,
            deadline,
            notebook,
            contact: Mutex::new(Contact::default()),
        }
    }

    /// Asks for lists of metadata instead of objects.
    pub(super) fn metadata_only(mut self) -> Self {
        self.accept = METADATA;
        self
    }

    /// Whether the server ever answered anything but 401.
    pub(in crate::collect) fn answered(&self) -> bool {
        self.contact().answered
    }

    /// Why no request got an answer, if none did. A 401 says more than a connection that failed.
    pub(in crate::collect) fn never_answered(&self) -> Option<Failure> {
        let contact = self.contact();
        let nothing = || Failure::other("Deadline: no request was answered in time");
        (!contact.answered).then(|| contact.failure.clone().unwrap_or_else(nothing))
    }

    fn contact(&self) -> std::sync::MutexGuard<'_, Contact> {
        self.contact.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note<T>(&self, result: Result<T, Failure>) -> Result<T, Failure> {
        if let Err(failure) = &result {
            let mut contact = self.contact();
            let weak = contact
                .failure
                .as_ref()
                .is_none_or(|f| f.kind != Kind::Unauthorized);
            if weak
                && matches!(
                    failure.kind,
                    Kind::Unauthorized | Kind::Unreachable | Kind::Elapsed
                )
            {
                contact.failure = Some(failure.clone());
            }
        }
        result
    }

    /// Gets `target` (path and query), counted as `kubernetes:<call>`, at most `limit` bytes.
    ///
    /// # Errors
    /// Why there is no document.
    pub(super) async fn get(
        &self,
        target: &str,
        call: &str,
        limit: usize,
    ) -> Result<Vec<u8>, Failure> {
        let result = self.tries(target, call, limit).await;
        self.note(result)
    }

    async fn tries(&self, target: &str, call: &str, limit: usize) -> Result<Vec<u8>, Failure> {
        let mut tried = 0;
        loop {
            tried += 1;
            self.notebook.count(&format!("kubernetes:{call}"));
            let once = self.once(target, limit);
            let answer = self
                .deadline
                .within(self.deadline.request(), once)
                .await??;
            let (failure, wait) = match answer {
                Answer::Body(bytes) => return Ok(bytes),
                Answer::Refused(failure) => return Err(failure),
                Answer::Busy(failure, wait) => (failure, wait),
            };
            // Without a hint: 0.5 s, then 1 s.
            let wait = wait
                .unwrap_or(Duration::from_millis(250 << tried))
                .min(LONGEST_WAIT);
            if tried == TRIES || wait >= self.deadline.remaining() {
                return Err(failure);
            }
            tokio::time::sleep(wait).await;
        }
    }

    async fn once(&self, target: &str, limit: usize) -> Result<Answer, Failure> {
        let request = Request::get(target)
            .header(ACCEPT, self.accept)
            .body(Body::empty())
            .map_err(|error| Failure::other(format!("BadRequest: {error}")))?;
        let response = self.client.send(request).await?;
        let status = response.status();
        if status != StatusCode::UNAUTHORIZED {
            self.contact().answered = true;
        }
        if status.is_success() {
            return Ok(match read(response, limit).await? {
                Some(bytes) => Answer::Body(bytes),
                None => Answer::Refused(Failure::other(format!(
                    "TooLarge: the answer is larger than {} MiB",
                    limit >> 20
                ))),
            });
        }
        let wait = retry_after(&response);
        let code = status.as_u16();
        let body = read(response, ERROR_BODY).await?.unwrap_or_default();
        let failure = Failure::answered(code, &body);
        Ok(match code {
            429 | 503 | 504 => Answer::Busy(failure, wait),
            _ => Answer::Refused(failure),
        })
    }
}

enum Answer {
    Body(Vec<u8>),
    Refused(Failure),
    Busy(Failure, Option<Duration>),
}

/// The body, or `None` when it is larger than `limit`.
async fn read(response: Response<Body>, limit: usize) -> Result<Option<Vec<u8>>, Failure> {
    match Limited::new(response.into_body(), limit).collect().await {
        Ok(collected) => Ok(Some(collected.to_bytes().into())),
        Err(error) if error.is::<LengthLimitError>() => Ok(None),
        Err(error) => Err(Failure {
            kind: Kind::Unreachable,
            reason: format!("Unreachable: the answer broke off: {error}"),
        }),
    }
}

/// The header in seconds; the API server never sends its other form, a date.
fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}
