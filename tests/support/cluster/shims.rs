//! The tools of an agent's container: small scripts that print the bundle's documents of a node.
//!
//! All of them are one dispatcher under several names. A command line that the bundle has no
//! document for is an `unknown command` with exit code 1.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::documents::{self, Answer};
use super::state::State;

/// Tools that a script may try; none of them may reach this machine's own.
const TOOLS: &[&str] = &[
    "bash",
    "bpftool",
    "bridge",
    "cilium-agent",
    "cilium-bugtool",
    "cilium-health",
    "conntrack",
    "curl",
    "hubble",
    "ip",
    "ip6tables-save",
    "ipset",
    "iptables",
    "iptables-save",
    "nft",
    "nstat",
    "ss",
    "sysctl",
    "tc",
    "wget",
];

/// Separates the arguments in the dispatcher's patterns: ASCII unit separator.
const SEPARATOR: char = '\u{1f}';

/// Where the tools and files of a node are.
#[derive(Clone, Debug)]
pub(super) struct Tools {
    /// First in the PATH of commands.
    pub(super) bin: PathBuf,
    /// `CILIUM_LB_ROOT` of commands: holds `tmp/cilium/config-map/<key>` and, where there are flows, Hubble's socket.
    pub(super) root: PathBuf,
}

/// The tools of a node, made at its first exec. Pods without an agent have the empty node: their
/// tools know no command, and there is no agent's tool. `image` is that of the container.
pub(super) fn of_node(state: &State, node: &str, image: &str) -> Tools {
    let mut made = state.shims.lock().expect("the tools of the nodes");
    let number = made.len();
    let directory = made.entry(node.to_owned()).or_insert_with(|| {
        let directory = state.scratch.path().join(format!("node-{number}"));
        write(&state.bundle, node, image, &directory)
            .unwrap_or_else(|error| panic!("tools of node {node:?}: {error}"));
        directory
    });
    Tools {
        bin: directory.join("bin"),
        root: directory.join("root"),
    }
}

fn write(bundle: &Path, node: &str, image: &str, directory: &Path) -> std::io::Result<()> {
    let bin = directory.join("bin");
    std::fs::create_dir_all(&bin)?;
    let agent_tool = agent_tool(bundle, node, image);
    let dispatcher = directory.join("dispatcher");
    let script = dispatcher.with_extension("source");
    let answers = if node.is_empty() {
        Vec::new()
    } else {
        std::os::unix::fs::symlink(&dispatcher, bin.join(agent_tool))?;
        documents::answers(bundle, node, agent_tool)
    };
    std::fs::write(&script, dispatch(bundle, node, &answers))?;
    // Another thread may fork while this process has the file open for writing, and then nobody can
    // run it ("text file busy"). So another process writes the executable.
    let installed = Command::new("install")
        .args(["-m", "0755"])
        .args([&script, &dispatcher])
        .status()?;
    if !installed.success() {
        return Err(std::io::Error::other(format!("install: {installed}")));
    }
    for tool in TOOLS {
        std::os::unix::fs::symlink(&dispatcher, bin.join(tool))?;
    }
    let root = directory.join("root");
    if bundle
        .join("hubble")
        .join(node)
        .join("flows.json")
        .is_file()
    {
        let run = root.join("var/run/cilium");
        std::fs::create_dir_all(&run)?;
        std::fs::write(run.join("hubble.sock"), "")?;
    }
    copy_config_map(bundle, node, &root)
}

fn copy_config_map(bundle: &Path, node: &str, root: &Path) -> std::io::Result<()> {
    let target = root.join("tmp/cilium");
    std::fs::create_dir_all(&target)?;
    let source = bundle.join("cilium").join(node).join("config-map");
    if node.is_empty() || !source.is_dir() {
        return Ok(());
    }
    let target = target.join("config-map");
    std::fs::create_dir(&target)?;
    for entry in source.read_dir()? {
        let entry = entry?;
        std::fs::copy(entry.path(), target.join(entry.file_name()))?;
    }
    Ok(())
}

/// `cilium` before 1.15, `cilium-dbg` since; the newer one when the bundle does not say.
fn agent_tool(bundle: &Path, node: &str, image: &str) -> &'static str {
    let read = |document: &str| {
        let path = bundle.join("cilium").join(node).join(document);
        std::fs::read_to_string(path).unwrap_or_default()
    };
    let minor = minor_version(&read("version.json"))
        .or_else(|| minor_version(&read("version.txt")))
        .or_else(|| minor_version(image));
    if minor.is_some_and(|minor| minor < 15) {
        "cilium"
    } else {
        "cilium-dbg"
    }
}

