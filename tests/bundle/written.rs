//! What is written is read again, privately and the same to the byte.

use crate::sample;
use cilium_lb::bundle::{Bundle, Problem, WriteError, read, write};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

#[test]
fn every_form_is_read_as_it_was_written() {
    let dir = TempDir::new().unwrap();
    for name in ["tree", "b.tar", "b.tar.gz", "b.tgz", "b.zip"] {
        let path = dir.path().join(name);
        write(&sample(), &path, false).unwrap();
        assert_eq!(read(&path).unwrap(), sample(), "{name}");
    }
}

#[test]
fn the_content_decides_and_not_the_ending() {
    let dir = TempDir::new().unwrap();
    for (written, named) in [
        ("a.tar.gz", "a.zip"),
        ("b.zip", "b.tar"),
        ("c.tar", "c.bundle"),
    ] {
        let (written, named) = (dir.path().join(written), dir.path().join(named));
        write(&sample(), &written, false).unwrap();
        fs::rename(written, &named).unwrap();
        assert_eq!(read(&named).unwrap(), sample());
    }
}

#[test]
fn archives_are_the_same_to_the_byte_and_private() {
    let dir = TempDir::new().unwrap();
    for name in ["b.tar", "b.tar.gz", "b.zip"] {
        let (one, two) = (
            dir.path().join(format!("1{name}")),
            dir.path().join(format!("2{name}")),
        );
        write(&sample(), &one, false).unwrap();
        write(&sample(), &two, false).unwrap();
        assert_eq!(fs::read(&one).unwrap(), fs::read(&two).unwrap(), "{name}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                fs::metadata(&one).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
    }
    let tree = dir.path().join("tree");
    write(&sample(), &tree, false).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&tree), 0o700);
        assert_eq!(mode(&tree.join("cilium/node-a/status.json")), 0o600);
    }
}

#[test]
fn nothing_is_overwritten_unless_told() {
    let dir = TempDir::new().unwrap();
    for name in ["tree", "b.tar.gz"] {
        let path = dir.path().join(name);
        write(&sample(), &path, false).unwrap();
        let again = write(&Bundle::default(), &path, false);
        assert!(matches!(again, Err(WriteError::Exists { .. })), "{again:?}");
        let mut smaller = sample();
        smaller.remove("kubernetes/services.yaml");
        write(&smaller, &path, true).unwrap();
        assert_eq!(
            read(&path).unwrap(),
            smaller,
            "{name}: nothing of the old one is left"
        );
    }
    let foreign = dir.path().join("home");
    fs::create_dir_all(foreign.join("kubernetes")).unwrap();
    fs::write(foreign.join("thesis.txt"), "years").unwrap();
    let error = write(&sample(), &foreign, true).unwrap_err();
    assert!(error.to_string().contains("thesis.txt"), "{error}");
    assert!(foreign.join("thesis.txt").exists() && foreign.join("kubernetes").exists());
    fs::create_dir(dir.path().join("empty")).unwrap();
    write(&sample(), &dir.path().join("empty"), false).unwrap();
}

#[test]
fn documents_that_leave_the_tree_are_not_written() {
    let dir = TempDir::new().unwrap();
    for name in [
        "../x.yaml",
        "/etc/x.yaml",
        "kubernetes/../../x",
        "x.yaml",
        "kubernetes//x.yaml",
        "bundle.yaml",
    ] {
        let mut bundle = Bundle::default();
        bundle.insert(name, "x");
        let result = write(&bundle, &dir.path().join("out"), false);
        assert!(
            matches!(result, Err(WriteError::Name { .. })),
            "{name}: {result:?}"
        );
    }
}

#[test]
fn what_could_not_be_read_is_a_gap_of_the_next_bundle() {
    let dir = TempDir::new().unwrap();
    let mut bundle = sample();
    bundle.problems.push(Problem {
        document: "cilium/node-b/status.json".to_owned(),
        message: "truncated".to_owned(),
    });
    let path = dir.path().join("b.zip");
    write(&bundle, &path, false).unwrap();
    let gaps = read(&path).unwrap().manifest.gaps;
    assert_eq!(gaps[1].source, "cilium/node-b/status");
    assert_eq!(gaps[1].reason, "truncated");
}
