//! The version of an agent.

use std::fmt;

/// `1.18.3`, `1.19.0-dev`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CiliumVersion {
    /// Major.
    pub major: u16,
    /// Minor.
    pub minor: u16,
    /// Patch.
    pub patch: u16,
    /// Everything after the patch number, such as `-dev`.
    pub suffix: String,
}

impl CiliumVersion {
    /// Whether this is at least `major.minor`, snapshots of that minor included.
    pub fn at_least(&self, major: u16, minor: u16) -> bool {
        (self.major, self.minor) >= (major, minor)
    }

    /// Reads `1.18.3`, `v1.18.3` or the start of `1.19.0-dev e8aa78a5 …`.
    pub fn parse(text: &str) -> Option<Self> {
        let word = text.split_whitespace().next()?;
        let word = word.strip_prefix('v').unwrap_or(word);
        let mut parts = word.splitn(3, '.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?.parse().ok()?;
        let rest = parts.next().unwrap_or("0");
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        Some(Self {
            major,
            minor,
            patch: rest[..digits].parse().ok()?,
            suffix: rest[digits..].to_owned(),
        })
    }
}

impl fmt::Display for CiliumVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{}.{}{}",
            self.major, self.minor, self.patch, self.suffix
        )
    }
}

#[cfg(test)]
mod tests {
    use super::CiliumVersion;

    #[test]
    fn versions_of_releases_and_snapshots() {
        let version = CiliumVersion::parse("1.19.0-dev e8aa78a5 2025-10-30").unwrap();
        assert_eq!(version.to_string(), "1.19.0-dev");
        assert!(version.at_least(1, 19) && !version.at_least(1, 20));
        assert!(CiliumVersion::parse("v1.14.10").unwrap().at_least(1, 14));
        assert_eq!(CiliumVersion::parse("latest"), None);
    }
}
