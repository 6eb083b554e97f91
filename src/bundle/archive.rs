//! Documents of tar and zip archives, read as streams and never unpacked to a disk.

use super::intake::Intake;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use zip::ZipArchive;
use zip::read::{ZipFile, read_zipfile_from_stream};

/// Takes in a compressed tar archive of at most `limit` bytes unpacked; what broke, if anything did.
pub(super) fn take_in_gzip(file: File, limit: u64, intake: &mut Intake) -> Option<String> {
    take_in_tar(MultiGzDecoder::new(BufReader::new(file)), limit, intake)
}

/// Takes in a tar archive of at most `limit` bytes; what broke, if anything did.
pub(super) fn take_in_tar(reader: impl Read, limit: u64, intake: &mut Intake) -> Option<String> {
    let mut reader = BufReader::new(reader).take(limit);
    let broken = take_in_entries(&mut reader, intake);
    if reader.limit() == 0 {
        return Some(format!("the archive is longer than {limit} bytes unpacked"));
    }
    broken
}

fn take_in_entries(reader: &mut impl Read, intake: &mut Intake) -> Option<String> {
    let mut archive = tar::Archive::new(reader);
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => return Some(format!("the archive cannot be read: {error}")),
    };
    let mut last = "its start".to_owned();
    for entry in entries {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) => return Some(format!("the archive breaks off behind {last}: {error}")),
        };
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let kind = entry.header().entry_type();
        if kind.is_file() || kind.is_contiguous() {
            let size = entry.size();
            if let Some(parts) = intake.admit(&path, size)
                && !intake.take(parts, size, &mut entry)
            {
                return None;
            }
        } else if kind.is_symlink() || kind.is_hard_link() {
            intake.refuse(&path, "refused: a link");
        } else if !kind.is_dir() && !kind.is_pax_global_extensions() {
            intake.refuse(&path, "refused: not a regular file");
        }
        last = path;
    }
    None
}

/// Takes in a zip archive; what broke, if anything did.
pub(super) fn take_in_zip(file: File, intake: &mut Intake) -> Option<String> {
    let mut reader = BufReader::new(file);
    let error = match ZipArchive::new(&mut reader) {
        Ok(archive) => {
            take_in_listed(archive, intake);
            return None;
        }
        Err(error) => error,
    };
    // The list of files stands at the end; without it the files are read one after the other.
    if reader.rewind().is_ok() {
        take_in_unlisted(&mut reader, intake);
    }
    Some(format!("the archive breaks off: {error}"))
}

fn take_in_listed<R: Read + Seek>(mut archive: ZipArchive<R>, intake: &mut Intake) {
    for index in 0..archive.len() {
        let name = match archive.name_for_index(index) {
            Some(Ok(name)) => name.into_owned(),
            _ => format!("entry {index}"),
        };
        let goes_on = match archive.by_index(index) {
            Ok(file) => take_in_zip_file(file, intake),
            Err(error) => {
                intake.refuse(&name, format!("cannot be unpacked: {error}"));
                true
            }
        };
        if !goes_on {
            return;
        }
    }
}

fn take_in_unlisted(reader: &mut impl Read, intake: &mut Intake) {
    while let Ok(Some(file)) = read_zipfile_from_stream(reader) {
        if !take_in_zip_file(file, intake) {
            return;
        }
    }
}

/// Reads one file; false when the bundle is full.
fn take_in_zip_file<R: Read>(file: ZipFile<'_, R>, intake: &mut Intake) -> bool {
    let name = match file.name() {
        Ok(name) => name.into_owned(),
        Err(_) => String::from_utf8_lossy(file.name_raw()).into_owned(),
    };
    if file.is_symlink() {
        intake.refuse(&name, "refused: a link");
    } else if file.is_file() {
        let size = file.size();
        if let Some(parts) = intake.admit(&name, size) {
            return intake.take(parts, size, file);
        }
    } else if !file.is_dir() {
        intake.refuse(&name, "refused: not a regular file");
    }
    true
}
