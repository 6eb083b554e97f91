//! Many subjects, one list: every subject of a cluster diagnosed, and what the findings have in common.
//!
//! Pure: documents in, document out. A cluster's evidence is reduced to its diagnoses by [`reduce`] and can be
//! dropped then; [`Audit`] holds the diagnoses until the list is printed.

mod accounts;
mod documents;
mod list;
mod merge;
pub mod policy;
mod problems;
mod reduce;
mod roll;
mod several;

pub use documents::DocumentError;
pub use list::Audit;
pub use merge::{Input, MergeError, Merged, merge};
pub use policy::Policy;
pub use reduce::{Reduced, Scope, reduce};
pub use roll::Roll;
pub use several::several;
