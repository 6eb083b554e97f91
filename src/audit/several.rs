//! Diagnoses that were asked for by name, as one list.

use super::problems;
use crate::report::v1::{Diagnosis, DiagnosisList};

/// The list of `items` in the order in which they were asked for; it names no clusters and accounts, since none was
/// audited. The run is that of the first: all come from one reading of the evidence.
pub fn several(items: Vec<Diagnosis>) -> DiagnosisList {
    DiagnosisList {
        api_version: "cilium-lb.dev/v1".to_owned(),
        kind: "DiagnosisList".to_owned(),
        problems: problems::problems(&items),
        run: items
            .first()
            .map(|item| item.run.clone())
            .unwrap_or_default(),
        items,
        ..DiagnosisList::default()
    }
}
