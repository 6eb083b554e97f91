//! Which values an argument can have: attached to the clap tree by the argument's name and type.
//!
//! By name and type rather than in the tree itself, so that a flag of a new command is completed without a word
//! about it, and `--help` builds nothing that it does not print.

#[cfg(feature = "live")]
use super::profiles;
use super::typed::Typed;
use crate::check::CHECKS;
use crate::path::SubjectKind;
use crate::render::{FORMATS, Format, WITH_ARGUMENT};
use crate::report::FailOn;
use clap::{Arg, Command, ValueHint};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};
use std::any::TypeId;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// The types of subjects, as they are offered.
const KINDS: [SubjectKind; 4] = [
    SubjectKind::Gateway,
    SubjectKind::Service,
    SubjectKind::Ingress,
    SubjectKind::TargetGroupBinding,
];

/// Whether the argument that was completed is a path, which shells complete better themselves.
#[derive(Clone, Default)]
pub(super) struct Paths(Arc<AtomicU8>);

impl Paths {
    const FILE: u8 = 1;
    const DIRECTORY: u8 = 2;

    /// `Some(true)` for a directory, `Some(false)` for a file.
    pub(super) fn asked(&self) -> Option<bool> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            asked => Some(asked == Self::DIRECTORY),
        }
    }

    fn completer(&self, directory: bool) -> ArgValueCompleter {
        let asked = Arc::clone(&self.0);
        let kind = if directory {
            Self::DIRECTORY
        } else {
            Self::FILE
        };
        ArgValueCompleter::new(move |_: &OsStr| {
            asked.store(kind, Ordering::Relaxed);
            Vec::new()
        })
    }
}

/// The tree with candidates for values. With `paths`, files are left to the shell.
pub(super) fn attach(command: Command, typed: &Typed, paths: Option<&Paths>) -> Command {
    let name = command.get_name().to_owned();
    let aliases: Vec<String> = command.get_visible_aliases().map(str::to_owned).collect();
    // An alias beside its command would be offered in the command's place.
    command
        .visible_alias(None)
        .aliases(aliases)
        .mut_args(|arg| complete(&name, arg, typed, paths))
        .mut_subcommands(|inner| attach(inner, typed, paths))
}

#[cfg_attr(
    not(feature = "live"),
    expect(unused_variables, reason = "only live values differ by command")
)]
fn complete(command: &str, arg: Arg, typed: &Typed, paths: Option<&Paths>) -> Arg {
    let id = arg.get_id().as_str().to_owned();
    let typed = typed.clone();
    match id.as_str() {
        "subjects" => {
            return arg.add(ArgValueCompleter::new(move |word: &OsStr| {
                subjects(&word.to_string_lossy(), &typed)
            }));
        }
        "code" => return arg.add(ArgValueCandidates::new(codes)),
        #[cfg(feature = "live")]
        "aws_profile" => {
            let audit = command == "audit";
            return arg.add(ArgValueCompleter::new(move |word: &OsStr| {
                profiles_for(&word.to_string_lossy(), audit)
            }));
        }
        #[cfg(feature = "live")]
        "namespace" | "context" | "contexts" | "cluster" | "user" => {
            return arg.add(ArgValueCandidates::new(move || {
                plain(live::of(&id, &typed))
            }));
        }
        _ => {}
    }
    let parsed = arg.get_value_parser().type_id();
    if parsed == TypeId::of::<PathBuf>() {
        let directory = arg.get_value_hint() == ValueHint::DirPath;
        return match paths {
            Some(paths) => arg.add(paths.completer(directory)),
            None if directory => arg,
            None => arg.value_hint(ValueHint::AnyPath),
        };
    }
    if parsed == TypeId::of::<Format>() {
        // Commands that have not all formats say themselves which.
        if !arg.get_possible_values().is_empty() {
            return arg;
        }
        let plain_ones = FORMATS.iter().map(|(name, _)| (*name).to_owned());
        let more = WITH_ARGUMENT.iter().map(|(name, _)| format!("{name}="));
        let names: Vec<String> = plain_ones.chain(more).collect();
        return arg.add(ArgValueCandidates::new(move || plain(names.clone())));
    }
    if parsed == TypeId::of::<FailOn>() {
        let all = [FailOn::Info, FailOn::Warning, FailOn::Error, FailOn::Never];
        return arg.add(ArgValueCandidates::new(move || {
            plain(all.map(|severity| severity.to_string()))
        }));
    }
    arg
}

