//! Names of documents: which paths a bundle may hold.

/// The manifest.
pub(super) const MANIFEST: &str = "bundle.yaml";
/// What stands at the root of a bundle beside the manifest.
pub(super) const FOLDERS: [&str; 5] = ["aws", "cilium", "envoy", "hubble", "kubernetes"];
/// Longest path in bytes.
const MAX_PATH: usize = 4096;

/// Splits a path from a directory or archive into its parts.
///
/// # Errors
/// Why the path may not be part of a bundle.
pub(super) fn parts(path: &str) -> Result<Vec<&str>, &'static str> {
    let drive = path.as_bytes().get(1) == Some(&b':');
    if path.len() > MAX_PATH {
        return Err("its name is longer than 4096 bytes");
    }
    if path.starts_with('/') || drive {
        return Err("its name is an absolute path");
    }
    if path.contains('\\') || path.contains(char::is_control) {
        return Err("its name holds a backslash or a control character");
    }
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    if parts.contains(&"..") {
        return Err("its name leaves the tree");
    }
    Ok(parts)
}

/// Whether the parts name a file at its place in a bundle's tree.
pub(super) fn is_document(parts: &[&str]) -> bool {
    match parts {
        [only] => *only == MANIFEST,
        [first, _, ..] => FOLDERS.contains(first),
        [] => false,
    }
}

/// Whether any part is hidden, such as `.git` or the `._x` files of macOS archives.
pub(super) fn is_hidden(parts: &[&str]) -> bool {
    parts.iter().any(|part| part.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::{is_document, parts};

    #[test]
    fn paths_that_leave_the_tree_are_refused() {
        for path in [
            "/etc/passwd",
            "../x",
            "kubernetes/../../x",
            "kubernetes/..",
            "C:/x",
            "a\\..\\b",
            "kubernetes/a\nb",
        ] {
            assert!(parts(path).is_err(), "{path:?}");
        }
        assert_eq!(parts("./a//b/..c").unwrap(), ["a", "b", "..c"]);
    }

    #[test]
    fn documents_stand_below_their_folder() {
        for (path, expected) in [
            ("bundle.yaml", true),
            ("kubernetes/services.yaml", true),
            ("cilium/node-a/config-map/debug", true),
            ("kubernetes", false),
            ("x/bundle.yaml", false),
            ("README.md", false),
            ("", false),
        ] {
            assert_eq!(is_document(&parts(path).unwrap()), expected, "{path:?}");
        }
    }
}
