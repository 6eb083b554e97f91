//! 500 agents in one run: each is asked once, at most eight at a time, and whoever waits sees how far it is.

use super::support::crowd;
use cilium_lb::collect::{Event, collect};
use std::collections::BTreeSet;
use std::sync::Mutex;

const AGENTS: usize = 500;

#[test]
fn five_hundred_agents_are_asked_once_each_and_eight_at_a_time() {
    let (cluster, _folder) = crowd::start(AGENTS);
    let steps: Mutex<Vec<(usize, usize)>> = Mutex::default();
    let collected = collect(&crowd::request(&cluster), &|event| {
        if let Event::Progress { done, total, .. } = event {
            steps.lock().unwrap().push((done, total));
        }
    })
    .unwrap();

    let execs = cluster.execs();
    let pods: BTreeSet<&String> = execs.iter().map(|(pod, _)| pod).collect();
    assert_eq!((execs.len(), pods.len()), (AGENTS, AGENTS));
    assert_eq!(collected.calls["exec"], AGENTS as u64);
    let at_once = cluster.execs_at_once();
    assert!((2..=8).contains(&at_once), "{at_once} at once");

    for number in 0..AGENTS {
        let path = format!("cilium/{}/bpf-lb-list.json", crowd::node(number));
        assert!(collected.bundle.get(&path).is_some(), "{path} is missing");
    }
    // Progress never goes back within a wave, and the wave of the agents comes to its end.
    let steps = steps.into_inner().unwrap();
    assert!(steps.iter().all(|(done, total)| done <= total));
    let last = steps.last().unwrap();
    assert!(last.0 == last.1 && last.1 >= AGENTS, "{last:?}");
}
