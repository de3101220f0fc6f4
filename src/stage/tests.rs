#![allow(clippy::unwrap_used)]
//! What must never delay a GO: shown by counts and order, not by time. The stage is woken by hand, its devices are sockets of the test.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::net::{TcpListener, UdpSocket};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crossbeam_queue::ArrayQueue;

use super::clock::{Clock, Remote, Stage};
use super::core::Core;
use super::handle::Handle;
use super::journal::writer::{Sink, Writer};
use super::journal::{Log, ring};
use super::watch::Watch;
use crate::engine::{By, Engine, Input, Intent, Mode, Snapshot};
use crate::links::sys::{SharedMap, Wake};
use crate::links::{Inbox, Rack, Simulate};
use crate::remote::osc::Port;
use crate::show::{self, CueIx};
use crate::time::{Mono, Span};

/// Longest wait for something that must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stage whose thread is the test, and the socket that stands for its device.
struct Bench {
    stage: Stage,
    handle: Handle,
    device: UdpSocket,
    remote: std::net::SocketAddr,
    health: Arc<super::journal::writer::Health>,
    _writer: Writer,
}

/// A keyboard on a stream, whose note sounds for a minute.
const KEYS: &str = r#"
maker = "Test"
model = "Keys"
family = "midi-tcp"
port = 51325
sources = ["MIDI 1.0 Detailed Specification 4.2"]
[names.note]
"0..127" = "{}"
[property.note]
path = "note/{note}"
label = "note {note}"
type = "switch"
class = "once"
proof = "none"
set = "90 {note} 64"
wire = { off = "80 {note} 00", length = "60s" }
[[verb.press]]
property = "note"
value = true
"#;

/// Cue `n` sends `/go/n`; the desk of every cue is beside it, on a stream that may be dead.
fn bench(cues: u32, desk: Option<u16>, sink: Box<dyn Sink>) -> Bench {
    let device = UdpSocket::bind("127.0.0.1:0").unwrap();
    device.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut text = format!(
        "[show]\ntitle = \"t\"\nlooks = \"whole\"\nat_exit = \"leave\"\n[safe]\ntell = \"safe\"\n[device.box]\nprofile = \"generic-osc\"\naddress = \"127.0.0.1\"\nport = {}\n",
        device.local_addr().unwrap().port()
    );
    if let Some(port) = desk {
        text.push_str(&format!("[device.desk]\nprofile = \"generic-osc\"\naddress = \"127.0.0.1\"\nport = {port}\ntransport = \"tcp\"\n"));
    }
    for cue in 0..cues {
        let desk = if desk.is_some() {
            "{ send = { on = \"desk\", address = \"/desk\", args = [\"".to_owned() + &"x".repeat(4000) + "\"] } }, "
        } else {
            String::new()
        };
        text.push_str(&format!(
            "[[cue]]\nnumber = \"{cue}\"\nname = \"c\"\ndo = [{desk}{{ send = {{ on = \"box\", address = \"/go/{cue}\" }} }}]\n"
        ));
    }
    bench_of(text, device, sink)
}

/// A stage of this show's text.
fn bench_of(text: String, device: UdpSocket, sink: Box<dyn Sink>) -> Bench {
    let loaded = show::load_text(&[("show.toml".into(), text), ("keys.toml".into(), KEYS.into())]);
    let show = loaded.show.unwrap_or_else(|| panic!("{:?}", loaded.findings));
    let memory = SharedMap::of(&tempfile::tempfile().unwrap(), 64 * 1024).unwrap();
    let (ring_writer, ring_reader) = ring::create(Arc::new(memory), 1).unwrap();
    let checkpoints = Arc::new(ArrayQueue::new(1));
    let writer = Writer::spawn(sink, ring_reader, checkpoints.clone()).unwrap();
    let log = Log::new(ring_writer, checkpoints, writer.health(), 0, &[], Mono(0));
    let rack = Rack::build(&show, &Simulate::None, 0).unwrap();
    let (handle, shared) = Handle::new(show.clone(), Snapshot::default(), Wake::new().unwrap());
    let core = Core::new(Engine::new(show.clone()), rack, log, shared.clone());
    let inbox = Inbox::open("127.0.0.1:0").unwrap();
    let remote = inbox.address().unwrap();
    let control = Remote { inbox, port: Port::new(&show) };
    let watch = Watch::new(Span::secs(2), None);
    let begin = Input::Begin { mode: Mode::Live };
    let stage = Stage::new(Clock::showing(Mono(0)), core, shared, Some(control), watch, begin).unwrap();
    Bench { stage, handle, device, remote, health: writer.health(), _writer: writer }
}

