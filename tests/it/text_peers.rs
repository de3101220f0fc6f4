//! Clients that others wrote work on simulated devices of lines: CasparCG's from npm on AMCP, node-vmix on the vMix TCP API.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::common::peer::npm;

/// A CasparCG server and a vMix, and what a show does with them.
const SHOW: &str = r#"
[show]
title = "T"
at_exit = "leave"
[device.clips]
profile = "casparcg"
address = "127.0.0.1"
layers = { screen = "1-10" }
clips = { amb = "AMB" }
[device.vmix]
profile = "vmix"
address = "127.0.0.1"
sources = { cam = 3 }
[[cue]]
number = "1"
name = "one"
do = [
    { play = { on = "clips", layer = "screen", clip = "amb" } },
    { fade = { on = "clips", layer = "screen", mix = "opacity", to = 1, over = "1s" } },
    { take = { on = "vmix", source = "cam" } },
    { record = { on = "vmix", value = true } },
]
"#;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A simulated device of the show, as a person starts it.
struct Served(Child, u16);

impl Served {
    fn start(device: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("show.toml"), SHOW).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_showcall"));
        command.arg("simulator").arg("--show").arg(folder.path()).args(["--device", device, "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(said["transport"], "tcp");
        Self(child, u16::try_from(said["port"].as_u64().unwrap()).unwrap())
    }

    /// What a client that needs this package of npm found.
    fn found(&self, package: &str, script: &str) -> Value {
        let mut client = Command::new("timeout");
        client.args(["60", "node"]).arg(root().join("tests/peers").join(script)).arg(self.1.to_string());
        let output = client.env("NODE_PATH", npm(package)).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
#[ignore = "needs casparcg-connection (npm)"]
fn a_casparcg_client_from_npm_plays_on_the_simulated_server() {
    let found = Served::start("clips").found("casparcg-connection", "casparcg_client.js");
    // What it does not know it refuses, and says the command again as the server does.
    let expected = json!({ "version": "2.3.3", "play": 202, "pause": 202, "resume": 202, "opacity": 202, "stop": 202, "unknown": [400, ["CALL 1-10 SEEK 1"]] });
    assert_eq!(found, expected);
}

#[test]
#[ignore = "needs node-vmix (npm)"]
fn a_vmix_client_from_npm_cuts_and_records_on_the_simulated_vmix() {
    let found = Served::start("vmix").found("node-vmix", "vmix_client.js");
    let expected = json!({
        "subscribed": "SUBSCRIBE OK Completed", "cut": "FUNCTION OK Completed", "told": "ACTS OK Input 3 1",
        "recording": "XMLTEXT OK True", "refused": "NONSENSE ER no such function",
    });
    assert_eq!(found, expected);
}
