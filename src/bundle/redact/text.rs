//! Replaces what identifies in any text: logs, tables, rules, the strings of JSON.
//!
//! One function from words to words is used everywhere, so that what was equal
//! stays equal wherever it stands.

use super::address::Addresses;
use super::key::Key;
use super::names::{ID_PREFIXES, Names, parts};
use super::vocabulary::{is_api_domain, is_common};
use super::words::in_case_of;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest text of an IPv6 address.
const MAX_IPV6: usize = 45;
/// Length of a UUID.
const UUID: usize = 36;

/// Replaces addresses, identifiers and names.
#[derive(Debug)]
pub(super) struct Replacer {
    pub(super) names: Names,
    pub(super) addresses: Addresses,
    key: Key,
}

/// What a token became, and how many bytes of the text it took.
type Token = (usize, String);

impl Replacer {
    pub(super) fn new(key: Key, names: Names) -> Self {
        Self {
            names,
            addresses: Addresses::new(key.clone()),
            key,
        }
    }

    /// The text with stand-ins, or the text itself.
    pub(super) fn whole(&mut self, text: &str) -> String {
        self.text(text).unwrap_or_else(|| text.to_owned())
    }

    /// The text with stand-ins; `None` if it has nothing to replace.
    pub(super) fn text(&mut self, text: &str) -> Option<String> {
        let bytes = text.as_bytes();
        let mut out = String::new();
        let (mut copied, mut at) = (0, 0);
        // The word behind the slash of an API's domain belongs to the API.
        let mut is_of_api = false;
        while let Some(byte) = bytes.get(at) {
            if !byte.is_ascii_alphanumeric() && *byte != b':' {
                is_of_api &= *byte == b'/';
                at += 1;
                continue;
            }
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            let is_start = !before.is_some_and(u8::is_ascii_alphanumeric);
            let found = is_start.then(|| self.spaced(text, at)).flatten();
            if let Some((length, made)) = found {
                out.push_str(text.get(copied..at).unwrap_or_default());
                out.push_str(&made);
                at += length;
                copied = at;
                continue;
            }
            let length = run_length(bytes, at);
            if length == 0 {
                at += 1;
                continue;
            }
            let run = text.get(at..at + length).unwrap_or_default();
            let rest = text.get(at + length..).unwrap_or_default();
            if !std::mem::take(&mut is_of_api) {
                is_of_api = is_api_domain(run) && rest.starts_with('/');
                if let Some((taken, made)) = self.run(run, rest) {
                    out.push_str(text.get(copied..at).unwrap_or_default());
                    out.push_str(&made);
                    at += taken;
                    copied = at;
                    continue;
                }
            }
            at += length;
        }
        if copied == 0 {
            return None;
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        Some(out)
    }

    /// Tokens with colons in them: hardware and IPv6 addresses.
    fn spaced(&mut self, text: &str, at: usize) -> Option<Token> {
        let rest = text.get(at..)?;
        let span = rest
            .bytes()
            .take(MAX_IPV6 + 1)
            .take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
            .count();
        let span = rest.get(..span)?;
        if span.bytes().filter(|byte| *byte == b':').count() < 2 {
            return None;
        }
        let next = rest.as_bytes().get(span.len());
        if next.is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
        if is_hardware(span) {
            return Some((span.len(), self.hardware(span)));
        }
        // A colon or full stop may belong to the sentence.
        let address = [span, span.trim_end_matches(['.', ':'])]
            .into_iter()
            .find_map(|span| Some((span.len(), span.parse::<Ipv6Addr>().ok()?)));
        let (length, address) = address?;
        let behind = rest.get(length..)?;
        let (made, more) = self.with_length(IpAddr::V6(address), behind);
        Some((length + more, made))
    }

    /// An address or the subnet that its length makes it; how much of what is behind was used.
    fn with_length(&mut self, address: IpAddr, behind: &str) -> (String, usize) {
        let digits = behind.strip_prefix('/').map(|rest| {
            let count = rest.bytes().take_while(u8::is_ascii_digit).count();
            rest.get(..count).unwrap_or_default()
        });
        match digits.and_then(|digits| Some((digits, digits.parse::<u8>().ok()?))) {
            Some((digits, length)) => {
                let made = self.addresses.subnet(address, length);
                (format!("{made}/{digits}"), digits.len() + 1)
            }
            None => (self.addresses.of(address).to_string(), 0),
        }
    }

    fn hardware(&self, text: &str) -> String {
        let given = text.to_ascii_lowercase();
        let digest = self.key.bits("hardware", given.as_bytes());
        // The first byte says whether it is a group's or made up; broadcast and multicast stay.
        let first = given.get(..2).unwrap_or_default();
        if first == "33" || first == "ff" || given == "00:00:00:00:00:00" {
            return text.to_owned();
        }
        let rest: Vec<String> = digest
            .iter()
            .take(5)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("{first}:{}", rest.join(":"))
    }

    /// A run of letters, digits, dots, dashes and underscores; `rest` is what follows it.
    fn run(&mut self, run: &str, rest: &str) -> Option<Token> {
        let lower = run.to_ascii_lowercase();
        if is_common(&lower) {
            return None;
        }
        let parts = parts(&lower);
        let mut made = String::new();
        let (mut copied, mut at, mut more) = (0, 0, 0);
        while let Some((start, end)) = parts.get(at).copied() {
            if let Some((count, length, text)) = self.literal(&lower, start, &parts, at, rest) {
                made.push_str(run.get(copied..start)?);
                made.push_str(&text);
                at += count;
                copied = (start + length).min(run.len());
                more = (start + length).saturating_sub(run.len());
                continue;
            }
            let own = is_own(&lower) && at > 0;
            match self.names.longest(&lower, &parts, at).filter(|_| !own) {
                Some((count, Some(stand_in))) => {
                    let end = parts.get(at + count - 1).map_or(end, |part| part.1);
                    made.push_str(run.get(copied..start)?);
                    made.push_str(&in_case_of(run.get(start..end)?, stand_in));
                    copied = end;
                    at += count;
                }
                Some((count, None)) => at += count,
                None => at += 1,
            }
        }
        if copied == 0 {
            return None;
        }
        made.push_str(run.get(copied..)?);
        Some((run.len() + more, made))
    }

    /// What is known by its form: the number of parts and bytes it takes, and its stand-in.
    fn literal(
        &mut self,
        run: &str,
        start: usize,
        parts: &[(usize, usize)],
        at: usize,
        rest: &str,
    ) -> Option<(usize, usize, String)> {
        let here = run.get(start..)?;
        let first = here.as_bytes().first()?;
        let count = |length: usize| {
            parts
                .iter()
                .skip(at)
                .take_while(|part| part.0 < start + length)
                .count()
        };
        if first.is_ascii_digit()
            && let Some((length, address)) = ipv4(here, '.')
        {
            let behind = if length == here.len() { rest } else { "" };
            let (made, more) = self.with_length(IpAddr::V4(address), behind);
            return Some((count(length), length + more, made));
        }
        for prefix in ["ip-", "ec2-", ""] {
            if let Some(dashed) = here.strip_prefix(prefix)
                && let Some((length, address)) = ipv4(dashed, '-')
                && (!prefix.is_empty()
                    || dashed
                        .get(length..)
                        .is_some_and(|rest| rest.starts_with('.')))
            {
                let made = self
                    .addresses
                    .of(IpAddr::V4(address))
                    .to_string()
                    .replace('.', "-");
                let length = length + prefix.len();
                return Some((count(length), length, format!("{prefix}{made}")));
            }
        }
        if let Some(uuid) = here.get(..UUID).filter(|text| is_uuid(text))
            && !here
                .as_bytes()
                .get(UUID)
                .is_some_and(u8::is_ascii_alphanumeric)
        {
            return Some((count(UUID), UUID, self.uuid(uuid)));
        }
        if let Some((first, second)) = fargate_task(here) {
            let length = first.len() + 1 + second.len();
            let made = format!("{}-{}", self.hexadecimal(first), self.hexadecimal(second));
            return Some((count(length), length, made));
        }
        let prefix = id_prefix(here)?;
        let digits = here.get(prefix.len() + 1..)?;
        let length = digits.bytes().take_while(u8::is_ascii_hexdigit).count();
        let ends = !digits
            .as_bytes()
            .get(length)
            .is_some_and(u8::is_ascii_alphanumeric);
        (ends && matches!(length, 8 | 17)).then(|| {
            let digits = digits.get(..length).unwrap_or_default();
            let length = prefix.len() + 1 + length;
            (
                count(length),
                length,
                format!("{prefix}-{}", self.hexadecimal(digits)),
            )
        })
    }

    /// The stand-in of the UID of an object.
    pub(super) fn uuid(&self, text: &str) -> String {
        let plain = text.replace('-', "");
        let made = self.hexadecimal(&plain);
        let mut digits = made.chars();
        text.chars()
            .map(|c| {
                if c == '-' {
                    c
                } else {
                    digits.next().unwrap_or('0')
                }
            })
            .collect()
    }

    /// As many hexadecimal digits; a leading zero stays, as AWS gives it to all.
    fn hexadecimal(&self, digits: &str) -> String {
        let zero = digits.starts_with('0');
        let made: String = self
            .key
            .stream("hexadecimal", digits.as_bytes())
            .zip(digits.chars())
            .map(|(byte, _)| char::from_digit(u32::from(byte % 16), 16).unwrap_or('0'))
            .collect();
        match made.get(1..) {
            Some(rest) if zero => format!("0{rest}"),
            _ => made,
        }
    }
}

/// Names of metrics and of iptables chains, of which only the first word could be an object's.
fn is_own(run: &str) -> bool {
    ["bpf_", "cilium_", "envoy_", "hubble_"]
        .iter()
        .any(|start| run.starts_with(start))
}

/// The characters of a name from `at` on, without separators at its end.
fn run_length(bytes: &[u8], at: usize) -> usize {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let mut length = bytes.iter().skip(at).take_while(is_part).count();
    while length > 0
        && !bytes
            .get(at + length - 1)
            .is_some_and(u8::is_ascii_alphanumeric)
    {
        length -= 1;
    }
    length
}

/// Four numbers at the start of a text; no more digits or numbers may follow.
fn ipv4(text: &str, separator: char) -> Option<(usize, Ipv4Addr)> {
    let mut octets = [0_u8; 4];
    let mut length = 0;
    for (at, octet) in octets.iter_mut().enumerate() {
        if at > 0 {
            text.get(length..)?.strip_prefix(separator)?;
            length += 1;
        }
        let digits = text
            .get(length..)?
            .bytes()
            .take_while(u8::is_ascii_digit)
            .count();
        let number = text.get(length..length + digits)?;
        if number.len() > 1 && number.starts_with('0') {
            return None;
        }
        *octet = number.parse().ok()?;
        length += digits;
    }
    let mut behind = text.get(length..)?.chars();
    match behind.next() {
        Some(c) if c.is_ascii_alphanumeric() => None,
        Some('.') if separator == '.' && behind.next().is_some_and(|c| c.is_ascii_digit()) => None,
        _ => Some((length, Ipv4Addr::from(octets))),
    }
}

fn is_hardware(text: &str) -> bool {
    text.len() == 17
        && text.split(':').count() == 6
        && text
            .split(':')
            .all(|part| part.len() == 2 && !part.contains('.'))
}

pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == UUID
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The two parts of a Fargate task at the start of a text, as `spec.providerID` of its node has them: ten digits, a
/// dash, and up to 32 more.
fn fargate_task(text: &str) -> Option<(&str, &str)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_hexdigit).count();
    let (first, rest) = text.split_at_checked(digits(text))?;
    let rest = rest.strip_prefix('-')?;
    let (second, behind) = rest.split_at_checked(digits(rest))?;
    let ends = !behind.starts_with(|c: char| c.is_ascii_alphanumeric());
    (first.len() == 10 && (16..=32).contains(&second.len()) && ends).then_some((first, second))
}

/// The longest prefix of AWS before a dash.
fn id_prefix(text: &str) -> Option<&'static str> {
    ID_PREFIXES
        .iter()
        .filter(|prefix| {
            text.strip_prefix(**prefix)
                .is_some_and(|rest| rest.starts_with('-'))
        })
        .max_by_key(|prefix| prefix.len())
        .copied()
}
