//! Progress of the collection on standard error: a line that moves on a terminal, nothing elsewhere.

use super::warn;
use crate::collect::{self, Collected, Event, Request};
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// Collects, showing what is being waited for.
pub(super) fn collect(request: &Request) -> anyhow::Result<Collected> {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    let collected = collect::collect(request, &|event| show(&bar, &event));
    bar.finish_and_clear();
    let collected = collected?;
    if collected.interrupted {
        warn("interrupted: the result below is partial\n");
    }
    Ok(collected)
}

fn show(bar: &ProgressBar, event: &Event) {
    match event {
        Event::WaitingForCredentials(command) => {
            bar.set_message(format!("waiting for credentials ({command})"))
        }
        Event::Wave { number, what } => bar.set_message(format!("[{number}/4] {what}")),
        Event::Progress { what, done, total } => bar.set_message(format!("{what} {done}/{total}")),
        Event::Subjects(_) => {}
        Event::Gap(text) => bar.println(format!("not read: {text}")),
    }
}
