//! Names of one bundle and what stands in for them.

use super::vocabulary::{is_common, is_place};
use super::words::Words;
use std::collections::{HashMap, HashSet};

/// What Kubernetes, Cilium and AWS put before a name.
const PREFIXES: &[&str] = &["cilium-gateway-", "cilium-ingress-", "internal-", "k8s-"];

/// What AWS puts before the digits of its own names.
pub(super) const ID_PREFIXES: &[&str] = &[
    "acl",
    "aclassoc",
    "ami",
    "cagw",
    "cgw",
    "dopt",
    "eigw",
    "eipalloc",
    "eipassoc",
    "eni",
    "eni-attach",
    "fl",
    "i",
    "igw",
    "lgw",
    "lt",
    "mi",
    "nat",
    "pcx",
    "pl",
    "r",
    "rtb",
    "rtbassoc",
    "sg",
    "sgr",
    "snap",
    "subnet",
    "subnet-cidr-assoc",
    "tgw",
    "tgw-attach",
    "tgw-rtb",
    "vgw",
    "vol",
    "vpc",
    "vpc-cidr-assoc",
    "vpcbpa-exclude",
    "vpce",
    "vpce-svc",
];

/// Parts of host names that are not somebody's own.
const HOST_LABELS: &[&str] = &[
    "amazonaws",
    "c2s",
    "cloud",
    "cluster",
    "com",
    "compute",
    "csp",
    "dkr",
    "dualstack",
    "ec2",
    "ecr",
    "eks",
    "eksctl",
    "elb",
    "gov",
    "hci",
    "ic",
    "internal",
    "local",
    "s3",
    "sc2s",
    "sgov",
    "sts",
    "svc",
    "vpce",
    "www",
];

/// Ends of host names under which anybody may have a name.
pub(super) const TOP_LEVEL: &[&str] = &[
    "ai", "app", "biz", "ch", "cloud", "cn", "co", "com", "corp", "de", "dev", "edu", "eu",
    "example", "fr", "gov", "home", "info", "internal", "invalid", "io", "jp", "lan", "local",
    "mil", "net", "nl", "online", "org", "site", "tech", "test", "uk", "us", "xyz",
];

/// The names of a bundle with their stand-ins, all in lower case.
#[derive(Debug)]
pub(super) struct Names {
    words: Words,
    stand_ins: HashMap<String, String>,
    kept: HashSet<String>,
    /// The most parts of a name that starts with a word.
    starts: HashMap<String, usize>,
}

/// Where the parts of a run of name characters start and end.
pub(super) fn parts(run: &str) -> Vec<(usize, usize)> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, separator) in run.match_indices(is_separator) {
        if at > start {
            parts.push((start, at));
        }
        start = at + separator.len();
    }
    if start < run.len() {
        parts.push((start, run.len()));
    }
    parts
}

pub(super) fn is_separator(c: char) -> bool {
    matches!(c, '-' | '.' | '_')
}

fn index(starts: &mut HashMap<String, usize>, name: &str) {
    let parts = parts(name);
    if let Some(word) = parts
        .first()
        .and_then(|(start, end)| name.get(*start..*end))
    {
        let longest = starts.entry(word.to_owned()).or_default();
        *longest = (*longest).max(parts.len());
    }
}

impl Names {
    /// No names yet, but words that stay.
    pub(super) fn new(words: Words, kept: HashSet<String>) -> Self {
        let mut starts = HashMap::new();
        for name in &kept {
            index(&mut starts, name);
        }
        Self {
            words,
            stand_ins: HashMap::new(),
            kept,
            starts,
        }
    }

    /// Makes a stand-in for a name that has none.
    pub(super) fn add(&mut self, name: &str) {
        if !self.kept.contains(name) && !self.stand_ins.contains_key(name) {
            let stand_in = self.compose(name);
            self.set(name, stand_in);
        }
    }

    /// Sets the stand-in of a name that is computed out of others.
    pub(super) fn set(&mut self, name: &str, stand_in: String) {
        index(&mut self.starts, name);
        self.stand_ins.insert(name.to_owned(), stand_in);
    }

