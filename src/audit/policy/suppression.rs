//! One decision to live with a finding.

use super::pattern::Pattern;
use crate::check::{Check, registry};
use crate::report::v1::{SubjectName, Suppressed};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A decision to live with the findings of one check on some subjects.
#[derive(Debug, Clone)]
pub struct Suppression {
    /// The check.
    pub check: &'static Check,
    /// The subjects.
    pub scope: Pattern,
    /// Why; never empty.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Option<Date>,
    /// What says so: a file with its entry, or an annotation with its object. Tells it apart from all others.
    pub by: String,
}

/// Whether a suppression holds on the day of the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It does.
    Holds,
    /// Its last day is past.
    Expired,
    /// It ends, and the evidence does not say from when it is.
    Undated,
}

impl Suppression {
    /// Whether it holds for evidence of `day`.
    pub(super) fn standing(&self, day: Option<Date>) -> Standing {
        match (self.until, day) {
            (None, _) => Standing::Holds,
            (Some(_), None) => Standing::Undated,
            (Some(until), Some(day)) if day > until => Standing::Expired,
            (Some(_), Some(_)) => Standing::Holds,
        }
    }

    /// The record of a finding of `subject` that it covers.
    pub(super) fn record(&self, subject: &SubjectName, fingerprint: &str) -> Suppressed {
        Suppressed {
            subject: subject.clone(),
            code: self.check.code.to_string(),
            fingerprint: fingerprint.to_owned(),
            reason: self.reason.clone(),
            until: self.until.map(|until| until.to_string()),
            by: self.by.clone(),
        }
    }
}

/// The day of a time in RFC 3339, in UTC; absent when it is absent or no time.
pub(super) fn day(time: Option<&str>) -> Option<Date> {
    let time = time?.parse::<Timestamp>().ok()?;
    Some(time.to_zoned(TimeZone::UTC).date())
}

/// Reads a last day: `2026-12-31` and nothing else.
pub(super) fn last_day(text: &str) -> Result<Date, String> {
    let exact = text.len() == "2026-12-31".len();
    match text.parse::<Date>() {
        Ok(date) if exact => Ok(date),
        _ => Err(format!(
            "{text:?} is no day: expected year-month-day, such as 2026-12-31"
        )),
    }
}

/// The check of a code or slug, or what to write instead.
pub(super) fn check(text: &str) -> Result<&'static Check, String> {
    registry::find(text).ok_or_else(|| {
        let near = registry::near(text);
        let hint = match near.first() {
            Some(near) => format!("did you mean {near}? "),
            None => String::new(),
        };
        format!("no check {text:?}: {hint}`kubectl cilium-lb checks` lists all")
    })
}
