//! The grammar of a template around its paths.

use super::path::Path;
use super::scan::{Fault, Scan};

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// Printed as it is.
    Text(String),
    /// What a path finds, separated by spaces.
    Value(Path),
    /// The inner parts for each value that a path finds.
    Range(Path, Vec<Node>),
}

/// Deepest nesting of ranges.
const DEPTH: usize = 32;

/// Reads a whole template.
pub(super) fn parse(text: &str) -> Result<Vec<Node>, Fault> {
    let mut scan = Scan::new(text, 0);
    let mut open: Vec<Open> = Vec::new();
    let mut nodes = Vec::new();
    let mut plain = String::new();
    while let Some(c) = scan.peek() {
        if c != '{' {
            plain.extend(scan.next());
            continue;
        }
        if !plain.is_empty() {
            nodes.push(Node::Text(std::mem::take(&mut plain)));
        }
        let column = scan.column();
        scan.next();
        let offset = scan.column() - 1;
        let action = scan.until('}', "the action `{`")?;
        match read(&action, offset)? {
            Action::Part(node) => nodes.push(node),
            Action::Range(_) if open.len() >= DEPTH => {
                return scan.fault_at(
                    column,
                    format!("more than {DEPTH} ranges inside each other"),
                );
            }
            Action::Range(path) => open.push(Open {
                column,
                path,
                before: std::mem::take(&mut nodes),
            }),
            Action::End => match open.pop() {
                Some(range) => {
                    let inner = std::mem::replace(&mut nodes, range.before);
                    nodes.push(Node::Range(range.path, inner));
                }
                None => return scan.fault_at(column, "{end} without a {range …} before it"),
            },
        }
    }
    if !plain.is_empty() {
        nodes.push(Node::Text(plain));
    }
    match open.pop() {
        // kubectl goes on, and prints what follows the range once more after it.
        Some(range) => scan.fault_at(range.column, "no {end} closes this {range …}"),
        None => Ok(nodes),
    }
}

/// A range that is not closed yet.
struct Open {
    column: usize,
    path: Path,
    before: Vec<Node>,
}

enum Action {
    Part(Node),
    Range(Path),
    End,
}

fn read(text: &str, offset: usize) -> Result<Action, Fault> {
    let mut scan = Scan::new(text, offset);
    scan.skip_spaces();
    if let Some(mark @ ('"' | '\'')) = scan.peek() {
        scan.next();
        let quoted = scan.quoted(mark)?;
        scan.skip_spaces();
        return match scan.peek() {
            None => Ok(Action::Part(Node::Text(quoted))),
            Some(_) => scan.fault("nothing may follow a quoted text in the same {…}"),
        };
    }
    let word = text.trim();
    if word == "end" {
        return Ok(Action::End);
    }
    if matches!(word, "true" | "false") || word.parse::<f64>().is_ok() {
        return Ok(Action::Part(Node::Text(word.to_owned())));
    }
    if scan.ahead("range") {
        scan.take("range");
        if scan.peek().is_none_or(char::is_whitespace) {
            return Ok(Action::Range(Path::read(&mut scan)?));
        }
        return scan.fault("expected a space after `range`");
    }
    if scan.peek().is_some_and(|c| c.is_alphabetic() || c == '_') {
        return scan.fault(format!(
            "`{word}` is no path: paths begin with a dot, as in {{.{word}}}; words are range and end"
        ));
    }
    Ok(Action::Part(Node::Value(Path::read(&mut scan)?)))
}
