//! What a run writes is for its own user alone: folders 0700, files 0600, whatever the umask.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Files of a journal's folder beside the runs.
const OURS: [&str; 6] = ["lock", "ring", "attach.sock", "showcall.log", "console.log", "attach.log"];

/// Makes a journal's folder when it is not there. In one that is, files of earlier runs become private too, and the folder with them
/// unless it holds anything else.
///
/// # Errors
/// When it cannot be made.
pub fn folder(path: &Path) -> io::Result<()> {
    if !path.is_dir() {
        return DirBuilder::new().recursive(true).mode(0o700).create(path);
    }
    let mut all_ours = true;
    for entry in fs::read_dir(path)?.filter_map(Result::ok) {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if OURS.contains(&&*name) || (name.starts_with("run-") && name.ends_with(".jsonl")) {
            // Of another user's file, that user is the judge.
            let _ = fs::set_permissions(entry.path(), Permissions::from_mode(0o600));
        } else {
            all_ours = false;
        }
    }
    if all_ours {
        let _ = fs::set_permissions(path, Permissions::from_mode(0o700));
    }
    Ok(())
}

/// Options that make a file private when they make one.
#[must_use]
pub fn file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_journal_of_old_becomes_private_and_a_folder_of_others_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (own, mixed) = (dir.path().join("a/own"), dir.path().join("mixed"));
        folder(&own).unwrap();
        assert_eq!((mode(&own), mode(&dir.path().join("a"))), (0o700, 0o700));
        fs::create_dir(&mixed).unwrap();
        for (folder, name) in [(&own, "run-0001.jsonl"), (&own, "showcall.log"), (&mixed, "run-0001.jsonl"), (&mixed, "notes.txt")] {
            fs::write(folder.join(name), "x").unwrap();
            fs::set_permissions(folder.join(name), Permissions::from_mode(0o644)).unwrap();
            fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
        }
        folder(&own).unwrap();
        folder(&mixed).unwrap();
        assert_eq!(["run-0001.jsonl", "showcall.log"].map(|name| mode(&own.join(name))), [0o600; 2]);
        assert_eq!((mode(&own), mode(&mixed)), (0o700, 0o755));
        assert_eq!(["run-0001.jsonl", "notes.txt"].map(|name| mode(&mixed.join(name))), [0o600, 0o644]);
        file().create(true).append(true).open(own.join("new")).unwrap();
        assert_eq!(mode(&own.join("new")), 0o600);
    }
}
