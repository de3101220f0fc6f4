//! From GO to the wire while devices send without end, beside the same show with the same devices silent.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::Args;
use super::figures::Samples;
use super::latency::pressed;
use super::world::{World, cues, head};
use crate::links::receiver::Receiver;

/// Between two presses: the pace at which other cue engines are measured.
const EVERY: Duration = Duration::from_millis(50);
/// After the start of the program: by then each peer is connected and has filled what there is to fill.
const SETTLE: Duration = Duration::from_secs(1);
/// How long a peer waits before it looks whether the figure is over.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Datagrams that a peer sends in a row, once a millisecond: 20,000 a second.
const DATAGRAMS: usize = 20;

/// What a peer sends without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flood {
    /// Bytes in which no message ends.
    Bytes,
    /// Short lines.
    Lines,
    /// Text messages of a WebSocket, after a handshake.
    WebSocket,
    /// A body in pieces that never ends.
    Http,
    /// Datagrams of one OSC message.
    Osc,
    /// Answers to ArtPoll.
    ArtPollReply,
}

/// Eight peers on connections: profile, and what they send.
const STREAMS: [(&str, Flood); 8] = [
    ("extron-sis", Flood::Bytes),
    ("kramer-p3000", Flood::Lines),
    ("casparcg", Flood::Lines),
    ("yamaha-tf", Flood::Lines),
    ("obs-studio", Flood::WebSocket),
    ("resolume-arena", Flood::Http),
    ("generic-pjlink-class-1", Flood::Bytes),
    ("blackmagic-videohub", Flood::Lines),
];

/// Four that send datagrams.
const DATAGRAM: [(&str, Flood); 4] =
    [("behringer-x32", Flood::Osc), ("behringer-x32", Flood::Osc), ("artnet-node", Flood::ArtPollReply), ("generic-osc", Flood::Osc)];

/// Eight peers flood their connections.
pub(super) fn streams(args: &Args) -> Result<Json, String> {
    figure(args, &STREAMS)
}

/// Four peers send 20,000 datagrams a second each.
pub(super) fn datagrams(args: &Args) -> Result<Json, String> {
    figure(args, &DATAGRAM)
}

/// Runs with silent and with flooding peers take turns: what else this machine does meets both.
fn figure(args: &Args, peers: &[(&str, Flood)]) -> Result<Json, String> {
    let (mut silent, mut flooded) = (Samples::default(), Samples::default());
    let (mut grown, mut cpu) = (0, 0);
    for _ in 0..args.runs {
        run(args, peers, false, &mut silent)?;
        let (memory, stage) = run(args, peers, true, &mut flooded)?;
        (grown, cpu) = (grown.max(memory), cpu.max(stage));
    }
    let ratio = |percent: u32, silent: &mut Samples, flooded: &mut Samples| {
        (flooded.percentile(percent) as f64 / silent.percentile(percent).max(1) as f64 * 100.0).round() / 100.0
    };
    let (p50, p99) = (ratio(50, &mut silent, &mut flooded), ratio(99, &mut silent, &mut flooded));
    Ok(json!({
        "peers": peers.len(), "silent": silent.json(), "flooding": flooded.json(), "ratio_p50": p50, "ratio_p99": p99,
        "resident_kib_grown": grown, "stage_cpu_percent": cpu,
    }))
}

/// One run; gives by how many KiB the program grew while it went on, and how much of a core its stage thread took.
fn run(args: &Args, peers: &[(&str, Flood)], flooding: bool, samples: &mut Samples) -> Result<(u64, u64), String> {
    let mut receiver = Receiver::new().map_err(|e| e.to_string())?;
    let ends = peers.iter().map(|(_, flood)| Peer::open(*flood, flooding)).collect::<std::io::Result<Vec<_>>>();
    let ends = ends.map_err(|e| e.to_string())?;
    let mut show = head(receiver.port());
    for ((profile, _), (peer, n)) in peers.iter().zip(ends.iter().zip(1..)) {
        let local = if *profile == "artnet-node" { "local_port = 0\n" } else { "" };
        let _ =
            write!(show, "[device.peer-{n}]\nprofile = \"{profile}\"\naddress = \"127.0.0.1\"\nport = {}\n{local}\n", peer.address.port());
    }
    let world = World::start(&(show + &cues(args.n, 1)))?;
    std::thread::sleep(SETTLE);
    let (memory, cpu) = (world.resident_kib().unwrap_or(0), world.cpu_ns()?.0);
    let began = std::time::Instant::now();
    samples.absorb(pressed(&world, &mut receiver, args.n, EVERY, &|n| format!("/cue/{}/start", n + 1))?);
    let took = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1);
    let grown = world.resident_kib().unwrap_or(0).saturating_sub(memory);
    Ok((grown, world.cpu_ns()?.0.saturating_sub(cpu).saturating_mul(100) / took))
}

