//! Tells the bucket what it cannot see: which calls the SDK repeats on its own, and when AWS throttles.

use super::bucket::Bucket;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde::Deserialize;
use std::sync::Arc;

/// How AWS calls it (common error codes of the API references).
pub(super) const CODES: [&str; 6] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "TooManyRequestsException",
];

/// A document of an error in the JSON protocol.
#[derive(Deserialize)]
struct JsonError {
    /// `ThrottledException`, or the same after a name and `#`.
    #[serde(rename = "__type")]
    kind: String,
}

/// Looks at every request of a client and its answer.
#[derive(Debug)]
pub(super) struct ThrottleWatch(pub(super) Arc<Bucket>);

#[dyn_dispatch_hint]
impl Intercept for ThrottleWatch {
    fn name(&self) -> &'static str {
        "ThrottleWatch"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let attempt = config.load::<RequestAttempts>();
        // The first has a token: it was waited for before the SDK was called.
        if attempt.is_some_and(|number| number.attempts() > 1) {
            self.0.repeated();
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(answer) = context.response() else {
            return Ok(());
        };
        let refused = match answer.status().as_u16() {
            429 => true,
            400 | 503 => answer.body().bytes().is_some_and(is_throttling),
            _ => false,
        };
        if refused {
            self.0.throttled();
        }
        Ok(())
    }
}

fn is_throttling(body: &[u8]) -> bool {
    if let Ok(error) = serde_json::from_slice::<JsonError>(body) {
        let code = error.kind.rsplit('#').next();
        return code.is_some_and(|code| CODES.contains(&code));
    }
    let text = String::from_utf8_lossy(body);
    let mut codes = CODES.iter();
    codes.any(|code| text.contains(&format!("<Code>{code}</Code>")))
}

#[cfg(test)]
mod tests {
    use super::{ThrottleWatch, is_throttling};
    use crate::collect::aws::bucket::{Bucket, Pace};
    use aws_sdk_elasticloadbalancingv2::config::{
        BehaviorVersion, Builder, Credentials, Region, retry::RetryConfig,
    };
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_types::body::SdkBody;
    use std::collections::VecDeque;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    const GOOD: (u16, &str) = (
        200,
        "<DescribeLoadBalancersResponse><DescribeLoadBalancersResult><LoadBalancers/>\
         </DescribeLoadBalancersResult></DescribeLoadBalancersResponse>",
    );
    const REFUSED: (u16, &str) = (
        400,
        "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>",
    );
    const BROKEN: (u16, &str) = (500, "");

    /// Gives these answers, the next to each request, and counts the requests.
    #[derive(Debug)]
    struct Answers {
        next: Mutex<VecDeque<(u16, &'static str)>>,
        asked: Arc<AtomicUsize>,
    }

    impl HttpConnector for Answers {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let (status, body) = self.next.lock().unwrap().pop_front().unwrap();
            let answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
            HttpConnectorFuture::ready(Ok(answer))
        }
    }

    /// Requests of one call that is answered so, and whether the one token of the bucket is there after it.
    fn call(answers: &[(u16, &'static str)]) -> (usize, bool) {
        // So slow that no token comes back while the test runs.
        let bucket = Arc::new(Bucket::new(Pace::AUDIT.shared_by(1_000_000)));
        let asked = Arc::new(AtomicUsize::new(0));
        let connector = SharedHttpConnector::new(Answers {
            next: Mutex::new(answers.iter().copied().collect()),
            asked: Arc::clone(&asked),
        });
        let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        let config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-2"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .retry_config(retries)
            .interceptor(ThrottleWatch(Arc::clone(&bucket)))
            .build();
        let client = aws_sdk_elasticloadbalancingv2::Client::from_conf(config);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let _ = client.describe_load_balancers().send().await;
            let token = tokio::time::timeout(Duration::from_millis(50), bucket.take());
            (asked.load(Ordering::Relaxed), token.await.is_ok())
        })
    }

    #[test]
    fn the_bucket_hears_of_what_is_repeated_and_of_what_is_refused() {
        assert_eq!(call(&[GOOD]), (1, true), "the caller took its token itself");
        assert_eq!(call(&[BROKEN, GOOD]), (2, false), "repeated");
        assert_eq!(call(&[REFUSED, GOOD]), (2, false), "repeated and refused");
        let denied = (
            400,
            "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>",
        );
        assert_eq!(call(&[denied]), (1, true), "not for the rate");
        // The SDK repeats none without a code.
        assert_eq!(call(&[(429, "")]), (1, false));
    }

    #[test]
    fn only_the_rate_slows_down() {
        let answer = |code: &str| {
            format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code></Error></ErrorResponse>"
            )
        };
        assert!(is_throttling(answer("Throttling").as_bytes()));
        assert!(is_throttling(answer("RequestLimitExceeded").as_bytes()));
        assert!(!is_throttling(answer("LoadBalancerNotFound").as_bytes()));
        assert!(!is_throttling(b"\xff<Code>"));
        let json = |kind: &str| serde_json::json!({"__type": kind, "message": "x"}).to_string();
        assert!(is_throttling(json("ThrottledException").as_bytes()));
        assert!(is_throttling(
            json("com.amazonaws.tagging#ThrottledException").as_bytes()
        ));
        assert!(!is_throttling(json("AccessDeniedException").as_bytes()));
    }
}