impl Bench {
    fn go(&mut self, cue: u32) {
        self.handle.send(Intent::Start { cue: CueIx(cue) }, By::Show).unwrap();
        self.stage.wake();
    }

    /// The next message of the device is this cue's.
    fn expect(&self, cue: u32) {
        let mut buffer = [0; 512];
        let length = self.device.recv(&mut buffer).unwrap();
        let wanted = format!("/go/{cue}\0");
        assert!(buffer[..length].starts_with(wanted.as_bytes()), "{:?}", String::from_utf8_lossy(&buffer[..length]));
    }
}

#[test]
fn a_flood_of_packets_is_taken_32_at_a_wake_and_a_go_goes_first() {
    let mut bench = bench(3, None, Box::new(tempfile::tempfile().unwrap()));
    bench.stage.wake();
    let flood = UdpSocket::bind("127.0.0.1:0").unwrap();
    flood.connect(bench.remote).unwrap();
    for _ in 0..100 {
        flood.send(b"/cue/2/start\0\0\0\0,\0\0\0").unwrap();
    }
    bench.go(1);
    bench.expect(1);
    for _ in 0..32 {
        bench.expect(2);
    }
    bench.device.set_nonblocking(true).unwrap();
    let mut buffer = [0; 64];
    assert_eq!(bench.device.recv(&mut buffer).unwrap_err().kind(), io::ErrorKind::WouldBlock, "more than 32 in one wake");
}

/// A disk that never comes back from a write.
struct Stalled(mpsc::Receiver<()>);

impl Sink for Stalled {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The sender is held by the test for its whole length.
        let _ = self.0.recv();
        Ok(bytes.len())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_stalled_disk_holds_up_no_go() {
    let (_disk, stall) = mpsc::channel();
    let mut bench = bench(300, None, Box::new(Stalled(stall)));
    for cue in 0..300 {
        bench.go(cue);
        bench.expect(cue);
    }
}

#[test]
fn a_full_disk_holds_up_no_go_and_is_told() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut bench = bench(50, None, Box::new(full));
    for cue in 0..50 {
        bench.go(cue);
        bench.expect(cue);
    }
    while !bench.health.failing() {
        std::thread::yield_now();
    }
    bench.stage.core.publish(Mono(u64::MAX / 2));
    let snapshot = bench.handle.snapshot();
    assert!(snapshot.stage.iter().any(|facet| facet.text.contains("journal cannot be written")), "{:?}", snapshot.stage);
}

#[test]
fn a_dead_stream_peer_holds_up_no_go() {
    // It accepts in the kernel and nobody ever reads: the stream fills up.
    let dead = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut bench = bench(400, Some(dead.local_addr().unwrap().port()), Box::new(tempfile::tempfile().unwrap()));
    for cue in 0..400 {
        bench.go(cue);
        bench.expect(cue);
    }
}

#[test]
fn a_note_that_sounds_when_the_run_ends_is_ended() {
    let keys = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = keys.local_addr().unwrap().port();
    let text = format!(
        "[show]\ntitle = \"t\"\nlooks = \"whole\"\nat_exit = \"leave\"\n[safe]\ntell = \"safe\"\n[device.keys]\nprofile = \"keys\"\naddress = \"127.0.0.1\"\nport = {port}\n\
         notes = {{ bell = 60 }}\n[[cue]]\nnumber = \"1\"\ndo = [{{ press = {{ on = \"keys\", note = \"bell\" }} }}]\n"
    );
    let Bench { stage, handle, _writer, .. } =
        bench_of(text, UdpSocket::bind("127.0.0.1:0").unwrap(), Box::new(tempfile::tempfile().unwrap()));
    let running = std::thread::spawn(move || stage.run(std::sync::mpsc::channel().0));
    let (mut wire, _) = keys.accept().unwrap();
    wire.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut message = [0; 3];
    // The stage learns of the connection some time after it is made; until then the note is refused.
    let struck = (0..100).any(|_| {
        handle.send(Intent::Start { cue: CueIx(0) }, By::Show).unwrap();
        wire.read_exact(&mut message).is_ok()
    });
    assert!(struck && message == [0x90, 60, 0x64], "{message:?}");
    handle.end("quit").unwrap();
    wire.set_read_timeout(Some(PATIENCE)).unwrap();
    wire.read_exact(&mut message).unwrap();
    assert_eq!(message, [0x80, 60, 0]);
    assert!(running.join().unwrap());
}
