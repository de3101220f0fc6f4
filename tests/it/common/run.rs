//! The whole program without a console: a show on real wires, driven by OSC.

use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};

use super::lan::end;
use super::signal;

/// A headless run; ended with the test.
pub struct Run {
    child: Child,
    osc: String,
    folder: tempfile::TempDir,
    last: Option<std::thread::JoinHandle<Option<String>>>,
}

impl Run {
    /// Starts a show.
    pub fn start(show: &str, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("show.toml"), show).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_showcall"));
        command.arg("run").arg(folder.path()).args(["--headless", "--fresh", "--osc", "127.0.0.1:0"]).args(more);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(ready["event"], "ready", "{ready}");
        // What it prints later must have a reader.
        let last = std::thread::spawn(move || lines.map_while(Result::ok).last());
        Self { child, osc: ready["osc"].as_str().unwrap().to_owned(), folder, last: Some(last) }
    }

    /// Where it listens to OSC.
    pub fn osc(&self) -> &str {
        &self.osc
    }

    /// Presses GO.
    pub fn go(&self) {
        self.say("/go");
    }

    /// Sends an OSC message without arguments.
    pub fn say(&self, address: &str) {
        let mut bytes = address.as_bytes().to_vec();
        bytes.resize((bytes.len() + 1).next_multiple_of(4), 0);
        bytes.extend(b",\0\0\0");
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(&bytes, &self.osc).unwrap();
    }

    /// Ends it in order; gives the last line that it printed.
    pub fn stop(mut self) -> serde_json::Value {
        assert!(signal("TERM", self.child.id()));
        assert!(self.child.wait().unwrap().success());
        let last = self.last.take().and_then(|last| last.join().unwrap());
        serde_json::from_str(&last.unwrap_or_default()).unwrap()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        end(&mut self.child);
        showcall::stage::journal::memory::forget(&self.folder.path().join("journal"));
    }
}
