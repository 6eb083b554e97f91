//! Which command prints which document: the tables of BUNDLE.md, as argument lists.

use std::path::{Path, PathBuf};

/// A command line that prints a document.
pub(super) struct Answer {
    pub(super) tool: String,
    pub(super) arguments: Vec<String>,
    /// Whether further arguments may follow.
    pub(super) open: bool,
    pub(super) document: PathBuf,
}

/// Documents of `cilium/<node>/` by command of the agent's command-line tool.
const AGENT: &[(&str, &str)] = &[
    ("version.json", "version -o json"),
    ("version.txt", "version"),
    ("status.json", "status -o json"),
    ("status-verbose.txt", "status --verbose"),
    ("config.json", "config --all -o json"),
    ("bpf-lb-list.json", "bpf lb list -o json"),
    ("bpf-lb-list.txt", "bpf lb list"),
    (
        "bpf-lb-list-frontends.json",
        "bpf lb list --frontends -o json",
    ),
    (
        "bpf-lb-list-backends.json",
        "bpf lb list --backends -o json",
    ),
    ("bpf-lb-list-revnat.json", "bpf lb list --revnat -o json"),
    (
        "bpf-lb-list-source-ranges.json",
        "bpf lb list --source-ranges -o json",
    ),
    ("bpf-lb-maps-dump.txt", "shell -- lb/maps-dump"),
    ("service-list.json", "service list -o json"),
    ("service-list.txt", "service list"),
    ("bpf-metrics-list.json", "bpf metrics list -o json"),
    ("endpoint-list.json", "endpoint list -o json"),
    (
        "endpoint-get-ingress.json",
        "endpoint get -l reserved:ingress -o json",
    ),
    ("node-list.json", "node list -o json"),
    ("statedb-dump.json", "statedb dump"),
];

/// Documents of `envoy/<node>/` by the same tool's commands.
const PROXY: &[(&str, &str)] = &[
    ("listeners.json", "envoy admin listeners -o json"),
    ("listeners.txt", "envoy admin listeners"),
    ("clusters.json", "envoy admin clusters -o json"),
    ("clusters.txt", "envoy admin clusters"),
    ("config_dump.json", "envoy admin config all"),
    ("config_dump.json", "envoy admin config listeners"),
    (
        "network_policies.json",
        "envoy admin config networkpolicies",
    ),
    ("server_info.json", "envoy admin serverinfo"),
    ("stats.txt", "envoy admin metrics"),
];

/// Documents of `cilium/<node>/` that other tools of the image print.
const SYSTEM: &[(&str, &str)] = &[
    ("iptables-save.txt", "iptables-save"),
    ("iptables-save.txt", "iptables-save -t mangle"),
    ("ip-rule.txt", "ip rule"),
    ("ip-route-2004.txt", "ip route show table 2004"),
    ("sysctl.txt", "sysctl net.ipv4.conf"),
];

/// The commands that the bundle has a document for on this node. `agent_tool` is `cilium-dbg`, or
/// `cilium` before 1.15.
pub(super) fn answers(bundle: &Path, node: &str, agent_tool: &str) -> Vec<Answer> {
    let agent = bundle.join("cilium").join(node);
    let proxy = bundle.join("envoy").join(node);
    let mut answers = Vec::new();
    for (document, command) in AGENT {
        let command = format!("{agent_tool} {command}");
        answers.extend(answer(&command, &agent.join(document)));
    }
    for (document, command) in PROXY {
        let command = format!("{agent_tool} {command}");
        answers.extend(answer(&command, &proxy.join(document)));
    }
    for (document, command) in SYSTEM {
        answers.extend(answer(command, &agent.join(document)));
    }
    for (table, document) in tables(&agent) {
        let show = format!("db/show -f json {table}");
        let command = format!("{agent_tool} shell -- {show}");
        answers.extend(answer(&command, &document));
        // The tool joins its arguments, so one quoted argument is the same command.
        answers.push(Answer {
            tool: agent_tool.to_owned(),
            arguments: vec!["shell".to_owned(), "--".to_owned(), show],
            open: false,
            document,
        });
    }
    let metrics = format!("{agent_tool} metrics list");
    answers.extend(open_answer(&metrics, &agent.join("metrics.txt")));
    let flows = bundle.join("hubble").join(node).join("flows.json");
    answers.extend(open_answer("hubble observe -o jsonpb", &flows));
    answers
}

fn answer(command: &str, document: &Path) -> Option<Answer> {
    let mut words = command.split(' ').map(str::to_owned);
    let tool = words.next()?;
    document.is_file().then(|| Answer {
        tool,
        arguments: words.collect(),
        open: false,
        document: document.to_owned(),
    })
}

fn open_answer(command: &str, document: &Path) -> Option<Answer> {
    answer(command, document).map(|answer| Answer {
        open: true,
        ..answer
    })
}

/// The StateDB tables of a node: `db-<table>.json`, sorted.
fn tables(agent: &Path) -> Vec<(String, PathBuf)> {
    named(agent, "db-", ".json")
}

/// The documents of health-check node ports: `health-check-node-port.<port>.txt`, sorted.
pub(super) fn health_checks(bundle: &Path, node: &str) -> Vec<(String, PathBuf)> {
    let agent = bundle.join("cilium").join(node);
    named(&agent, "health-check-node-port.", ".txt")
}

fn named(directory: &Path, prefix: &str, suffix: &str) -> Vec<(String, PathBuf)> {
    let entries = directory.read_dir().into_iter().flatten().flatten();
    let mut found: Vec<(String, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let part = name.strip_prefix(prefix)?.strip_suffix(suffix)?;
            Some((part.to_owned(), entry.path()))
        })
        .collect();
    found.sort();
    found
}
