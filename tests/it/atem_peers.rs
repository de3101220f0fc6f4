//! The simulated switcher before third-party clients: npm `atem-connection` and PyPI `PyATEMMax` connect to `showcall simulator` as they
//! would to the real one, and read back every change that they make.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::common::peer::{npm, python};

/// A path of this project.
fn own(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// `showcall simulator` as a person starts it.
struct Served {
    child: Child,
    port: u16,
}

impl Served {
    fn start(profile: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_showcall"));
        let mut child = command.args(["simulator", profile, "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(said["transport"], "udp");
        let port = u16::try_from(said["port"].as_u64().unwrap()).unwrap();
        Self { child, port }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a client that has come to its end found.
fn found(client: &mut Command, port: u16) -> serde_json::Value {
    let done = client.arg(port.to_string()).stderr(Stdio::inherit()).output().unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "the client gave up: {said}");
    serde_json::from_str(said.lines().last().unwrap()).unwrap()
}

#[test]
#[ignore = "needs atem-connection (npm)"]
fn a_client_from_npm_works_on_the_simulated_switcher() {
    let modules = npm("atem-connection");
    let switcher = Served::start("blackmagic-atem-mini-extreme-iso");
    let mut client = Command::new("node");
    let found = found(client.env("NODE_PATH", modules).arg(own("tests/peers/atem_client.js")), switcher.port);
    assert_eq!(found["product"], "ATEM Mini Extreme ISO");
    assert_eq!((&found["keyers"], &found["macros"]), (&4.into(), &3.into()), "{found}");
    assert!(found["inputs"].as_u64().unwrap() > 15 && found["fairlight"].as_u64().unwrap() == 10, "{found}");
    assert!(found["frames"].as_u64().unwrap() > 10, "the transition is told frame by frame: {found}");
}

#[test]
#[ignore = "needs PyATEMMax (Python)"]
fn a_client_from_pypi_works_on_the_simulated_switcher() {
    let python = python("PyATEMMax");
    let switcher = Served::start("blackmagic-atem-1me-constellation-hd");
    let found = found(Command::new(python).arg(own("tests/peers/atem_client.py")), switcher.port);
    assert_eq!((&found["program"], &found["black"]), (&1.into(), &true.into()), "{found}");
}
