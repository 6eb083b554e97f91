//! From a scenario to its document and texts, by the library.

use super::scenario::Scenario;
use cilium_lb::audit::several;
use cilium_lb::bundle::Bundle;
use cilium_lb::model::Snapshot;
use cilium_lb::path::{Subject, SubjectRef, resolve};
use cilium_lb::render::{Format, Look, Styles, render};
use cilium_lb::report::{self, FailOn, v1};
use cilium_lb::{parse, verdict};

/// The subject and namespace in a scenario's arguments.
pub(crate) fn asked(args: &[String]) -> (SubjectRef, String) {
    let namespace = args
        .iter()
        .position(|arg| arg == "-n")
        .map_or("default", |at| args[at + 1].as_str());
    (args[0].parse().unwrap(), namespace.to_owned())
}

/// Diagnoses a bundle as the command line does.
pub(crate) fn diagnose(bundle: &Bundle, args: &[String]) -> Result<v1::Diagnosis, String> {
    diagnose_facts(&parse::snapshot(bundle), args)
}

/// Diagnoses what was parsed from a bundle.
pub(crate) fn diagnose_facts(
    snapshot: &Snapshot,
    args: &[String],
) -> Result<v1::Diagnosis, String> {
    let (wanted, namespace) = asked(args);
    let subject: Subject =
        resolve(snapshot, &wanted, &namespace).map_err(|error| error.to_string())?;
    let verdict = verdict::diagnose(snapshot, &subject);
    let run = v1::Run {
        version: "test".to_owned(),
        ..v1::Run::default()
    };
    Ok(report::diagnosis(snapshot, &verdict, run))
}

/// The document of a scenario.
#[allow(dead_code, reason = "not every test file needs the document alone")]
pub(crate) fn document(scenario: &Scenario) -> v1::Diagnosis {
    diagnose(&scenario.bundle, &scenario.spec.args)
        .unwrap_or_else(|error| panic!("{}: {error}", scenario.name))
}

/// A document as text, 100 columns wide, without colour.
#[allow(dead_code, reason = "not every test file renders")]
pub(crate) fn text(document: &v1::Diagnosis, format: Format) -> String {
    let look = Look {
        styles: Styles::PLAIN,
        width: 100,
    };
    render(
        &several(vec![document.clone()]),
        &format,
        FailOn::Error,
        &look,
    )
    .unwrap()
}
