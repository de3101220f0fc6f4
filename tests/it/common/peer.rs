//! Programs that others wrote, as `sh tests/peers/setup.sh` installs them. A test that speaks to one is ignored with the reason
//! "needs …"; where it is run, a program that is missing is a failure.

use std::path::Path;
use std::process::{Command, Stdio};

const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/peers/venv/bin/python");
const NODE_MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/peers/node/node_modules");

/// The remedy.
const SETUP: &str = "run sh tests/peers/setup.sh (long, for OBS and QLC+)";

/// The Python that has these modules, comma-separated.
pub fn python(modules: &str) -> &'static str {
    let there = Command::new(PYTHON).args(["-c", &format!("import {modules}")]).stderr(Stdio::null()).status();
    assert!(there.is_ok_and(|status| status.success()), "{modules} (Python) is not installed: {SETUP}");
    PYTHON
}

/// The folder of npm's packages, which has this one.
pub fn npm(package: &str) -> &'static str {
    program("node");
    assert!(Path::new(NODE_MODULES).join(package).is_dir(), "{package} (npm) is not installed: {SETUP}");
    NODE_MODULES
}

/// This program is installed.
pub fn program(name: &str) {
    let found = Command::new("sh").args(["-c", &format!("command -v {name}")]).stdout(Stdio::null()).status();
    assert!(found.is_ok_and(|status| status.success()), "{name} is not installed: {SETUP}");
}
