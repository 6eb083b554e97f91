//! Reading 100 MB of `bpf lb list -o json`: how long, and how much memory beyond the text. Printed, never asserted.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and a panic is how it reports"
)]

#[path = "../support/lb_list.rs"]
mod lb_list;
#[path = "../support/memory.rs"]
mod memory;

use cilium_lb::model::cilium::Agent;
use cilium_lb::parse::cilium::document;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

fn read(text: &str) -> Agent {
    let mut agent = Agent::new("node-a");
    let path = "cilium/node-a/bpf-lb-list.json";
    document(&mut agent, "bpf-lb-list.json", path, text.as_bytes()).unwrap();
    agent
}

fn benches(c: &mut Criterion) {
    let text = lb_list::json(100_000_000);
    memory::reset();
    let before = memory::peak();
    let agent = read(&text);
    println!(
        "{} MB, {} frontends; resident with the text {before:?} MiB, at most {:?} MiB while it is read",
        text.len() / 1_000_000,
        agent.bpf.as_ref().map_or(0, |bpf| bpf.frontends.len()),
        memory::peak()
    );
    drop(agent);
    let mut group = c.benchmark_group("documents");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("100 MB of bpf lb list -o json", |b| {
        b.iter_with_large_drop(|| read(black_box(&text)))
    });
    group.finish();
}

criterion_group!(document_benches, benches);
criterion_main!(document_benches);