/// The minor number of the first `1.<minor>.` that no digit or dot stands before.
fn minor_version(text: &str) -> Option<u32> {
    let mut start = 0;
    while let Some(found) = text[start..].find("1.") {
        let at = start + found;
        let alone =
            !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() && c != 'v' || c == '.');
        let digits = text[at + 2..].split(|c: char| !c.is_ascii_digit()).next()?;
        let rest = &text[at + 2 + digits.len()..];
        if alone && !digits.is_empty() && rest.starts_with('.') {
            return digits.parse().ok();
        }
        start = at + 2;
    }
    None
}

/// The dispatcher: `$line` is the tool's name and its arguments.
fn dispatch(bundle: &Path, node: &str, answers: &[Answer]) -> String {
    let mut script = format!(
        "#!/bin/sh\n\
         tool=${{0##*/}}\n\
         line=$tool\n\
         for argument in \"$@\"; do line=\"$line{SEPARATOR}$argument\"; done\n\
         case $line in\n"
    );
    for answer in answers {
        let mut line = answer.tool.clone();
        for argument in &answer.arguments {
            line.push(SEPARATOR);
            line.push_str(argument);
        }
        let mut pattern = quote(&line);
        if answer.open {
            pattern = format!("{pattern}|{}*", quote(&format!("{line}{SEPARATOR}")));
        }
        script.push_str(&format!("{pattern})\n{} ;;\n", print(&answer.document)));
    }
    if bundle.join("cilium").join(node).is_dir() {
        script.push_str(&monitor(
            &bundle.join("cilium").join(node).join("monitor-drop.json"),
        ));
    }
    script.push_str(&format!(
        "{}*)\n{} ;;\nesac\n\
         echo \"Error: unknown command \\\"$*\\\" for \\\"$tool\\\"\" >&2\nexit 1\n",
        quote(&format!("curl{SEPARATOR}")),
        curl(bundle, node)
    ));
    script
}

/// The monitor prints what it sees until somebody ends it, and a quiet node has nothing to see.
fn monitor(document: &Path) -> String {
    let line = ["cilium*", "monitor", "-t", "drop", "-j"].join(&SEPARATOR.to_string());
    let seen = quote(&document.to_string_lossy());
    format!("{line})\n[ ! -e {seen} ] || cat {seen}\nexec sleep 60 ;;\n")
}

/// Prints a document; the second reading within one exec is its `.2` variant, if there is one.
fn print(document: &Path) -> String {
    let first = format!("exec cat {}", quote(&document.to_string_lossy()));
    let name = document.file_stem().unwrap_or_default().to_string_lossy();
    let extension = document.extension().unwrap_or_default().to_string_lossy();
    let second = document.with_file_name(format!("{name}.2.{extension}"));
    if !second.is_file() {
        return first;
    }
    let second = format!("exec cat {}", quote(&second.to_string_lossy()));
    let mark = format!("\"$TMPDIR\"/{}", quote(&format!(".read-{name}")));
    format!("if [ -e {mark} ]; then {second}; fi; : > {mark}; {first}")
}

/// The health-check node ports and the agent's metrics over HTTP. Documents of health checks begin
/// with the head of the answer, which `-i` asks for; a port without a document refuses.
fn curl(bundle: &Path, node: &str) -> String {
    let mut script = "url= include=\n\
         for argument in \"$@\"; do case $argument in\n\
         http://*) url=$argument ;; --include) include=yes ;; --*) ;; -*i*) include=yes ;;\n\
         esac; done\n\
         case $url in\n"
        .to_owned();
    for (port, document) in documents::health_checks(bundle, node) {
        let document = quote(&document.to_string_lossy());
        script.push_str(&format!(
            "http://127.0.0.1:{port}/healthz|http://localhost:{port}/healthz)\n\
             if [ \"$include\" ]; then exec cat {document}; fi\n\
             exec sed '1,/^\\r*$/d' {document} ;;\n"
        ));
    }
    let metrics = bundle.join("cilium").join(node).join("metrics.txt");
    if !node.is_empty() && metrics.is_file() {
        let metrics = quote(&metrics.to_string_lossy());
        script.push_str(&format!(
            "http://127.0.0.1:9962/metrics|http://localhost:9962/metrics)\nexec cat {metrics} ;;\n"
        ));
    }
    script.push_str(
        "esac\necho \"curl: (7) Failed to connect to $url: Connection refused\" >&2\nexit 7",
    );
    script
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
