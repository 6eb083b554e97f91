//! The document as YAML.

use super::json::List;
use crate::report::v1::Diagnosis;

pub(super) fn yaml(documents: &[Diagnosis]) -> anyhow::Result<String> {
    Ok(match documents {
        [one] => serde_saphyr::to_string(one)?,
        several => serde_saphyr::to_string(&List::of(several))?,
    })
}
