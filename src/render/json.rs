//! The document itself; several are a list with `items`, as kubectl users expect.

use crate::report::v1::Diagnosis;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct List<'a> {
    api_version: &'static str,
    kind: &'static str,
    items: &'a [Diagnosis],
}

impl<'a> List<'a> {
    pub(super) fn of(items: &'a [Diagnosis]) -> Self {
        Self {
            api_version: "cilium-lb.dev/v1",
            kind: "DiagnosisList",
            items,
        }
    }
}

pub(super) fn json(documents: &[Diagnosis]) -> anyhow::Result<String> {
    let text = match documents {
        [one] => serde_json::to_string_pretty(one)?,
        several => serde_json::to_string_pretty(&List::of(several))?,
    };
    Ok(text + "\n")
}
