//! A command of an exec as a real process, in a directory of its own and in its own group.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use super::shims::Tools;

/// Where coreutils and the shell are.
const SYSTEM_PATH: [&str; 2] = ["/usr/bin", "/bin"];

/// A command and its pipes. Dropping it kills the command and all that it started.
pub(super) struct Running {
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
    child: Child,
    group: Group,
    _directory: TempDir,
}

impl Running {
    /// Starts the command with the node's tools first in its PATH and nothing else inherited.
    /// Refused, in the words of a container runtime, when there is no such program.
    pub(super) fn start(argv: &[String], tools: &Tools, scratch: &Path) -> Result<Self, String> {
        let (name, arguments) = argv.split_first().ok_or("no command")?;
        let program = resolve(name, &tools.bin).ok_or_else(|| {
            format!("error executing command in container: failed to exec in container: exec: {name:?}: executable file not found in $PATH")
        })?;
        let directory = TempDir::new_in(scratch).map_err(|error| error.to_string())?;
        let path = format!("{}:{}", tools.bin.display(), SYSTEM_PATH.join(":"));
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(directory.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", directory.path())
            .env("TMPDIR", directory.path())
            .env("LC_ALL", "C")
            .env("CILIUM_LB_ROOT", &tools.root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("error executing command in container: {error}"))?;
        let (stdout, stderr) = child
            .stdout
            .take()
            .zip(child.stderr.take())
            .ok_or("the command has no pipes")?;
        Ok(Self {
            group: Group(child.id()),
            stdout,
            stderr,
            child,
            _directory: directory,
        })
    }

    /// Waits for the end: the exit code, or 128 and the signal's number as a shell gives it.
    pub(super) async fn exit_code(&mut self) -> i32 {
        let ended = self.child.wait().await;
        self.group.0 = None;
        ended.map_or(-1, |status| {
            let signal = status.signal().map(|number| 128 + number);
            status.code().or(signal).unwrap_or(-1)
        })
    }
}

fn resolve(name: &str, bin: &Path) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| path.is_file());
    }
    std::iter::once(bin)
        .chain(SYSTEM_PATH.map(Path::new))
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
}

/// A process group that was not waited for yet.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // The shell's own `kill` reaches a group without unsafe code. It fails when the group
            // has ended by itself.
            let _ = std::process::Command::new("/bin/sh")
                .args(["-c", "kill -s KILL -- \"-$0\"", &leader.to_string()])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
        }
    }
}
