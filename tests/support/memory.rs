//! The memory of a process, where the kernel says it.

#![allow(dead_code, reason = "every test and benchmark uses its own part of it")]

use std::fs;
use std::process::Child;
use std::time::Duration;

/// Peak resident memory in MiB since the start or the last [`reset`].
pub(crate) fn peak() -> Option<u64> {
    of("self")
}

/// Begins a new peak at what is resident now.
pub(crate) fn reset() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// Waits for a process and returns its peak in MiB, looked at every 5 ms. What it prints must be going to files.
pub(crate) fn until_end(child: &mut Child) -> Option<u64> {
    let id = child.id().to_string();
    let mut highest = None;
    while child.try_wait().unwrap().is_none() {
        highest = highest.max(of(&id));
        std::thread::sleep(Duration::from_millis(5));
    }
    highest
}

fn of(process: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}
