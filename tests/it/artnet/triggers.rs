//! Somebody else's desk calls the show by Art-Net: keys and time code, on a port of the show's own and on that of its nodes.

use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::common::lan::{Lan, end, inside};

/// A machine that builds something else meanwhile is slow.
const PATIENCE: Duration = Duration::from_secs(30);

/// Listens at an address; one cue for each thing that it can be told.
fn show(listen: &str) -> String {
    let node = "[device.node]\nprofile = \"artnet-node\"\naddress = \"10.9.0.2\"\n[universe.1]\non = \"node\"\naddress = 1\n\
        [fixture.lamp]\nprofile = \"generic-dimmer\"\nuniverse = 1\naddress = 1\n";
    let cue = |number: u8, name: &str| {
        format!("[[cue]]\nnumber = \"{number}\"\nname = \"{name}\"\ndo = [{{ light = {{ lamp = \"{number}0%\" }} }}]\n")
    };
    format!(
        "[show]\ntitle = \"Called\"\nlooks = \"track\"\nat_exit = \"leave\"\n[safe]\ntell = \"safe\"\n[remote]\nartnet = \"{listen}\"\n{node}\
         [[trigger]]\nartnet = {{ macro = 5 }}\ngo = true\n[[trigger]]\nartnet = {{ timecode = \"01:00:00:10\" }}\nstart = \"3\"\n\
         [[trigger]]\nartnet = {{ macro = 6, from = \"10.9.0.2\" }}\nstart = \"2\"\n{}{}{}",
        cue(1, "By a key"),
        cue(2, "By the other host"),
        cue(3, "By the clock")
    )
}

/// A headless run and what it prints.
struct Called {
    child: Child,
    lines: Receiver<String>,
    _folder: tempfile::TempDir,
}

impl Called {
    fn start(show: &str, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("show.toml"), show).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_showcall"));
        command.arg("run").arg(folder.path()).args(["--headless", "--fresh", "--osc", "127.0.0.1:0"]).args(more);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        let called = Self { child, lines, _folder: folder };
        called.says("\"ready\"");
        called
    }

    /// Waits for a line that holds this.
    fn says(&self, what: &str) {
        let (until, mut heard) = (Instant::now() + PATIENCE, Vec::new());
        while let Ok(line) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            if line.contains(what) {
                return;
            }
            heard.push(line);
        }
        panic!("{what} never came, but {heard:#?}");
    }

    /// No line that holds this has come so far.
    fn has_not_said(&self, what: &str) {
        assert!(self.lines.try_iter().all(|line| !line.contains(what)), "{what} came");
    }
}

impl Drop for Called {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// ArtTrigger with one of anybody's macros ("ArtTrigger": filler, Oem, Key 1, SubKey, payload).
fn macro_key(number: u8) -> Vec<u8> {
    [&b"Art-Net\0\x00\x99\x00\x0e\x00\x00\xff\xff\x01"[..], &[number], &[0; 512]].concat()
}

/// ArtTimeCode at 25 frames of the first hour's first second ("ArtTimeCode": filler, StreamId, frames, seconds, minutes, hours, type).
fn frame(frame: u8) -> Vec<u8> {
    [&b"Art-Net\0\x00\x97\x00\x0e\x00\x00"[..], &[frame, 0, 0, 1, 1]].concat()
}

/// All that a desk at this address can tell the show at that one.
fn call(called: &Called, from: &str, to: &str) {
    let desk = UdpSocket::bind(from).unwrap();
    let say = |bytes: &[u8]| assert_eq!(desk.send_to(bytes, to).unwrap(), bytes.len());
    for garbage in [&b"Art-Net\0"[..], b"Art-Net\0\x00\x99\x00\x0e", b"GET / HTTP/1.1\r\n", &macro_key(6)[..], &macro_key(9)[..]] {
        say(garbage);
    }
    say(&macro_key(5));
    called.says("By a key");
    (8..12).for_each(|number| say(&frame(number)));
    called.says("By the clock");
    called.has_not_said("By the other host");
}

#[test]
#[ignore = "needs network namespaces"]
fn a_desk_calls_the_show_on_a_port_of_its_own() {
    inside(a_desk_calls_the_show_on_a_port_of_its_own, || {
        let _lan = Lan::up();
        let called = Called::start(&show("127.0.0.1:6454"), &["--simulate"]);
        call(&called, "127.0.0.1:0", "127.0.0.1:6454");
    });
}

#[test]
#[ignore = "needs network namespaces"]
fn a_desk_calls_the_show_on_the_port_of_its_nodes() {
    inside(a_desk_calls_the_show_on_the_port_of_its_nodes, || {
        let lan = Lan::up();
        let called = Called::start(&show("0.0.0.0:6454"), &[]);
        call(&called, "10.9.0.1:0", "10.9.0.1:6454");
        // A key that only the other host may press.
        let script =
            "import socket,sys; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(bytes.fromhex(sys.argv[1]), (\"10.9.0.1\", 6454))";
        let hex: String = macro_key(6).iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(lan.there("python3").args(["-c", script, &hex]).status().unwrap().success());
        called.says("By the other host");
    });
}

#[test]
#[ignore = "needs network namespaces"]
fn a_show_that_listens_to_this_machine_alone_does_not_hear_the_network() {
    inside(a_show_that_listens_to_this_machine_alone_does_not_hear_the_network, || {
        let _lan = Lan::up();
        let called = Called::start(&show("127.0.0.1:6454"), &[]);
        let desk = UdpSocket::bind("10.9.0.1:0").unwrap();
        desk.send_to(&macro_key(5), "10.9.0.1:6454").unwrap();
        let near = UdpSocket::bind("127.0.0.1:0").unwrap();
        for number in 8..12 {
            near.send_to(&frame(number), "127.0.0.1:6454").unwrap();
        }
        called.says("By the clock");
        called.has_not_said("By a key");
    });
}
