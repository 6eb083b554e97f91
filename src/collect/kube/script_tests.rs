//! The script runs for real, with stand-ins for the agent's tools first in the PATH.

use super::{CONFIG_KEYS, Lists, boundary, command};
use crate::collect::kube::split::{Split, split};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

const EVERYTHING: Lists = Lists {
    nodes: true,
    endpoints: true,
};

fn tool(directory: &Path, name: &str, script: &str) {
    let path = directory.join("bin").join(name);
    std::fs::create_dir_all(directory.join("bin")).unwrap();
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn run(directory: &Path, ports: &[u16]) -> Split {
    let boundary = boundary();
    let argv = command(&boundary, ports, EVERYTHING);
    let path = format!("{}:/usr/bin:/bin", directory.join("bin").display());
    let output = Command::new("/bin/sh")
        .args(&argv[1..])
        .env_clear()
        .env("PATH", path)
        .env("CILIUM_LB_ROOT", directory.join("root"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    split(&output.stdout, &boundary, ports)
}

fn system_tools(directory: &Path) {
    tool(
        directory,
        "iptables-save",
        "[ \"$*\" = '-t mangle' ] && echo '*mangle'",
    );
    tool(
        directory,
        "ip",
        "case $1 in rule) echo '0: from all lookup local' ;; *) echo 'Error: ipv4: FIB table does not exist.' >&2; exit 2 ;; esac",
    );
    tool(
        directory,
        "curl",
        "printf 'HTTP/1.1 200 OK\\r\\n\\r\\n{\"localEndpoints\":1}'",
    );
}

#[test]
fn a_healthy_agent_gives_every_document() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    tool(
        directory,
        "cilium-dbg",
        "case \"$*\" in 'shell -- db/show -f json services') exit 0 ;; monitor*) echo '{\"type\":\"drop\"}'; exec sleep 60 ;; 'envoy admin metrics') echo 'envoy_listener_downstream_cx_active{} 1'; exit 0 ;; esac; printf '{\"asked\":\"%s\"}\\n\\n' \"$*\"",
    );
    system_tools(directory);
    let config = directory.join("root/tmp/cilium/config-map");
    std::fs::create_dir_all(&config).unwrap();
    let proc = directory.join("root/proc/net");
    std::fs::create_dir_all(&proc).unwrap();
    std::fs::write(
        proc.join("tcp"),
        "  sl  local_address rem_address   st\n   0: 00000000:7968 00000000:0000 0A 0\n   1: 00000000:7968 00000000:0000 01 0\n",
    )
    .unwrap();
    std::fs::write(config.join("devices"), "").unwrap();
    std::fs::write(config.join("enable-envoy-config"), "true").unwrap();
    std::fs::write(config.join("identity-allocation-mode"), "crd").unwrap();
    let network = directory.join("root/proc/sys/net");
    for (name, value) in [
        ("ipv4/conf/ens5/rp_filter", "2\n"),
        ("bridge/bridge-nf-call-iptables", "1\n"),
    ] {
        let file = network.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, value).unwrap();
    }
    let result = run(directory, &[31753]);
    assert!(result.complete);
    assert!(result.gaps.is_empty(), "{:?}", result.gaps);
    let names: Vec<&str> = result.documents.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "cilium/bpf-lb-list-frontends.json",
            "cilium/bpf-lb-list.json",
            "cilium/bpf-metrics-list.2.json",
            "cilium/bpf-metrics-list.json",
            "cilium/config-map/devices",
            "cilium/config-map/enable-envoy-config",
            "cilium/config.json",
            "cilium/db-backends.json",
            "cilium/db-cilium-configs.json",
            "cilium/db-ciliumenvoyconfigs.json",
            "cilium/db-devices.json",
            "cilium/db-envoy-resources.json",
            "cilium/db-frontends.json",
            "cilium/db-node-addresses.json",
            "cilium/db-services.json",
            "cilium/endpoint-get-ingress.json",
            "cilium/endpoint-list.json",
            "cilium/health-check-node-port.31753.txt",
            "cilium/ip-route-2004.txt",
            "cilium/ip-rule.txt",
            "cilium/iptables-save.txt",
            "cilium/metrics.txt",
            "cilium/monitor-drop.json",
            "cilium/node-list.json",
            "cilium/proc-net-tcp.txt",
            "cilium/service-list.json",
            "cilium/status-verbose.txt",
            "cilium/status.json",
            "cilium/sysctl.txt",
            "cilium/version.json",
            "envoy/clusters.json",
            "envoy/config_dump.json",
            "envoy/listeners.json",
            "envoy/network_policies.json",
            "envoy/server_info.json",
            "envoy/stats.txt",
        ]
    );
    assert_eq!(
        result.documents["cilium/bpf-lb-list.json"],
        b"{\"asked\":\"bpf lb list -o json\"}\n\n"
    );
    assert_eq!(
        result.documents["cilium/proc-net-tcp.txt"],
        b"  sl  local_address rem_address   st\n   0: 00000000:7968 00000000:0000 0A 0\n"
    );
    assert_eq!(
        result.documents["cilium/monitor-drop.json"],
        b"{\"type\":\"drop\"}"
    );
    assert_eq!(
        result.documents["cilium/sysctl.txt"],
        b"net.ipv4.conf.ens5.rp_filter = 2\nnet.bridge.bridge-nf-call-iptables = 1\n"
    );
    assert_eq!(result.documents["cilium/db-services.json"], b"");
    assert_eq!(
        result.documents["cilium/config-map/enable-envoy-config"],
        b"true"
    );
}

