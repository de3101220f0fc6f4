//! One journal folder, one process.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use super::private;

/// Holds a journal folder until it is dropped or its process is gone.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why a folder could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error(
        "another showcall{0} writes the journal in {1}; end it, join it with `showcall attach`, or give this run its own folder with --journal DIR"
    )]
    Taken(String, String),
    /// The folder cannot be used.
    #[error("the journal folder {0} cannot be used: {1}; give another with --journal DIR")]
    Folder(String, io::Error),
}

/// Takes a folder; makes it when it is not there.
///
/// # Errors
/// When another process holds it, or it cannot be written.
pub fn take(folder: &Path) -> Result<Lock, LockError> {
    let place = folder.display().to_string();
    let fault = |error| LockError::Folder(folder.display().to_string(), error);
    private::folder(folder).map_err(fault)?;
    let mut file = private::file().read(true).write(true).create(true).truncate(false).open(folder.join("lock")).map_err(fault)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // The number only helps to find the other process.
            let _ = file.read_to_string(&mut pid);
            let who = if pid.is_empty() { String::new() } else { format!(" (process {})", pid.trim()) };
            return Err(LockError::Taken(who, place));
        }
        Err(TryLockError::Error(error)) => return Err(fault(error)),
    }
    file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(fault)?;
    Ok(Lock { _file: file })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_second_is_refused_and_told_who_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let first = take(dir.path()).unwrap();
        let text = take(dir.path()).unwrap_err().to_string();
        assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
        assert!(text.contains("--journal"), "{text}");
        drop(first);
        assert!(take(dir.path()).is_ok());
    }
}
