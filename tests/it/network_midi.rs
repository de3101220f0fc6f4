//! Network MIDI with programs that are not ours: sessions that showcall asks for (pymidi, npm rtpmidi), one that joins showcall's own
//! and presses GO, and Wireshark as the judge of every packet.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value as Json;
use showcall::links::udp::neighbours;

use crate::common::peer::{npm, program, python};
use crate::crash::run::Run;

/// Longest wait for something that must come.
const PATIENCE: Duration = Duration::from_secs(60);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An even port after which one is free too. Both are free again when this returns.
fn free_pair() -> u16 {
    neighbours("127.0.0.1:0".parse().unwrap()).unwrap().0.local_addr().unwrap().port()
}

/// A program of others that tells in JSON lines what it hears.
struct Peer {
    child: Child,
    lines: Receiver<String>,
    stdin: Option<ChildStdin>,
}

impl Peer {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (give, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).for_each(|line| drop(give.send(line))));
        let stdin = child.stdin.take();
        let peer = Self { child, lines, stdin };
        while peer.line() != "open" {}
        peer
    }

    fn pymidi(port: u16) -> Self {
        let mut command = Command::new(python("pymidi"));
        command.arg(root().join("tests/peers/network_midi_acceptor.py")).arg(port.to_string());
        Self::start(command)
    }

    /// With `join` it asks for a session itself.
    fn npm(port: u16, join: Option<u16>) -> Self {
        let mut command = Command::new("node");
        command.env("NODE_PATH", npm("rtpmidi")).arg(root().join("tests/peers/network_midi_peer.js")).arg(port.to_string());
        command.args(join.map(|port| port.to_string()));
        Self::start(command)
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the peer says nothing")
    }

    fn fact(&self) -> Json {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// The next message that it hears.
    fn hears(&self) -> String {
        let fact = self.fact();
        fact["bytes"].as_str().unwrap_or_else(|| panic!("not a message: {fact}")).to_owned()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SHOW: &str = r#"
[show]
title = "Network MIDI"
looks = "whole"
at_exit = "leave"
[safe]
tell = "safe"
[device.keys]
profile = "generic-midi"
address = "127.0.0.1"
port = PORT
note_length = "1500ms"
notes = { bell = 60 }
controls = { volume = 7 }
nrpns = { reverb = 1000 }
programs = { organ = 5 }
banks = { user = 130 }
messages = { go = "F0 7F 01 02 01 01 31 32 F7" }
[[cue]]
number = "1"
quick = true
do = [{ press = { on = "keys", note = "bell" } }]
[[cue]]
number = "2"
quick = true
do = [{ set = { on = "keys", control = "volume", value = 100 } }]
[[cue]]
number = "3"
quick = true
do = [{ set = { on = "keys", nrpn = "reverb", value = 300 } }]
[[cue]]
number = "4"
quick = true
do = [{ recall = { on = "keys", program = "organ", bank = "user" } }]
[[cue]]
number = "5"
quick = true
do = [{ send = { on = "keys", message = "go" } }]
[[cue]]
number = "6"
quick = true
do = [{ press = { on = "keys", note = "bell" } }]
[[cue]]
number = "7"
quick = true
do = [{ press = { on = "keys", note = "bell" } }]
"#;

/// What the cues say, in order of the GOs, with the ends of notes where they must come.
fn through_the_show(run: Run, peer: &Peer) -> Vec<Json> {
    let go = || {
        // The guard against a double GO is over.
        std::thread::sleep(Duration::from_millis(600));
        run.say("/go");
    };
    go();
    assert_eq!(peer.hears(), "903c64");
    assert_eq!(peer.hears(), "803c00", "the note ends by itself");
    go();
    assert_eq!(peer.hears(), "b00764");
    go();
    for part in ["b06307", "b06268", "b00602", "b0262c"] {
        assert_eq!(peer.hears(), part, "parameter 1000 at 300");
    }
    go();
    for part in ["b00001", "b02002", "c005"] {
        assert_eq!(peer.hears(), part, "bank 130, program 5");
    }
    go();
    assert_eq!(peer.hears(), "f07f010201013132f7");
    go();
    assert_eq!(peer.hears(), "903c64");
    run.say("/panic");
    assert_eq!(peer.hears(), "803c00", "the note ends through panic");
    run.say("/reset");
    go();
    assert_eq!(peer.hears(), "903c64");
    let said = run.terminate();
    assert_eq!(peer.hears(), "803c00", "the note ends with showcall");
    said
}

fn folder(show: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("show.toml"), show).unwrap();
    folder
}

#[test]
#[ignore = "needs pymidi (Python) and tshark"]
fn pymidi_hears_what_cues_send_and_wireshark_finds_nothing_malformed() {
    program("tshark");
    let port = free_pair();
    let peer = Peer::pymidi(port);
    let relay = Relay::open(port);
    let folder = folder(&SHOW.replace("PORT", &relay.port.to_string()));
    let mut run = Run::start(folder.path(), "--fresh");
    run.ready();
    assert_eq!(peer.fact()["came"], "showcall");
    through_the_show(run, &peer);
    assert_eq!(peer.fact()["went"], "showcall", "the end is said");
    let told = relay.judge(folder.path());
    for (what, least) in [
        ("Invitation: ", 2),
        ("Invitation Accepted: ", 2),
        ("Synchronization: count = 2", 2),
        ("Note On (c=1, n=C4, v=100)", 3),
        ("Note Off (c=1, n=C4, v=0)", 3),
        ("Program Change (c=1, p=5)", 1),
        ("Full Sysex-Command", 1),
        ("End Session", 1),
    ] {
        let found = told.lines().filter(|line| line.contains(what)).count();
        assert!(found >= least, "{what}: {found} of {least}\n{told}");
    }
}

#[test]
#[ignore = "needs rtpmidi (npm)"]
fn a_session_of_npm_hears_what_cues_send() {
    let port = free_pair();
    let peer = Peer::npm(port, None);
    let folder = folder(&SHOW.replace("PORT", &port.to_string()));
    let mut run = Run::start(folder.path(), "--fresh");
    run.ready();
    assert_eq!(peer.fact()["came"], true);
    through_the_show(run, &peer);
    assert_eq!(peer.fact()["went"], true);
}

const CALLED: &str = r#"
[show]
title = "Called over the network"
looks = "whole"
at_exit = "leave"
[safe]
tell = "safe"
[remote]
midi = "127.0.0.1:PORT"
[device.box]
profile = "generic-osc"
address = "127.0.0.1"
port = OUT
[[trigger]]
midi = { port = "network: third", note = 60 }
go = "main"
[[trigger]]
midi = { port = "network", program = 5 }
go_to = "3"
[[cue]]
number = "1"
do = [{ send = { on = "box", address = "/first" } }]
[[cue]]
number = "2"
do = [{ send = { on = "box", address = "/second" } }]
[[cue]]
number = "3"
do = [{ send = { on = "box", address = "/third" } }]
"#;

#[test]
#[ignore = "needs rtpmidi (npm)"]
fn a_session_of_npm_presses_go() {
    let (port, receiver) = (free_pair(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let out = receiver.local_addr().unwrap().port();
    let folder = folder(&CALLED.replace("PORT", &port.to_string()).replace("OUT", &out.to_string()));
    let mut run = Run::start(folder.path(), "--fresh");
    run.ready();
    let mut peer = Peer::npm(free_pair(), Some(port));
    assert_eq!(peer.fact()["came"], true);
    let mut keys = peer.stdin.take().unwrap();
    for (message, heard) in [("903c64", "/first"), ("903c40", "/second"), ("c005", "/third")] {
        let got = press_until_heard(&mut keys, message, &receiver);
        assert!(got.starts_with(heard.as_bytes()), "{message}: {}", String::from_utf8_lossy(&got));
        // The guard against a double GO is over.
        std::thread::sleep(Duration::from_millis(700));
    }
    drop(keys);
    peer.child.wait().unwrap();
    run.terminate();
}

/// Presses until a datagram comes: a session is only used by its peer when the clocks have been compared.
fn press_until_heard(keys: &mut impl Write, message: &str, receiver: &UdpSocket) -> Vec<u8> {
    receiver.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut buffer = [0; 512];
    for _ in 0..60 {
        writeln!(keys, "{message}").unwrap();
        if let Ok(length) = receiver.recv(&mut buffer) {
            return buffer[..length].to_vec();
        }
    }
    panic!("no GO in 60 s");
}

/// From the peer or to it, on which of the two ports, bytes.
type Passed = (bool, u16, Vec<u8>);

/// Stands between showcall and a peer, and keeps all that passes.
struct Relay {
    port: u16,
    passed: Arc<Mutex<Vec<Passed>>>,
}

impl Relay {
    fn open(to: u16) -> Self {
        let (control, data) = neighbours("127.0.0.1:0".parse().unwrap()).unwrap();
        let (port, passed) = (control.local_addr().unwrap().port(), Arc::default());
        for (offset, front) in [(0, control), (1, data)] {
            let back = UdpSocket::bind("127.0.0.1:0").unwrap();
            back.connect(("127.0.0.1", to + offset)).unwrap();
            front.set_nonblocking(false).unwrap();
            let caller = Arc::new(Mutex::new(None::<SocketAddr>));
            let (fronts, backs) = (front.try_clone().unwrap(), back.try_clone().unwrap());
            let (kept, callers): (Arc<Mutex<Vec<Passed>>>, _) = (Arc::clone(&passed), caller.clone());
            std::thread::spawn(move || {
                let mut buffer = [0; 2048];
                while let Ok((length, from)) = fronts.recv_from(&mut buffer) {
                    *callers.lock().unwrap() = Some(from);
                    kept.lock().unwrap().push((false, offset, buffer[..length].to_vec()));
                    let _ = backs.send(&buffer[..length]);
                }
            });
            let kept = Arc::clone(&passed);
            std::thread::spawn(move || {
                let mut buffer = [0; 2048];
                loop {
                    // A peer that is not up yet sends our packets back as errors.
                    let Ok(length) = back.recv(&mut buffer) else { continue };
                    kept.lock().unwrap().push((true, offset, buffer[..length].to_vec()));
                    let caller = *caller.lock().unwrap();
                    let _ = caller.map(|caller| front.send_to(&buffer[..length], caller));
                }
            });
        }
        Self { port, passed }
    }

    /// What Wireshark says of it; fails when anything is malformed.
    fn judge(&self, folder: &Path) -> String {
        let mut file = vec![];
        // A capture of packets that begin with their IPv4 header.
        for word in [0xA1B2_C3D4_u32, 0x0004_0002, 0, 0, 65_535, 228] {
            file.extend(word.to_le_bytes());
        }
        for (at, (back, offset, bytes)) in self.passed.lock().unwrap().iter().enumerate() {
            let (ours, theirs) = (40_004 + offset, 5004 + offset);
            let (from, to) = if *back { (theirs, ours) } else { (ours, theirs) };
            let length = u16::try_from(bytes.len()).unwrap();
            let whole = u32::from(length) + 28;
            for word in [u32::try_from(at).unwrap(), 0, whole, whole] {
                file.extend(word.to_le_bytes());
            }
            let ends: [[u8; 4]; 2] = if *back { [[10, 0, 0, 2], [10, 0, 0, 1]] } else { [[10, 0, 0, 1], [10, 0, 0, 2]] };
            file.extend([0x45, 0]);
            file.extend((length + 28).to_be_bytes());
            file.extend([0, 0, 0, 0, 64, 17, 0, 0]);
            file.extend(ends.concat());
            for word in [from, to, length + 8, 0] {
                file.extend(word.to_be_bytes());
            }
            file.extend(bytes);
        }
        let path = folder.join("wire.pcap");
        std::fs::write(&path, file).unwrap();
        let tshark = |more: &[&str]| {
            let mut command = Command::new("tshark");
            command.arg("-r").arg(&path).args(["--enable-heuristic", "applemidi_udp"]).args(more);
            String::from_utf8_lossy(&command.output().unwrap().stdout).into_owned()
        };
        assert_eq!(tshark(&["-Y", "_ws.malformed"]), "");
        tshark(&[])
    }
}