#[test]
fn an_old_agent_is_called_by_its_old_name_and_prints_text() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    tool(
        directory,
        "cilium",
        "case \"$*\" in version) echo 'Client: 1.14.1' ;; 'status -o json') echo '{}' ;; *) echo \"Error: unknown command $1\" >&2; exit 1 ;; esac",
    );
    system_tools(directory);
    let result = run(directory, &[]);
    assert!(result.complete);
    assert_eq!(result.documents["cilium/version.txt"], b"Client: 1.14.1\n");
    assert!(!result.gaps.contains_key("cilium/version"));
    assert_eq!(
        result.gaps["cilium/db-frontends"],
        "Failed: exit code 1: Error: unknown command shell"
    );
    assert!(result.gaps["cilium/config-map"].ends_with("/tmp/cilium/config-map does not exist"));
}

#[test]
fn an_agent_without_a_shell_dumps_its_tables_and_hubble_tells_what_was_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    tool(
        directory,
        "cilium-dbg",
        "case \"$*\" in 'statedb dump') echo '{\"devices\":[]}' ;; shell*|bpf*) echo 'Error: unknown command' >&2; exit 1 ;; monitor*) echo asked >> \"$CILIUM_LB_ROOT.log\" ;; *) echo '{}' ;; esac",
    );
    tool(directory, "hubble", "printf '{\"asked\":\"%s\"}\\n' \"$*\"");
    system_tools(directory);
    let run_of_cilium = directory.join("root/var/run/cilium");
    std::fs::create_dir_all(&run_of_cilium).unwrap();
    std::fs::write(run_of_cilium.join("hubble.sock"), "").unwrap();
    let result = run(directory, &[]);
    assert!(result.complete);
    assert!(result.documents.contains_key("cilium/statedb-dump.json"));
    for covered in [
        "cilium/db-devices",
        "cilium/db-node-addresses",
        "cilium/bpf-lb-maps-dump",
    ] {
        assert!(!result.gaps.contains_key(covered), "{covered}");
    }
    for missing in ["cilium/db-frontends", "cilium/bpf-lb-list"] {
        let said = "Failed: exit code 1: Error: unknown command";
        assert_eq!(result.gaps[missing], said, "{missing}");
    }
    let flows = std::str::from_utf8(&result.documents["hubble/flows.json"]).unwrap();
    assert_eq!(
        flows.lines().collect::<Vec<_>>(),
        [
            r#"{"asked":"observe -o jsonpb --last 1000 --verdict DROPPED"}"#,
            r#"{"asked":"observe -o jsonpb --last 1000 --tcp-flags SYN"}"#,
        ]
    );
    assert!(!result.documents.contains_key("cilium/monitor-drop.json"));
    assert!(!directory.join("root.log").exists());
}

