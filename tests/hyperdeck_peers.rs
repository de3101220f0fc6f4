//! npm's hyperdeck-connection, a client that others wrote, works on the simulated deck.
//!
//! Without the peer this test says so and ends, unless SHOWCALL_REQUIRE_PEERS=1 (as in CI), where a missing peer is a failure.

#![allow(clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

#[test]
fn a_client_from_npm_works_on_the_simulated_deck() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let modules = root.join("target/peers/node/node_modules");
    if !modules.join("hyperdeck-connection").is_dir() {
        let required = std::env::var_os("SHOWCALL_REQUIRE_PEERS").is_some_and(|v| v == "1");
        assert!(!required, "hyperdeck-connection is missing: sh tests/peers/setup.sh");
        eprintln!("SKIPPED: hyperdeck-connection is not installed (sh tests/peers/setup.sh)");
        return;
    }
    let mut deck = Command::new(env!("CARGO_BIN_EXE_showcall"));
    deck.args(["simulator", "blackmagic-hyperdeck-studio-hd-plus", "--listen", "127.0.0.1:0"]);
    let mut deck = deck.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(deck.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    let mut client = Command::new("timeout");
    client.args(["60", "node"]).arg(root.join("tests/peers/hyperdeck_client.js")).arg(&modules).arg(said["port"].to_string());
    let output = client.output().unwrap();
    drop(deck.kill());
    drop(deck.wait());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let model = "Blackmagic Design HyperDeck Studio HD Plus";
    assert_eq!(found["model"], model, "{found}");
    let rest = json!([found["before"], found["after"], found["loop"], found["clip"], found["recording"], found["slot"], found["left"]]);
    assert_eq!(rest, json!(["stopped", "play", true, 1, "record", "mounted", 3600]), "{found}");
}
