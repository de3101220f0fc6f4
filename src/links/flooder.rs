//! Devices on loopback that send without end: the far side of `showcall bench`'s figures of floods.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a peer waits before it looks whether it is over.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Datagrams that a peer sends in a row, once a millisecond: 20,000 a second.
const DATAGRAMS: usize = 20;

/// What a peer sends without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flood {
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

/// The far end of one device; it ends when it is dropped.
#[derive(Debug)]
pub struct Flooder {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Flooder {
    /// Listens on a port of the kernel's choice; one that is not `flooding` takes what comes and says nothing.
    ///
    /// # Errors
    /// What the kernel says of the socket.
    pub fn open(flood: Flood, flooding: bool) -> std::io::Result<Self> {
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

    /// Its port on loopback.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Flooder {
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

/// Until the far end closes or it is over.
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
