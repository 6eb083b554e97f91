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
        Event::Subjects(_) => {}
        Event::Gap(_) => bar.println(event.to_string()),
        Event::WaitingForCredentials(_) | Event::Wave { .. } | Event::Progress { .. } => {
            bar.set_message(event.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::show;
    use crate::collect::Event;
    use indicatif::{ProgressBar, ProgressDrawTarget};

    #[test]
    fn the_line_says_what_is_read_and_how_far_it_is() {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let said = |event: Event| {
            show(&bar, &event);
            bar.message()
        };
        assert_eq!(
            said(Event::Wave {
                number: 3,
                what: "agents"
            }),
            "[3/4] agents"
        );
        assert_eq!(
            said(Event::Progress {
                what: "agents".to_owned(),
                done: 12,
                total: 500
            }),
            "agents 12/500"
        );
        assert_eq!(
            said(Event::WaitingForCredentials("aws sso login".to_owned())),
            "waiting for credentials (aws sso login)"
        );
    }
}
