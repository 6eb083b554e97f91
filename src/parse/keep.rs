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

#[cfg(test)]
mod tests {
    use super::Place;
    use crate::model::{Gap, Reason, Seen, Source};
    use crate::parse::{ParseError, text};

    fn number(text: &str) -> Result<u8, ParseError> {
        text::json(text)
    }

    fn unread() -> Seen<u8> {
        Err(Gap::not_collected(Source::AgentStatus, "node a"))
    }

    #[test]
    fn an_error_is_returned_and_kept_with_its_document() {
        let mut field = unread();
        let place = Place::new("a", "cilium/a/status.json", Source::AgentStatus);
        assert!(place.json(&mut field, b"x", number).is_err());
        let gap = field.unwrap_err();
        assert_eq!(gap.about, "node a");
        let Reason::Unreadable(why) = gap.reason else {
            panic!("another reason")
        };
        assert!(
            why.starts_with("cilium/a/status.json: line 1, column 1"),
            "{why}"
        );
    }

    #[test]
    fn a_fact_outranks_an_error_in_any_order() {
        let json = Place::new("a", "cilium/a/version.json", Source::AgentVersion);
        let text = Place::new("a", "cilium/a/version.txt", Source::AgentVersion);
        let mut field = unread();
        assert!(json.json(&mut field, b"x", number).is_err());
        assert!(text.lines(&mut field, b"2", number).is_ok());
        assert!(json.json(&mut field, b"x", number).is_err());
        let fact = field.unwrap();
        assert_eq!(
            (fact.value, fact.origin.document.as_str()),
            (2, "cilium/a/version.txt")
        );
    }

    #[test]
    fn an_empty_document_is_an_error_unless_it_may_be_empty() {
        let mut field = unread();
        let place = Place::new("a", "cilium/a/db-x.json", Source::DbServices);
        assert!(place.json(&mut field, b"\n", number).is_err());
        let place = place.may_be_empty("why");
        assert_eq!(place.json(&mut field, b"\n", number), Ok(true));
        let gap = field.unwrap_err();
        assert_eq!(
            gap.reason,
            Reason::Unreadable("cilium/a/db-x.json: why".to_owned())
        );
    }
}
