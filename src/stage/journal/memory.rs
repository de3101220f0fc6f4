//! Where the ring's memory lives: a file that no disk can stall, found again by the next process.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::private;
use super::ring::{WORDS, Words};
use crate::links::sys::SharedMap;

impl Words for SharedMap {
    fn words(&self) -> &[std::sync::atomic::AtomicU64] {
        self.words()
    }
}

/// The ring's memory and the file that holds it.
pub struct Memory {
    /// The words.
    pub words: Arc<dyn Words>,
    /// The file; removed when a run ended in order.
    pub path: PathBuf,
}

/// Maps the ring of a journal folder: in memory where the system has a place for that, else in the folder itself.
///
/// # Errors
/// When neither place has room.
pub fn open(folder: &Path) -> io::Result<Memory> {
    let [shared, beside] = places(folder)?;
    map(shared).or_else(|_| map(beside))
}

fn places(folder: &Path) -> io::Result<[PathBuf; 2]> {
    let name = folder.canonicalize()?.display().to_string();
    let key: String = super::hash(&[(name, String::new())]).chars().take(16).collect();
    Ok([Path::new("/dev/shm").join(format!("showcall-{key}.ring")), folder.join("ring")])
}

/// The ring that a folder's run left; `None` when there is none. Makes nothing.
#[must_use]
pub fn existing(folder: &Path) -> Option<Memory> {
    places(folder).ok()?.into_iter().find(|place| place.exists()).and_then(|place| map(place).ok())
}

/// Removes the ring of a folder whose run nobody will go on with.
pub fn forget(folder: &Path) {
    for place in places(folder).into_iter().flatten() {
        // Most folders have one in one place, or none at all.
        let _ = fs::remove_file(place);
    }
}

fn map(path: PathBuf) -> io::Result<Memory> {
    // In a folder for everybody a link could lead to another's file.
    if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let file = private::file().read(true).write(true).create(true).truncate(false).open(&path)?;
    // One that another user has made under this name could be read by that user.
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    let owner = file.metadata()?.uid();
    if fs::metadata("/proc/self").is_ok_and(|me| me.uid() != owner) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let words: Arc<dyn Words> = Arc::new(SharedMap::of(&file, WORDS)?);
    // Every page is touched now, so that the stage never waits for one.
    for word in words.words().iter().step_by(512) {
        word.fetch_add(0, std::sync::atomic::Ordering::Relaxed);
    }
    Ok(Memory { words, path })
}
