//! Bundles on disk: what goes in comes out, and nothing that does not belong in one.

use cilium_lb::bundle::{Bundle, ManifestGap, ReadError, WriteError, read, scrub::scrub, write};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zip::write::{SimpleFileOptions, ZipWriter};

fn names(bundle: &Bundle) -> Vec<&str> {
    bundle.iter().map(|(name, _)| name).collect()
}

/// The message of the only problem of `document`.
fn problem<'a>(bundle: &'a Bundle, document: &str) -> &'a str {
    let found: Vec<_> = bundle
        .problems
        .iter()
        .filter(|problem| problem.document == document)
        .collect();
    assert_eq!(found.len(), 1, "{:?}", bundle.problems);
    &found[0].message
}

/// A tar archive in which names are written as they are, also those that leave the tree.
fn tar(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        if kind.is_file() {
            header.set_size(content.len() as u64);
        } else {
            header.set_size(0);
            header.as_old_mut().linkname[..content.len()].copy_from_slice(content);
        }
        header.set_cksum();
        let content = if kind.is_file() { *content } else { b"" };
        builder.append(&header, content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn saved(dir: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn sample() -> Bundle {
    let mut bundle = Bundle::default();
    bundle.manifest.taken_at = Some("2026-11-20T09:00:00Z".to_owned());
    bundle.manifest.gaps.push(ManifestGap {
        source: "aws/111122223333/eu-west-2/ec2-describe-vpcs".to_owned(),
        reason: "UnauthorizedOperation: ec2:DescribeVpcs".to_owned(),
    });
    bundle.insert("kubernetes/services.yaml", "kind: List\nitems: []\n");
    bundle.insert("cilium/node-a/status.json", "{}");
    bundle.insert("cilium/node-a/config-map/debug", "false");
    bundle
}

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
    bundle.problems.push(cilium_lb::bundle::Problem {
        document: "cilium/node-b/status.json".to_owned(),
        message: "truncated".to_owned(),
    });
    let path = dir.path().join("b.zip");
    write(&bundle, &path, false).unwrap();
    let gaps = read(&path).unwrap().manifest.gaps;
    assert_eq!(gaps[1].source, "cilium/node-b/status");
    assert_eq!(gaps[1].reason, "truncated");
}

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
    big.set_len(cilium_lb::bundle::MAX_DOCUMENT + 1).unwrap();
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
        assert_eq!(bundle.manifest, cilium_lb::bundle::Manifest::default());
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

/// The document as it is after scrubbing, as text.
fn scrubbed(path: &str, text: &str) -> String {
    let once = scrub(path, text.as_bytes())
        .replaced
        .unwrap_or_else(|| text.as_bytes().to_vec());
    assert_eq!(
        scrub(path, &once).replaced,
        None,
        "scrubbing twice changes nothing"
    );
    String::from_utf8(once).unwrap()
}

#[test]
fn secrets_lose_their_data_in_every_form() {
    let secret = r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"k\":\"hunter2\"}}"}},"data":{"k":"hunter2"},"stringData":{"l":"hunter2"}}"#;
    let list = format!(
        r#"{{"kind":"List","items":[{secret},{{"kind":"Service","metadata":{{"name":"web"}}}}]}}"#
    );
    let typed =
        r#"{"kind":"SecretList","items":[{"metadata":{"name":"s"},"data":{"k":"hunter2"}}]}"#;
    let yaml = "kind: Service\nmetadata: {name: web}\n---\nkind: Secret\nmetadata:\n  name: s\ndata:\n  k: hunter2\n";
    for (path, text) in [
        ("kubernetes/s.json", secret),
        ("kubernetes/l.json", list.as_str()),
        ("kubernetes/l.yaml", list.as_str()),
        ("kubernetes/t.json", typed),
        ("kubernetes/s.yaml", yaml),
    ] {
        let clean = scrubbed(path, text);
        assert!(!clean.contains("hunter2"), "{path}: {clean}");
        assert!(
            clean.contains("\"s\""),
            "{path}: the object itself stays: {clean}"
        );
    }
    assert!(
        scrubbed("kubernetes/s.yaml", yaml).starts_with("kind: Service\nmetadata: {name: web}\n")
    );
}