fn plain(values: impl IntoIterator<Item = String>) -> Vec<CompletionCandidate> {
    values.into_iter().map(CompletionCandidate::new).collect()
}

/// Codes with their slugs, and slugs with what they find.
fn codes() -> Vec<CompletionCandidate> {
    let codes = CHECKS.iter().map(|check| {
        let help = format!("{}: {}", check.slug, check.title);
        CompletionCandidate::new(check.code.to_string()).help(Some(help.into()))
    });
    let slugs = CHECKS
        .iter()
        .map(|check| CompletionCandidate::new(check.slug).help(Some(check.title.into())));
    codes.chain(slugs).collect()
}

/// `gateway/` and its like; live names after the slash, or after `gateway` as a word of its own.
fn subjects(word: &str, typed: &Typed) -> Vec<CompletionCandidate> {
    if word.starts_with('-') {
        return Vec::new();
    }
    let first = typed.subjects.first();
    let alone = first.and_then(|first| SubjectKind::from_word(first));
    let (kind, prefix, part) = match (word.split_once('/'), alone) {
        (Some((resource, part)), None) => {
            let kind = SubjectKind::from_word(resource);
            (kind, format!("{resource}/"), part)
        }
        (None, Some(kind)) => (Some(kind), String::new(), word),
        (Some(_), Some(_)) => return Vec::new(),
        (None, None) => {
            let words = KINDS.map(|kind| format!("{}/", kind.name().to_ascii_lowercase()));
            let offered = words.into_iter().filter(|kind| kind.starts_with(word));
            return plain(offered);
        }
    };
    let names = kind.map(|kind| names(kind, typed)).unwrap_or_default();
    let names = names.into_iter().filter(|name| name.starts_with(part));
    let subjects = names.map(|name| format!("{prefix}{name}"));
    plain(subjects.filter(|subject| !typed.subjects.contains(subject)))
}

/// Profiles; in an audit also behind the context whose cluster they are for, as in `context=profile`.
#[cfg(feature = "live")]
fn profiles_for(word: &str, audit: bool) -> Vec<CompletionCandidate> {
    let (context, part) = match word.rsplit_once('=') {
        Some((context, part)) if audit => (format!("{context}="), part),
        _ => (String::new(), word),
    };
    let names = profiles::profiles().into_iter();
    let names = names.filter(|name| name.starts_with(part));
    plain(names.map(|name| format!("{context}{name}")))
}

#[cfg(feature = "live")]
use live::names;

/// Without clients there are no live names.
#[cfg(not(feature = "live"))]
fn names(_: SubjectKind, _: &Typed) -> Vec<String> {
    Vec::new()
}

#[cfg(feature = "live")]
mod live {
    //! Names from the cluster and the kubeconfig.

    use super::super::typed::Typed;
    use crate::collect::{Named, contexts, defined};
    use crate::path::SubjectKind;

    /// Values of a flag, by its id.
    pub(super) fn of(id: &str, typed: &Typed) -> Vec<String> {
        let Some(kube) = &typed.kube else {
            return Vec::new();
        };
        match id {
            "context" | "contexts" => {
                let contexts = contexts(kube).unwrap_or_default();
                contexts.into_iter().map(|context| context.name).collect()
            }
            "cluster" => defined(kube).clusters,
            "user" => defined(kube).users,
            _ => crate::collect::names(kube, Named::Namespaces, None),
        }
    }

    /// Objects that can be diagnosed.
    pub(super) fn names(kind: SubjectKind, typed: &Typed) -> Vec<String> {
        let named = match kind {
            SubjectKind::Gateway => Named::Gateways,
            SubjectKind::Service => Named::Services,
            SubjectKind::Ingress => Named::Ingresses,
            SubjectKind::TargetGroupBinding => Named::TargetGroupBindings,
            SubjectKind::LoadBalancer => return Vec::new(),
        };
        let kube = typed.kube.as_ref();
        kube.map(|kube| crate::collect::names(kube, named, typed.namespace.as_deref()))
            .unwrap_or_default()
    }
}
