//! `schema`: the JSON schemas of the documents.

use super::args::{DocumentKind, SchemaArgs};
use crate::report::{Exit, schema};

pub(super) fn run(args: &SchemaArgs) -> anyhow::Result<Exit> {
    super::print(&match args.document {
        DocumentKind::Diagnosis => schema::diagnosis()?,
        DocumentKind::List => schema::list()?,
    })?;
    Ok(Exit::Ok)
}
