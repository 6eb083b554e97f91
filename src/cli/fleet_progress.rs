//! How far an audit of live clusters is: a bar with an estimate on a terminal, a line per cluster elsewhere.

use super::warn;
use crate::audit::Reduced;
use crate::collect::Event;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Waves of a collection.
const WAVES: u8 = 4;

/// A bar on a terminal, lines elsewhere.
pub(super) struct Progress<'a> {
    names: &'a [String],
    bar: ProgressBar,
    state: Mutex<State>,
}

/// How far each cluster is, as far as it is known.
#[derive(Default)]
struct State {
    clusters: BTreeMap<usize, Reached>,
    ended: usize,
}

/// How far a cluster is: its subjects, and how much of its waves.
#[derive(Default)]
struct Reached {
    subjects: usize,
    wave: u8,
    part: f64,
}

impl Reached {
    /// Subjects that count as done.
    fn done(&self) -> f64 {
        let waves = f64::from(self.wave.saturating_sub(1)) + self.part;
        self.subjects as f64 * (waves / f64::from(WAVES)).min(1.0)
    }
}

impl<'a> Progress<'a> {
    /// For clusters of these names, on standard error.
    pub(super) fn new(names: &'a [String]) -> Self {
        Self::on(names, ProgressDrawTarget::stderr())
    }

    fn on(names: &'a [String], target: ProgressDrawTarget) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = "{spinner} [{bar:20}] {pos}/{len} subjects, {eta} left · {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self {
            names,
            bar,
            state: Mutex::default(),
        }
    }

    /// Something happened to a cluster.
    pub(super) fn show(&self, index: usize, event: &Event) {
        let name = &self.names[index];
        match event {
            Event::Subjects(count) => self.update(index, |reached| reached.subjects = *count),
            Event::Wave { number, what } => {
                self.update(index, |reached| {
                    (reached.wave, reached.part) = (*number, 0.0)
                });
                self.bar.set_message(format!("{name}: {what}"));
            }
            Event::Progress { what, done, total } => {
                let part = *done as f64 / (*total).max(1) as f64;
                self.update(index, |reached| reached.part = part);
                self.bar
                    .set_message(format!("{name}: {what} {done}/{total}"));
            }
            Event::WaitingForCredentials(command) => {
                self.bar
                    .set_message(format!("{name}: waiting for credentials ({command})"));
            }
            // Of hundreds of nodes each can lack something; the documents have it all.
            Event::Gap(_) => {}
        }
    }

    /// A cluster is done.
    pub(super) fn ended(&self, index: usize, reduced: &Reduced) {
        let subjects = reduced.cluster.subjects;
        self.update(index, |reached| {
            *reached = Reached {
                subjects,
                wave: WAVES,
                part: 1.0,
            };
        });
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.ended += 1;
        let place = format!(
            "[{}/{}] {}",
            state.ended,
            self.names.len(),
            reduced.cluster.name
        );
        drop(state);
        let line = match &reduced.cluster.error {
            Some(error) => format!("{place}: {error}"),
            None => {
                let sick = reduced
                    .items
                    .iter()
                    .filter(|item| item.verdict != "healthy");
                let (sick, gaps) = (sick.count(), reduced.cluster.gaps);
                format!(
                    "{place}: {sick} of {subjects} subjects not healthy, {gaps} readings missing"
                )
            }
        };
        self.line(&line);
    }

    /// Nothing more comes.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn update(&self, index: usize, change: impl FnOnce(&mut Reached)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(state.clusters.entry(index).or_default());
        let all = state.clusters.values();
        let length: usize = all.clone().map(|reached| reached.subjects).sum();
        let done: f64 = all.map(Reached::done).sum();
        drop(state);
        self.bar.set_length(length as u64);
        self.bar.set_position(done as u64);
    }

    /// Above the bar on a terminal; a plain line elsewhere.
    fn line(&self, text: &str) {
        if self.bar.is_hidden() {
            warn(&format!("{text}\n"));
        } else {
            self.bar.println(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Progress;
    use crate::collect::Event;
    use indicatif::{ProgressDrawTarget, TermLike};
    use std::io;
    use std::sync::{Arc, Mutex};

    /// A terminal that keeps what is written.
    #[derive(Debug, Clone, Default)]
    struct Terminal(Arc<Mutex<String>>);

    impl TermLike for Terminal {
        fn width(&self) -> u16 {
            100
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)?;
            self.write_str("\n")
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_terminal_shows_a_bar_a_count_and_an_estimate() {
        let terminal = Terminal::default();
        let names = ["eu".to_owned(), "us".to_owned()];
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let progress = Progress::on(&names, target);
        progress.show(0, &Event::Subjects(6));
        progress.show(1, &Event::Subjects(2));
        let wave = |number| Event::Wave {
            number,
            what: "agents",
        };
        progress.show(0, &wave(3));
        progress.show(1, &wave(3));
        progress.bar.force_draw();
        let shown = terminal.0.lock().unwrap().clone();
        let last = shown.rsplit('[').next().unwrap();
        // Two of four waves of both clusters.
        assert!(last.contains("4/8 subjects"), "{shown:?}");
        assert!(last.contains(" left"), "{shown:?}");
        assert!(last.contains("us: agents"), "{shown:?}");
        let (bar, _) = last.split_once(']').unwrap();
        assert_eq!(bar.chars().count(), 20, "{bar:?}");
        let full = bar.chars().filter(|part| *part == '█').count();
        assert!((9..=11).contains(&full), "half of {bar:?}");
    }
}
