//! The stage's end of a wire that is served elsewhere (a connection, requests, a MIDI port): two bounded queues and a bell.
//!
//! A tokio task (or, for MIDI, a thread) connects, frames and moves messages; the driver stays on the stage thread.
//! Both queues are lock-free. Into the device: a full queue refuses, and the driver is told that its send failed;
//! which command gives way is the driver's own business. Out of it: the task stops reading, so the device is held up, never the stage.
//! Whatever still waits when a connection ends is dropped: after a reconnect a driver reads first.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam_queue::ArrayQueue;
use tokio::io::unix::AsyncFd;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::sys::Wake;
use super::{http, midi_wire, tcp, websocket};
use crate::devices::{Framing, Target};

/// Messages that wait to go out, and that wait for the driver.
const QUEUE: usize = 512;
/// How long a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// First and longest pause between two attempts.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));
/// Bytes that wait for the driver; a message that is longer waits alone.
const WAITING: usize = 256 << 10;
/// How long the reader waits for the driver when its queue is full.
const FULL_PAUSE: Duration = Duration::from_millis(10);

/// What a wire gives its driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// Connected.
    Up,
    /// No longer connected, or the first attempt failed.
    Down(Arc<str>),
    /// A whole message of a stream.
    Message(Vec<u8>),
    /// Bytes of a raw stream.
    Chunk(Vec<u8>),
    /// A text message of a WebSocket.
    Text(String),
    /// A MIDI message.
    Midi(Vec<u8>),
    /// The answer to a request: its tag, status (0: none came) and body (why none came).
    Reply(u64, u16, Vec<u8>),
}

impl Inbound {
    /// How many messages it may hold: in a piece of a raw stream each line may be one.
    #[must_use]
    pub fn messages(&self) -> usize {
        let Self::Chunk(bytes) = self else { return 1 };
        let count = |end: u8| bytes.iter().filter(|byte| **byte == end).count();
        count(b'\r').max(count(b'\n')).max(1)
    }

    /// Bytes of what was said; 0 of news of the wire itself.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Up | Self::Down(_) => 0,
            Self::Message(bytes) | Self::Chunk(bytes) | Self::Midi(bytes) | Self::Reply(.., bytes) => bytes.len(),
            Self::Text(text) => text.len(),
        }
    }
}

/// Who is at the far end, and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// A TCP stream.
    Tcp(Target, Framing),
    /// A WebSocket: its URL and sub-protocol.
    WebSocket(String, Option<String>),
    /// An HTTP server: the beginning of all URLs.
    Http(String),
    /// A MIDI port whose name contains this.
    Midi(String),
}

impl Peer {
    async fn connect(&self) -> Result<Connection, Arc<str>> {
        match self {
            Self::Tcp(target, framing) => tcp::connect(target).await.map(|stream| Connection::Tcp(stream, *framing)),
            Self::WebSocket(url, protocol) => {
                websocket::connect(url, protocol.as_deref()).await.map(|socket| Connection::WebSocket(Box::new(socket)))
            }
            Self::Http(base) => http::Client::new(base).map(Connection::Http),
            Self::Midi(_) => Err("a MIDI port is no connection".into()),
        }
    }
}

/// A far end that can be spoken to.
enum Connection {
    Tcp(TcpStream, Framing),
    WebSocket(Box<websocket::Socket>),
    Http(http::Client),
}

/// The stage's end of a connection. Dropping it closes the connection.
#[derive(Debug)]
pub struct Stream {
    shared: Arc<Shared>,
    /// `None`: a thread, which ends by itself.
    task: Option<JoinHandle<()>>,
}

/// What the stage and the task share.
#[derive(Debug)]
pub(super) struct Shared {
    /// With the number of the connection that each message is for, and its tag.
    outbound: ArrayQueue<(u64, u64, Vec<u8>)>,
    inbound: ArrayQueue<Inbound>,
    /// Bytes in it.
    waiting: AtomicUsize,
    /// The far end spoke no sense before the connection ended: it is not connected to again at once.
    senseless: AtomicBool,
    /// Rings on the stage.
    heard: Wake,
    /// Rings in the task.
    wanted: Wake,
    /// Number of the connection that is up; 0 is none.
    connection: AtomicU64,
    reopen: AtomicBool,
    /// The stage's end was dropped.
    over: AtomicBool,
}

