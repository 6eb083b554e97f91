//! The memory of this process, where the kernel says it.

use std::fs;

/// Peak resident memory in MiB since the start or the last [`reset`].
pub(crate) fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

/// Begins a new peak at what is resident now.
#[allow(dead_code, reason = "not every benchmark measures more than once")]
pub(crate) fn reset() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}
