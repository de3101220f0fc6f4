//! OBS clients that others wrote work on the simulated OBS: obsws-python (PyPI) and obs-websocket-js (npm).

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value as Json, json};

use crate::common::peer::{npm, python};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// `showcall simulator` as a person starts it.
struct Served {
    child: Child,
    port: u64,
}

impl Served {
    fn start(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_showcall"));
        let mut child = command.arg("simulator").args(args).args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Json = serde_json::from_str(&line).unwrap();
        assert_eq!(said["transport"], "websocket");
        Self { child, port: said["port"].as_u64().unwrap() }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a client prints at its end.
fn found(command: &mut Command) -> Json {
    let output = command.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
#[ignore = "needs obsws-python (Python)"]
fn a_client_from_pypi_works_on_the_simulated_obs() {
    let python = python("obsws_python");
    let obs = Served::start(&["obs-studio"]);
    let found = found(Command::new(python).arg("tests/peers/obs_client.py").arg(obs.port.to_string()));
    let wanted = json!({ "version": "5.5.2", "scenes": ["Scene", "Camera", "Slides"], "program": "Slides", "muted": true, "db": -12.5,
        "unknown": 600, "streams": true });
    assert_eq!(found, wanted);
}

#[test]
#[ignore = "needs obs-websocket-js (npm)"]
fn a_client_from_npm_works_on_the_simulated_obs_of_a_show_with_its_password() {
    npm("obs-websocket-js");
    let show = root().join("tests/fire/obs.toml");
    let obs = Served::start(&["--show", show.to_str().unwrap(), "--device", "obs"]);
    let found = found(Command::new("node").arg("tests/peers/obs_client.mjs").args([&obs.port.to_string(), "correct horse"]));
    assert_eq!(found, json!({ "wrong": 4009, "batch": [100, 100, 100, 600], "program": "Slides", "slow": true, "preview": 506 }));
}
