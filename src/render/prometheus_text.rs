//! The Prometheus text exposition format 0.0.4: families with HELP and TYPE, sorted series, escaped labels.

use super::sanitize::clean;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A family of gauges.
#[derive(Debug)]
pub(super) struct Gauge {
    name: &'static str,
    help: &'static str,
    series: BTreeMap<String, f64>,
}

impl Gauge {
    pub(super) fn new(name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            help,
            series: BTreeMap::new(),
        }
    }

    /// Adds to a series: a series may stand only once, and two subjects may have the same labels.
    pub(super) fn add(&mut self, labels: &[(&str, &str)], value: f64) {
        *self.series.entry(rendered(labels)).or_default() += value;
    }

    /// Sets a series to the least of what is said of it.
    pub(super) fn least(&mut self, labels: &[(&str, &str)], value: f64) {
        let known = self.series.entry(rendered(labels)).or_insert(value);
        *known = known.min(value);
    }

    /// Appends the family; nothing for one without series.
    pub(super) fn write(&self, out: &mut String) {
        if self.series.is_empty() {
            return;
        }
        let _ = writeln!(out, "# HELP {} {}", self.name, self.help);
        let _ = writeln!(out, "# TYPE {} gauge", self.name);
        for (labels, value) in &self.series {
            let _ = writeln!(out, "{}{labels} {value}", self.name);
        }
    }
}

fn rendered(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let pairs: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
        .collect();
    format!("{{{}}}", pairs.join(","))
}

/// Backslash, quote and line feed are escaped; line feeds are gone with the other control characters.
fn escaped(value: &str) -> String {
    clean(value).replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::Gauge;

    #[test]
    fn labels_are_escaped_and_series_are_sorted_and_stand_once() {
        let mut gauge = Gauge::new("up", "Help.");
        gauge.add(&[("a", "z")], 1.0);
        gauge.add(&[("a", "back\\slash \"quoted\" line\nbreak")], 1.0);
        gauge.add(&[("a", "z")], 2.0);
        gauge.least(&[], 1.0);
        gauge.least(&[], 0.0);
        let mut out = String::new();
        gauge.write(&mut out);
        assert_eq!(
            out,
            "# HELP up Help.\n# TYPE up gauge\nup 0\n\
             up{a=\"back\\\\slash \\\"quoted\\\" line·break\"} 1\nup{a=\"z\"} 3\n"
        );
    }
}
