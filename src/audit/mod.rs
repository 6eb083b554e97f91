//! Many subjects, one list: every subject of a cluster diagnosed, and what the findings have in common.
//!
//! Pure: documents in, document out. A cluster's evidence is reduced to its diagnoses by [`reduce`] and can be
//! dropped then; [`Audit`] holds the diagnoses until the list is printed.

mod accounts;
mod list;
mod problems;
mod reduce;

pub use list::Audit;
pub use reduce::{Reduced, Scope, reduce};
