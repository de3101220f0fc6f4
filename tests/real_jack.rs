//! A real MIDI client presses GO: RtMidi over JACK's dummy driver sends a note, the cue's OSC message arrives.
//!
//! Needs the JACK build (`--no-default-features --features jack`), jackd2 and python-rtmidi (`tests/peers/setup.sh`).

#![cfg(feature = "jack")]
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Write};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Ends its process, by pid, when the test ends.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn python() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/venv/bin/python")
}

fn peers_are_here() -> bool {
    let here = python().exists() && Command::new("jackd").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !here {
        assert!(std::env::var_os("SHOWCALL_REQUIRE_PEERS").is_none(), "jackd or python-rtmidi is missing: run tests/peers/setup.sh");
        println!("SKIPPED: jackd or python-rtmidi is not installed (tests/peers/setup.sh installs them)");
    }
    here
}

const SHOW: &str = r#"
[show]
title = "Pedal"
looks = "whole"
at_exit = "leave"
[safe]
tell = "safe"
[device.box]
profile = "generic-osc"
address = "127.0.0.1"
port = PORT
[[trigger]]
midi = { port = "pedal", note = 60 }
go = "main"
[[cue]]
number = "1"
name = "First"
do = [{ send = { on = "box", address = "/first", args = [1] } }]
[[cue]]
number = "2"
name = "Second"
do = [{ send = { on = "box", address = "/second", args = [2] } }]
"#;

#[test]
fn a_note_from_a_jack_client_is_a_go() {
    if !peers_are_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    receiver.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let port = receiver.local_addr().unwrap().port().to_string();
    std::fs::write(folder.path().join("show.toml"), SHOW.replace("PORT", &port)).unwrap();
    let server = format!("showcall-{}", std::process::id());
    let mut jackd = Command::new("jackd");
    jackd.args(["-n", &server, "-r", "--no-mlock", "-d", "dummy", "-r", "48000", "-p", "128", "-C", "0", "-P", "0"]);
    let _jackd = Ended(jackd.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let jack = |program: &Path| {
        let mut command = Command::new(program);
        command.env("JACK_DEFAULT_SERVER", &server).env("JACK_NO_START_SERVER", "1").stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/jack_pedal.py");
    let mut pedal = Ended(jack(&python()).arg(script).stderr(Stdio::null()).spawn().unwrap());
    let mut said = BufReader::new(pedal.0.stdout.take().unwrap()).lines();
    assert_eq!(said.next().unwrap().unwrap(), "open");

    let mut run = jack(Path::new(env!("CARGO_BIN_EXE_showcall")));
    run.arg("run")
        .arg(folder.path())
        .args(["--headless", "--fresh", "--osc", "127.0.0.1:0", "--journal"])
        .arg(folder.path().join("journal"));
    let mut run = Ended(run.spawn().unwrap());
    let mut events = BufReader::new(run.0.stdout.take().unwrap()).lines();
    assert!(events.next().unwrap().unwrap().contains("\"ready\""));

    let mut keys = pedal.0.stdin.take().unwrap();
    for address in ["/first", "/second"] {
        let got = press_until_heard(&mut keys, &receiver);
        assert!(got.starts_with(address.as_bytes()), "{address}: {}", String::from_utf8_lossy(&got));
        // The double-GO guard of a port is over after 0.4 s.
        std::thread::sleep(Duration::from_millis(600));
    }
}

/// Presses the pedal until a datagram comes. showcall looks for ports once a second, so the first press may be too early;
/// between two presses there is more time than the guard takes.
fn press_until_heard(keys: &mut impl Write, receiver: &UdpSocket) -> Vec<u8> {
    receiver.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
    let end = Instant::now() + Duration::from_secs(20);
    let mut buffer = [0; 512];
    while Instant::now() < end {
        writeln!(keys, "press").unwrap();
        if let Ok(length) = receiver.recv(&mut buffer) {
            return buffer[..length].to_vec();
        }
    }
    panic!("no GO in 20 s");
}
