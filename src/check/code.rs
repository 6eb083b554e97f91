//! Codes of checks.

use std::fmt;
use std::str::FromStr;

/// `CLB` and four digits. Codes are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub u16);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CLB{:04}", self.0)
    }
}

/// A text that is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a code: expected CLB and four digits, such as CLB6104")]
pub struct InvalidCode(String);

impl FromStr for Code {
    type Err = InvalidCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidCode(text.to_owned());
        let digits = match text.get(..3) {
            Some(prefix) if prefix.eq_ignore_ascii_case("clb") => {
                text.get(3..).ok_or_else(invalid)?
            }
            _ => text,
        };
        if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid());
        }
        digits.parse().map(Self).map_err(|_| invalid())
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn codes_are_read_in_either_case() {
        assert_eq!("clb6104".parse::<Code>().unwrap().to_string(), "CLB6104");
        for text in [
            "CLB",
            "CLB61",
            "CLB61045",
            "X6104",
            "l7-redirect-missing",
            "CLB+104",
        ] {
            assert!(text.parse::<Code>().is_err(), "{text}");
        }
    }
}
