//! The socket in the journal's folder on which consoles attach: this machine only, this user only.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

/// Where the socket of a journal's folder is.
#[must_use]
pub fn place(journal: &Path) -> PathBuf {
    journal.join("attach.sock")
}

/// Listens in a journal's folder. A socket that a dead process left behind is replaced: the journal's lock says that nobody else runs here.
///
/// # Errors
/// What the kernel says: the folder cannot be written, its path is longer than a socket's may be (107 bytes).
/// Must be called within a tokio runtime.
pub fn listen(journal: &Path) -> io::Result<UnixListener> {
    let place = place(journal);
    match std::fs::remove_file(&place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&place)?;
    std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Connects to the show that runs on a journal's folder.
///
/// # Errors
/// What the kernel says: nobody listens, the folder is not ours.
pub async fn connect(journal: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(place(journal)).await
}
