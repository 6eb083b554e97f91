//! Diagnoses that were asked for by name, as one list.

use super::problems::problems;
use crate::report::v1::{Diagnosis, DiagnosisList};

/// The list of `items` in the order in which they were asked for; it names no clusters and accounts, since none was
/// audited. The run is that of the first: all come from one reading of the evidence.
pub fn several(items: Vec<Diagnosis>) -> DiagnosisList {
    DiagnosisList {
        problems: problems(&items),
        run: items
            .first()
            .map(|item| item.run.clone())
            .unwrap_or_default(),
        ..DiagnosisList::of(items)
    }
}
