//! The filter table of `iptables-save`, as far as packets to the node itself can meet it.
//!
//! ```text
//! *filter
//! :INPUT ACCEPT [0:0]
//! -A INPUT -m comment --comment "cilium-feeder: CILIUM_INPUT" -j CILIUM_INPUT
//! COMMIT
//! ```

use super::words::words;
use crate::model::cilium::InputChains;
use crate::parse::{ParseError, text};
use std::collections::{BTreeMap, BTreeSet};

/// Reads INPUT and every chain that it can lead to; nothing where the table is not in the text.
///
/// Only these are split into words: kube-proxy can have tens of thousands of rules in others.
pub(super) fn input_chains(text: &str) -> Result<InputChains, ParseError> {
    text::filled(text)?;
    let mut policy = String::new();
    let mut lines: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut in_filter = false;
    for line in text.lines() {
        let line = line.trim();
        if let Some(table) = line.strip_prefix('*') {
            in_filter = table == "filter";
        } else if !in_filter {
            continue;
        } else if let Some(chain) = line.strip_prefix(':') {
            let mut parts = chain.split(' ');
            let name = parts.next().unwrap_or_default();
            lines.entry(name).or_default();
            if name == "INPUT" {
                parts.next().unwrap_or_default().clone_into(&mut policy);
            }
        } else if let Some(rule) = line.strip_prefix("-A ") {
            let (chain, rule) = rule.split_once(' ').unwrap_or((rule, ""));
            lines.entry(chain).or_default().push(rule);
        }
    }
    let mut chains = InputChains {
        policy,
        ..InputChains::default()
    };
    let mut wanted = BTreeSet::from(["INPUT".to_owned()]);
    while let Some(name) = wanted.pop_first() {
        let Some(rules) = lines.remove(name.as_str()) else {
            continue;
        };
        let rules: Vec<Vec<String>> = rules.into_iter().map(words).collect();
        let target = |rule: &Vec<String>| {
            let at = rule.iter().position(|word| word == "-j" || word == "-g")?;
            rule.get(at + 1).cloned()
        };
        wanted.extend(rules.iter().filter_map(target));
        chains.rules.insert(name, rules);
    }
    Ok(chains)
}

#[cfg(test)]
mod tests {
    use super::input_chains;

    #[test]
    fn input_and_what_it_leads_to() {
        let chains = input_chains(
            "*mangle\n:INPUT DROP [0:0]\n-A INPUT -j A\nCOMMIT\n\
             *filter\n:INPUT ACCEPT [3:180]\n:FORWARD DROP [0:0]\n:A - [0:0]\n\
             -A INPUT -m comment --comment \"two words\" -j A\n-A FORWARD -j B\n-A A -g INPUT\nCOMMIT\n",
        )
        .unwrap();
        assert_eq!(chains.policy, "ACCEPT");
        let names: Vec<&String> = chains.rules.keys().collect();
        assert_eq!(names, ["A", "INPUT"]);
        assert_eq!(
            chains.rules["INPUT"],
            [["-m", "comment", "--comment", "two words", "-j", "A"]]
        );
    }

    #[test]
    fn without_the_table_there_are_no_chains() {
        let other = "*mangle\n:INPUT DROP [0:0]\n-A INPUT -j A\nCOMMIT\n";
        assert!(input_chains(other).unwrap().rules.is_empty());
        assert!(input_chains("").is_err());
    }
}
