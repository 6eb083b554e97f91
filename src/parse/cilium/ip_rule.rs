//! `ip rule`: the policy rules that send redirected packets to table 2004.

use crate::model::cilium::IpRule;
use crate::parse::text::number;
use crate::parse::{ParseError, text};

/// Reads lines such as `9: from all fwmark 0x200/0xf00 lookup 2004`; other lines are no rules.
pub(super) fn rules(text: &str) -> Result<Vec<IpRule>, ParseError> {
    let text = text::filled(text)?;
    let rules: Vec<IpRule> = text
        .lines()
        .filter_map(|line| {
            let (priority, text) = line.split_once(':')?;
            Some(IpRule {
                priority: number(priority.trim())?,
                text: text.split_whitespace().collect::<Vec<_>>().join(" "),
            })
        })
        .collect();
    if rules.is_empty() {
        // The kernel always has rules for the tables local, main and default.
        return Err(ParseError::first_line(
            text,
            "no rule: not the output of `ip rule`",
        ));
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::rules;

    #[test]
    fn rules_with_tabs_among_foreign_lines() {
        let rules = rules(
            "9:\tfrom all fwmark 0x200/0xf00 lookup 2004\n100:\tfrom all lookup local\n\
             local default dev lo table 2004 proto kernel scope host\nfe80::/64 dev eth0\n",
        )
        .unwrap();
        assert_eq!(rules.len(), 2);
        assert!(rules[0].is_proxy_rule());
        assert_eq!(rules[1].priority, 100);
    }

    #[test]
    fn an_error_message_is_no_list() {
        assert!(rules("sh: ip: not found\n").is_err());
        assert!(rules("").is_err());
    }
}
