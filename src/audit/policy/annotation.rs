//! The annotation `cilium-lb.dev/ignore` of a subject's object.
//!
//! ```text
//! entries = [ entry ] *( ( ";" / newline ) [ entry ] )
//! entry   = code ":" reason [ "(until " year "-" month "-" day ")" ]
//! ```
//! `code` is a code or slug and `reason` any text without `;`, newlines or `(until`, not empty. What is not written so
//! covers nothing and is reported: the typo of one team must not end the audit of all.

use super::suppression::{check, last_day};
use crate::check::Check;
use jiff::civil::Date;

/// The key of the annotation.
pub(in crate::audit) const KEY: &str = "cilium-lb.dev/ignore";

/// One entry.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) check: &'static Check,
    pub(super) reason: String,
    pub(super) until: Option<Date>,
}

/// An entry that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// What stands before the colon.
    pub(super) code: String,
    /// What is wrong, and what to write.
    pub(super) message: String,
}

/// Reads the entries of an annotation, in their order.
pub(super) fn entries(text: &str) -> Vec<Result<Entry, Unreadable>> {
    text.split([';', '\n'])
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .map(entry)
        .collect()
}

fn entry(text: &str) -> Result<Entry, Unreadable> {
    let (code, rest) = match text.split_once(':') {
        Some((code, rest)) => (code.trim(), Some(rest.trim())),
        None => (text, None),
    };
    let wrong = |message: String| Unreadable {
        code: code.to_owned(),
        message,
    };
    let check = check(code).map_err(wrong)?;
    let rest = rest.unwrap_or_default();
    let (reason, until) = match rest.split_once("(until") {
        None => (rest, None),
        Some((reason, until)) => {
            let until = until.strip_suffix(')').ok_or_else(|| {
                wrong("(until …) must end the entry, such as (until 2026-12-31)".to_owned())
            })?;
            (reason, Some(last_day(until.trim()).map_err(wrong)?))
        }
    };
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(wrong(
            "it gives no reason: write CODE: why the finding is accepted".to_owned(),
        ));
    }
    Ok(Entry {
        check,
        reason: reason.to_owned(),
        until,
    })
}

#[cfg(test)]
mod tests {
    use super::entries;

    #[test]
    fn entries_are_separated_by_semicolons_and_lines() {
        let text = "CLB2204: blue-green cutover (until 2026-12-31); hairpin: a: b (c)\n\n clb8204 :one zone;";
        // Codes are those of the registry, whichever it has.
        let text = text.replace("CLB2204", "CLB2104");
        let found: Vec<String> = entries(&text)
            .into_iter()
            .map(|entry| {
                let entry = entry.unwrap();
                format!("{} {:?} {:?}", entry.check.code, entry.reason, entry.until)
            })
            .collect();
        assert_eq!(
            found,
            [
                "CLB2104 \"blue-green cutover\" Some(2026-12-31)",
                "CLB8201 \"a: b (c)\" None",
                "CLB8204 \"one zone\" None",
            ]
        );
        assert!(entries(" ;\n; ").is_empty());
    }

    #[test]
    fn a_wrong_entry_does_not_take_the_others_with_it() {
        for (text, code, said) in [
            ("CLB8204", "CLB8204", "no reason"),
            ("CLB8204:", "CLB8204", "no reason"),
            ("CLB8204: (until 2026-12-31)", "CLB8204", "no reason"),
            ("harpin: x", "harpin", "did you mean hairpin?"),
            (
                "CLB8204: x (until tomorrow)",
                "CLB8204",
                "such as 2026-12-31",
            ),
            (
                "CLB8204: x (until 2026-12-31) y",
                "CLB8204",
                "must end the entry",
            ),
            (
                "CLB8204: x (until 2026-12-31",
                "CLB8204",
                "must end the entry",
            ),
            ("no colon", "no colon", "no check"),
            (": x", "", "no check"),
        ] {
            let found = entries(&format!("{text}; hairpin: fine"));
            let wrong = found[0].as_ref().unwrap_err();
            assert_eq!(wrong.code, code);
            assert!(wrong.message.contains(said), "{text}: {}", wrong.message);
            assert!(found[1].is_ok(), "{text}");
        }
    }
}