impl Stream {
    /// Starts connecting.
    ///
    /// # Errors
    /// When the process has no descriptors left.
    pub fn open(runtime: &Handle, peer: Peer) -> io::Result<Self> {
        let shared = Arc::new(Shared::new()?);
        let own = shared.clone();
        let task = match peer {
            Peer::Midi(pattern) => {
                // Sound systems block; not a thing for the thread that moves streams.
                std::thread::Builder::new().name("midi out".into()).spawn(move || midi_wire::run(&own, &pattern))?;
                None
            }
            peer => Some(runtime.spawn(own.run(peer))),
        };
        Ok(Self { shared, task })
    }

    /// Readable when [`Stream::take`] has something.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.shared.heard.as_fd()
    }

    /// The next thing that came; `None` silences [`Stream::fd`].
    #[must_use]
    pub fn take(&self) -> Option<Inbound> {
        self.shared.take()
    }

    /// Puts a message into the queue. Never blocks.
    ///
    /// # Errors
    /// When there is no connection, or the queue is full.
    pub fn send(&self, tag: u64, message: Vec<u8>) -> Result<(), Arc<str>> {
        self.shared.send(tag, message)
    }

    /// Closes the connection and makes a new one.
    pub fn reopen(&self) {
        self.shared.ask_reopen();
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
        self.shared.wanted.ring();
        self.task.iter().for_each(JoinHandle::abort);
    }
}

