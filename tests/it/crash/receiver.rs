//! A socket that writes down every datagram it gets.

use std::net::UdpSocket;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Longest wait for something that must come.
const PATIENCE: Duration = Duration::from_secs(30);
/// Ends the writing.
const OVER: &[u8] = b"over";

/// One datagram.
pub struct Got(Vec<u8>);

impl Got {
    fn message(&self) -> Option<rosc::OscMessage> {
        match rosc::decoder::decode_udp(&self.0) {
            Ok((_, rosc::OscPacket::Message(message))) => Some(message),
            _ => None,
        }
    }

    /// Where an OSC message went.
    pub fn address(&self) -> Option<String> {
        self.message().map(|message| message.addr)
    }

    /// An OSC message to this address.
    pub fn is(&self, address: &str) -> bool {
        self.message().is_some_and(|message| message.addr == address)
    }

    /// The integer of an OSC message to this address.
    pub fn int(&self, address: &str) -> Option<i32> {
        self.message().filter(|message| message.addr == address).and_then(|message| message.args.first().cloned()?.int())
    }

    /// The first slot of an ArtDmx packet (Art-Net 4, "ArtDmx": opcode 0x5000, data from byte 18).
    pub fn slot(&self) -> Option<u8> {
        (self.0.starts_with(b"Art-Net\0") && self.0.get(8..10) == Some(&[0x00, 0x50])).then(|| self.0.get(18).copied())?
    }
}

type Log = Arc<(Mutex<Vec<Got>>, Condvar)>;

/// The socket and its writer.
pub struct Receiver {
    port: u16,
    log: Log,
    thread: JoinHandle<()>,
}

impl Receiver {
    pub fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let log = Log::default();
        let ours = log.clone();
        let thread = std::thread::spawn(move || {
            let mut buffer = [0; 2048];
            loop {
                let length = socket.recv(&mut buffer).unwrap();
                if &buffer[..length] == OVER {
                    return;
                }
                ours.0.lock().unwrap().push(Got(buffer[..length].to_vec()));
                ours.1.notify_all();
            }
        });
        Self { port, log, thread }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits until an OSC message to this address has come.
    pub fn wait_for(&self, address: &str) {
        let log = self.log.0.lock().unwrap();
        let here = |log: &mut Vec<Got>| !log.iter().any(|got| got.is(address));
        let (_log, late) = self.log.1.wait_timeout_while(log, PATIENCE, here).unwrap();
        assert!(!late.timed_out(), "{address} never came");
    }

    /// Whether an OSC message to this address has come.
    pub fn has(&self, address: &str) -> bool {
        self.log.0.lock().unwrap().iter().any(|got| got.is(address))
    }

    /// All that came, when the sender is gone.
    pub fn finish(self) -> Vec<Got> {
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(OVER, ("127.0.0.1", self.port)).unwrap();
        self.thread.join().unwrap();
        std::mem::take(&mut *self.log.0.lock().unwrap())
    }
}
