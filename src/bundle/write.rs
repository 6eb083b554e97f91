//! Writes a bundle as a directory or an archive, the same bytes for the same evidence.

use super::manifest::ManifestGap;
use super::name::{self, FOLDERS, MANIFEST};
use super::scrub::scrub;
use super::{Bundle, Manifest};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use zip::write::{SimpleFileOptions, ZipWriter};

/// A bundle that was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Something stands at the path.
    #[error("{} exists and is not empty: choose another path, or replace it with --overwrite", path.display())]
    Exists {
        /// The path that was given.
        path: PathBuf,
    },
    /// The directory to overwrite holds something else than a bundle.
    #[error("{} is not overwritten because it holds {other}, which is no part of a bundle: choose another path", path.display())]
    NotABundle {
        /// The path that was given.
        path: PathBuf,
        /// What it holds.
        other: String,
    },
    /// A document whose path the format does not allow.
    #[error("the document {document:?} cannot be part of a bundle: {why}")]
    Name {
        /// The document.
        document: String,
        /// Which rule its path breaks.
        why: &'static str,
    },
    /// The manifest cannot be expressed.
    #[error("bundle.yaml cannot be written: {0}")]
    Manifest(String),
    /// The system refused.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Writes a bundle: an archive if the path ends in `.tar`, `.tar.gz`, `.tgz` or `.zip`, a directory otherwise.
///
/// Credentials are dropped. Documents that could not be read become gaps of its manifest.
/// Files are readable by their owner only; entries of archives have no time.
///
/// # Errors
/// When something stands at `path` and `overwrite` is false, when a document's path leaves the
/// tree, and when the system refuses.
pub fn write(bundle: &Bundle, path: &Path, overwrite: bool) -> Result<(), WriteError> {
    let files = files(bundle)?;
    let name = path.to_string_lossy().to_ascii_lowercase();
    let pack: fn(&Files, File) -> io::Result<()> = if name.ends_with(".tar") {
        tar
    } else if name.ends_with(".tar.gz") || name.ends_with(".tgz") {
        tar_gz
    } else if name.ends_with(".zip") {
        zip
    } else {
        return write_directory(&files, path, overwrite);
    };
    if !overwrite && fs::symlink_metadata(path).is_ok() {
        return Err(WriteError::Exists {
            path: path.to_owned(),
        });
    }
    let io_error = |source| WriteError::Io {
        path: path.to_owned(),
        source,
    };
    // Written beside it and renamed, so that a half-written archive is never found under its name.
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let written = create_file(&partial)
        .and_then(|file| pack(&files, file))
        .and_then(|()| fs::rename(&partial, path));
    written.map_err(|source| {
        // What the system says of the first failure matters, not whether tidying up works as well.
        fs::remove_file(&partial).ok();
        io_error(source)
    })
}

type Files = BTreeMap<String, Vec<u8>>;

/// All files of the bundle with their bytes, scrubbed.
fn files(bundle: &Bundle) -> Result<Files, WriteError> {
    let mut manifest = bundle.manifest.clone();
    let mut files = Files::new();
    // What was no document of a bundle in the first place leaves no gap.
    let documents = bundle.problems.iter().filter(|problem| {
        name::parts(&problem.document).is_ok_and(|parts| name::is_document(&parts))
    });
    for problem in documents {
        add_gap(&mut manifest, &problem.document, &problem.message);
    }
    for (path, bytes) in bundle.iter() {
        let refuse = |why| WriteError::Name {
            document: path.to_owned(),
            why,
        };
        let parts = name::parts(path).map_err(refuse)?;
        if parts.join("/") != path || name::is_hidden(&parts) {
            return Err(refuse("a part of its name is empty or hidden"));
        }
        if !name::is_document(&parts) || path == MANIFEST {
            return Err(refuse(
                "it stands outside of kubernetes/, cilium/, envoy/, hubble/ and aws/",
            ));
        }
        let scrubbed = scrub(path, bytes);
        if let Some(problem) = &scrubbed.problem {
            add_gap(&mut manifest, path, problem);
        }
        if scrubbed.is_left_out() {
            continue;
        }
        files.insert(
            path.to_owned(),
            scrubbed.replaced.unwrap_or_else(|| bytes.to_vec()),
        );
    }
    if manifest != Manifest::default() || files.is_empty() {
        let text = serde_saphyr::to_string(&manifest)
            .map_err(|error| WriteError::Manifest(error.to_string()))?;
        let scrubbed = scrub(MANIFEST, text.as_bytes());
        files.insert(
            MANIFEST.to_owned(),
            scrubbed.replaced.unwrap_or_else(|| text.into_bytes()),
        );
    }
    Ok(files)
}

