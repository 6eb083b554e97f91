//! Names that were listed seconds ago, so that pressing Tab twice asks once.

use std::fs::{self, DirBuilder};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How long names are believed.
const LIFE: Duration = Duration::from_secs(10);
/// Largest file that is read: 500 names of 253 bytes fit.
const BYTES: u64 = 1 << 20;

/// The answer to one question, in a file.
pub(super) struct Cache {
    path: PathBuf,
}

impl Cache {
    /// The file of a question, below kubectl's own cache: `$KUBECACHEDIR`, else `~/.kube/cache`.
    pub(super) fn of(key: &str) -> Option<Self> {
        let root = std::env::var_os("KUBECACHEDIR")
            .filter(|folder| !folder.is_empty())
            .map(PathBuf::from)
            .or_else(|| Some(std::env::home_dir()?.join(".kube/cache")))?;
        Some(Self::below(&root, key))
    }

    fn below(root: &Path, key: &str) -> Self {
        Self {
            path: root.join("cilium-lb").join(format!("{key}.json")),
        }
    }

    /// The names, unless they are too old.
    pub(super) fn read(&self) -> Option<Vec<String>> {
        if !young(&self.path) || fs::metadata(&self.path).ok()?.len() > BYTES {
            return None;
        }
        serde_json::from_slice(&fs::read(&self.path).ok()?).ok()
    }

    /// Keeps names. That it cannot is no harm: they are asked for again.
    pub(super) fn write(&self, names: &[String]) {
        let Some(folder) = self.path.parent() else {
            return;
        };
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        if builder.create(folder).is_err() {
            return;
        }
        remove_old(folder);
        // Two shells may write at once, so the file appears whole or not at all.
        let part = self.path.with_extension(std::process::id().to_string());
        let written = serde_json::to_vec(names)
            .map_err(std::io::Error::from)
            .and_then(|bytes| fs::write(&part, bytes))
            .and_then(|()| fs::rename(&part, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
    }
}

/// Removes answers that nobody will read again.
fn remove_old(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if !young(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether a file was written within the last seconds; a date in the future is none.
fn young(path: &Path) -> bool {
    fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .is_ok_and(|written| {
            SystemTime::now()
                .duration_since(written)
                .is_ok_and(|age| age < LIFE)
        })
}

#[cfg(test)]
mod tests {
    use super::{Cache, LIFE};
    use std::fs::File;
    use std::time::SystemTime;

    #[test]
    fn names_are_kept_for_seconds_and_old_files_go() {
        let root = tempfile::tempdir().unwrap();
        let names = vec!["web".to_owned()];
        let one = Cache::below(root.path(), "one");
        assert_eq!(one.read(), None);
        one.write(&names);
        assert_eq!(one.read(), Some(names.clone()));
        let old = SystemTime::now() - LIFE;
        File::options()
            .write(true)
            .open(&one.path)
            .unwrap()
            .set_modified(old)
            .unwrap();
        assert_eq!(one.read(), None);
        Cache::below(root.path(), "two").write(&names);
        assert!(!one.path.exists());
        std::fs::write(Cache::below(root.path(), "three").path, "no list").unwrap();
        assert_eq!(Cache::below(root.path(), "three").read(), None);
    }
}
