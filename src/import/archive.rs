//! One file out of a ZIP archive that a stranger made: nothing is unpacked to disk, and every size has a limit.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::Refusal;

/// Bytes of an archive at the most.
const ARCHIVE_MAX: usize = 256 << 20;
/// Files in an archive at the most.
const FILES_MAX: usize = 10_000;
/// How many times larger than its packed form a file may be; text packs 20 to 1, a bomb 1000 to 1.
const RATIO_MAX: u64 = 200;

/// An archive whose list of files is in order.
pub struct Archive<'a>(ZipArchive<Cursor<&'a [u8]>>);

impl std::fmt::Debug for Archive<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").field("files", &self.0.len()).finish()
    }
}

impl<'a> Archive<'a> {
    /// Opens an archive.
    ///
    /// # Errors
    /// What is no ZIP, has too many files, or a name that leads out of the archive.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Refusal> {
        if bytes.len() > ARCHIVE_MAX {
            return Err(Refusal::new("size", format!("the archive has {} bytes; {ARCHIVE_MAX} are the limit", bytes.len())));
        }
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| Refusal::new("zip", format!("the archive is broken: {e}")))?;
        if archive.len() > FILES_MAX {
            return Err(Refusal::new("size", format!("the archive has {} files; {FILES_MAX} are the limit", archive.len())));
        }
        for name in archive.file_names() {
            let escapes = name.starts_with(['/', '\\']) || name.contains(':') || name.split(['/', '\\']).any(|part| part == "..");
            if escapes || name.contains('\0') {
                return Err(Refusal::new("path", format!("the archive has a file \"{}\", which leads out of it", name.escape_debug())));
            }
        }
        Ok(Self(archive))
    }

    /// The names of all files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.file_names()
    }

    /// A file's bytes, at most `limit`; `None` when there is no such file.
    ///
    /// # Errors
    /// What is encrypted, damaged, or unpacks to more than the limit.
    pub fn file(&mut self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, Refusal> {
        let file = match self.0.by_name(name) {
            Ok(file) => file,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(e) => return Err(Refusal::new("zip", format!("\"{name}\" in the archive cannot be read: {e}"))),
        };
        let packed = file.compressed_size().max(1);
        let most = (limit as u64).min(packed.saturating_mul(RATIO_MAX).max(64 << 10));
        let mut bytes = Vec::new();
        let read = file.take(most + 1).read_to_end(&mut bytes);
        read.map_err(|e| Refusal::new("zip", format!("\"{name}\" in the archive is damaged: {e}")))?;
        if bytes.len() as u64 > most {
            let message = format!("\"{name}\" unpacks to more than {most} bytes from {packed}: no honest file does");
            return Err(Refusal::new("bomb", message));
        }
        Ok(Some(bytes))
    }
}
