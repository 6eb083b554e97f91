//! Puts what a parser returns into its field: a fact with its origin, or a gap that says why not.

use super::{ParseError, text};
use crate::model::{Fact, Gap, Origin, Reason, Seen, Source};

/// Where a document comes from.
pub(crate) struct Place<'a> {
    node: &'a str,
    document: &'a str,
    source: Source,
    empty: Option<&'static str>,
}

impl<'a> Place<'a> {
    /// A document of `node`, under its path in the bundle.
    pub(crate) fn new(node: &'a str, document: &'a str, source: Source) -> Self {
        Self {
            node,
            document,
            source,
            empty: None,
        }
    }

    /// A document that may be empty for two reasons: `why` becomes a gap that later readings may
    /// lift, and no error is returned.
    pub(crate) fn may_be_empty(self, why: &'static str) -> Self {
        Self {
            empty: Some(why),
            ..self
        }
    }

    /// Reads a JSON document.
    pub(crate) fn json<T>(
        &self,
        field: &mut Seen<T>,
        bytes: &[u8],
        parse: impl FnOnce(&str) -> Result<T, ParseError>,
    ) -> Result<bool, ParseError> {
        if let Some(why) = self.empty
            && bytes.trim_ascii().is_empty()
        {
            if field.is_err() {
                *field = Err(self.unreadable(why));
            }
            return Ok(true);
        }
        self.keep(field, text::strict(bytes).and_then(parse))
    }

    /// Reads a document of lines.
    pub(crate) fn lines<T>(
        &self,
        field: &mut Seen<T>,
        bytes: &[u8],
        parse: impl FnOnce(&str) -> Result<T, ParseError>,
    ) -> Result<bool, ParseError> {
        self.keep(field, parse(&text::lossy(bytes)))
    }

    /// The gap of a reading that nobody made.
    pub(crate) fn not_collected(&self) -> Gap {
        Gap::not_collected(self.source, self.about())
    }

    /// The same reading as JSON outranks its text, and a fact outranks an error, in any order.
    fn keep<T>(
        &self,
        field: &mut Seen<T>,
        parsed: Result<T, ParseError>,
    ) -> Result<bool, ParseError> {
        match (parsed, field.as_ref()) {
            (Ok(_), Ok(known)) if is_json(&known.origin.document) && !is_json(self.document) => {}
            (Ok(value), _) => {
                *field = Ok(Fact::new(value, Origin::new(self.source, self.document)));
            }
            (Err(error), Ok(_)) => return Err(error),
            (Err(error), Err(_)) => {
                *field = Err(self.unreadable(&error.to_string()));
                return Err(error);
            }
        }
        Ok(true)
    }

    fn unreadable(&self, why: &str) -> Gap {
        let why = format!("{}: {why}", self.document);
        Gap::new(self.source, self.about(), Reason::Unreadable(why))
    }

    fn about(&self) -> String {
        format!("node {}", self.node)
    }
}

fn is_json(document: &str) -> bool {
    document.ends_with(".json")
}
