//! Profiles of the AWS CLI's files: their headings, without any credentials.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// Most bytes of one file.
const BYTES: u64 = 1 << 20;

/// Names in `~/.aws/config` and `~/.aws/credentials`, or where `AWS_CONFIG_FILE` and
/// `AWS_SHARED_CREDENTIALS_FILE` say.
pub(super) fn profiles() -> BTreeSet<String> {
    let config = text("AWS_CONFIG_FILE", ".aws/config");
    let credentials = text("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
    let mut names: BTreeSet<String> = headings(&config).filter_map(of_config).collect();
    names.extend(headings(&credentials).map(str::to_owned));
    names
}

fn text(variable: &str, file: &str) -> String {
    let named = std::env::var_os(variable).filter(|path: &OsString| !path.is_empty());
    let path = named
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(file)));
    let mut bytes = Vec::new();
    if let Some(file) = path.and_then(|path| File::open(path).ok()) {
        // What was read until an error is as good as any part.
        let _ = file.take(BYTES).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What stands in brackets at the beginning of a line.
fn headings(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix('[')?.split_once(']'))
        .map(|(heading, _)| heading.trim())
        .filter(|heading| !heading.is_empty())
}

/// In `config` a profile is `[default]` or `[profile NAME]`; there are `[sso-session NAME]` and others as well.
fn of_config(heading: &str) -> Option<String> {
    if heading == "default" {
        return Some(heading.to_owned());
    }
    let name = heading.strip_prefix("profile")?;
    let quotes: &[char] = &['"', '\''];
    name.starts_with(char::is_whitespace)
        .then(|| name.trim().trim_matches(quotes).to_owned())
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{headings, of_config};

    #[test]
    fn profiles_of_config_and_nothing_else() {
        let text = "[default]\nregion = x\n [profile prod] # the one\n[profile \"a b\"]\n[sso-session s]\n\
            [profiles]\n[profile ]\n[services x]\nkey = [profile no]\n[profile open\n";
        let names: Vec<String> = headings(text).filter_map(of_config).collect();
        assert_eq!(names, ["default", "prod", "a b"]);
    }
}
