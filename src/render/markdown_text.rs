//! Text from outside as Markdown: it stays the text it is, whatever is in it.

use super::sanitize::clean;

/// Plain text inside a paragraph, list item or table cell. Mentions and references do not become links.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in clean(text).chars() {
        match c {
            // GitHub looks for @name and #1 after Markdown is done; an empty comment keeps the two apart.
            '@' => out.push_str("@<!-- -->"),
            '#' => out.push_str("\\#<!-- -->"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '(' | ')' | '|' | '~'
            | '!' | '+' | '&' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// A table cell: a code span where that can be, since inside one neither a pipe nor a backslash before it has an escape.
pub(super) fn cell(text: &str) -> String {
    if text.contains('|') {
        plain(text)
    } else {
        code(text)
    }
}

/// A code span.
pub(super) fn code(text: &str) -> String {
    let text = clean(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    if text.is_empty() {
        return String::new();
    }
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A fenced block of commands.
pub(super) fn block(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| clean(line).into_owned()).collect();
    let longest = lines.iter().map(|line| longest_run(line)).max();
    let fence = "`".repeat(longest.unwrap_or(0).max(2) + 1);
    format!("{fence}sh\n{}\n{fence}\n", lines.join("\n"))
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{block, cell, code, plain};

    #[test]
    fn what_people_name_things_is_never_markup() {
        assert_eq!(plain("a|b`c\nd"), "a\\|b\\`c·d");
        assert_eq!(
            plain("@team <img> [x](y)"),
            "@<!-- -->team \\<img\\> \\[x\\]\\(y\\)"
        );
        assert_eq!(code("a`b|c"), "``a`b|c``");
        assert_eq!(cell("a|b\\|"), "a\\|b\\\\\\|");
        assert_eq!(cell("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(block(&["a ``` b".to_owned()]), "````sh\na ``` b\n````\n");
    }
}
