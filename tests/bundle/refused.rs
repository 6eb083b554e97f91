//! What is broken, too large or leads out of the tree is named, and the rest is used.

use crate::{gzip, names, problem, saved, tar};
use cilium_lb::bundle::{Bundle, MAX_DOCUMENT, Manifest, ReadError, read, write};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use tempfile::TempDir;
use zip::write::{SimpleFileOptions, ZipWriter};

#[test]
fn one_folder_around_the_bundle_is_stripped() {
    let dir = TempDir::new().unwrap();
    let file = tar::EntryType::Regular;
    let bytes = gzip(&tar(&[
        ("./mine/", tar::EntryType::Directory, b""),
        ("./mine/bundle.yaml", file, b"context: dev\n"),
        ("./mine/._bundle.yaml", file, b"\0\x05\x16\x07"),
        ("./mine/cilium/node-a/status.json", file, b"{}"),
        ("./mine/cilium/../../x", file, b"{}"),
    ]));
    let bundle = read(&saved(&dir, "x.tgz", &bytes)).unwrap();
    assert_eq!(bundle.manifest.context.as_deref(), Some("dev"));
    assert_eq!(names(&bundle), ["cilium/node-a/status.json"]);
    assert!(problem(&bundle, "cilium/../../x").contains("leaves the tree"));
    let two = tar(&[
        ("a/kubernetes/x.yaml", file, b""),
        ("b/kubernetes/x.yaml", file, b""),
    ]);
    let error = read(&saved(&dir, "two.tar", &two)).unwrap_err();
    assert!(
        matches!(&error, ReadError::Several { folders, .. } if folders == &["a", "b"]),
        "{error}"
    );
}

#[test]
fn entries_that_leave_the_tree_are_refused_and_the_rest_is_used() {
    let dir = TempDir::new().unwrap();
    let file = tar::EntryType::Regular;
    let bytes = tar(&[
        ("kubernetes/good.yaml", file, b"a: 1"),
        ("kubernetes/../../evil.yaml", file, b"x"),
        ("/kubernetes/absolute.yaml", file, b"x"),
        (
            "kubernetes/link.yaml",
            tar::EntryType::Symlink,
            b"/etc/passwd",
        ),
        ("kubernetes/hard.yaml", tar::EntryType::Link, b"/etc/passwd"),
        ("kubernetes/device.yaml", tar::EntryType::Char, b""),
        ("kubernetes/pipe.yaml", tar::EntryType::Fifo, b""),
        ("README.md", file, b"x"),
    ]);
    let bundle = read(&saved(&dir, "x.tar", &bytes)).unwrap();
    assert_eq!(names(&bundle), ["kubernetes/good.yaml"]);
    for (document, part) in [
        ("kubernetes/../../evil.yaml", "leaves the tree"),
        ("/kubernetes/absolute.yaml", "absolute"),
        ("kubernetes/link.yaml", "link"),
        ("kubernetes/hard.yaml", "link"),
        ("kubernetes/device.yaml", "not a regular file"),
        ("kubernetes/pipe.yaml", "not a regular file"),
        ("README.md", "not a part of a bundle"),
    ] {
        let message = problem(&bundle, document);
        assert!(message.contains(part), "{document}: {message}");
    }
}

#[test]
fn zip_entries_that_leave_the_tree_are_refused() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("x.zip");
    let mut writer = ZipWriter::new(File::create(&path).unwrap());
    let options = SimpleFileOptions::default();
    for name in [
        "kubernetes/good.yaml",
        "kubernetes/../../evil.yaml",
        "kubernetes\\back.yaml",
    ] {
        writer.start_file(name, options).unwrap();
        writer.write_all(b"a: 1").unwrap();
    }
    writer
        .add_symlink("kubernetes/link.yaml", "/etc/passwd", options)
        .unwrap();
    writer.finish().unwrap();
    let bundle = read(&path).unwrap();
    assert_eq!(names(&bundle), ["kubernetes/good.yaml"]);
    assert!(problem(&bundle, "kubernetes/../../evil.yaml").contains("leaves the tree"));
    assert!(problem(&bundle, "kubernetes\\back.yaml").contains("backslash"));
    assert!(problem(&bundle, "kubernetes/link.yaml").contains("link"));
}

#[cfg(unix)]
#[test]
fn links_in_a_directory_are_not_followed() {
    let dir = TempDir::new().unwrap();
    let root = dir.path().join("bundle");
    fs::create_dir_all(root.join("kubernetes")).unwrap();
    fs::create_dir_all(root.join(".git/kubernetes")).unwrap();
    fs::write(root.join(".git/kubernetes/x.yaml"), "x").unwrap();
    fs::write(root.join("kubernetes/good.yaml"), "a: 1").unwrap();
    fs::write(root.join("notes.txt"), "x").unwrap();
    let outside = saved(&dir, "outside.yaml", b"x");
    std::os::unix::fs::symlink(&outside, root.join("kubernetes/link.yaml")).unwrap();
    std::os::unix::fs::symlink(dir.path(), root.join("cilium")).unwrap();
    let bundle = read(&root).unwrap();
    assert_eq!(names(&bundle), ["kubernetes/good.yaml"]);
    assert!(problem(&bundle, "kubernetes/link.yaml").contains("symbolic link"));
    assert!(problem(&bundle, "cilium").contains("symbolic link"));
    assert!(problem(&bundle, "notes.txt").contains("not a part"));
    assert_eq!(
        bundle.problems.len(),
        3,
        "hidden folders are passed over: {:?}",
        bundle.problems
    );
}

