//! YAML as kubectl prints it, bounded.
//!
//! A stream is cut at its `---` lines first, so that one broken document does
//! not take the others with it. The bounds grow with the text, except those on
//! aliases: kubectl never prints one, and aliases are what bombs are made of.

use serde::de::DeserializeOwned;
use serde_saphyr::options::NonFiniteFloatPolicy;

/// Aliases in one document, and anchors they may refer to.
const MAX_ALIASES: usize = 1_000;
/// Nodes that all aliases together may repeat.
const MAX_REPEATED: usize = 20_000;
/// Bytes that anchors may hold for repetition.
const MAX_ANCHORED: usize = 32 << 10;
/// Levels of nesting; the Kubernetes API itself stays far below.
const MAX_DEPTH: usize = 100;

/// A YAML text that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlError {
    /// Line from 1, 0 when unknown.
    pub line: usize,
    /// Column from 1, 0 when unknown.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// One document of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document<'a> {
    /// Number of lines before it in the file.
    pub line: usize,
    /// Its text.
    pub text: &'a str,
}

/// Cuts a stream at its document markers; parts without content are left out.
///
/// A line that starts with `---` is a marker wherever it stands, also inside a block scalar (YAML 1.2, 9.1.2).
pub fn documents(text: &str) -> Vec<Document<'_>> {
    let mut found = Vec::new();
    let (mut start, mut start_line, mut offset) = (0, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let marker = line.strip_prefix("---");
        if marker.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)) {
            push(&mut found, start_line, &text[start..offset]);
            (start, start_line) = (offset, number);
        }
        offset += line.len();
    }
    push(&mut found, start_line, &text[start..]);
    found
}

fn push<'a>(found: &mut Vec<Document<'a>>, line: usize, text: &'a str) {
    let has_content = text.lines().map(str::trim).any(|line| {
        !line.is_empty() && !matches!(line, "---" | "...") && !line.starts_with(['#', '%'])
    });
    if has_content {
        found.push(Document { line, text });
    }
}

impl Document<'_> {
    /// Reads the document.
    ///
    /// # Errors
    /// What is wrong, with the position in the file.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, YamlError> {
        serde_saphyr::from_str_with_options(self.text, options(self.text.len()))
            .map_err(|error| self.explain(&error))
    }

    /// The error with its position moved to the file that holds the document.
    pub fn explain(&self, error: &serde_saphyr::Error) -> YamlError {
        let position = error.location();
        let number = |value: u64| usize::try_from(value).unwrap_or(0);
        YamlError {
            line: position.map_or(0, |at| number(at.line()) + self.line),
            column: position.map_or(0, |at| number(at.column())),
            message: message(error),
        }
    }
}

/// The error without its position and without a picture of the text.
fn message(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    let first = text.lines().next().unwrap_or_default();
    match first.split_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => first.to_owned(),
    }
}

/// Options for a text of `size` bytes.
pub fn options(size: usize) -> serde_saphyr::Options {
    // No node takes less than a byte; the constant covers the stream's own events.
    let nodes = size.saturating_add(1_000);
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: nodes.saturating_mul(2).saturating_add(MAX_REPEATED),
            max_nodes: nodes.saturating_add(MAX_REPEATED),
            max_total_scalar_bytes: nodes,
            max_depth: MAX_DEPTH,
            max_aliases: MAX_ALIASES,
            max_anchors: MAX_ALIASES,
            max_recorded_anchor_events: MAX_REPEATED,
            max_recorded_anchor_bytes: MAX_ANCHORED,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_REPEATED,
        },
        emit_comments: false,
        with_snippet: false,
        strict_booleans: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, documents};
    use serde_json::{Value, json};

    #[test]
    fn a_stream_is_cut_at_its_markers() {
        let text = "# head\n---\na: 1\n--- {b: 2}\n---\n---\nc: |\n  --- not here\n  x\n...\n";
        let parts: Vec<(usize, Value)> = documents(text)
            .iter()
            .map(|part| (part.line, part.parse().unwrap()))
            .collect();
        assert_eq!(
            parts,
            [
                (1, json!({"a": 1})),
                (3, json!({"b": 2})),
                (5, json!({"c": "--- not here\nx\n"})),
            ]
        );
    }

    #[test]
    fn positions_are_those_of_the_file() {
        let text = "a: 1\n---\nb:\n  - x\n c: [\n";
        let error = documents(text)[1].parse::<Value>().unwrap_err();
        assert!(error.line >= 5, "{error:?}");
        assert!(!error.message.contains('\n') && !error.message.contains(" at line "));
    }

    #[test]
    fn an_alias_bomb_is_refused_and_a_modest_alias_is_not() {
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..9 {
            let before = format!("*a{},", level - 1).repeat(9);
            bomb.push_str(&format!("a{level}: &a{level} [{before}]\n"));
        }
        let bomb = Document {
            line: 0,
            text: &bomb,
        };
        assert!(bomb.parse::<Value>().is_err());
        let modest = Document {
            line: 0,
            text: "a: &a {x: y}\nb: *a\n",
        };
        assert_eq!(modest.parse::<Value>().unwrap()["b"], json!({"x": "y"}));
    }

    #[test]
    fn deep_nesting_is_refused_and_texts_stay_texts() {
        let deep = "[".repeat(100_000);
        assert!(
            Document {
                line: 0,
                text: &deep
            }
            .parse::<Value>()
            .is_err()
        );
        let texts = Document {
            line: 0,
            text: "a: no\nb: .nan\nc: 1e999\nd: true",
        };
        assert_eq!(texts.parse::<Value>().unwrap()["a"], json!("no"));
        assert_eq!(texts.parse::<Value>().unwrap()["d"], json!(true));
    }
}
