//! Other people's error texts, made fit for one line.

/// Longest text of an error, in characters.
const LONGEST: usize = 400;

/// One line without control characters, cut after 400 characters.
pub(super) fn line(text: &str) -> String {
    let mut out = String::new();
    let mut words = 0_usize;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if words > 0 {
            out.push(' ');
        }
        out.push_str(word);
        words += 1;
        if out.chars().count() > LONGEST {
            let cut: String = out.chars().take(LONGEST).collect();
            return format!("{cut}…");
        }
    }
    out
}

/// The first line that says something.
pub(super) fn first_line(text: &str) -> String {
    text.lines()
        .map(line)
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// An error with all its causes, each once: clients hide the reason in the last of them.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut out = line(&error.to_string());
    let mut next = error.source();
    while let Some(cause) = next {
        let text = line(&cause.to_string());
        if !text.is_empty() && !out.contains(&text) {
            out.push_str(": ");
            out.push_str(&text);
        }
        next = cause.source();
    }
    line(&out)
}

#[cfg(test)]
mod tests {
    use super::{chain, first_line, line};

    #[test]
    fn control_characters_and_breaks_become_blanks() {
        assert_eq!(line(" a\r\n\tb\u{1b}[31m c "), "a b [31m c");
        assert_eq!(first_line("\n \nsecond\nthird"), "second");
        assert_eq!(line(&"é".repeat(500)).chars().count(), 401);
    }

    #[test]
    fn every_cause_is_told_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("dispatch failure")]
        struct Outer(#[source] std::io::Error);
        let error = Outer(std::io::Error::other("refused"));
        assert_eq!(chain(&error), "dispatch failure: refused");
    }
}