/// The far end of one device; it ends when it is dropped.
struct Peer {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Peer {
    fn open(flood: Flood, flooding: bool) -> std::io::Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let ends = over.clone();
        let datagrams = matches!(flood, Flood::Osc | Flood::ArtPollReply);
        let (address, thread) = if datagrams {
            let socket = UdpSocket::bind("127.0.0.1:0")?;
            socket.set_read_timeout(Some(LOOK_EVERY))?;
            (socket.local_addr()?, std::thread::spawn(move || send_datagrams(&socket, flood, flooding, &ends)))
        } else {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            listener.set_nonblocking(true)?;
            (listener.local_addr()?, std::thread::spawn(move || accept(&listener, flood, flooding, &ends)))
        };
        Ok(Self { address, over, thread: Some(thread) })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Takes connections one after the other. A silent peer keeps each open and says nothing.
fn accept(listener: &TcpListener, flood: Flood, flooding: bool, over: &AtomicBool) {
    let mut open = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let Ok((stream, _)) = listener.accept() else {
            std::thread::sleep(LOOK_EVERY);
            continue;
        };
        if flooding {
            let _ = send_stream(stream, flood, over);
        } else {
            open.push(stream);
        }
    }
}

/// Until the far end closes or the figure is over.
fn send_stream(mut stream: TcpStream, flood: Flood, over: &AtomicBool) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_write_timeout(Some(LOOK_EVERY))?;
    stream.set_read_timeout(Some(LOOK_EVERY))?;
    let block = match flood {
        Flood::WebSocket | Flood::Http => answer(&mut stream, flood)?,
        Flood::Bytes => vec![b'x'; 65_536],
        _ => b"OK\r\n".repeat(16_384),
    };
    let mut left = block.as_slice();
    while !over.load(Ordering::Relaxed) {
        match stream.write(left) {
            Ok(length) => left = left.get(length..).filter(|left| !left.is_empty()).unwrap_or(&block),
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Answers the first request; gives what follows for ever.
fn answer(stream: &mut TcpStream, flood: Flood) -> std::io::Result<Vec<u8>> {
    let mut request = [0; 4096];
    let length = stream.read(&mut request)?;
    if flood == Flood::Http {
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        return Ok([&b"10000\r\n"[..], &[b'a'; 65_536], b"\r\n"].concat());
    }
    let request = String::from_utf8_lossy(request.get(..length).unwrap_or_default()).into_owned();
    let value = |name: &str| {
        request
            .lines()
            .find_map(|line| line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case(name)))
            .map(|(_, value)| value.trim())
    };
    let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(value("Sec-WebSocket-Key").unwrap_or_default().as_bytes());
    let mut reply =
        format!("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n");
    if let Some(protocol) = value("Sec-WebSocket-Protocol") {
        let _ = write!(reply, "Sec-WebSocket-Protocol: {protocol}\r\n");
    }
    stream.write_all((reply + "\r\n").as_bytes())?;
    // A text frame of twelve bytes.
    Ok(b"\x81\x0c{\"op\":5,\"d\":".repeat(4096))
}

/// To whoever spoke first.
fn send_datagrams(socket: &UdpSocket, flood: Flood, flooding: bool, over: &AtomicBool) {
    let (mut buffer, mut to) = ([0; 2048], None);
    let mut reply = [0; 239];
    let packet: &[u8] = if flood == Flood::ArtPollReply {
        reply[..14].copy_from_slice(b"Art-Net\0\x00\x21\x7f\0\0\x01");
        &reply
    } else {
        b"/ch/01/mix/fader\0\0\0\0,f\0\0\x3f\0\0\0"
    };
    while !over.load(Ordering::Relaxed) {
        match to {
            Some(to) if flooding => {
                (0..DATAGRAMS).for_each(|_| drop(socket.send_to(packet, to)));
                std::thread::sleep(Duration::from_millis(1));
            }
            _ => to = socket.recv_from(&mut buffer).ok().map(|(_, from)| from),
        }
    }
}