#[test]
fn credentials_are_dropped_and_near_misses_stay() {
    for (path, text) in [
        (
            "kubernetes/c.yaml",
            "kind: ConfigMap\ndata:\n  token: hunter2\n",
        ),
        (
            "kubernetes/p.yaml",
            "kind: Pod\nspec:\n  containers:\n  - env:\n    - name: DB_PASSWORD\n      value: hunter2\n    args: [--api-token=hunter2]\n",
        ),
        (
            "kubernetes/k.yaml",
            "kind: Config\nusers:\n- user:\n    client-key-data: hunter2\n    password: hunter2\n",
        ),
        (
            "aws/111122223333/eu-west-2/x.json",
            r#"{"Credentials":{"SecretAccessKey":"hunter2","SessionToken":"hunter2"}}"#,
        ),
        (
            "cilium/n/agent.log",
            "level=debug msg=env AWS_SECRET_ACCESS_KEY=hunter2 x=y\n",
        ),
        ("cilium/n/config-map/token", "hunter2"),
        (
            "envoy/n/config_dump.json",
            r#"{"configs":[{"dynamic_active_secrets":[{"secret":{"tls_certificate":{"private_key":{"inline_bytes":"hunter2"}},"generic_secret":{"secret":{"inline_string":"hunter2"}}}}]}]}"#,
        ),
        (
            "cilium/n/db-envoy-resources.json",
            "{\"a\":1}\n{\"token\":\"hunter2\"}\n",
        ),
        ("kubernetes/broken.json", r#"{"a":{"password":"hunter2""#),
        ("kubernetes/broken.yaml", "a: [\npassword: hunter2\n"),
        (
            "cilium/n/bpf-lb-list.txt",
            "-----BEGIN EC PRIVATE KEY-----\nhunter2\n-----END EC PRIVATE KEY-----\n",
        ),
        (
            "kubernetes/d.yaml",
            "metadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{\"env\":[{\"name\":\"API_TOKEN\",\"value\":\"hunter2\"}]}'\n",
        ),
    ] {
        let clean = scrubbed(path, text);
        assert!(!clean.contains("hunter2"), "{path}: {clean}");
    }
    for (path, text) in [
        (
            "kubernetes/c.yaml",
            "kind: ConfigMap\ndata:\n  token-ttl: 30s\n  tokens: a\n",
        ),
        (
            "kubernetes/p.yaml",
            "kind: Pod\nspec:\n  volumes:\n  - secret: {secretName: tls}\n  - projected: {sources: [{serviceAccountToken: {path: token}}]}\n  env:\n  - name: PASSWORD_FILE\n    value: /x\n  - name: GITHUB_TOKEN\n    valueFrom: {secretKeyRef: {name: a, key: token}}\n",
        ),
        (
            "kubernetes/g.yaml",
            "kind: Gateway\nspec: {listeners: [{tls: {certificateRefs: [{kind: Secret, name: cert}]}}]}\n",
        ),
        ("kubernetes/n.yaml", "kind: SecretStore\ndata: {a: b}\n"),
        (
            "aws/1/r/ec2-describe-instances.json",
            r#"{"Reservations":[{"Instances":[{"ClientToken":"abc"}]}],"NextToken":"abc"}"#,
        ),
        ("cilium/n/config-map/token-ttl", "30s"),
        (
            "kubernetes/t.yaml",
            "tls.crt: |\n  -----BEGIN CERTIFICATE-----\n  MIIC\n  -----END CERTIFICATE-----\n",
        ),
    ] {
        assert_eq!(scrub(path, text.as_bytes()), Default::default(), "{path}");
    }
}

#[test]
fn what_names_a_secret_and_cannot_be_parsed_is_left_out() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("kubernetes")).unwrap();
    let text = "kind: Service\n---\nkind: Secret\ndata: [\n  hunter2\n---\nkind: Node\n";
    fs::write(dir.path().join("kubernetes/a.yaml"), text).unwrap();
    fs::write(
        dir.path().join("kubernetes/b.json"),
        r#"{"kind":"Secret","data":{"k":"hunter2""#,
    )
    .unwrap();
    fs::write(
        dir.path().join("kubernetes/c.yaml"),
        b"kind: Secret\ndata: {k: hunter2\xff}\n",
    )
    .unwrap();
    let bundle = read(dir.path()).unwrap();
    let left = String::from_utf8_lossy(bundle.get("kubernetes/a.yaml").unwrap());
    assert!(
        left.contains("Service") && left.contains("Node") && !left.contains("hunter2"),
        "{left}"
    );
    assert!(problem(&bundle, "kubernetes/a.yaml").contains("line "));
    assert_eq!(bundle.get("kubernetes/b.json"), None);
    assert_eq!(bundle.get("kubernetes/c.yaml"), None);
    assert_eq!(bundle.problems.len(), 3);
}

