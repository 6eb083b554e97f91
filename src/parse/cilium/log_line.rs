//! Fields of one log line: `key=value` pairs, or a JSON object.

use super::words::words;
use serde_json::Value;

/// Longest line that is kept, in characters.
const MAX: usize = 1000;

/// The fields of a line in order.
pub(super) struct LogLine {
    fields: Vec<(String, String)>,
    prefix_time: Option<String>,
}

impl LogLine {
    /// Reads a line; what is no field is left out.
    pub(super) fn parse(line: &str) -> Self {
        let start = line.find('{').filter(|start| !line[..*start].contains('='));
        if let Some(Ok(object)) = start
            .map(|start| serde_json::from_str::<serde_json::Map<String, Value>>(&line[start..]))
        {
            return Self {
                fields: object
                    .into_iter()
                    .map(|(name, value)| match value {
                        Value::String(text) => (name, text),
                        other => (name, other.to_string()),
                    })
                    .collect(),
                prefix_time: None,
            };
        }
        let words = words(line);
        Self {
            // `kubectl logs --timestamps` puts the time in front of the line.
            prefix_time: words
                .iter()
                .take(2)
                .find(|word| word.parse::<jiff::Timestamp>().is_ok())
                .cloned(),
            fields: words
                .iter()
                .filter_map(|word| word.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }

    /// The first field of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    /// The time of the line, RFC 3339.
    pub(super) fn time(&self) -> Option<&str> {
        self.get("time")
            .or_else(|| self.get("ts"))
            .filter(|time| time.parse::<jiff::Timestamp>().is_ok())
            .or(self.prefix_time.as_deref())
    }
}

/// The line without control characters, cut.
pub(super) fn clip(line: &str) -> String {
    line.trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{LogLine, clip};

    #[test]
    fn times() {
        let time = |line: &str| LogLine::parse(line).time().map(str::to_owned);
        let wanted = Some("2026-11-21T00:46:14.72Z".to_owned());
        assert_eq!(
            time("time=2026-11-21T00:46:14.72Z level=info msg=x"),
            wanted
        );
        assert_eq!(time("2026-11-21T00:46:14.72Z level=info msg=x"), wanted);
        assert_eq!(time("[pod/a/b] 2026-11-21T00:46:14.72Z level=info"), wanted);
        assert_eq!(time("{\"time\": \"2026-11-21T00:46:14.72Z\"}"), wanted);
        assert_eq!(time("time=yesterday msg=x"), None);
    }

    #[test]
    fn lines_are_cut_and_freed_of_control_characters() {
        assert_eq!(clip("a\u{1b}[31mb\n"), "a[31mb");
        assert_eq!(clip(&"é".repeat(5000)).chars().count(), 1000);
    }
}