#[test]
fn truncated_archives_give_what_they_still_hold() {
    let dir = TempDir::new().unwrap();
    let file = tar::EntryType::Regular;
    let noise: Vec<u8> = (0..40_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let whole = tar(&[
        ("kubernetes/a.yaml", file, b"a: 1"),
        ("kubernetes/b.yaml", file, &noise),
    ]);
    let cut = saved(&dir, "cut.tar", &whole[..whole.len() / 2]);
    let packed = gzip(&whole);
    let cut_gz = saved(&dir, "cut.tar.gz", &packed[..packed.len() / 2]);
    for path in [cut, cut_gz] {
        let bundle = read(&path).unwrap();
        assert_eq!(names(&bundle), ["kubernetes/a.yaml"]);
        assert!(
            problem(&bundle, "kubernetes/b.yaml").contains("truncated"),
            "{:?}",
            bundle.problems
        );
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(problem(&bundle, name).contains("the documents before that are used"));
    }
    let zipped = dir.path().join("whole.zip");
    let mut bundle = Bundle::default();
    bundle.insert("kubernetes/a.yaml", "a: 1");
    bundle.insert("kubernetes/b.yaml", noise);
    write(&bundle, &zipped, false).unwrap();
    let bytes = fs::read(&zipped).unwrap();
    let bundle = read(&saved(&dir, "cut.zip", &bytes[..bytes.len() / 2])).unwrap();
    assert_eq!(names(&bundle), ["kubernetes/a.yaml"]);
    assert!(problem(&bundle, "cut.zip").contains("breaks off"));
}

#[test]
fn an_oversized_document_is_left_out() {
    let dir = TempDir::new().unwrap();
    let folder = dir.path().join("kubernetes");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("a.yaml"), "a: 1").unwrap();
    // A sparse file: its length is claimed, nothing is stored.
    let big = File::create(folder.join("big.yaml")).unwrap();
    big.set_len(MAX_DOCUMENT + 1).unwrap();
    let bundle = read(dir.path()).unwrap();
    assert_eq!(names(&bundle), ["kubernetes/a.yaml"]);
    assert!(
        problem(&bundle, "kubernetes/big.yaml")
            .contains("268435457 bytes long, the limit is 268435456")
    );
}

#[test]
fn nothing_to_use_says_what_was_expected() {
    let dir = TempDir::new().unwrap();
    let message = |path: &Path| read(path).unwrap_err().to_string();
    assert!(message(&dir.path().join("no.tar")).contains("no.tar"));
    let empty = message(dir.path());
    assert!(
        empty.contains("holds no document") && empty.contains("kubernetes/"),
        "{empty}"
    );
    let junk = message(&saved(&dir, "junk.bin", b"hello world"));
    assert!(
        junk.contains("neither a directory nor") && junk.contains("hello"),
        "{junk}"
    );
    assert!(message(&saved(&dir, "x.tar.zst", b"\x28\xb5\x2f\xfd....")).contains("zstd"));
    assert!(message(&saved(&dir, "empty.zip", b"")).contains("cannot be unpacked"));
    assert!(
        message(&saved(&dir, "bad.tar.gz", b"\x1f\x8b\x08junk")).contains("cannot be unpacked")
    );
    let only_links = tar(&[("kubernetes/x.yaml", tar::EntryType::Symlink, b"/etc/passwd")]);
    assert!(message(&saved(&dir, "links.tar", &only_links)).contains("kubernetes/x.yaml: refused"));
}

#[test]
fn a_broken_manifest_is_named_with_its_position() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("kubernetes")).unwrap();
    fs::write(dir.path().join("kubernetes/a.yaml"), "a: 1").unwrap();
    for (text, part) in [
        ("context: a\nredacted: maybe\n", "line 2"),
        ("context: [\n", "line "),
        ("apiVersion: cilium-lb.dev/v9\n", "cilium-lb.dev/v9"),
    ] {
        fs::write(dir.path().join("bundle.yaml"), text).unwrap();
        let bundle = read(dir.path()).unwrap();
        assert_eq!(bundle.manifest, Manifest::default());
        let message = problem(&bundle, "bundle.yaml");
        assert!(
            message.contains(part) && message.contains("defaults"),
            "{message}"
        );
        assert_eq!(names(&bundle), ["kubernetes/a.yaml"]);
    }
    fs::write(
        dir.path().join("bundle.yaml"),
        "context: b\nnewField: 1\ngaps: null\n",
    )
    .unwrap();
    assert_eq!(
        read(dir.path()).unwrap().manifest.context.as_deref(),
        Some("b")
    );
}
