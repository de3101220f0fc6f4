//! A stream to one device: a tokio task connects, frames and moves bytes; the driver stays on the stage thread.
//!
//! Both queues are bounded and lock-free. Into the device: a full queue refuses, and the driver is told that its send failed;
//! which command gives way is the driver's own business. Out of it: the task stops reading, so the device is held up, never the stage.
//! Whatever still waits when a connection ends is dropped: after a reconnect a driver reads first.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_queue::ArrayQueue;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::framing::{Cutter, wrap};
use super::sys::Wake;
use super::udp::plain;
use crate::devices::{Framing, Target};

/// Messages that wait to go out, and that wait for the driver.
const QUEUE: usize = 512;
/// How long a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// First and longest pause between two attempts.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));
/// How long the reader waits for the driver when its queue is full.
const FULL_PAUSE: Duration = Duration::from_millis(2);

/// Silence after which the kernel asks, and the pause between its questions.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(2));

/// What a stream gives its driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// Connected.
    Up,
    /// No longer connected, or the first attempt failed.
    Down(Arc<str>),
    /// A whole message.
    Message(Vec<u8>),
    /// Bytes of a raw stream.
    Chunk(Vec<u8>),
}

/// The stage's end of a stream. Dropping it closes the connection.
#[derive(Debug)]
pub struct Stream {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    target: Target,
    framing: Framing,
    /// With the number of the connection that each message is for.
    outbound: ArrayQueue<(u64, Vec<u8>)>,
    inbound: ArrayQueue<Inbound>,
    /// Rings on the stage.
    heard: Wake,
    /// Rings in the task.
    wanted: Wake,
    /// Number of the connection that is up; 0 is none.
    connection: AtomicU64,
    reopen: AtomicBool,
}

impl Stream {
    /// Starts connecting.
    ///
    /// # Errors
    /// When the process has no descriptors left.
    pub fn open(runtime: &Handle, target: Target, framing: Framing) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            target,
            framing,
            outbound: ArrayQueue::new(QUEUE),
            inbound: ArrayQueue::new(QUEUE),
            heard: Wake::new()?,
            wanted: Wake::new()?,
            connection: AtomicU64::new(0),
            reopen: AtomicBool::new(false),
        });
        let task = runtime.spawn(shared.clone().run());
        Ok(Self { shared, task })
    }

    /// Readable when [`Stream::take`] has something.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.shared.heard.as_fd()
    }

    /// Silences [`Stream::fd`]; say this before taking all there is.
    pub fn clear(&self) {
        self.shared.heard.clear();
    }

    /// Rings [`Stream::fd`] again, when something was left.
    pub fn ring(&self) {
        self.shared.heard.ring();
    }

    /// The next thing that came.
    #[must_use]
    pub fn take(&self) -> Option<Inbound> {
        self.shared.inbound.pop()
    }

    /// Puts a message into the queue. Never blocks.
    ///
    /// # Errors
    /// When there is no connection, or the queue is full.
    pub fn send(&self, message: Vec<u8>) -> Result<(), Arc<str>> {
        let connection = self.shared.connection.load(Ordering::Acquire);
        if connection == 0 {
            return Err("not connected".into());
        }
        self.shared.outbound.push((connection, message)).map_err(|_| Arc::from("the device takes nothing more (its queue is full)"))?;
        self.shared.wanted.ring();
        Ok(())
    }

    /// Closes the connection and makes a new one.
    pub fn reopen(&self) {
        self.shared.reopen.store(true, Ordering::Release);
        self.shared.wanted.ring();
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    async fn run(self: Arc<Self>) {
        let Ok(wanted) = self.wanted.in_task() else { return };
        let (mut number, mut pause, mut told) = (0_u64, PAUSES.0, None);
        loop {
            let connected = tokio::time::timeout(CONNECT_WITHIN, self.connect()).await;
            let why = match connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Ok(stream) => {
                    number += 1;
                    (pause, told) = (PAUSES.0, None);
                    let why = self.serve(stream, number, &wanted).await;
                    self.connection.store(0, Ordering::Release);
                    why
                }
                Err(error) => plain(&error),
            };
            while self.outbound.pop().is_some() {}
            // A device that stays away is told once, not at each attempt.
            if told.as_ref() != Some(&why) {
                self.give(Inbound::Down(why.clone())).await;
                told = Some(why);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let host = self.target.host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, self.target.port)).await?;
        // Without this a command waits for the acknowledgement of the one before it.
        stream.set_nodelay(true)?;
        // A device that lost its power says nothing: the kernel asks.
        let keepalive = socket2::TcpKeepalive::new().with_time(KEEPALIVE.0).with_interval(KEEPALIVE.1);
        socket2::SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
        Ok(stream)
    }

    /// Moves bytes until the connection ends; gives the reason.
    async fn serve(&self, stream: TcpStream, number: u64, wanted: &AsyncFd<Wake>) -> Arc<str> {
        self.reopen.store(false, Ordering::Release);
        self.connection.store(number, Ordering::Release);
        self.give(Inbound::Up).await;
        let (mut read, mut write) = stream.into_split();
        tokio::select! {
            why = self.read_all(&mut read) => why,
            why = self.write_all(&mut write, number, wanted) => why,
        }
    }

    async fn read_all(&self, from: &mut tokio::net::tcp::OwnedReadHalf) -> Arc<str> {
        let (mut cutter, mut buffer) = (Cutter::new(self.framing), vec![0_u8; 16_384]);
        loop {
            let bytes = match from.read(&mut buffer).await {
                Ok(0) => return "the device closed the connection".into(),
                Ok(length) => buffer.get(..length).unwrap_or_default(),
                Err(error) => return plain(&error),
            };
            let mut messages = Vec::new();
            let fault = cutter.push(bytes, |message| messages.push(message.to_vec())).err();
            for message in messages {
                self.give(if self.framing == Framing::Raw { Inbound::Chunk(message) } else { Inbound::Message(message) }).await;
            }
            if let Some(fault) = fault {
                return fault.to_string().into();
            }
        }
    }

    async fn write_all(&self, to: &mut tokio::net::tcp::OwnedWriteHalf, number: u64, wanted: &AsyncFd<Wake>) -> Arc<str> {
        let mut bytes = Vec::new();
        loop {
            if self.reopen.swap(false, Ordering::AcqRel) {
                return "closed to connect anew".into();
            }
            bytes.clear();
            while let Some((connection, message)) = self.outbound.pop() {
                if connection == number {
                    wrap(self.framing, &message, &mut bytes);
                }
            }
            if !bytes.is_empty() {
                if let Err(error) = to.write_all(&bytes).await {
                    return plain(&error);
                }
                continue;
            }
            match wanted.readable().await {
                Ok(mut guard) => {
                    guard.get_inner().clear();
                    guard.clear_ready();
                }
                Err(error) => return plain(&error),
            }
        }
    }

    /// Hands something to the stage; waits while the stage has not yet taken what came before.
    async fn give(&self, mut thing: Inbound) {
        while let Err(back) = self.inbound.push(thing) {
            thing = back;
            tokio::time::sleep(FULL_PAUSE).await;
        }
        self.heard.ring();
    }
}