#[test]
fn writing_drops_credentials_as_well() {
    let dir = TempDir::new().unwrap();
    let mut bundle = Bundle::default();
    bundle.insert("kubernetes/s.yaml", "kind: Secret\ndata: {k: hunter2}\n");
    let path = dir.path().join("tree");
    write(&bundle, &path, false).unwrap();
    let text = fs::read_to_string(path.join("kubernetes/s.yaml")).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
}

fn document_name() -> impl Strategy<Value = String> {
    let part = "[a-z0-9][a-zA-Z0-9_.:+ é-]{0,40}";
    (
        prop::sample::select(vec!["aws", "cilium", "envoy", "hubble", "kubernetes"]),
        prop::collection::vec(part, 1..5),
    )
        .prop_map(|(folder, parts)| format!("{folder}/{}", parts.join("/")))
}

prop_compose! {
    fn bundles()(
        documents in prop::collection::btree_map(document_name(), prop::collection::vec(any::<u8>(), 0..300), 0..8),
        context in prop::option::of(any::<String>()),
        taken_at in prop::option::of(any::<String>()),
        redacted in any::<bool>(),
        gaps in prop::collection::vec((any::<String>(), any::<String>()), 0..3),
    ) -> Bundle {
        let mut bundle = Bundle::default();
        // A name cannot be a file and a folder at once.
        let names: Vec<String> = documents.keys().cloned().collect();
        for (name, bytes) in documents {
            if !names.iter().any(|other| other.starts_with(&format!("{name}/"))) {
                bundle.insert(name, bytes);
            }
        }
        bundle.manifest.context = context;
        bundle.manifest.taken_at = taken_at;
        bundle.manifest.redacted = redacted;
        bundle.manifest.gaps = gaps.into_iter().map(|(source, reason)| ManifestGap { source, reason }).collect();
        bundle
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read(bundle in bundles(), form in prop::sample::select(vec!["tree", "b.tar", "b.tgz", "b.zip"])) {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join(form);
        write(&bundle, &path, false).unwrap();
        prop_assert_eq!(read(&path).unwrap(), bundle);
    }

    #[test]
    fn damaged_archives_never_panic(bundle in bundles(), form in prop::sample::select(vec!["b.tar", "b.tgz", "b.zip"]), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join(form);
        write(&bundle, &path, false).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= byte;
        if cut { bytes.truncate(at); }
        fs::write(&path, &bytes).unwrap();
        let _ = read(&path);
    }

    #[test]
    fn scrubbing_never_panics_and_settles(text in "(token|password|Secret|kind|data|-----BEGIN PRIVATE KEY-----|[\"':={}\\[\\]\n, -]|é|[a-z]){0,60}", name in prop::sample::select(vec!["kubernetes/a.yaml", "kubernetes/a.json", "cilium/n/agent.log", "hubble/n/flows.json"])) {
        let once = scrub(name, text.as_bytes()).replaced.unwrap_or_else(|| text.into_bytes());
        let twice = scrub(name, &once).replaced.unwrap_or_else(|| once.clone());
        prop_assert_eq!(String::from_utf8_lossy(&once), String::from_utf8_lossy(&twice));
    }
}
