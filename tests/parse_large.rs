//! A load balancer map of 200 MB: it is read in bounded memory, what is in it is found, and a cut one is an error.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a panic is how a test reports, and the memory is printed"
)]

#[path = "support/lb_list.rs"]
mod lb_list;
#[path = "support/memory.rs"]
mod memory;

use cilium_lb::model::cilium::Agent;
use cilium_lb::parse::cilium::document;

const SIZE: usize = 200_000_000;

#[test]
fn a_list_of_200_mb_is_read_in_bounded_memory() {
    let mut text = lb_list::json(SIZE);
    assert!(text.len() >= SIZE);
    memory::reset();
    let before = memory::peak();
    let mut agent = Agent::new("node-a");
    let path = "cilium/node-a/bpf-lb-list.json";
    document(&mut agent, "bpf-lb-list.json", path, text.as_bytes()).unwrap();
    if let (Some(before), Some(after)) = (before, memory::peak()) {
        let grown = usize::try_from(after - before).unwrap() << 20;
        println!(
            "{} MB read in {} MB",
            text.len() / 1_000_000,
            grown / 1_000_000
        );
        // Frontends with ten backends each take one and a half times their text: a copy of it on top would be above this,
        // and a tree of values is five times the text.
        assert!(grown < 2 * text.len(), "{grown} bytes");
    }
    let bpf = agent.bpf.unwrap();
    assert!(bpf.unreadable.is_empty(), "{:?}", bpf.unreadable);
    let frontend = bpf
        .external_tcp("10.0.0.1".parse().unwrap(), 30866)
        .unwrap();
    assert!(frontend.redirects() && frontend.proxy_port == Some(10285));
    assert!(bpf.on_port(30080).all(|one| one.backends.len() == 10));

    // Cut it is an error that says where, and no shorter list.
    text.truncate(SIZE / 10);
    let mut agent = Agent::new("node-a");
    let error = document(&mut agent, "bpf-lb-list.json", path, text.as_bytes()).unwrap_err();
    assert!(error.line.is_some_and(|line| line > 100_000), "{error}");
    assert!(agent.bpf.is_err() && error.to_string().len() < 1000);
}
