//! Samples of metrics in the three texts they are printed in: the Prometheus exposition format, the
//! table of `cilium-dbg metrics list`, and the `name: value` lines of Envoy's `/stats`.
//!
//! All three become `name{label="value",…}` to value, so that a check need not know which was captured.

use super::{ParseError, text};
use std::collections::BTreeMap;

/// Reads samples; histograms of the two tables have no single value and are left out.
pub(crate) fn samples(text: &str) -> Result<BTreeMap<String, f64>, ParseError> {
    let text = text::filled(text)?;
    let mut found = BTreeMap::new();
    let mut first: Option<(usize, &str)> = None;
    let mut table = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with("Metric ") && line.ends_with("Value") {
            table = true;
            continue;
        }
        let sample = if table { row(line) } else { sample(line) };
        match sample {
            Some((name, value)) => {
                found.insert(name, value);
            }
            None => {
                first.get_or_insert((index + 1, line));
            }
        }
    }
    match first {
        Some((line, text)) if found.is_empty() => {
            Err(ParseError::at(line, text, "no metric in the document"))
        }
        _ => Ok(found),
    }
}

/// `name{labels} value [time]`, or `name: value`.
fn sample(line: &str) -> Option<(String, f64)> {
    let end = match line.find('{') {
        Some(open) if !line[..open].contains(char::is_whitespace) => {
            open + labels_end(&line[open..])?
        }
        _ => line.find(char::is_whitespace)?,
    };
    let (name, rest) = line.split_at(end);
    let name = name.strip_suffix(':').unwrap_or(name);
    let value = rest.trim_start_matches(':').split_whitespace().next()?;
    if name.is_empty() {
        return None;
    }
    Some((name.to_owned(), value.parse().ok()?))
}

/// Length of `{…}` with braces inside quotes skipped.
fn labels_end(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (index, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted => return Some(index + 1),
            _ => {}
        }
    }
    None
}

/// `name   label=value label="value"   number`.
fn row(line: &str) -> Option<(String, f64)> {
    let (name, rest) = line.split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let (labels, value) = rest.rsplit_once(char::is_whitespace).unwrap_or(("", rest));
    let value: f64 = value.parse().ok()?;
    let mut pairs: Vec<(&str, String)> = Vec::new();
    for word in labels.split_whitespace() {
        match (word.split_once('='), pairs.last_mut()) {
            (Some((key, value)), _) => pairs.push((key, value.to_owned())),
            // A value with a space in it.
            (None, Some((_, value))) => {
                value.push(' ');
                value.push_str(word);
            }
            (None, None) => return None,
        }
    }
    if pairs.is_empty() {
        return Some((name.to_owned(), value));
    }
    let labels: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("{key}=\"{}\"", value.trim_matches('"')))
        .collect();
    Some((format!("{name}{{{}}}", labels.join(",")), value))
}

#[cfg(test)]
mod tests {
    use super::samples;

    #[test]
    fn exposition_format() {
        let found = samples(
            "# HELP a b\ncilium_drift_checker_config_delta 4\n\
             x{path=\"/a b}\",le=\"+Inf\"} 2 1700000000\ny NaN\n",
        )
        .unwrap();
        assert_eq!(found["cilium_drift_checker_config_delta"], 4.0);
        assert_eq!(found["x{path=\"/a b}\",le=\"+Inf\"}"], 2.0);
        assert!(found["y"].is_nan());
    }

    #[test]
    fn table_of_metrics_list() {
        let found = samples(
            "Metric                              Labels               Value\n\
             cilium_drift_checker_config_delta                        2.000000\n\
             cilium_xds_events_count             status=nack          7.000000\n\
             cilium_bpf_map_pressure             map_name=\"lb4 x\"     0.500000\n\
             cilium_policy_seconds               scope=total          15ms / 30ms / 60ms\n",
        )
        .unwrap();
        assert_eq!(found["cilium_drift_checker_config_delta"], 2.0);
        assert_eq!(found["cilium_xds_events_count{status=\"nack\"}"], 7.0);
        assert_eq!(found["cilium_bpf_map_pressure{map_name=\"lb4 x\"}"], 0.5);
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn envoy_stats() {
        let found = samples(
            "listener_manager.listener_create_failure: 1\n\
             cluster.a.upstream_cx_length_ms: No recorded values\n",
        )
        .unwrap();
        assert_eq!(found["listener_manager.listener_create_failure"], 1.0);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_text_without_a_metric_is_an_error() {
        let error = samples("Error: dial unix /var/run/cilium/shell.sock").unwrap_err();
        assert_eq!(error.line, Some(1));
    }
}
