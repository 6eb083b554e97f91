//! Tells the bucket of tries that the SDK repeats on its own, and when AWS throttles any.

use super::bucket::Bucket;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use std::sync::Arc;

/// How ELBv2 and EC2 call it (common error codes of both API references).
const CODES: [&str; 5] = [
    "<Code>Throttling</Code>",
    "<Code>ThrottlingException</Code>",
    "<Code>RequestLimitExceeded</Code>",
    "<Code>RequestThrottled</Code>",
    "<Code>TooManyRequestsException</Code>",
];

/// Looks at every try of a client and its answer.
#[derive(Debug)]
pub(super) struct ThrottleWatch(pub(super) Arc<Bucket>);

#[dyn_dispatch_hint]
impl Intercept for ThrottleWatch {
    fn name(&self) -> &'static str {
        "ThrottleWatch"
    }

    /// The first try waited for its token before the SDK was called.
    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let tries = bag.load::<RequestAttempts>();
        if tries.is_some_and(|tries| tries.attempts() > 1) {
            self.0.retried();
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
    let text = String::from_utf8_lossy(body);
    CODES.iter().any(|code| text.contains(code))
}

#[cfg(test)]
mod tests {
    use super::is_throttling;

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
    }
}
