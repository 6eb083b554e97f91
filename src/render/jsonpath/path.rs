//! Paths in kubectl's dialect, translated to RFC 9535 and evaluated by `jsonpath-rust`.
//!
//! The dialects differ in how names are written (`.a\.b`, `['a.b']` for two names), in what `$` and `@` are (both the
//! current value), and in unions, which kubectl goes through one alternative at a time.

use super::scan::{Fault, Scan};
use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;
use std::fmt::Write as _;
use std::str::FromStr;

/// A path that was read: steps, each with its alternatives.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::render) struct Path {
    steps: Vec<Vec<JpQuery>>,
}

impl FromStr for Path {
    type Err = Fault;

    /// A path alone, as in custom columns: braces and the first dot may be left out.
    fn from_str(text: &str) -> Result<Self, Fault> {
        let inner = match text.strip_prefix('{') {
            Some(rest) => match rest.strip_suffix('}') {
                Some(inner) => inner,
                None => return Scan::new(text, 0).fault("nothing closes the `{`"),
            },
            None => text,
        };
        let offset = usize::from(inner.len() != text.len());
        let bare = inner.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        if bare {
            let dotted = format!(".{inner}");
            // The dot stands in nobody's text, so columns are counted without it.
            return Self::read(&mut Scan::new(&dotted, offset)).map_err(|fault| Fault {
                column: fault.column.saturating_sub(1).max(1),
                ..fault
            });
        }
        Self::read(&mut Scan::new(inner, offset))
    }
}

impl Path {
    /// Everything the path finds below `value`, in order.
    pub(in crate::render) fn find<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        let mut found = vec![value];
        for alternatives in &self.steps {
            let mut next = Vec::new();
            for query in alternatives {
                for value in &found {
                    // An error says that the result is no part of the document, which no such query asks for.
                    let refs = js_path_process(query, *value).unwrap_or_default();
                    next.extend(refs.into_iter().map(|found| found.val));
                }
            }
            found = next;
        }
        found
    }

    /// Reads a path to the end of the text.
    pub(super) fn read(scan: &mut Scan) -> Result<Self, Fault> {
        let mut steps = Vec::new();
        let mut query = String::from("$");
        scan.skip_spaces();
        if !scan.take("$") {
            scan.take("@");
        }
        loop {
            scan.skip_spaces();
            let column = scan.column();
            if scan.take("..") {
                query.push_str("..");
                if scan.peek() != Some('[') {
                    match field(scan)? {
                        name if name.is_empty() => {
                            return scan.fault("`..` needs a name, `*` or `[…]` after it");
                        }
                        name => query.push_str(&selector(&name)),
                    }
                }
            } else if scan.take(".") {
                // `{.}` is the value itself, and `.[0]` is `[0]`.
                let name = field(scan)?;
                if !name.is_empty() {
                    query.push_str(&selector(&name));
                }
            } else if scan.ahead("[?(") {
                scan.take("[?(");
                let inner = scan.until(')', "the filter `[?(`")?;
                if !scan.take("]") {
                    return scan.fault("expected `]` after the filter");
                }
                let _ = write!(query, "[?({inner})]");
                if parse_json_path(&query).is_err() {
                    return scan.fault_at(
                        column,
                        format!(
                            "cannot read the filter [?({inner})]: expected a comparison such as \
                             [?(@.code==\"CLB6104\")], or a path that must exist"
                        ),
                    );
                }
            } else if scan.take("[") {
                let mut selectors = brackets(scan, column)?;
                match (selectors.len(), selectors.pop()) {
                    (1, Some(only)) => query.push_str(&only),
                    (_, last) => {
                        flush(&mut steps, &mut query, column)?;
                        let all = selectors.into_iter().chain(last);
                        let union: Result<Vec<JpQuery>, Fault> =
                            all.map(|one| parsed(&format!("${one}"), column)).collect();
                        steps.push(union?);
                    }
                }
            } else {
                return match scan.peek() {
                    None => {
                        flush(&mut steps, &mut query, column)?;
                        Ok(Self { steps })
                    }
                    Some(c) => scan.fault(format!("unexpected {c:?} in a path")),
                };
            }
        }
    }
}

fn flush(steps: &mut Vec<Vec<JpQuery>>, query: &mut String, column: usize) -> Result<(), Fault> {
    if query.as_str() != "$" {
        steps.push(vec![parsed(query, column)?]);
        "$".clone_into(query);
    }
    Ok(())
}

fn parsed(query: &str, column: usize) -> Result<JpQuery, Fault> {
    parse_json_path(query).map_err(|_| Fault {
        column,
        message: format!("cannot read the path before it ({query} in RFC 9535)"),
    })
}

/// A name after a dot; a backslash takes the next character as it is.
fn field(scan: &mut Scan) -> Result<String, Fault> {
    let mut name = String::new();
    while let Some(c) = scan.peek() {
        if c.is_whitespace() || matches!(c, '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}') {
            break;
        }
        scan.next();
        if c == '\\' {
            match scan.next() {
                Some(escaped) => name.push(escaped),
                None => return scan.fault("a name ends in a backslash"),
            }
        } else {
            name.push(c);
        }
    }
    Ok(name)
}

/// The selectors between brackets, each as RFC 9535 writes it.
fn brackets(scan: &mut Scan, column: usize) -> Result<Vec<String>, Fault> {
    let inner = scan.until(']', "the bracket `[`")?;
    let mut parts = Scan::new(&format!("{inner},"), 0);
    let mut out = Vec::new();
    while parts.peek().is_some() {
        let part = parts.until(',', "the bracket `[`")?;
        let part = part.trim();
        let Some(one) = bracketed(part) else {
            return scan.fault_at(
                column,
                format!(
                    "[{part}] is neither a number, a slice, a quoted name, `*` nor a filter ?(…)"
                ),
            );
        };
        out.push(one);
    }
    Ok(out)
}

fn bracketed(part: &str) -> Option<String> {
    for mark in ['\'', '"'] {
        if let Some(name) = part
            .strip_prefix(mark)
            .and_then(|rest| rest.strip_suffix(mark))
        {
            return names(name);
        }
    }
    let number = |text: &str| text.parse::<i64>().is_ok();
    let slice = |text: &str| {
        let parts: Vec<&str> = text.split(':').map(str::trim).collect();
        (2..=3).contains(&parts.len()) && parts.iter().all(|part| part.is_empty() || number(part))
    };
    (part == "*" || number(part) || slice(part)).then(|| format!("[{part}]"))
}

/// A quoted name is a path of its own in kubectl: `['a.b']` is `.a.b`, `['a\.b']` one name.
fn names(text: &str) -> Option<String> {
    let mut scan = Scan::new(text, 0);
    let mut out = String::new();
    loop {
        let name = field(&mut scan).ok()?;
        out.push_str(&selector(&name));
        match scan.next() {
            None => return Some(out),
            Some('.') => {}
            Some(_) => return None,
        }
    }
}

fn selector(name: &str) -> String {
    if name == "*" {
        return "[*]".to_owned();
    }
    let mut out = String::from("['");
    for c in name.chars() {
        match c {
            '\'' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "']"
}