#[test]
fn drops_are_watched_while_the_rest_is_read_and_nothing_waits_for_more() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    tool(
        directory,
        "cilium-dbg",
        "case $1 in monitor) i=0; while [ $i -lt 1000 ]; do i=$((i+1)); echo '{\"type\":\"drop\"}'; done; exec sleep 60 ;; status) sleep 1; echo '{}' ;; *) echo '{}' ;; esac",
    );
    system_tools(directory);
    let begun = std::time::Instant::now();
    let result = run(directory, &[]);
    assert!(begun.elapsed() < std::time::Duration::from_secs(8));
    let seen = std::str::from_utf8(&result.documents["cilium/monitor-drop.json"]).unwrap();
    assert_eq!(seen.lines().count(), 400);

    tool(
        directory,
        "cilium-dbg",
        "case $1 in monitor) exit 1 ;; *) echo '{}' ;; esac",
    );
    let result = run(directory, &[]);
    assert_eq!(
        result.gaps["cilium/monitor-drop"],
        "Failed: exit code 0: it ended by itself with exit code 1"
    );
}

#[test]
fn an_agent_that_hangs_is_asked_once() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    // Stands in for coreutils' timeout, which gives 124 after 6 s.
    tool(
        directory,
        "timeout",
        "shift; case \"$2\" in status) exit 124 ;; esac; exec \"$@\"",
    );
    tool(
        directory,
        "cilium-dbg",
        "case $1 in bpf|envoy) echo '{}' ;; monitor) exec sleep 60 ;; *) echo asked >> \"$CILIUM_LB_ROOT.log\" ;; esac",
    );
    system_tools(directory);
    let result = run(directory, &[]);
    assert!(result.complete);
    assert_eq!(
        result.gaps["cilium/status"],
        "Timeout: no answer within 6 s"
    );
    assert_eq!(
        result.gaps["cilium/config"],
        "Failed: exit code 125: not tried: agent did not answer before"
    );
    assert!(result.documents.contains_key("cilium/bpf-lb-list.json"));
    assert!(result.documents.contains_key("envoy/listeners.json"));
    assert!(!directory.join("root.log").exists());
}

#[test]
fn a_large_document_comes_through_whole() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    tool(
        directory,
        "cilium-dbg",
        "case \"$1 $2\" in 'bpf lb') printf '{'; head -c 6000000 /dev/zero | tr '\\0' x ;; *) echo '{}' ;; esac",
    );
    system_tools(directory);
    let result = run(directory, &[]);
    assert!(result.complete);
    assert_eq!(result.documents["cilium/bpf-lb-list.json"].len(), 6_000_001);
}

#[test]
fn a_document_beyond_the_limit_is_a_gap_and_the_others_come() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    tool(
        directory,
        "cilium-dbg",
        "case \"$*\" in 'bpf lb list -o json') head -c 66000000 /dev/zero | tr '\\0' x ;; *) echo '{}' ;; esac",
    );
    system_tools(directory);
    let result = run(directory, &[]);
    assert!(result.complete);
    assert_eq!(
        result.gaps["cilium/bpf-lb-list"],
        "Failed: exit code 125: printed 66000000 bytes, more than the 25165824 that are sent"
    );
    for document in [
        "cilium/bpf-lb-list-frontends.json",
        "cilium/status.json",
        "envoy/listeners.json",
        "cilium/bpf-metrics-list.2.json",
    ] {
        assert!(result.documents.contains_key(document), "{document}");
    }
}

#[test]
fn boundaries_differ_and_the_command_is_short_enough_for_a_url() {
    assert_ne!(boundary(), boundary());
    let command = command(&boundary(), &[1, 2], Lists::default());
    assert_eq!(command[..2], ["sh", "-c"]);
    assert_eq!(command[6..], ["", "1", "2"]);
    assert!(!command[2].lines().any(|line| line.starts_with('#')));
    let query: usize = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(command.iter().map(|word| ("command", word)))
        .finish()
        .len();
    // Proxies in front of API servers take a request line of 8 KiB (nginx, AWS load balancers 16 KiB).
    assert!(query < 7 << 10, "{query}");
    assert!(CONFIG_KEYS.contains(&"enable-envoy-config"));
}
