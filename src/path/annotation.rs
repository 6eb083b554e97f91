//! Annotations of a Service that the controllers of AWS read.

use crate::model::kubernetes::Service;

/// The prefixes under which controllers look for an annotation; the first one wins.
pub const PREFIXES: [&str; 2] = ["service.beta.kubernetes.io/", "service.kubernetes.io/"];

/// An annotation of a Service by the name after the prefix.
pub fn annotation<'a>(service: &'a Service, name: &str) -> Option<&'a str> {
    PREFIXES.iter().find_map(|prefix| {
        service
            .metadata
            .annotations
            .get(&format!("{prefix}{name}"))
            .map(String::as_str)
    })
}
