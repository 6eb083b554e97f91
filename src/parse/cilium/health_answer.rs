//! What a health-check node port answered: status line, headers and body, or why there was none.
//!
//! Cilium answers on one line with `{"service":…,"localEndpoints":1}`; kube-proxy's body spans several
//! lines and has the same field. Both are read.

use crate::model::cilium::HealthAnswer;
use crate::parse::error::quote;
use crate::parse::text::number;
use crate::parse::{ParseError, text};

/// Words by which curl, wget and Go say that nobody answered.
const NO_ANSWER: [&str; 9] = [
    "connection refused",
    "couldn't connect",
    "could not connect",
    "failed to connect",
    "econnrefused",
    "timed out",
    "timeout",
    "no route to host",
    "connection reset",
];

/// Reads the answer. A body alone is an error: without its code it proves nothing.
pub(super) fn answer(text: &str) -> Result<HealthAnswer, ParseError> {
    let text = text::filled(text)?;
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let code = text.lines().find_map(code);
    let lower = first.to_ascii_lowercase();
    if code.is_none() && !NO_ANSWER.iter().any(|words| lower.contains(words)) {
        return Err(ParseError::at(
            1,
            first,
            "neither a status line nor a refused connection",
        ));
    }
    Ok(HealthAnswer {
        code,
        local_endpoints: code.and_then(|_| local_endpoints(text)),
        service: code.and_then(|_| Some((word(text, "namespace")?, word(text, "name")?))),
        by_kube_proxy: code.is_some() && of_kube_proxy(text),
        text: quote(first.trim()),
    })
}

/// Cilium prints its body on one line; kube-proxy's begins with a bracket alone, and newer ones have a
/// field of their own.
fn of_kube_proxy(text: &str) -> bool {
    text.contains("\"serviceProxyHealthy\"")
        || (text.contains("\"localEndpoints\"") && text.lines().any(|line| line.trim() == "{"))
}

/// `HTTP/1.1 200 OK` anywhere in the line, or a line that begins `200 OK`.
fn code(line: &str) -> Option<u16> {
    let digits = match line.split_once("HTTP/") {
        Some((_, rest)) => rest.split_whitespace().nth(1)?,
        None => {
            let (digits, reason) = line.trim().split_once(' ')?;
            if !reason.starts_with(|c: char| c.is_ascii_uppercase()) {
                return None;
            }
            digits
        }
    };
    number(digits).filter(|code| (100..600).contains(code))
}

/// The text behind `"key":` in the body, which both servers write as plain JSON.
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("\"{key}\""))?;
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}

/// A name of the API, which needs no escapes.
fn word(text: &str, key: &str) -> Option<String> {
    let (word, _) = field(text, key)?.strip_prefix('"')?.split_once('"')?;
    Some(word.to_owned())
}

fn local_endpoints(text: &str) -> Option<u32> {
    let rest = field(text, "localEndpoints")?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    number(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::answer;

    fn read(text: &str) -> (Option<u16>, Option<u32>) {
        let answer = answer(text).unwrap();
        (answer.code, answer.local_endpoints)
    }

    #[test]
    fn answers_of_cilium_and_kube_proxy() {
        let cilium = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n\r\n\
                      {\"service\":{\"namespace\":\"apps\",\"name\":\"x\"},\"localEndpoints\":0}";
        assert_eq!(read(cilium), (Some(503), Some(0)));
        let golden = "200 OK\nContent-Length=66\n---\n{\"localEndpoints\":1}";
        assert_eq!(read(golden), (Some(200), Some(1)));
        let kube_proxy =
            "HTTP/1.1 200 OK\n\n{\n\t\"localEndpoints\": 2,\n\t\"serviceProxyHealthy\": true\n}";
        assert_eq!(read(kube_proxy), (Some(200), Some(2)));
        assert!(answer(kube_proxy).unwrap().by_kube_proxy);
        assert!(!answer(cilium).unwrap().by_kube_proxy && !answer(golden).unwrap().by_kube_proxy);
        let older = "HTTP/1.1 503 Service Unavailable\n\n{\n\t\"service\": {\n\t\t\"name\": \"x\"\n\t},\n\t\"localEndpoints\": 0\n}";
        assert!(answer(older).unwrap().by_kube_proxy);
        let one_line = "  HTTP/1.1 200 OK|Content-Type: application/json||{\"localEndpoints\":6}";
        assert_eq!(read(one_line), (Some(200), Some(6)));
        assert_eq!(
            read("wget: server returned error: HTTP/1.1 503 Service Unavailable"),
            (Some(503), None)
        );
        assert_eq!(
            read("HTTP/1.1 400 Bad Request: malformed"),
            (Some(400), None)
        );
    }

    #[test]
    fn who_answered_and_for_whom() {
        let cilium = answer(
            "HTTP/1.1 503 Service Unavailable\r\n\r\n\
             {\"service\":{\"namespace\":\"apps\",\"name\":\"x\"},\"localEndpoints\":0}",
        )
        .unwrap();
        assert_eq!(cilium.service, Some(("apps".to_owned(), "x".to_owned())));
        assert!(!cilium.by_kube_proxy);
        let kube_proxy = answer(
            "HTTP/1.1 200 OK\n\n{\n\t\"service\": {\n\t\t\"namespace\": \"apps\",\n\t\t\"name\": \"y\"\n\t},\n\
             \t\"localEndpoints\": 1,\n\t\"serviceProxyHealthy\": true\n}",
        )
        .unwrap();
        assert_eq!(
            kube_proxy.service,
            Some(("apps".to_owned(), "y".to_owned()))
        );
        assert!(kube_proxy.by_kube_proxy);
        assert_eq!(answer("200 OK\n---\n{}").unwrap().service, None);
    }

    #[test]
    fn nobody_answered() {
        for text in [
            "curl: (7) Failed to connect to 127.0.0.1 port 32431 after 0 ms: Couldn't connect to server",
            "connect ECONNREFUSED Connection refused",
            "dial tcp 127.0.0.1:32431: connect: connection refused",
            "curl: (28) Connection timed out after 3000 milliseconds",
        ] {
            assert_eq!(read(text), (None, None), "{text}");
        }
    }

    #[test]
    fn what_proves_nothing() {
        assert!(answer("").is_err());
        assert!(answer("{\"localEndpoints\":1}").is_err());
        assert!(answer("sh: curl: not found").is_err());
    }
}
