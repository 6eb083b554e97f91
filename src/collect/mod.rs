//! collect.

mod deadline;
mod error;
mod event;
mod kube;
mod notebook;
mod request;
mod text;

pub use error::CollectError;
pub use event::Event;
pub use request::{AwsOptions, KubeOptions, Request};