    /// Makes the stand-in of a name anew, after those of its parts were set.
    pub(super) fn renew(&mut self, name: &str) {
        if self.stand_ins.contains_key(name) {
            let made = self.compose(name);
            self.stand_ins.insert(name.to_owned(), made);
        }
    }

    /// The longest name that starts at the part `first`: the number of its parts and its stand-in, `None` if it is kept.
    pub(super) fn longest(
        &self,
        run: &str,
        parts: &[(usize, usize)],
        first: usize,
    ) -> Option<(usize, Option<&str>)> {
        let (start, end) = *parts.get(first)?;
        let most = *self.starts.get(run.get(start..end)?)?;
        (first..parts.len().min(first + most))
            .rev()
            .find_map(|last| {
                let name = run.get(start..parts.get(last)?.1)?;
                if self.kept.contains(name) {
                    return Some((last - first + 1, None));
                }
                self.stand_ins
                    .get(name)
                    .map(|made| (last - first + 1, Some(made.as_str())))
            })
    }

    /// Puts a stand-in together out of those of the words.
    fn compose(&self, name: &str) -> String {
        let labels: Vec<&str> = name.split('.').collect();
        if labels.len() == 1 {
            return self.label(name, false);
        }
        let count = labels.len();
        let made: Vec<String> = labels
            .iter()
            .enumerate()
            .map(|(at, label)| {
                let is_end = at + 1 == count && TOP_LEVEL.contains(label);
                if is_end
                    || (HOST_LABELS.contains(label) && (at > 0 || *label == "dualstack"))
                    || is_place(label)
                    || label.is_empty()
                {
                    (*label).to_owned()
                } else {
                    self.label(label, true)
                }
            })
            .collect();
        made.join(".")
    }

    /// A name without dots; in a host name a computed name may be followed by more.
    fn label(&self, label: &str, in_host: bool) -> String {
        if let Some(made) = self.stand_ins.get(label).filter(|_| in_host) {
            return made.clone();
        }
        if let Some((name, id)) = label.rsplit_once('-').filter(|_| in_host)
            && let Some(made) = self.stand_ins.get(name)
        {
            return format!("{made}-{}", self.words.of(id));
        }
        let prefix = PREFIXES.iter().find(|prefix| label.starts_with(**prefix));
        if let Some(prefix) = prefix {
            let rest = label.get(prefix.len()..).unwrap_or_default();
            return format!("{prefix}{}", self.label(rest, false));
        }
        let id = ID_PREFIXES.iter().filter(|prefix| {
            label
                .strip_prefix(**prefix)
                .is_some_and(|rest| rest.starts_with("-0") && rest.len() > 2)
        });
        if let Some(prefix) = id.max_by_key(|prefix| prefix.len()) {
            let rest = label.get(prefix.len() + 1..).unwrap_or_default();
            return format!(
                "{prefix}-0{}",
                self.joined(rest.get(1..).unwrap_or_default())
            );
        }
        self.joined(label)
    }

    fn joined(&self, label: &str) -> String {
        let mut made = String::with_capacity(label.len());
        let mut end = 0;
        for (start, stop) in parts(label) {
            made.push_str(label.get(end..start).unwrap_or_default());
            made.push_str(&self.words.of(label.get(start..stop).unwrap_or_default()));
            end = stop;
        }
        made.push_str(label.get(end..).unwrap_or_default());
        made
    }
}

/// Whether a text can be a name that gets a stand-in.
pub(super) fn is_name(text: &str) -> bool {
    let has_letter = text.bytes().any(|b| b.is_ascii_alphabetic());
    let is_account = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    text.len() <= 253
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
        && (has_letter || is_account)
        && !is_common(&text.to_ascii_lowercase())
}

/// Whether a dotted text is written like a host name.
pub(super) fn is_host(text: &str) -> bool {
    let end = text.rsplit('.').next().unwrap_or_default();
    text.contains('.') && TOP_LEVEL.contains(&end.to_ascii_lowercase().as_str()) && is_name(text)
}
