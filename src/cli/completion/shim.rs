//! `completion install` and `uninstall`: the file that kubectl runs to complete a plugin.
//!
//! krew links one file per plugin, so it cannot bring this one (krew issue 812). It goes beside the plugin's link,
//! which is on PATH for sure, unless `--dir` says otherwise.

use super::super::{print, warn};
use crate::report::Exit;
use anyhow::{Context, bail};
use std::ffi::OsStr;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// The name that kubectl derives from `kubectl-cilium_lb`.
pub(super) const NAME: &str = "kubectl_complete-cilium_lb";
/// What every file of ours has, and nobody else's.
const OURS: [&str; 2] = ["kubectl-cilium_lb", "__complete"];
/// Most bytes of a file that could be ours.
const BYTES: u64 = 4 << 10;

#[cfg(windows)]
const FILE: &str = "kubectl_complete-cilium_lb.cmd";
#[cfg(not(windows))]
const FILE: &str = NAME;

#[cfg(windows)]
const SCRIPT: &str = include_str!("../../../completions/kubectl_complete-cilium_lb.cmd");
#[cfg(not(windows))]
const SCRIPT: &str = include_str!("../../../completions/kubectl_complete-cilium_lb");

#[cfg(windows)]
const PLUGIN: &str = "kubectl-cilium_lb.exe";
#[cfg(not(windows))]
const PLUGIN: &str = "kubectl-cilium_lb";

/// What is at the file's place.
enum Found {
    Nothing,
    Ours,
    Foreign,
}

pub(super) fn install(folder: Option<&Path>) -> anyhow::Result<Exit> {
    let folder = place(folder)?;
    let path = folder.join(FILE);
    if let Found::Foreign = found(&path)? {
        bail!(
            "{} is not of this program: remove it first, or give another folder with --dir",
            path.display()
        );
    }
    write(&path).with_context(|| {
        format!(
            "cannot write {}: give a folder on PATH with --dir",
            path.display()
        )
    })?;
    print(&format!(
        "wrote {}: kubectl (1.26 or newer) completes cilium-lb wherever its own completion is set up\n",
        path.display()
    ))?;
    if !on_path(&folder) {
        warn(&format!(
            "warning: {} is not on PATH, so kubectl does not find it there\n",
            folder.display()
        ));
    }
    Ok(Exit::Ok)
}

pub(super) fn uninstall(folder: Option<&Path>) -> anyhow::Result<Exit> {
    let path = place(folder)?.join(FILE);
    let said = match found(&path)? {
        Found::Nothing => format!("{} is not there\n", path.display()),
        Found::Foreign => bail!("{} is not of this program: it stays", path.display()),
        Found::Ours => {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            format!("removed {}\n", path.display())
        }
    };
    print(&said)?;
    Ok(Exit::Ok)
}

/// The folder asked for, or the one in which kubectl found the plugin: krew's links, not what they point to.
fn place(asked: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(folder) = asked {
        return Ok(folder.to_owned());
    }
    let program = PathBuf::from(std::env::args_os().next().unwrap_or_default());
    let folder = program.parent().filter(|folder| *folder != Path::new(""));
    match folder.map(Path::to_owned).or_else(|| search(PLUGIN)) {
        Some(folder) => Ok(folder),
        None => bail!("{PLUGIN} is not on PATH: say with --dir where to"),
    }
}

fn search(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find(|folder| folder.join(name).is_file())
}

fn on_path(folder: &Path) -> bool {
    let same = |other: &PathBuf| match (other.canonicalize(), folder.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    };
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|one| same(&one)))
}

fn found(path: &Path) -> anyhow::Result<Found> {
    // A link to the program answers as well as the script.
    if let Ok(target) = fs::read_link(path) {
        let plugin = target.file_name() == Some(OsStr::new(PLUGIN));
        return Ok(if plugin { Found::Ours } else { Found::Foreign });
    }
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let mut bytes = Vec::new();
    // A folder of that name cannot be read, and is not ours.
    let read = file.take(BYTES).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    Ok(
        if read.is_ok() && OURS.iter().all(|part| text.contains(part)) {
            Found::Ours
        } else {
            Found::Foreign
        },
    )
}

/// Writes the file anew: through a link it would write to the program itself.
fn write(path: &Path) -> std::io::Result<()> {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o755);
    options.open(path)?.write_all(SCRIPT.as_bytes())
}
