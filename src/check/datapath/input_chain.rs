//! What the INPUT chain of a node's netfilter does with the first packet of a health check.
//!
//! Three answers only. A rule counts as met when every one of its matches is understood and met; a match that is not
//! understood makes it a rule that may be met, and after one that may accept, leave or jump out of sight nothing is said to be
//! refused. What refuses is therefore proven, and what passes is not.

use crate::check::network::cidr;
use crate::model::cilium::InputChains;
use std::net::IpAddr;

/// Chains inside chains, and rules in all, that are followed.
const DEPTH: usize = 16;
const RULES: usize = 100_000;

/// The first packet of a connection from outside to a socket of the node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet {
    /// Where it goes.
    pub(super) address: IpAddr,
    /// To which port.
    pub(super) port: u16,
    /// Whether Cilium has marked it for Envoy (0x200 in the bits 0xf00).
    pub(super) to_proxy: bool,
}

/// Whether a rule is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Met {
    Yes,
    No,
    Maybe,
}

enum End {
    Accepted,
    Refused(String),
    /// The chain has no more rules, or says to go back.
    Returned,
}

/// The rule or policy that refuses the packet; `None` where none is proven to.
pub(super) fn refusal(chains: &InputChains, packet: Packet) -> Option<String> {
    let mut walk = Walk {
        chains,
        packet,
        open: false,
        rules: 0,
    };
    match walk.chain("INPUT", 0) {
        End::Refused(rule) => Some(rule),
        End::Returned if chains.policy == "DROP" && !walk.open => Some(":INPUT DROP".to_owned()),
        _ => None,
    }
}

struct Walk<'a> {
    chains: &'a InputChains,
    packet: Packet,
    /// Something that is not followed may have decided already.
    open: bool,
    rules: usize,
}

impl Walk<'_> {
    fn chain(&mut self, name: &str, depth: usize) -> End {
        let chains = self.chains;
        let Some(rules) = chains.rules.get(name).filter(|_| depth < DEPTH) else {
            self.open = true;
            return End::Returned;
        };
        for rule in rules {
            self.rules += 1;
            if self.rules > RULES {
                self.open = true;
                return End::Returned;
            }
            let (met, verb, target) = self.read(rule);
            if met == Met::No {
                continue;
            }
            let sure = met == Met::Yes;
            match target {
                "ACCEPT" if sure => return End::Accepted,
                "RETURN" if sure => return End::Returned,
                "DROP" | "REJECT" => {
                    if sure && !self.open {
                        return End::Refused(format!("-A {name} {}", rule.join(" ")));
                    }
                }
                "LOG" | "NFLOG" | "MARK" | "CONNMARK" | "" => {}
                "ACCEPT" | "RETURN" => self.open = true,
                other => match self.chain(other, depth + 1) {
                    End::Returned if sure && verb == "-g" => return End::Returned,
                    End::Returned => self.open |= verb == "-g",
                    end if sure => return end,
                    End::Accepted => self.open = true,
                    End::Refused(_) => {}
                },
            }
        }
        End::Returned
    }

    /// Whether a rule is met, and what follows then: `-j` or `-g`, and the target.
    fn read<'r>(&self, rule: &'r [String]) -> (Met, &'r str, &'r str) {
        let mut met = Met::Yes;
        let mut negated = false;
        let mut words = rule.iter().map(String::as_str).peekable();
        while let Some(word) = words.next() {
            if word == "!" {
                negated = true;
                continue;
            }
            if matches!(word, "-j" | "-g") {
                return (met, word, words.next().unwrap_or_default());
            }
            let one = match word {
                "--comment" => {
                    words.next();
                    Met::Yes
                }
                "--syn" => Met::Yes,
                // The modules whose matches are known below; others can match without any word of their own.
                "-m" => match words.next().unwrap_or_default() {
                    "tcp" | "mark" | "comment" | "conntrack" | "state" | "multiport"
                    | "addrtype" => Met::Yes,
                    _ => Met::Maybe,
                },
                "--tcp-flags" => match (words.next(), words.next()) {
                    (Some("FIN,SYN,RST,ACK"), Some("SYN")) => Met::Yes,
                    _ => Met::Maybe,
                },
                // A match may have no value, or two; `-j` is never one.
                _ if !word.starts_with('-') => Met::Maybe,
                _ => match words.next_if(|next| !next.starts_with('-') && *next != "!") {
                    Some(value) => self.field(word, value),
                    None => Met::Maybe,
                },
            };
            let one = match (one, std::mem::take(&mut negated)) {
                (Met::Yes, true) => Met::No,
                (Met::No, true) => Met::Yes,
                (one, _) => one,
            };
            met = match (met, one) {
                (Met::No, _) | (_, Met::No) => Met::No,
                (Met::Yes, Met::Yes) => Met::Yes,
                _ => Met::Maybe,
            };
        }
        (met, "", "")
    }

    /// A match with one value.
    fn field(&self, name: &str, value: &str) -> Met {
        let is = |yes: bool| if yes { Met::Yes } else { Met::No };
        match name {
            "-p" => is(matches!(value, "tcp" | "6" | "all")),
            "-i" if value == "lo" || value.starts_with("lxc") || value.starts_with("cilium_") => {
                Met::No
            }
            "-o" => Met::No,
            "-s" if value.starts_with("127.") => Met::No,
            "-d" => cidr::contains(value, self.packet.address).map_or(Met::Maybe, is),
            "--dport" => self.port(value),
            "--dports" => {
                let all: Vec<Met> = value.split(',').map(|one| self.port(one)).collect();
                if all.contains(&Met::Yes) {
                    Met::Yes
                } else if all.contains(&Met::Maybe) {
                    Met::Maybe
                } else {
                    Met::No
                }
            }
            "--dst-type" if value == "LOCAL" => Met::Yes,
            "--ctstate" | "--state" => self.state(value),
            "--mark" => self.mark(value),
            _ => Met::Maybe,
        }
    }

    fn port(&self, text: &str) -> Met {
        let (first, last) = text.split_once(':').unwrap_or((text, text));
        match (first.parse::<u16>(), last.parse::<u16>()) {
            (Ok(first), Ok(last)) if (first..=last).contains(&self.packet.port) => Met::Yes,
            (Ok(_), Ok(_)) => Met::No,
            _ => Met::Maybe,
        }
    }

    /// Cilium may keep what it sends to Envoy out of connection tracking.
    fn state(&self, text: &str) -> Met {
        let has = |name: &str| text.split(',').any(|one| one == name);
        match (has("NEW"), self.packet.to_proxy, has("UNTRACKED")) {
            (true, false, _) | (true, true, true) => Met::Yes,
            (false, _, false) => Met::No,
            _ => Met::Maybe,
        }
    }

    fn mark(&self, text: &str) -> Met {
        let number = |text: &str| {
            let hex = text.strip_prefix("0x");
            hex.map_or_else(
                || text.parse().ok(),
                |hex| u32::from_str_radix(hex, 16).ok(),
            )
        };
        let (value, mask) = text.split_once('/').unwrap_or((text, "0xffffffff"));
        match (number(value), number(mask)) {
            // These bits are Cilium's own, and only packets for Envoy get this value.
            (Some(0x200), Some(0xf00)) if !self.packet.to_proxy => Met::No,
            (Some(value), Some(mask)) if self.packet.to_proxy && mask & !0xf00 == 0 => {
                if 0x200 & mask == value {
                    Met::Yes
                } else {
                    Met::No
                }
            }
            _ => Met::Maybe,
        }
    }
}

#[cfg(test)]
#[path = "input_chain_tests.rs"]
mod tests;
