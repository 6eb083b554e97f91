//! Reading a template character by character, with the column of what cannot be read.

use std::fmt;

/// What is wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::render) struct Fault {
    /// From 1, in characters.
    pub(in crate::render) column: usize,
    /// What.
    pub(in crate::render) message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at column {}: {}", self.column, self.message)
    }
}

/// A place in a text.
#[derive(Debug, Clone)]
pub(super) struct Scan {
    text: Vec<char>,
    at: usize,
    offset: usize,
}

impl Scan {
    /// `offset` characters of the template stand before the text.
    pub(super) fn new(text: &str, offset: usize) -> Self {
        Self {
            text: text.chars().collect(),
            at: 0,
            offset,
        }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += usize::from(c.is_some());
        c
    }

    /// Whether `text` comes next.
    pub(super) fn ahead(&self, text: &str) -> bool {
        text.chars()
            .enumerate()
            .all(|(index, c)| self.text.get(self.at + index) == Some(&c))
    }

    /// Takes `text` if it comes next.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let ahead = self.ahead(text);
        if ahead {
            self.at += text.chars().count();
        }
        ahead
    }

    pub(super) fn skip_spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// The column of the next character in the whole template, from 1.
    pub(super) fn column(&self) -> usize {
        self.offset + self.at + 1
    }

    pub(super) fn fault<T>(&self, message: impl Into<String>) -> Result<T, Fault> {
        self.fault_at(self.column(), message)
    }

    pub(super) fn fault_at<T>(
        &self,
        column: usize,
        message: impl Into<String>,
    ) -> Result<T, Fault> {
        Err(Fault {
            column,
            message: message.into(),
        })
    }

    /// The text up to `end` outside quotes and inner brackets; `end` is taken, and is not part of it.
    pub(super) fn until(&mut self, end: char, open: &str) -> Result<String, Fault> {
        let start = self.column().saturating_sub(1);
        let mut out = String::new();
        let mut depth = 0_usize;
        let mut quote: Option<char> = None;
        while let Some(c) = self.next() {
            match quote {
                Some(_) if c == '\\' => {
                    out.push(c);
                    out.extend(self.next());
                    continue;
                }
                Some(mark) if c == mark => quote = None,
                Some(_) => {}
                None if depth == 0 && c == end => return Ok(out),
                None => match c {
                    '"' | '\'' => quote = Some(c),
                    '[' | '(' => depth += 1,
                    ']' | ')' => depth = depth.saturating_sub(1),
                    _ => {}
                },
            }
            out.push(c);
        }
        let what = if quote.is_some() {
            "a quoted text is not closed in"
        } else {
            "nothing closes"
        };
        self.fault_at(start, format!("{what} {open}"))
    }

    /// A quoted text with Go's escapes; the opening quote `mark` was taken.
    pub(super) fn quoted(&mut self, mark: char) -> Result<String, Fault> {
        let start = self.column().saturating_sub(1);
        let mut out = String::new();
        loop {
            match self.next() {
                None => return self.fault_at(start, "the quoted text is not closed"),
                Some(c) if c == mark => return Ok(out),
                Some('\\') => out.push(self.escape()?),
                Some(c) => out.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let column = self.column().saturating_sub(1);
        Ok(match self.next() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some(c @ ('\\' | '"' | '\'')) => c,
            Some('u') => {
                let digits: String = (0..4).filter_map(|_| self.next()).collect();
                let code = u32::from_str_radix(&digits, 16).ok();
                match code.and_then(char::from_u32) {
                    Some(c) if digits.len() == 4 => c,
                    _ => return self.fault_at(column, "\\u needs four hexadecimal digits"),
                }
            }
            _ => {
                return self.fault_at(
                    column,
                    "unknown escape: expected \\n, \\t, \\r, \\\\, \\\", \\' or \\u and four digits",
                );
            }
        })
    }
}
