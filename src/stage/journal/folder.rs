//! The folder of a show's journals: `run-0001.jsonl`, `run-0002.jsonl` …, a lock, and the attach socket.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Entry, Header, Record, line, private};
use crate::time::Mono;

/// The newest run's file; `None` when nothing ran here yet.
///
/// # Errors
/// When the folder cannot be listed.
pub fn newest(folder: &Path) -> io::Result<Option<PathBuf>> {
    Ok(runs(folder)?.pop().map(|(_, path)| path))
}

fn runs(folder: &Path) -> io::Result<Vec<(u32, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.strip_prefix("run-").and_then(|rest| rest.strip_suffix(".jsonl")).and_then(|digits| digits.parse().ok());
        if let Some(number) = number {
            found.push((number, path));
        }
    }
    found.sort();
    Ok(found)
}

/// Starts the next run's file with its header on the disk, and the state that it begins with when that is not an empty one.
///
/// # Errors
/// When it cannot be written.
pub fn start(folder: &Path, header: &Header, begins: Option<Record>) -> io::Result<(File, PathBuf)> {
    let number = runs(folder)?.last().map_or(1, |(number, _)| number + 1);
    let path = folder.join(format!("run-{number:04}.jsonl"));
    let mut file = private::file().append(true).create_new(true).open(&path)?;
    let mut text = Vec::new();
    line::write(&Record { seq: 0, mono: Mono::ZERO, entry: Entry::Header(Box::new(header.clone())) }, &mut text)?;
    if let Some(record) = begins {
        line::write(&record, &mut text)?;
    }
    file.write_all(&text)?;
    file.sync_all()?;
    File::open(folder)?.sync_all()?;
    Ok((file, path))
}

/// Opens a run's file to go on: cuts its torn tail off and appends what only the ring held.
///
/// # Errors
/// When it cannot be written.
pub fn go_on(path: &Path, length: u64, ring: &[u8]) -> io::Result<File> {
    let mut file = private::file().append(true).open(path)?;
    file.set_len(length)?;
    file.write_all(ring)?;
    file.sync_all()?;
    Ok(file)
}
