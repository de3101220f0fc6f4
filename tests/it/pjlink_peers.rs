//! Two PJLink clients that others wrote, aiopjlink and pypjlink2, work on the simulated projector, with a password and without.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::common::peer::python;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A simulated projector of a show, as a person starts it.
struct Served(Child, u16);

impl Served {
    fn start(folder: &Path, passcode: Option<&str>) -> Self {
        let passcode = passcode.map_or(String::new(), |word| format!("password = \"{word}\"\n"));
        let text = format!(
            "[show]\ntitle = \"T\"\nat_exit = \"leave\"\n[device.beamer]\nprofile = \"generic-pjlink-class-2\"\naddress = \"127.0.0.1\"\n{passcode}\
             warm_up = 1\ncool_down = 60\n[[cue]]\nnumber = \"1\"\nname = \"on\"\ndo = [{{ power = {{ on = \"beamer\", value = true }} }}]\n"
        );
        std::fs::write(folder.join("show.toml"), text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_showcall"));
        command.arg("simulator").arg("--show").arg(folder).args(["--device", "beamer", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(said["transport"], "tcp");
        let port = u16::try_from(said["port"].as_u64().unwrap()).unwrap();
        Self(child, port)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn found(python: &str, port: u16, password: Option<&str>) -> Value {
    let mut client = Command::new("timeout");
    client.arg("60").arg(python).arg(root().join("tests/peers/pjlink_client.py")).arg(port.to_string()).args(password);
    let output = client.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
#[ignore = "needs aiopjlink and pypjlink2 (Python)"]
fn two_clients_from_pypi_work_on_the_simulated_projector() {
    let python = python("aiopjlink, pypjlink");
    for password in [None, Some("JBMIAProjectorLink")] {
        let folder = tempfile::tempdir().unwrap();
        let projector = Served::start(folder.path(), password);
        let said = found(python, projector.1, password);
        let expected = json!({
            "class": "2", "model": "PJLink class 2", "before": "OFF", "warming": "WARMING", "input": "DIGITAL 2", "mute": [true, true],
            "frozen": true, "lamps": [1250], "filter": 300, "errors": ["OK"],
            "let_in": password.map(|_| true), "power": "on", "second_input": ["DIGITAL", 2], "second_mute": [false, false],
            "name": "Simulated projector", "second_lamps": [1250], "cooling": "cooling",
        });
        assert_eq!(said, expected, "password {password:?}");
    }
}

#[test]
#[ignore = "needs aiopjlink and pypjlink2 (Python)"]
fn a_wrong_password_is_not_let_in() {
    let python = python("aiopjlink, pypjlink");
    let folder = tempfile::tempdir().unwrap();
    let projector = Served::start(folder.path(), Some("right"));
    let mut client = Command::new("timeout");
    client.arg("60").arg(python).arg(root().join("tests/peers/pjlink_client.py")).arg(projector.1.to_string()).arg("wrong");
    let output = client.output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("PJLinkPassword"), "{said}");
}
