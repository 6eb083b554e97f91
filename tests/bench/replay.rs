//! Replay of 2,000 targets on 500 nodes, and start-up of the program. Printed, never asserted.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and a panic is how it reports"
)]

#[path = "../support/memory.rs"]
mod memory;
#[path = "../support/mod.rs"]
mod support;

use cilium_lb::audit::several;
use cilium_lb::bundle::Bundle;
use cilium_lb::path::resolve;
use cilium_lb::render::{Format, Look, Styles, render};
use cilium_lb::report::{self, FailOn, v1};
use cilium_lb::{parse, verdict};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::process::{Command, Stdio};
use support::fleet;

fn replay(bundle: &Bundle) -> (usize, String) {
    let snapshot = parse::snapshot(bundle);
    let wanted = "gateway/shared-gateway".parse().unwrap();
    let subject = resolve(&snapshot, &wanted, "gateway").unwrap();
    let verdict = verdict::diagnose(&snapshot, &subject);
    let targets = verdict.paths.iter().map(|path| path.targets.len()).sum();
    let document = report::diagnosis(&snapshot, &verdict, v1::Run::default());
    let look = Look {
        styles: Styles::PLAIN,
        width: 100,
    };
    (
        targets,
        render(
            &several(vec![document]),
            &Format::Tree,
            FailOn::Error,
            &look,
        )
        .unwrap(),
    )
}

fn benches(c: &mut Criterion) {
    let bundle = fleet::gateway(500);
    let bytes: usize = bundle.iter().map(|(_, bytes)| bytes.len()).sum();
    let (targets, text) = replay(&bundle);
    println!(
        "{targets} targets, {} documents, {} MiB",
        bundle.iter().count(),
        bytes >> 20
    );
    println!("{}", text.lines().take(4).collect::<Vec<_>>().join("\n"));
    println!(
        "peak resident memory after one replay, bundle included: {:?} MiB",
        memory::peak()
    );
    let mut group = c.benchmark_group("replay");
    group.sample_size(10);
    group.bench_function("2000 targets on 500 nodes", |b| {
        b.iter(|| replay(black_box(&bundle)))
    });
    let snapshot = parse::snapshot(&bundle);
    let subject = resolve(
        &snapshot,
        &"gateway/shared-gateway".parse().unwrap(),
        "gateway",
    )
    .unwrap();
    group.bench_function("the same without parsing", |b| {
        b.iter(|| verdict::diagnose(black_box(&snapshot), &subject))
    });
    group.bench_function("--help", |b| {
        b.iter(|| {
            Command::new(env!("CARGO_BIN_EXE_kubectl-cilium_lb"))
                .arg("--help")
                .stdout(Stdio::null())
                .status()
                .unwrap()
        })
    });
    group.finish();
}

criterion_group!(replay_benches, benches);
criterion_main!(replay_benches);