impl Shared {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            outbound: ArrayQueue::new(QUEUE),
            inbound: ArrayQueue::new(QUEUE),
            waiting: AtomicUsize::new(0),
            senseless: AtomicBool::new(false),
            heard: Wake::new()?,
            wanted: Wake::new()?,
            connection: AtomicU64::new(0),
            reopen: AtomicBool::new(false),
            over: AtomicBool::new(false),
        })
    }

    /// The stage: the next thing that came.
    pub(super) fn take(&self) -> Option<Inbound> {
        let taken = self.inbound.pop().or_else(|| {
            // Silenced before the last look: what comes after it rings again.
            self.heard.clear();
            self.inbound.pop()
        });
        self.forget_bytes(taken.as_ref());
        taken
    }

    fn forget_bytes(&self, taken: Option<&Inbound>) {
        self.waiting.fetch_sub(taken.map_or(0, Inbound::size), Ordering::AcqRel);
    }

    /// Puts something into the queue, or gives it back when that is full.
    fn push(&self, thing: Inbound) -> Result<(), Inbound> {
        let size = thing.size();
        if self.waiting.load(Ordering::Acquire) >= WAITING {
            return Err(thing);
        }
        // Counted before it can be taken.
        self.waiting.fetch_add(size, Ordering::AcqRel);
        self.inbound.push(thing).inspect_err(|_| {
            self.waiting.fetch_sub(size, Ordering::AcqRel);
        })
    }

    /// The stage: something to send.
    pub(super) fn send(&self, tag: u64, message: Vec<u8>) -> Result<(), Arc<str>> {
        let connection = self.connection.load(Ordering::Acquire);
        if connection == 0 {
            return Err("not connected".into());
        }
        let pushed = self.outbound.push((connection, tag, message));
        pushed.map_err(|_| Arc::from("the device takes nothing more (its queue is full)"))?;
        self.wanted.ring();
        Ok(())
    }

    /// The stage: close and open anew.
    pub(super) fn ask_reopen(&self) {
        self.reopen.store(true, Ordering::Release);
        self.wanted.ring();
    }

    async fn run(self: Arc<Self>, peer: Peer) {
        let Ok(wanted) = self.wanted.in_task() else { return };
        let (mut number, mut pause, mut told) = (0_u64, PAUSES.0, None);
        loop {
            let connected = tokio::time::timeout(CONNECT_WITHIN, peer.connect()).await;
            let why = match connected.unwrap_or_else(|_| Err("no answer to connecting".into())) {
                Ok(connection) => {
                    number += 1;
                    told = None;
                    self.begin(number);
                    self.give(Inbound::Up).await;
                    let line = Line { shared: &self, wanted: &wanted, number };
                    let why = match connection {
                        Connection::Tcp(stream, framing) => tcp::serve(&line, stream, framing).await,
                        Connection::WebSocket(socket) => websocket::serve(&line, *socket).await,
                        Connection::Http(client) => http::serve(&line, client).await,
                    };
                    self.end();
                    if !self.senseless.swap(false, Ordering::AcqRel) {
                        pause = PAUSES.0;
                    }
                    why
                }
                Err(why) => why,
            };
            self.forget();
            // A device that stays away is told once, not at each attempt.
            if told.as_ref() != Some(&why) {
                self.give(Inbound::Down(why.clone())).await;
                told = Some(why);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// A connection is there; messages from now on are for it.
    pub(super) fn begin(&self, number: u64) {
        self.reopen.store(false, Ordering::Release);
        self.connection.store(number, Ordering::Release);
    }

    /// It has gone.
    pub(super) fn end(&self) {
        self.connection.store(0, Ordering::Release);
    }

    /// Drops what still waits to go out.
    pub(super) fn forget(&self) {
        while self.outbound.pop().is_some() {}
    }

    /// News of the wire itself always reaches the stage: the oldest thing gives way.
    pub(super) fn news(&self, thing: Inbound) {
        self.waiting.fetch_add(thing.size(), Ordering::AcqRel);
        self.forget_bytes(self.inbound.force_push(thing).as_ref());
        self.heard.ring();
    }

    /// Hands something to the stage; waits while the stage has not yet taken what came before.
    async fn give(&self, mut thing: Inbound) {
        while let Err(back) = self.push(thing) {
            thing = back;
            tokio::time::sleep(FULL_PAUSE).await;
        }
        self.heard.ring();
    }
}

/// What a thread needs that serves a MIDI port.
#[cfg(feature = "midi")]
impl Shared {
    /// Ready when the stage wants something.
    pub(super) fn bell(&self) -> io::Result<super::sys::Poller> {
        let poller = super::sys::Poller::new()?;
        poller.add(self.wanted.as_fd(), 0)?;
        Ok(poller)
    }

    pub(super) fn silence_bell(&self) {
        self.wanted.clear();
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    pub(super) fn take_reopen(&self) -> bool {
        self.reopen.swap(false, Ordering::AcqRel)
    }

    /// The next message for this connection.
    pub(super) fn next_for(&self, number: u64) -> Option<Vec<u8>> {
        std::iter::from_fn(|| self.outbound.pop()).find(|(connection, ..)| *connection == number).map(|(.., message)| message)
    }

    /// Hands something to the stage, or drops it when the stage takes nothing: a port cannot be held up.
    pub(super) fn try_give(&self, thing: Inbound) {
        drop(self.push(thing));
        self.heard.ring();
    }
}

/// One connection as its task sees it.
pub(super) struct Line<'a> {
    shared: &'a Shared,
    wanted: &'a AsyncFd<Wake>,
    number: u64,
}

impl Line<'_> {
    /// Hands something to the stage; waits while the stage has not yet taken what came before.
    pub(super) async fn give(&self, thing: Inbound) {
        self.shared.give(thing).await;
    }

    /// The far end speaks no sense: it is connected to again after a pause that grows.
    pub(super) fn is_senseless(&self) {
        self.shared.senseless.store(true, Ordering::Release);
    }

    /// The next message to send, with its tag.
    ///
    /// # Errors
    /// When the stage wants the connection closed.
    pub(super) fn next(&self) -> Result<Option<(u64, Vec<u8>)>, Arc<str>> {
        if self.shared.reopen.swap(false, Ordering::AcqRel) {
            return Err("closed to connect anew".into());
        }
        while let Some((connection, tag, message)) = self.shared.outbound.pop() {
            if connection == self.number {
                return Ok(Some((tag, message)));
            }
        }
        Ok(None)
    }

    /// Waits until [`Line::next`] may have something.
    ///
    /// # Errors
    /// When the bell is broken.
    pub(super) async fn wanted(&self) -> Result<(), Arc<str>> {
        let mut guard = self.wanted.readable().await.map_err(|error| super::udp::plain(&error))?;
        guard.get_inner().clear();
        guard.clear_ready();
        Ok(())
    }
}
