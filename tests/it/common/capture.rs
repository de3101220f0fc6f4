//! tshark on this host's end of the network of `lan.rs`.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::lan::end;
use super::peer::program;
use super::signal;

/// A running capture.
pub struct Capture {
    child: Child,
    folder: tempfile::TempDir,
}

impl Capture {
    /// Captures what passes this filter, from here on.
    pub fn of(filter: &str) -> Self {
        program("tshark");
        let folder = tempfile::tempdir().unwrap();
        let mut tshark = Command::new("tshark");
        tshark.args(["-q", "-i", "here", "-f", filter, "-w"]).arg(folder.path().join("wire.pcapng"));
        let child = tshark.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let capture = Self { child, folder };
        let patience = Instant::now() + Duration::from_secs(20);
        while std::fs::metadata(capture.file()).map_or(0, |m| m.len()) == 0 {
            assert!(Instant::now() < patience, "tshark does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        capture
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("wire.pcapng")
    }

    /// What tshark, asked this, says of what has been captured so far: it is written block by block, a while later.
    pub fn read(&self, asked: &[&str]) -> String {
        let out = Command::new("tshark").arg("-r").arg(self.file()).args(asked).output().unwrap();
        String::from_utf8(out.stdout).unwrap()
    }

    /// Captures until it holds enough, or for ten seconds, and ends with what it has written by then.
    pub fn until(&mut self, enough: impl Fn(&Self) -> bool) {
        let patience = Instant::now() + Duration::from_secs(10);
        while !enough(self) && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(200));
        }
        assert!(signal("INT", self.child.id()));
        self.child.wait().unwrap();
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}
