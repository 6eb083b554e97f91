//! What stands on the command line before the word that is being completed.

use clap::ArgMatches;
use std::ffi::OsString;
#[cfg(feature = "live")]
use {crate::collect::KubeOptions, clap::FromArgMatches};

/// What decides which candidates there are. Nothing of it need be complete or right.
#[derive(Default, Clone)]
pub(super) struct Typed {
    /// Subjects so far: `gateway` of `gateway NAME`.
    pub(super) subjects: Vec<String>,
    /// `--namespace`.
    #[cfg(feature = "live")]
    pub(super) namespace: Option<String>,
    /// The cluster's flags; absent for commands that read none.
    #[cfg(feature = "live")]
    pub(super) kube: Option<KubeOptions>,
}

/// Reads the words before the one that is completed, without the program's name.
pub(super) fn typed(words: &[OsString]) -> Typed {
    let program = OsString::from("kubectl-cilium_lb");
    let words = std::iter::once(&program).chain(words);
    let command = super::super::command().ignore_errors(true);
    let Ok(matches) = command.try_get_matches_from(words) else {
        return Typed::default();
    };
    let mut matches = &matches;
    while let Some((_, inner)) = matches.subcommand() {
        matches = inner;
    }
    Typed {
        subjects: subjects(matches),
        #[cfg(feature = "live")]
        namespace: matches
            .try_get_one::<String>("namespace")
            .ok()
            .flatten()
            .cloned(),
        #[cfg(feature = "live")]
        kube: kube(matches),
    }
}

fn subjects(matches: &ArgMatches) -> Vec<String> {
    let subjects = matches.try_get_many::<String>("subjects").ok().flatten();
    subjects.into_iter().flatten().cloned().collect()
}

#[cfg(feature = "live")]
fn kube(matches: &ArgMatches) -> Option<KubeOptions> {
    // Asking a command for arguments that it does not have is a panic of clap.
    matches.try_contains_id("kubeconfig").ok()?;
    let connection = crate::cli::connection::ConnectionArgs::from_arg_matches(matches).ok()?;
    let mut kube = connection.kube();
    // An audit's clusters have much in common; one of them is asked.
    if kube.context.is_none() {
        let contexts = matches.try_get_many::<String>("contexts").ok().flatten();
        kube.context = contexts.and_then(|mut contexts| contexts.next().cloned());
    }
    Some(kube)
}
