//! `sysctl net.ipv4.conf net.bridge`: the kernel settings that decide whether a redirected packet survives.

use crate::parse::{ParseError, text};
use std::collections::BTreeMap;

/// Reads `key = value`; settings that could not be read are reported among them and left out.
pub(super) fn settings(text: &str) -> Result<BTreeMap<String, String>, ParseError> {
    let text = text::filled(text)?;
    let settings: BTreeMap<String, String> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .filter(|(key, _)| !key.is_empty() && !key.contains(char::is_whitespace))
        .collect();
    if settings.is_empty() {
        return Err(ParseError::first_line(
            text,
            "no setting: not the output of `sysctl`",
        ));
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::settings;

    #[test]
    fn settings_among_errors() {
        let settings = settings(
            "net.ipv4.conf.all.rp_filter = 0\nnet.ipv4.conf.eth0.rp_filter=1\n\
             sysctl: permission denied on key 'net.ipv4.conf.all.x'\n",
        )
        .unwrap();
        assert_eq!(settings["net.ipv4.conf.eth0.rp_filter"], "1");
        assert_eq!(settings.len(), 2);
    }

    #[test]
    fn an_error_message_is_no_setting() {
        assert!(settings("sh: sysctl: not found\n").is_err());
        assert!(settings("").is_err());
    }
}
