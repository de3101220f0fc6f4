//! A program of this folder, written in the language of the library that it tries, on the other host.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::lan::{Lan, end, have, skip};

/// The modules of `tests/peers/setup.sh`, in the package's root.
const NODE_MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/peers/node/node_modules");

/// Whether node and this package of npm are there. Loud when not, and a failure where peers are required.
pub fn have_npm(package: &str) -> bool {
    let here = Path::new(NODE_MODULES).join(package).is_dir();
    if !here {
        skip(&format!("{package} (npm) is not installed"));
    }
    here && have("node")
}

/// A running program, and the lines of JSON that it prints.
pub struct Script {
    pub child: Child,
    lines: Arc<Mutex<Vec<serde_json::Value>>>,
}

impl Script {
    /// Starts a script with what runs it: `node`, or a Python.
    pub fn start(lan: &Lan, interpreter: &str, script: &str, arguments: &[&str]) -> Self {
        let mut command = lan.there(interpreter);
        command.arg(format!("{}/tests/peers/{script}", env!("CARGO_MANIFEST_DIR"))).args(arguments).env("NODE_PATH", NODE_MODULES);
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
