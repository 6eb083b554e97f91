//! What kubectl and the AWS CLI print instead of an answer.

use crate::model::Reason;

/// Longest quotation of an error, in characters.
const MAX_TEXT: usize = 500;

/// How such a text begins, or what stands in its first line.
const STARTS: &[&str] = &[
    "An error occurred (",
    "Connect timeout on endpoint URL",
    "Could not connect to the endpoint URL",
    "Error from server",
    "Error when retrieving token",
    "The SSO session",
    "The connection to the server",
    "Unable to connect to the server",
    "Unable to locate credentials",
    "Unable to parse config file",
    "You must specify a region",
    "aws: error",
    "aws: [ERROR]",
    "error: ",
    "fatal error:",
];

/// Words that mean that the caller may not read it.
const DENIED: &[&str] = &[
    "unauthorizedoperation",
    "accessdenied",
    "forbidden",
    "is not authorized",
];

/// The reason that an error text gives.
pub(super) fn reason(text: &str) -> Reason {
    let lower = text.to_ascii_lowercase();
    let denied = DENIED.iter().any(|word| lower.contains(word))
        || lower
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| word == "403");
    if denied {
        Reason::Denied(text.to_owned())
    } else {
        Reason::Failed(text.to_owned())
    }
}

/// The reason, if the text of a document is the error of the command that should have printed it.
pub(super) fn printed(text: &str) -> Option<Reason> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    // The AWS CLI sets its own name and tag before some of them.
    let known =
        STARTS.iter().any(|start| line.starts_with(start)) || line.contains("An error occurred (");
    known.then(|| reason(&quoted(line)))
}

fn quoted(line: &str) -> String {
    line.chars()
        .filter(|c| !c.is_control())
        .take(MAX_TEXT)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{printed, reason};
    use crate::model::Reason;

    #[test]
    fn denied_and_failed_are_told_apart() {
        for text in [
            "UnauthorizedOperation: ec2:DescribeVpcs",
            "AccessDeniedException",
            "services is forbidden: User \"x\" cannot list",
            "User: x is not authorized to perform: y",
            "HTTP 403",
        ] {
            assert_eq!(reason(text), Reason::Denied(text.to_owned()));
        }
        for text in [
            "Throttling: Rate exceeded",
            "request 4034",
            "deadline exceeded",
            "401 Unauthorized",
        ] {
            assert_eq!(reason(text), Reason::Failed(text.to_owned()));
        }
    }

    #[test]
    fn printed_errors_are_recognised_and_other_texts_are_not() {
        let aws =
            "\nAn error occurred (AccessDenied) when calling the DescribeVpcs operation: no\n";
        assert!(matches!(printed(aws), Some(Reason::Denied(text)) if text.starts_with("An error")));
        assert!(matches!(
            printed("error: the server doesn't have a resource type"),
            Some(Reason::Failed(_))
        ));
        for text in ["", "{}", "kind: Service", "some log line: error: x"] {
            assert_eq!(printed(text), None, "{text}");
        }
    }
}
