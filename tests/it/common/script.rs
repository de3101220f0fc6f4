//! A program of this folder, written in the language of the library that it tries, on the other host.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::lan::{Lan, end};
use super::peer::{npm, python};

/// A running program, and the lines of JSON that it prints.
pub struct Script {
    pub child: Child,
    lines: Arc<Mutex<Vec<serde_json::Value>>>,
}

impl Script {
    /// Starts a script of Python's, with the modules that it needs.
    pub fn python(lan: &Lan, modules: &str, script: &str, arguments: &[&str]) -> Self {
        Self::start(lan.there(python(modules)), script, arguments)
    }

    /// Starts a script of node's, with the package that it needs.
    pub fn node(lan: &Lan, package: &str, script: &str, arguments: &[&str]) -> Self {
        let mut node = lan.there("node");
        node.env("NODE_PATH", npm(package));
        Self::start(node, script, arguments)
    }

    fn start(mut command: Command, script: &str, arguments: &[&str]) -> Self {
        command.arg(format!("{}/tests/peers/{script}", env!("CARGO_MANIFEST_DIR"))).args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (reader, kept) = (BufReader::new(child.stdout.take().unwrap()), lines.clone());
        std::thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                kept.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        Self { child, lines }
    }

    /// Lines so far are not looked at any more.
    pub fn forget(&self) {
        self.lines.lock().unwrap().clear();
    }

    /// Whether a line so far fits.
    pub fn said(&self, fits: impl Fn(&serde_json::Value) -> bool) -> bool {
        self.lines.lock().unwrap().iter().any(fits)
    }

    /// Waits for a line that fits.
    pub fn until(&self, what: &str, fits: impl Fn(&serde_json::Value) -> bool) {
        let patience = Instant::now() + Duration::from_secs(20);
        while !self.said(&fits) {
            assert!(Instant::now() < patience, "{what}: {:?}", self.lines.lock().unwrap().iter().rev().take(3).collect::<Vec<_>>());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}
