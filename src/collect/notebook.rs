//! What has been read so far, what could not be, and what is still on its way.
//!
//! Every reading goes through here, so that a collection that is cut short by
//! its deadline or by Ctrl-C still gives all that it has and names the rest.

use super::event::Event;
use crate::bundle::{Bundle, ManifestGap};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Shared by all readings of a collection.
pub(super) struct Notebook<'a> {
    events: &'a (dyn Fn(Event) + Send + Sync),
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    bundle: Bundle,
    gaps: BTreeSet<ManifestGap>,
    expected: BTreeMap<String, String>,
    calls: BTreeMap<String, u64>,
    done: usize,
    total: usize,
}

impl<'a> Notebook<'a> {
    /// An empty notebook that tells `events` what goes on.
    pub(super) fn new(events: &'a (dyn Fn(Event) + Send + Sync)) -> Self {
        Self {
            events,
            pages: Mutex::new(Pages::default()),
        }
    }

    /// Tells something that is neither a document nor a gap.
    pub(super) fn tell(&self, event: Event) {
        (self.events)(event);
    }

    /// Begins a wave: progress counts from zero again.
    pub(super) fn wave(&self, number: u8, what: &'static str) {
        let mut pages = self.pages();
        pages.done = 0;
        pages.total = 0;
        drop(pages);
        self.tell(Event::Wave { number, what });
    }

    /// The reading called `name` is on its way. Unless it ends, it becomes a gap of `source`.
    pub(super) fn expect(&self, name: &str, source: impl Into<String>) {
        let mut pages = self.pages();
        pages.total += 1;
        pages.expected.insert(name.to_owned(), source.into());
    }

    /// The reading called `name` ended, whatever it gave.
    pub(super) fn settle(&self, name: &str) {
        let mut pages = self.pages();
        pages.expected.remove(name);
        pages.done += 1;
        let event = Event::Progress {
            what: name.to_owned(),
            done: pages.done,
            total: pages.total,
        };
        drop(pages);
        self.tell(event);
    }

    /// Keeps a document under its path in the bundle.
    pub(super) fn document(&self, path: impl Into<String>, bytes: Vec<u8>) {
        self.pages().bundle.insert(path, bytes);
    }

    /// Shows every document that was kept so far.
    pub(super) fn each_document(&self, mut show: impl FnMut(&str, &[u8])) {
        for (path, bytes) in self.pages().bundle.iter() {
            show(path, bytes);
        }
    }

    /// Keeps why something could not be read. `reason` begins with the error's code.
    pub(super) fn gap(&self, source: impl Into<String>, reason: impl ToString) {
        let gap = ManifestGap {
            source: source.into(),
            reason: reason.to_string(),
        };
        let text = format!("{}: {}", gap.source, gap.reason);
        if self.pages().gaps.insert(gap) {
            self.tell(Event::Gap(text));
        }
    }

    /// Counts one call, such as `kubernetes:list services`.
    pub(super) fn count(&self, call: &str) {
        *self.pages().calls.entry(call.to_owned()).or_default() += 1;
    }

    /// Everything that is still on its way becomes a gap.
    pub(super) fn abandon(&self, reason: impl ToString) {
        let expected = std::mem::take(&mut self.pages().expected);
        for source in expected.into_values() {
            self.gap(source, reason.to_string());
        }
    }

    /// The bundle with its gaps, and the calls by name.
    pub(super) fn finish(&self) -> (Bundle, BTreeMap<String, u64>) {
        let mut pages = self.pages();
        let mut bundle = std::mem::take(&mut pages.bundle);
        bundle.manifest.gaps = std::mem::take(&mut pages.gaps).into_iter().collect();
        (bundle, std::mem::take(&mut pages.calls))
    }

    /// A thread that panicked cannot have left the maps half-changed, so its poison is ignored.
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Notebook;
    use crate::collect::Event;
    use std::sync::Mutex;

    #[test]
    fn what_never_ended_becomes_a_gap_once() {
        let heard = Mutex::new(Vec::new());
        let listen = |event: Event| heard.lock().unwrap().push(event.to_string());
        let notebook = Notebook::new(&listen);
        notebook.expect("kubernetes/nodes", "kubernetes/nodes");
        notebook.expect("kubernetes/web/services", "kubernetes/services");
        notebook.document("kubernetes/services.json", b"{}".to_vec());
        notebook.settle("kubernetes/web/services");
        notebook.count("kubernetes:list services");
        notebook.abandon("Deadline: not read within 1 s");
        notebook.gap("kubernetes/nodes", "Deadline: not read within 1 s");
        let (bundle, calls) = notebook.finish();
        assert_eq!(bundle.manifest.gaps.len(), 1);
        assert_eq!(bundle.manifest.gaps[0].source, "kubernetes/nodes");
        assert_eq!(calls["kubernetes:list services"], 1);
        assert_eq!(
            *heard.lock().unwrap(),
            [
                "kubernetes/web/services 1/2",
                "not read: kubernetes/nodes: Deadline: not read within 1 s"
            ]
        );
    }
}
