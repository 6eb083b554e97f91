//! The Python environment that `tests/prepare` makes.

use std::path::{Path, PathBuf};

/// Its interpreter. Panics with what to do when it is not there.
pub(crate) fn python() -> PathBuf {
    let venv = std::env::var_os("CILIUM_LB_VENV")
        .filter(|path| !path.is_empty())
        .map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv"),
            PathBuf::from,
        );
    let python = venv.join("bin/python");
    assert!(
        python.exists(),
        "{} is missing: run tests/prepare first",
        python.display()
    );
    python
}
