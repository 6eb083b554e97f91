//! One process of the oracle, asked line by line.

use super::Said;
use super::generate::address;
use super::support::aws::script;
use super::support::venv::python;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The process. It ends when its standard input closes.
pub(crate) struct Oracle {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    /// Starts it. It needs nothing but Python's own library.
    pub(crate) fn start() -> Self {
        let mut child = Command::new(python())
            .arg(script("oracle.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            questions: child.stdin.take(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// What it says of the pairs that have to work for a target, and the shares of answers of each.
    ///
    /// With cross-zone balancing every node has to reach a target, without it only that of its zone.
    pub(crate) fn of_target(&mut self, world: &Value, index: usize) -> (Said, Vec<Share>) {
        let target = &world["targets"][index];
        let mut worst = Said::Allow;
        let mut shares = Vec::new();
        for node in world["nodes"].as_array().unwrap() {
            if world["cross_zone"] == false && node["zone"] != target["zone"] {
                continue;
            }
            let answer = self.ask(&question(world, node, target));
            worst = worst.min(match answer["verdict"].as_str().unwrap() {
                "deny" => Said::Deny,
                "unknown" => Said::Unknown,
                "partial" => Said::Partial,
                "allow" => Said::Allow,
                other => panic!("{other}"),
            });
            shares.push(Share::of(answer["fraction"].as_f64().unwrap()));
        }
        (worst, shares)
    }

    fn ask(&mut self, question: &Value) -> Value {
        let pipe = self.questions.as_mut().unwrap();
        writeln!(pipe, "{question}").unwrap();
        pipe.flush().unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{question} has no answer"))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        self.questions = None;
        self.child.wait().unwrap();
    }
}

/// A share of answers as the program prints it: per mille, rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share(pub(crate) u32);

impl Share {
    /// From a fraction, 0 to 1.
    pub(crate) fn of(fraction: f64) -> Self {
        Self::parse(&format!("{:.1}", fraction * 100.0))
    }

    /// From a percentage with one digit after the point.
    pub(crate) fn parse(percent: &str) -> Self {
        Self(percent.replace('.', "").parse().unwrap())
    }
}

fn question(world: &Value, node: &Value, target: &Value) -> Value {
    let v6 = world["v6"] == true;
    let end = |end: &Value, groups: &Value| {
        let subnet = end["subnet"].as_u64().unwrap();
        json!({"addresses": [address(v6, subnet, end["host"].as_u64().unwrap())], "groups": groups,
               "subnet": format!("subnet-{subnet}"), "vpc": "vpc-1"})
    };
    json!({
        "source": end(node, &world["balancer_groups"]), "destination": end(target, &target["groups"]), "port": world["port"],
        "security_groups": world["security_groups"], "prefix_lists": world["prefix_lists"],
        "network_acls": world["network_acls"], "route_tables": world["route_tables"],
    })
}
