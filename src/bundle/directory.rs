//! Documents of a directory.

use super::intake::Intake;
use super::name::FOLDERS;
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Deepest folder; the format needs five levels and one around them.
const MAX_DEPTH: usize = 32;

/// Takes in the documents below `root`, in order of their names, following no link.
///
/// # Errors
/// When `root` itself cannot be listed.
pub(super) fn take_in(root: &Path, intake: &mut Intake) -> io::Result<()> {
    let mut names = entries(root)?;
    // The deepest last one is taken first, so the stack holds names in reverse.
    names.reverse();
    while let Some(name) = names.pop() {
        let path = root.join(&name);
        let kind = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(_) if name.contains(char::REPLACEMENT_CHARACTER) => {
                intake.refuse(&name, "refused: its name is not UTF-8");
                continue;
            }
            Err(error) => {
                intake.refuse(&name, format!("cannot be read: {error}"));
                continue;
            }
        };
        if kind.is_symlink() {
            refuse_visible(intake, &name, "refused: a symbolic link");
        } else if kind.is_file() {
            if !take_file(&path, &name, kind.len(), intake) {
                break;
            }
        } else if !kind.is_dir() {
            refuse_visible(intake, &name, "refused: not a regular file");
        } else if is_entered(&name) {
            match entries(&path) {
                Ok(below) => names.extend(
                    below
                        .into_iter()
                        .rev()
                        .map(|below| format!("{name}/{below}")),
                ),
                Err(error) => intake.refuse(&name, format!("cannot be listed: {error}")),
            }
        }
    }
    Ok(())
}

/// Reads one file; false when the bundle is full.
fn take_file(path: &Path, name: &str, size: u64, intake: &mut Intake) -> bool {
    let Some(parts) = intake.admit(name, size) else {
        return true;
    };
    match File::open(path) {
        Ok(file) => intake.take(parts, size, file),
        Err(error) => {
            intake.refuse(name, format!("cannot be read: {error}"));
            true
        }
    }
}

/// Hidden entries are no part of a bundle, whatever they are.
fn refuse_visible(intake: &mut Intake, name: &str, message: &str) {
    if !name.split('/').any(|part| part.starts_with('.')) {
        intake.refuse(name, message);
    }
}

/// Whether a folder can hold documents: one of the format's own, at the root or inside one folder.
fn is_entered(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    let hidden = parts.iter().any(|part| part.starts_with('.'));
    let known = parts.len() == 1 || parts[..2].iter().any(|part| FOLDERS.contains(part));
    !hidden && known && parts.len() <= MAX_DEPTH
}

/// Sorted names of a folder; those that are not UTF-8 are written with replacement characters and then not found.
fn entries(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}
