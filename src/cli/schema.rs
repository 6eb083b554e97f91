//! `schema`: the JSON schema of the document.

use crate::report::{Exit, schema};

pub(super) fn run() -> anyhow::Result<Exit> {
    super::print(&schema::diagnosis()?)?;
    Ok(Exit::Ok)
}
