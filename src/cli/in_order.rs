//! Work on several threads whose results are handed over one by one, in the order of the work.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// What is done is kept until everything before it is handed over.
#[derive(Debug)]
pub(super) struct InOrder<T> {
    next: usize,
    waiting: BTreeMap<usize, T>,
}

impl<T> Default for InOrder<T> {
    fn default() -> Self {
        Self {
            next: 0,
            waiting: BTreeMap::new(),
        }
    }
}

impl<T> InOrder<T> {
    /// Takes the result of the piece `index` and gives back those whose turn has come.
    pub(super) fn push(&mut self, index: usize, result: T) -> Vec<T> {
        self.waiting.insert(index, result);
        let mut ready = Vec::new();
        while let Some(result) = self.waiting.remove(&self.next) {
            self.next += 1;
            ready.push(result);
        }
        ready
    }

    /// What still waits, in order, when nothing more will come.
    #[cfg(any(feature = "live", test))]
    pub(super) fn rest(self) -> Vec<T> {
        self.waiting.into_values().collect()
    }
}

/// Runs `work` over `pieces`, `at_a_time` at a time, and gives each result to `each` as soon as those of all pieces
/// before it were given. An error of `each` ends the work after the pieces that are under way.
pub(super) fn in_order<P: Sync, T: Send>(
    pieces: &[P],
    at_a_time: usize,
    work: impl Fn(&P) -> T + Sync,
    mut each: impl FnMut(T) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let next = AtomicUsize::new(0);
    let (send, results) = mpsc::channel();
    let (next, work) = (&next, &work);
    thread::scope(|threads| {
        for _ in 0..at_a_time.clamp(1, pieces.len().max(1)) {
            let send = send.clone();
            threads.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(piece) = pieces.get(index) else {
                        break;
                    };
                    // Nobody listens any more after an error of `each`.
                    if send.send((index, work(piece))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        let mut order = InOrder::default();
        for (index, result) in results {
            for ready in order.push(index, result) {
                each(ready)?;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::{InOrder, in_order};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    #[test]
    fn results_wait_for_those_before_them() {
        let mut order = InOrder::default();
        assert_eq!(order.push(2, 'c'), Vec::<char>::new());
        assert_eq!(order.push(0, 'a'), ['a']);
        assert_eq!(order.push(1, 'b'), ['b', 'c']);
        assert_eq!(order.push(3, 'd'), ['d']);
        assert_eq!(order.push(5, 'f'), Vec::<char>::new());
        assert_eq!(order.rest(), ['f']);
    }

    #[test]
    fn the_slowest_piece_first_changes_nothing() {
        let pieces: Vec<u64> = (0..20).collect();
        let mut seen = Vec::new();
        let work = |piece: &u64| {
            thread::sleep(Duration::from_millis(20 - piece));
            *piece
        };
        in_order(&pieces, 4, work, |piece| {
            seen.push(piece);
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, pieces);
    }

    #[test]
    fn an_error_ends_the_work() {
        let pieces: Vec<usize> = (0..1000).collect();
        let done = AtomicUsize::new(0);
        let work = |_: &usize| {
            thread::sleep(Duration::from_millis(1));
            done.fetch_add(1, Ordering::Relaxed);
        };
        let ended = in_order(&pieces, 2, work, |()| anyhow::bail!("closed"));
        assert_eq!(ended.unwrap_err().to_string(), "closed");
        assert!(done.load(Ordering::Relaxed) < 100);
    }
}
