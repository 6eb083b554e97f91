//! The documented output: `cilium-lb.dev/v1`.
//!
//! These structs are a frozen copy, kept apart from the internal types, so that
//! the program can change without changing what scripts read.

mod convert;
mod exit;
mod known;
pub mod permissions;
mod rules;
pub mod schema;
pub mod v1;

pub use convert::diagnosis;
pub use exit::{Exit, FailOn, blamed, counted, decisive, exit, exit_of_list};
pub use rules::{Rule, rule};