/// A gap under the path of the document without its ending.
fn add_gap(manifest: &mut Manifest, document: &str, message: &str) {
    let (folder, file) = document.rsplit_once('/').unwrap_or(("", document));
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let gap = ManifestGap {
        source: if folder.is_empty() {
            stem.to_owned()
        } else {
            format!("{folder}/{stem}")
        },
        reason: message.to_owned(),
    };
    if !manifest.gaps.contains(&gap) {
        manifest.gaps.push(gap);
    }
}

fn write_directory(files: &Files, path: &Path, overwrite: bool) -> Result<(), WriteError> {
    let io_error = |path: &Path| {
        let path = path.to_owned();
        move |source| WriteError::Io { path, source }
    };
    if fs::symlink_metadata(path).is_ok() {
        let present: Vec<String> = fs::read_dir(path)
            .and_then(Iterator::collect::<io::Result<Vec<_>>>)
            .map_err(io_error(path))?
            .iter()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        if !present.is_empty() && !overwrite {
            return Err(WriteError::Exists {
                path: path.to_owned(),
            });
        }
        let other = present
            .iter()
            .find(|name| *name != MANIFEST && !FOLDERS.contains(&name.as_str()));
        if let Some(other) = other {
            return Err(WriteError::NotABundle {
                path: path.to_owned(),
                other: other.clone(),
            });
        }
        for name in present {
            let old = path.join(&name);
            let removed = if name == MANIFEST {
                fs::remove_file(&old)
            } else {
                fs::remove_dir_all(&old)
            };
            removed.map_err(io_error(&old))?;
        }
    }
    create_folder(path).map_err(io_error(path))?;
    for (name, bytes) in files {
        let file = path.join(name);
        if let Some(folder) = file.parent() {
            create_folder(folder).map_err(io_error(folder))?;
        }
        create_file(&file)
            .and_then(|mut out| out.write_all(bytes))
            .map_err(io_error(&file))?;
    }
    Ok(())
}

fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A new file that only its owner may read; what stood there is replaced, never followed.
fn create_file(path: &Path) -> io::Result<File> {
    if fs::symlink_metadata(path).is_ok() {
        fs::remove_file(path)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn tar(files: &Files, file: File) -> io::Result<()> {
    tar_into(files, BufWriter::new(file))?.flush()
}

fn tar_gz(files: &Files, file: File) -> io::Result<()> {
    let encoder = GzEncoder::new(BufWriter::new(file), Compression::default());
    tar_into(files, encoder)?.finish()?.flush()
}

fn tar_into<W: Write>(files: &Files, out: W) -> io::Result<W> {
    let mut builder = tar::Builder::new(out);
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(0);
        builder.append_data(&mut header, name, bytes.as_slice())?;
    }
    builder.into_inner()
}

fn zip(files: &Files, file: File) -> io::Result<()> {
    let options = SimpleFileOptions::default()
        .unix_permissions(0o600)
        .last_modified_time(zip::DateTime::default());
    let mut writer = ZipWriter::new(BufWriter::new(file));
    for (name, bytes) in files {
        writer.start_file(name.as_str(), options)?;
        writer.write_all(bytes)?;
    }
    writer.finish()?.flush()
}
