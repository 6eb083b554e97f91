//! Why a call to AWS gave no answer, with the code first.

use super::throttle;
use crate::collect::deadline::{Elapsed, PASSED};
use crate::collect::text;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::error::Error;
use std::fmt;

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// `UnauthorizedOperation`, `LoadBalancerNotFound`, `Timeout`, …
    pub(super) code: String,
    /// The rest of the sentence.
    message: String,
    /// Whether the next who asks may be answered all the same.
    passing: bool,
}

/// Failures of one moment or one caller's time, which say nothing of the account: those of AWS itself are among them
/// (common error codes of the API references), as are refusals for the rate ([`throttle::CODES`]).
const PASSING: [&str; 8] = [
    PASSED,
    "Timeout",
    "Unreachable",
    "Unreadable",
    "InternalFailure",
    "InternalError",
    "InternalServiceException",
    "ServiceUnavailable",
];

impl Failure {
    /// A failure with its code.
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            passing: PASSING.contains(&code) || throttle::CODES.contains(&code),
        }
    }

    /// Whether it says nothing of the account, so that the next who asks may be answered.
    pub(super) fn is_passing(&self) -> bool {
        self.passing
    }

    /// What the SDK says of a call.
    pub(super) fn of_call<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(service) => {
                let meta = service.err().meta();
                let code = meta.code().unwrap_or("UnknownError");
                let message = text::line(meta.message().unwrap_or_default());
                Self::new(code, advised(code, message))
            }
            SdkError::TimeoutError(_) => Self::new("Timeout", text::chain(error)),
            SdkError::DispatchFailure(dispatch) if dispatch.is_timeout() => {
                Self::new("Timeout", text::chain(error))
            }
            SdkError::DispatchFailure(_) => Self::new("Unreachable", text::chain(error)),
            SdkError::ConstructionFailure(_) => Self::new("NotSent", text::chain(error)),
            _ => Self::new("Unreadable", text::chain(error)),
        }
    }

    /// Credentials that did not come in time. `profile` completes the advice.
    pub(super) fn of_waiting(elapsed: Elapsed, profile: Option<&str>) -> Self {
        if elapsed.code() == PASSED {
            return elapsed.into();
        }
        let (whose, flag) = match profile {
            Some(profile) => (
                format!("profile {profile}"),
                format!(" --profile {profile}"),
            ),
            None => ("the default chain".to_owned(), String::new()),
        };
        let message = elapsed.message();
        Self {
            // Whoever asks next would wait for the same, and as long.
            passing: false,
            ..Self::new(
                elapsed.code(),
                format!(
                    "{message} from the credentials of {whose}; run `aws sts get-caller-identity{flag}` to see what they wait for"
                ),
            )
        }
    }

    /// What the credential chain says. `profile` completes the advice.
    pub(super) fn of_credentials(error: &CredentialsError, profile: Option<&str>) -> Self {
        let told = text::chain(error);
        let lower = told.to_ascii_lowercase();
        let sso = lower.contains("sso") && (lower.contains("token") || lower.contains("session"));
        let sign_in = match profile {
            Some(profile) => format!("aws sso login --profile {profile}"),
            None => "aws sso login".to_owned(),
        };
        match error {
            _ if sso => Self::new("ExpiredToken", format!("{told}; run `{sign_in}`")),
            CredentialsError::CredentialsNotLoaded(_) => Self::new(
                "NoCredentials",
                format!("{told}; set AWS_PROFILE, pass --aws-profile, or run `{sign_in}`"),
            ),
            CredentialsError::ProviderTimedOut(_) => Self::new("Timeout", told),
            _ => Self::new("CredentialsError", told),
        }
    }

    /// The same of the credentials of a role. That the deadline has passed says nothing about the role.
    pub(super) fn of_role(self, role: &str) -> Self {
        if self.code == PASSED {
            return self;
        }
        Self {
            passing: self.passing,
            ..Self::new("CannotAssumeRole", format!("{role}: {self}"))
        }
    }

    /// Whether AWS says that the thing does not exist.
    pub(super) fn is_not_found(&self) -> bool {
        self.code.contains("NotFound")
    }
}

/// Codes after which only a person can go on.
fn advised(code: &str, message: String) -> String {
    match code {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
            format!(
                "{message}; the credentials have expired: sign in again (`aws sso login` for SSO profiles)"
            )
        }
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "AuthFailure"
        | "SignatureDoesNotMatch" => {
            format!(
                "{message}; the credentials are not valid in this partition or region: check --aws-profile"
            )
        }
        _ => message,
    }
}

impl From<Elapsed> for Failure {
    fn from(elapsed: Elapsed) -> Self {
        Self::new(elapsed.code(), elapsed.message())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;
    use crate::collect::deadline::Deadline;
    use aws_credential_types::provider::error::CredentialsError;
    use std::future::pending;
    use std::time::Duration;

    #[test]
    fn an_expired_sso_session_names_the_command() {
        let error = CredentialsError::provider_error("the SSO session token has expired");
        let failure = Failure::of_credentials(&error, Some("dev"));
        assert_eq!(failure.code, "ExpiredToken");
        assert!(
            failure
                .to_string()
                .ends_with("run `aws sso login --profile dev`"),
            "{failure}"
        );
    }

    #[test]
    fn no_credentials_at_all_say_what_to_do() {
        let error = CredentialsError::not_loaded("no providers in chain provided credentials");
        let failure = Failure::of_credentials(&error, None);
        assert_eq!(failure.code, "NoCredentials");
        assert!(failure.to_string().contains("--aws-profile"), "{failure}");
    }

    #[test]
    fn only_what_aws_says_is_about_the_role() {
        let role = "arn:aws:iam::111122223333:role/audit";
        let denied = Failure::new("AccessDenied", "no").of_role(role);
        assert_eq!(
            denied.to_string(),
            format!("CannotAssumeRole: {role}: AccessDenied: no")
        );
        let late = Failure::new("Deadline", "not read within 60 s");
        assert_eq!(late.clone().of_role(role), late);
    }

    #[test]
    fn a_role_that_could_not_be_assumed_for_now_may_be_assumed_by_the_next() {
        let of_role = |code: &str| Failure::new(code, "x").of_role("audit");
        assert!(of_role("Throttling").is_passing() && of_role("Deadline").is_passing());
        assert!(!of_role("AccessDenied").is_passing());
    }

    #[test]
    fn credentials_that_hang_do_so_for_everybody_but_a_deadline_is_ones_own() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let wait = |total: Duration, limit: Duration| {
            runtime.block_on(async {
                let waited = Deadline::new(total, None)
                    .within(limit, pending::<()>())
                    .await;
                Failure::of_waiting(waited.unwrap_err(), Some("prod"))
            })
        };
        let (short, long) = (Duration::from_millis(1), Duration::from_secs(60));
        let hangs = wait(long, short);
        assert!(!hangs.is_passing(), "{hangs}");
        assert!(hangs.to_string().contains("--profile prod"), "{hangs}");
        assert!(wait(short, long).is_passing());
    }

    #[test]
    fn not_found_is_told_by_its_code() {
        assert!(Failure::new("LoadBalancerNotFound", "x").is_not_found());
        assert!(Failure::new("InvalidGroup.NotFound", "x").is_not_found());
        assert!(!Failure::new("Throttling", "not found").is_not_found());
    }
}
