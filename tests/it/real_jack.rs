//! Real MIDI clients over JACK's dummy driver (RtMidi): one presses GO, one hears what cues send.
//!
//! Needs the JACK build (`--no-default-features --features jack`).

use std::io::{BufRead, BufReader, Write};
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::common::peer::{program, python};
use crate::common::signal;
use crate::crash::run::Run;

/// Ends its process, by pid, when the test ends. It is asked first: a JACK server that is killed leaves its shared memory behind, and
/// after some of those no other can start.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        signal("TERM", self.0.id());
        for _ in 0..100 {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Servers share a registry that two of them cannot begin at once: one test after the other.
static ALONE: Mutex<()> = Mutex::new(());

/// A JACK server of its own name, without sound.
struct Jack {
    server: String,
    _jackd: Ended,
    _alone: MutexGuard<'static, ()>,
}

impl Jack {
    fn start(name: &str) -> Self {
        program("jackd");
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let server = format!("showcall-{name}-{}", std::process::id());
        let mut jackd = Command::new("jackd");
        jackd.args(["-n", &server, "-r", "--no-mlock", "-d", "dummy", "-r", "48000", "-p", "128", "-C", "0", "-P", "0"]);
        let jackd = Ended(jackd.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        Self { server, _jackd: jackd, _alone: alone }
    }

    fn variables(&self) -> [(&str, &str); 2] {
        [("JACK_DEFAULT_SERVER", &self.server), ("JACK_NO_START_SERVER", "1")]
    }

    /// A Python client; it has said that it is open. Gives what it says from then on.
    fn client(&self, script: &str) -> (Ended, Receiver<String>) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(script);
        let mut command = Command::new(python("rtmidi"));
        command.envs(self.variables()).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut client = Ended(command.spawn().unwrap());
        let stdout = BufReader::new(client.0.stdout.take().unwrap());
        let (give, lines) = mpsc::channel();
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).for_each(|line| drop(give.send(line))));
        assert_eq!(lines.recv_timeout(PATIENCE).unwrap(), "open");
        (client, lines)
    }
}

/// Longest wait for something that must come.
const PATIENCE: Duration = Duration::from_secs(60);

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
#[ignore = "needs jackd and python-rtmidi (Python)"]
fn a_note_from_a_jack_client_is_a_go() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    receiver.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let port = receiver.local_addr().unwrap().port().to_string();
    std::fs::write(folder.path().join("show.toml"), SHOW.replace("PORT", &port)).unwrap();
    let jack = Jack::start("pedal");
    let (mut pedal, _said) = jack.client("jack_pedal.py");
    let mut run = Run::start_with(folder.path(), "--fresh", &jack.variables());
    run.ready();

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

const DESK: &str = r#"
[show]
title = "Desk"
looks = "whole"
at_exit = "leave"
[safe]
tell = "safe"
[device.keys]
profile = "generic-midi"
midi_port = "desk in"
note_length = "1500ms"
channel = 3
notes = { bell = 60 }
controls = { volume = 7 }
fine_controls = { filter = 16 }
nrpns = { reverb = 1000 }
programs = { organ = 5 }
banks = { user = 130 }
messages = { reset = "F0 7E 7F 09 01 F7" }
[device.lx]
profile = "generic-msc"
midi_port = "desk in"
device_id = 1
cues = { opening = "12.5" }
lists = { side = "2" }
[device.deck]
profile = "generic-mmc"
midi_port = "desk in"
[[cue]]
number = "1"
do = [{ press = { on = "keys", note = "bell" } }]
[[cue]]
number = "2"
do = [{ set = { on = "keys", control = "volume", value = 100 } }]
[[cue]]
number = "3"
do = [{ set = { on = "keys", fine_control = "filter", value = 9000 } }]
[[cue]]
number = "4"
do = [{ set = { on = "keys", nrpn = "reverb", value = 300 } }]
[[cue]]
number = "5"
do = [{ recall = { on = "keys", program = "organ", bank = "user" } }]
[[cue]]
number = "6"
do = [{ send = { on = "keys", message = "reset" } }]
[[cue]]
number = "7"
do = [{ fire = { on = "lx", cue = "opening", list = "side" } }]
[[cue]]
number = "8"
do = [{ play = { on = "deck" } }]
[[cue]]
number = "9"
do = [{ set = { on = "deck", property = "place", value = "01:02:03:04" } }]
"#;

/// Starts a cue until it is heard: showcall looks for ports once a second.
fn start_until_heard(run: &Run, heard: &Receiver<String>, cue: u8) -> String {
    for _ in 0..40 {
        run.say(&format!("/cue/{cue}/start"));
        if let Ok(line) = heard.recv_timeout(Duration::from_millis(1400)) {
            return line;
        }
    }
    panic!("cue {cue} was never heard");
}

#[test]
#[ignore = "needs jackd and python-rtmidi (Python)"]
fn a_jack_client_hears_what_cues_send_and_every_note_ends() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("show.toml"), DESK).unwrap();
    let jack = Jack::start("desk");
    let (desk, heard) = jack.client("jack_desk.py");
    let mut run = Run::start_with(folder.path(), "--fresh", &jack.variables());
    run.ready();
    let hears = |heard: &Receiver<String>| heard.recv_timeout(PATIENCE).expect("the desk hears nothing");
    assert_eq!(start_until_heard(&run, &heard, 1), "923c64");
    assert_eq!(hears(&heard), "823c00", "the note ends by itself");
    for (cue, messages) in [
        (2, &["b20764"][..]),
        (3, &["b21046", "b23028"]),
        (4, &["b26307", "b26268", "b20602", "b2262c"]),
        (5, &["b20001", "b22002", "c205"]),
        (6, &["f07e7f0901f7"]),
        (7, &["f07f0102010131322e350032f7"]),
        (8, &["f07f7f0602f7"]),
        (9, &["f07f7f064406012102030400f7"]),
    ] {
        run.say(&format!("/cue/{cue}/start"));
        for message in messages {
            assert_eq!(hears(&heard), *message, "cue {cue}");
        }
    }
    run.say("/cue/1/start");
    assert_eq!(hears(&heard), "923c64");
    run.say("/panic");
    assert_eq!(hears(&heard), "823c00", "the note ends through panic");
    run.say("/reset");

    // The desk is unplugged while a note sounds. The show goes on; when it is back, the note's end is the first thing it hears.
    run.say("/cue/1/start");
    assert_eq!(hears(&heard), "923c64");
    drop(desk);
    std::thread::sleep(Duration::from_secs(3));
    let (_desk, heard) = jack.client("jack_desk.py");
    assert_eq!(hears(&heard), "823c00", "the note that was cut off ends");
    run.say("/cue/1/start");
    assert_eq!(hears(&heard), "923c64");
    run.terminate();
    assert_eq!(hears(&heard), "823c00", "the note ends with showcall");
}
