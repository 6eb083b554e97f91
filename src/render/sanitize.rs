//! Names and messages come from other people: control characters never reach a terminal.

use std::borrow::Cow;

/// Replaces control characters, line breaks and direction overrides by `·`.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(hostile) {
        Cow::Owned(
            text.chars()
                .map(|c| if hostile(c) { '·' } else { c })
                .collect(),
        )
    } else {
        Cow::Borrowed(text)
    }
}

fn hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn escapes_and_overrides_are_replaced() {
        assert_eq!(clean("a\u{1b}[31mb\nc\u{202e}d"), "a·[31mb·c·d");
        assert_eq!(clean("zażółć ✓"), "zażółć ✓");
    }
}
