//! The TPROXY rules of `iptables-save`, which hand redirected packets to Envoy.
//!
//! ```text
//! -A CILIUM_PRE_mangle -p tcp -m mark --mark 0x334c0200 -m comment --comment "cilium: TPROXY to host
//!    gateway/cilium-gateway-a/listener proxy" -j TPROXY --on-port 19507 --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff
//! ```

use super::words::words;
use crate::model::cilium::TproxyRule;
use crate::parse::text::number;
use crate::parse::{ParseError, text};

/// What the comment of a rule of Cilium begins with.
const OWN: &str = "cilium: TPROXY";

/// Reads the rules with a mark and a port. TPROXY rules of other programs have no mark to match.
pub(super) fn tproxy(text: &str) -> Result<Vec<TproxyRule>, ParseError> {
    text::filled(text)?;
    if !text.lines().any(|line| line.starts_with('*')) {
        return Err(ParseError::first_line(
            text,
            "no table: not the output of iptables-save",
        ));
    }
    let mut rules = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if !line.contains("-j TPROXY") {
            continue;
        }
        match rule(line) {
            Some(rule) => rules.push(rule),
            None if line.contains(OWN) => {
                return Err(ParseError::at(
                    index + 1,
                    line,
                    "a TPROXY rule without mark or port",
                ));
            }
            None => {}
        }
    }
    Ok(rules)
}

fn rule(line: &str) -> Option<TproxyRule> {
    let words = words(line);
    let after = |name: &str| {
        let at = words.iter().position(|word| word == name)?;
        words.get(at + 1).map(String::as_str)
    };
    let mark = after("--mark")?;
    let mark = mark.split_once('/').map_or(mark, |(mark, _)| mark);
    Some(TproxyRule {
        protocol: after("-p")?.to_owned(),
        mark: match mark.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number(mark)?,
        },
        port: number(after("--on-port")?)?,
        comment: after("--comment").unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::tproxy;

    #[test]
    fn a_rule_of_cilium_and_one_of_a_mesh() {
        let rules = tproxy(
            "*mangle\n\
             -A ISTIO_TPROXY ! -d 127.0.0.1/32 -p tcp -j TPROXY --on-port 15006 --on-ip 0.0.0.0 --tproxy-mark 0x539/0xffffffff\n\
             -A CILIUM_PRE_mangle -p tcp -m mark --mark 0x334c0200/0xffffffff -m comment --comment \"cilium: TPROXY to host gateway/a/listener proxy\" -j TPROXY --on-port 19507 --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff\n\
             COMMIT\n",
        )
        .unwrap();
        assert_eq!(rules.len(), 1);
        assert_eq!((rules[0].mark, rules[0].port), (0x334c_0200, 19507));
        assert_eq!(
            rules[0].comment,
            "cilium: TPROXY to host gateway/a/listener proxy"
        );
    }

    #[test]
    fn what_is_no_output_of_iptables_save() {
        assert!(tproxy("").is_err());
        assert!(tproxy("iptables-save: command not found").is_err());
        assert!(tproxy("*filter\nCOMMIT\n").unwrap().is_empty());
        let cut =
            "*mangle\n-A CILIUM_PRE_mangle -m comment --comment \"cilium: TPROXY to\" -j TPROXY\n";
        assert_eq!(tproxy(cut).unwrap_err().line, Some(2));
    }
}
