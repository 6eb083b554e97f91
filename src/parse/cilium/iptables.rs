//! Rules of `iptables-save`: TPROXY, which hands redirected packets to Envoy, and the marks of ENI mode.
//!
//! ```text
//! -A CILIUM_PRE_mangle -p tcp -m mark --mark 0x334c0200 -m comment --comment "cilium: TPROXY to host
//!    gateway/cilium-gateway-a/listener proxy" -j TPROXY --on-port 19507 --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff
//! ```

use super::words::words;
use crate::model::cilium::{EniRules, TproxyRule};
use crate::parse::text::number;
use crate::parse::{ParseError, text};

/// What the comment of a rule of Cilium begins with.
const OWN: &str = "cilium: TPROXY";

/// What the comment of the rules of ENI mode says (pkg/datapath/iptables).
const ENI: &str = "cilium: primary ENI";

/// Refuses what no table begins in.
fn tables(text: &str) -> Result<(), ParseError> {
    text::filled(text)?;
    if text.lines().any(|line| line.starts_with('*')) {
        return Ok(());
    }
    Err(ParseError::first_line(
        text,
        "no table: not the output of iptables-save",
    ))
}

/// Reads the rules of ENI mode. Chains of an earlier start (`OLD_CILIUM_`) do not count.
pub(super) fn eni(text: &str) -> Result<EniRules, ParseError> {
    tables(text)?;
    Ok(EniRules {
        chain: text
            .lines()
            .any(|line| line.starts_with(":CILIUM_PRE_mangle ")),
        rules: text
            .lines()
            .filter(|line| line.starts_with("-A CILIUM_PRE_mangle ") && line.contains(ENI))
            .map(str::to_owned)
            .collect(),
    })
}

/// Reads the rules with a mark and a port. TPROXY rules of other programs have no mark to match.
pub(super) fn tproxy(text: &str) -> Result<Vec<TproxyRule>, ParseError> {
    tables(text)?;
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
    use super::{eni, tproxy};

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
    fn the_two_rules_of_eni_mode() {
        let text = "*mangle\n:CILIUM_PRE_mangle - [0:0]\n\
             -A CILIUM_PRE_mangle -i eth0 -m comment --comment \"cilium: primary ENI\" -m addrtype --dst-type LOCAL --limit-iface-in -j CONNMARK --set-xmark 0x80/0x80\n\
             -A CILIUM_PRE_mangle -i lxc+ -m comment --comment \"cilium: primary ENI\" -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80\n\
             -A OLD_CILIUM_PRE_mangle -i lxc+ -m comment --comment \"cilium: primary ENI\" -j CONNMARK --restore-mark\nCOMMIT\n";
        let both = eni(text).unwrap();
        assert!(both.chain && both.complete() && both.rules.len() == 2);
        let one = eni(&text.replace("-A CILIUM_PRE_mangle -i lxc+", "-A X")).unwrap();
        assert!(!one.complete());
        assert!(!eni("*filter\nCOMMIT\n").unwrap().chain);
        assert!(eni("sh: iptables-save: not found").is_err());
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
