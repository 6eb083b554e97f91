//! Why a request to the API server gave no document, with the code first.

use crate::collect::deadline::Elapsed;
use crate::collect::text;
use kube::core::Status;
use std::fmt;

/// What kind of failure it was, as far as anything depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::collect) enum Kind {
    /// No connection, or a TLS handshake that failed.
    Unreachable,
    /// Nothing came in time.
    Elapsed,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404: for a collection, that the API server does not know the kind.
    NotFound,
    /// 410: the pages of a list are no longer to be had.
    Gone,
    /// Anything else.
    Other,
}

/// A request that gave no document. Its text begins with the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::collect) struct Failure {
    /// Kind.
    pub(in crate::collect) kind: Kind,
    /// `Forbidden: services is forbidden: User …`.
    pub(in crate::collect) reason: String,
}

impl Failure {
    /// A failure of this program's own making.
    pub(in crate::collect) fn other(reason: impl Into<String>) -> Self {
        Self {
            kind: Kind::Other,
            reason: reason.into(),
        }
    }

    /// The server's answer: a `Status`, or whatever a proxy says in its place.
    pub(super) fn answered(code: u16, body: &[u8]) -> Self {
        let status = serde_json::from_slice::<Status>(body).ok();
        let told = status.as_ref().map_or("", |status| status.reason.as_str());
        let message = match &status {
            Some(status) => text::line(&status.message),
            None => text::line(&String::from_utf8_lossy(body)),
        };
        let code_word = match told {
            "" => word(code),
            told => told.to_owned(),
        };
        let reason = if message.is_empty() {
            format!("{code_word}: status {code}")
        } else {
            format!("{code_word}: {message}")
        };
        let kind = match code {
            401 => Kind::Unauthorized,
            403 => Kind::Forbidden,
            // Not `Status::is_not_found`: a kind that is not served answers in plain text.
            404 => Kind::NotFound,
            410 => Kind::Gone,
            _ => Kind::Other,
        };
        Self { kind, reason }
    }
}

fn word(code: u16) -> String {
    let word = match code {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        410 => "Gone",
        429 => "TooManyRequests",
        500 => "InternalError",
        502 => "BadGateway",
        503 => "ServiceUnavailable",
        504 => "GatewayTimeout",
        _ => return format!("Status{code}"),
    };
    word.to_owned()
}

impl From<Elapsed> for Failure {
    fn from(elapsed: Elapsed) -> Self {
        Self {
            kind: Kind::Elapsed,
            reason: elapsed.to_string(),
        }
    }
}

impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        match &error {
            kube::Error::Api(status) => {
                let body = serde_json::to_vec(status).unwrap_or_default();
                Self::answered(status.code, &body)
            }
            kube::Error::Auth(_) => Self {
                kind: Kind::Unauthorized,
                reason: format!("Unauthorized: {}", text::chain(&error)),
            },
            _ => Self {
                kind: Kind::Unreachable,
                reason: format!("Unreachable: {}", text::chain(&error)),
            },
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, Kind};

    #[test]
    fn a_status_is_quoted_with_its_reason_first() {
        let body = br#"{"kind":"Status","status":"Failure","reason":"Forbidden","code":403,
            "message":"services is forbidden: User \"jane\" cannot list resource \"services\""}"#;
        let failure = Failure::answered(403, body);
        assert_eq!(failure.kind, Kind::Forbidden);
        assert_eq!(
            failure.reason,
            "Forbidden: services is forbidden: User \"jane\" cannot list resource \"services\""
        );
    }

    #[test]
    fn plain_text_and_pages_of_proxies_get_the_codes_word() {
        let absent = Failure::answered(404, b"404 page not found\n");
        assert_eq!(absent.kind, Kind::NotFound);
        assert_eq!(absent.reason, "NotFound: 404 page not found");
        let page = Failure::answered(502, b"<html>\n<body>no\x07</body>");
        assert_eq!(page.reason, "BadGateway: <html> <body>no </body>");
        assert_eq!(Failure::answered(418, b"").reason, "Status418: status 418");
    }
}
