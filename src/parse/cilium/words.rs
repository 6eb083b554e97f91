//! Words of a line, where quotes hold words together: iptables rules and log lines.

/// Splits at white space outside double quotes. Quotes vanish; inside them `\` escapes as Go's
/// `strconv.Quote` does.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if quoted => {
                let escaped = match chars.next() {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some('r') => '\r',
                    Some(other) => other,
                    None => '\\',
                };
                word.get_or_insert_default().push(escaped);
            }
            _ if c.is_whitespace() && !quoted => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn quotes_hold_words_together() {
        let line = r#"level=warn msg="say \"a b\"" empty="" x=1"#;
        assert_eq!(
            words(line),
            ["level=warn", "msg=say \"a b\"", "empty=", "x=1"]
        );
        assert_eq!(words(r#" --comment "open"#), ["--comment", "open"]);
        assert!(words("  ").is_empty());
    }
}
