//! Reads a bundle from a directory or an archive, within bounds and without following anything out of it.

use super::intake::{Intake, Limits, Nothing};
use super::{Bundle, archive, directory};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

/// What a bundle holds, for messages.
const EXPECTED: &str = "expected bundle.yaml, kubernetes/, cilium/<node>/, envoy/<node>/, hubble/<node>/ or aws/<account>/<region>/, \
     at the top or inside one folder; `kubectl cilium-lb capture` makes one";

/// A path of which nothing can be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not there, or may not be read.
    #[error("cannot read the bundle {}: give a directory, a .tar, .tar.gz or .zip", path.display())]
    Io {
        /// The path that was given.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is a file of another kind.
    #[error("{} is not a bundle: neither a directory nor a tar, tar.gz or zip archive ({found}); repack it as .tar.gz", path.display())]
    Format {
        /// The path that was given.
        path: PathBuf,
        /// What its first bytes say.
        found: String,
    },
    /// It is an archive that broke before its first document.
    #[error("{} cannot be unpacked: {message}; copy or make it again", path.display())]
    Damaged {
        /// The path that was given.
        path: PathBuf,
        /// What the unpacker says.
        message: String,
    },
    /// It holds no document at all.
    #[error("{} holds no document of a bundle{refused}: {EXPECTED}", path.display())]
    Empty {
        /// The path that was given.
        path: PathBuf,
        /// The first entry that was refused, if any was.
        refused: String,
    },
    /// It holds several folders with a bundle each.
    #[error("{} holds several bundles ({}): unpack it and give one of them", path.display(), folders.join(", "))]
    Several {
        /// The path that was given.
        path: PathBuf,
        /// The folders.
        folders: Vec<String>,
    },
}

/// Reads a bundle.
///
/// An entry that is broken, too large, a link, or named outside of the tree becomes a
/// [`Problem`](super::Problem), and the rest is used.
///
/// # Errors
/// When there is nothing to use: no such path, not an archive, or no document in it.
pub fn read(path: &Path) -> Result<Bundle, ReadError> {
    read_within(path, Limits::default())
}

fn read_within(path: &Path, limits: Limits) -> Result<Bundle, ReadError> {
    let io_error = |source| ReadError::Io {
        path: path.to_owned(),
        source,
    };
    let metadata = std::fs::metadata(path).map_err(io_error)?;
    let mut intake = Intake::new(limits);
    let mut broken = None;
    if metadata.is_dir() {
        directory::take_in(path, &mut intake).map_err(io_error)?;
    } else if metadata.is_file() {
        let mut file = File::open(path).map_err(io_error)?;
        let head = head(&mut file).map_err(io_error)?;
        let Some(format) = Format::of(&head, path) else {
            return Err(ReadError::Format {
                path: path.to_owned(),
                found: describe(&head),
            });
        };
        broken = match format {
            Format::Gzip => archive::take_in_gzip(file, limits.total, &mut intake),
            Format::Tar => archive::take_in_tar(file, limits.total, &mut intake),
            Format::Zip => archive::take_in_zip(file, &mut intake),
        };
    } else {
        let found = "not a regular file".to_owned();
        return Err(ReadError::Format {
            path: path.to_owned(),
            found,
        });
    }
    let archive_name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    if let Some(message) = &broken {
        intake.refuse(
            &archive_name,
            format!("{message}; the documents before that are used"),
        );
    }
    intake.finish().map_err(|nothing| match (nothing, broken) {
        (Nothing::Empty(_), Some(message)) => ReadError::Damaged {
            path: path.to_owned(),
            message,
        },
        (Nothing::Empty(problems), None) => ReadError::Empty {
            path: path.to_owned(),
            refused: problems
                .first()
                .map(|first| format!(" ({}: {})", first.document, first.message))
                .unwrap_or_default(),
        },
        (Nothing::Several(folders), _) => ReadError::Several {
            path: path.to_owned(),
            folders,
        },
    })
}

/// The kinds of archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Gzip,
    Tar,
    Zip,
}

impl Format {
    /// By content, and by the ending where the content says nothing.
    fn of(head: &[u8], path: &Path) -> Option<Self> {
        if head.starts_with(&[0x1f, 0x8b]) {
            return Some(Self::Gzip);
        }
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Some(Self::Zip);
        }
        if head.get(257..262) == Some(b"ustar") {
            return Some(Self::Tar);
        }
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "gz" | "tgz" => Some(Self::Gzip),
            "tar" => Some(Self::Tar),
            "zip" => Some(Self::Zip),
            _ => None,
        }
    }
}

/// The first block of the file, which is put back to its start.
fn head(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(512).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(head)
}

fn describe(head: &[u8]) -> String {
    let known: [(&[u8], &str); 4] = [
        (b"\x28\xb5\x2f\xfd", "it is compressed with zstd"),
        (b"\xfd7zXZ", "it is compressed with xz"),
        (b"BZh", "it is compressed with bzip2"),
        (b"7z\xbc\xaf", "it is a 7z archive"),
    ];
    let found = known.iter().find(|(magic, _)| head.starts_with(magic));
    match found {
        Some((_, name)) => (*name).to_owned(),
        None if head.is_empty() => "it is empty".to_owned(),
        None => format!(
            "it starts with {:?}",
            String::from_utf8_lossy(&head[..head.len().min(16)])
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, read_within};
    use std::fs;

    #[test]
    fn bounds_hold_for_documents_and_for_their_sum() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("kubernetes");
        fs::create_dir(&folder).unwrap();
        for (name, size) in [
            ("a.yaml", 10),
            ("b.yaml", 11),
            ("c.yaml", 10),
            ("d.yaml", 10),
        ] {
            fs::write(folder.join(name), vec![b'#'; size]).unwrap();
        }
        let limits = Limits {
            document: 10,
            total: 25,
            documents: 9,
        };
        let bundle = read_within(dir.path(), limits).unwrap();
        let names: Vec<&str> = bundle.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["kubernetes/a.yaml", "kubernetes/c.yaml"]);
        let problems: Vec<&str> = bundle
            .problems
            .iter()
            .map(|p| p.document.as_str())
            .collect();
        assert_eq!(problems, ["kubernetes/b.yaml", "kubernetes/d.yaml"]);
        let few = Limits {
            documents: 1,
            ..Limits::default()
        };
        assert_eq!(read_within(dir.path(), few).unwrap().iter().count(), 1);
    }
}
