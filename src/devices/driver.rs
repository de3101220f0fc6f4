//! The contract between a family and the house.
//!
//! A driver lives whole on one thread, never blocks, never panics on bytes, never invents success.
//! A simulator is a driver that faces the other way.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use crate::device_api::{ActionId, Command, Report};
use crate::show::{Device, DeviceIx, PropIx, Property, Show, Value};
use crate::time::{Mono, Span};

/// Drives one device.
pub trait Driver: std::marker::Send {
    /// Something came over a wire, or a wire came up or went down. Takes any bytes, in any split.
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out);
    /// The engine wants something. Newest value of a property wins over an unsent one. What leaves for it says with its last message that
    /// it [completes](Out::completes) the action; a driver never reports [`Report::Sent`] itself.
    fn command(&mut self, now: Mono, command: &Command, out: &mut Out);
    /// Runs what is due at `now`: fade steps, polls, keep-alives, timeouts.
    fn tick(&mut self, now: Mono, out: &mut Out);
    /// When `tick` must be called next; `None`: not until something comes.
    fn next_due(&self) -> Option<Mono>;
    /// showcall ends: what must not go on without it is ended now, such as a note that sounds. Called after all else that the run
    /// sends, maybe more than once; nothing may begin after it.
    fn last_call(&mut self, _: Mono, _: &mut Out) {}
    /// A lighting output takes universe frames beside commands.
    fn lighting(&mut self) -> Option<&mut dyn Lighting> {
        None
    }
}

/// A device that takes universe frames.
pub trait Lighting {
    /// A universe's 512 slots; `index` is the rig's universe index, `address` the output's Port-Address or sACN universe.
    /// The stage paces calls: never closer than 20 ms for one universe.
    fn frame(&mut self, now: Mono, index: u16, address: u16, slots: &[u8; 512], out: &mut Out);
    /// All universes of this grid step have been given (ArtSync goes here, when asked for).
    fn frames_done(&mut self, now: Mono, out: &mut Out);
    /// The device is let go (released or bypassed): nothing more is sent to it, not even repeats, until frames come again.
    fn let_go(&mut self, now: Mono, out: &mut Out);
}

/// Plays a device: real state, real bytes, for rehearsal and tests.
pub trait Simulator: std::marker::Send {
    /// Something came from the controller's side.
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out);
    /// Runs what is due at `now`.
    fn tick(&mut self, now: Mono, out: &mut Out);
    /// When `tick` must be called next.
    fn next_due(&self) -> Option<Mono>;
    /// A hand on the device itself changes a property by its path, as a person at the desk would.
    fn poke(&mut self, now: Mono, path: &str, value: &Value, out: &mut Out);
    /// The true state of a property by its path.
    fn peek(&self, path: &str) -> Option<Value>;
    /// The levels that a lighting receiver puts on its line, after merging and all else: of a Port-Address or sACN universe. `None`: it puts
    /// out nothing there.
    fn on_line(&self, _: u16) -> Option<&[u8; 512]> {
        None
    }
}

/// One wire of a device, by its place in [`Family::wires`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WireId(pub u8);

/// What a wire is, as the family declares it from the device's plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wire {
    /// A datagram socket of its own, connected to the device.
    Udp {
        /// Host and port of the device.
        to: Target,
        /// Local port; 0 is any.
        local_port: u16,
    },
    /// A datagram socket like the [`Wire::Udp`] (with any local port) before it, on the local port after that wire's, which is then an
    /// even one: for sessions whose two ports stand side by side on both ends.
    UdpNext {
        /// Host and port of the device.
        to: Target,
    },
    /// One local port that many devices share; what comes is told apart by its source address.
    /// Every destination is sent to from its own connected socket.
    UdpShared {
        /// Host and port of the device, or the network's broadcast address.
        to: Target,
        /// The shared local port: 6454 for Art-Net.
        local_port: u16,
        /// Takes packets from sources that no other device claims.
        strangers: bool,
    },
    /// Multicast in one network. Sends name a group each ([`Out::send_to`]). It is up while the network can be used: taken down when the
    /// link goes down or the interface leaves, and up again, with all groups joined anew, when it is back.
    Multicast {
        /// Groups that are listened to; none: this wire only sends, from a port of the kernel's choice.
        groups: Vec<Ipv4Addr>,
        /// The local port of a wire that listens.
        port: u16,
        /// Which network: the name or the address of this machine's interface, or the address of a host there. Empty: the one that the
        /// system sends multicast to.
        network: String,
        /// Datagrams that hold these bytes at this place are our own that came back: they are dropped before anybody sees them.
        own: (usize, [u8; 16]),
    },
    /// A stream.
    Tcp {
        /// Host and port of the device.
        to: Target,
        /// How messages are told apart.
        framing: Framing,
    },
    /// A WebSocket: text messages, each one [`Payload::Text`]; a [`Send`]'s bytes are the text. A device's closing code stands in
    /// brackets in the reason of [`WireEvent::Down`]: `the device closed the connection (4009: Authentication failed.)`.
    ///
    /// A family may have several to one address. Its **simulator** gets each connection as a wire of its own: `Up(n)` when it is made,
    /// with the lowest `n` that is free (in memory: the wire's own place, so that wire 0 and wire 1 are two sessions), then all its data
    /// and `Down(n)` under that `n`. It keeps a session for each, answers on the same wire, and may get more of them than
    /// [`Family::wires`] names (other clients). [`Out::hang_up`] closes one. Which of them a client uses for what is in what the client says.
    WebSocket {
        /// `ws://host:port/path`.
        url: String,
        /// Sub-protocol, when the device wants one.
        protocol: Option<String>,
    },
    /// Requests over HTTP: each send is one [`web::Request`](super::web::Request) in its bytes with a tag of the driver's choice
    /// ([`Out::ask`]), each reply one [`Payload::HttpReply`] with that tag. One at a time, in order. The wire is up at once; that a
    /// device is away is told by replies of status 0, whose body is the reason.
    Http {
        /// `http://host:port`.
        base: String,
    },
    /// A MIDI port whose name contains this: its output, and its input when there is one of that name. A send is whole messages,
    /// one behind the other (system exclusive from F0 to F7). It is up when the port is there; that says nothing of what is plugged into it.
    Midi {
        /// Part of the port's name.
        port: String,
    },
}

/// Where a wire goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// How messages on a stream are told apart. Links cut the stream; the driver gets whole messages except with `Raw`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Not at all: chunks as they come, in any split.
    Raw,
    /// OSC 1.0: int32 big-endian length before each packet.
    OscLength,
    /// OSC 1.1: SLIP with END before and after.
    Slip,
    /// Text lines; any of CR, LF, CRLF ends one, none is kept.
    Lines,
}

/// What reaches a driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WireEvent<'a> {
    /// The wire can be used (a datagram wire: the socket is open; that says nothing of the device).
    Up(WireId),
    /// The wire cannot be used; links tries again by itself, unless the driver closed it for good ([`Out::close`]).
    Down(WireId, Arc<str>),
    /// A send failed: this destination is unreachable just now. `to` where the send named one ([`Out::send_to`]).
    SendFailed {
        /// Over which wire.
        wire: WireId,
        /// The destination; `None`: the wire's own target.
        to: Option<SocketAddr>,
        /// Why, for the technician.
        why: Arc<str>,
    },
    /// Something came.
    Data {
        /// Over which wire.
        wire: WireId,
        /// From where, for datagrams.
        from: Option<SocketAddr>,
        /// What.
        payload: Payload<'a>,
    },
}

/// What came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload<'a> {
    /// One datagram, or one framed message of a stream.
    Datagram(&'a [u8]),
    /// A piece of a raw stream, in any split.
    Chunk(&'a [u8]),
    /// A WebSocket text message.
    Text(&'a str),
    /// One MIDI message.
    Midi(&'a [u8]),
    /// A request, as a simulator gets it; answered by [`Out::reply`] with the same tag.
    HttpRequest {
        /// Names the request until it is answered.
        tag: u64,
        /// A [`web::Request`](super::web::Request) in bytes.
        request: &'a [u8],
    },
    /// The answer to an HTTP request.
    HttpReply {
        /// The number that the request's [`Send::tag`] carried.
        tag: u64,
        /// Status code; 0 when there was no answer.
        status: u16,
        /// Body.
        body: &'a [u8],
    },
}

/// What a driver or simulator gives back. The caller empties it after each call; buffers are reused.
#[derive(Debug, Default)]
pub struct Out {
    /// In order.
    pub sends: Vec<Send>,
    /// In order.
    pub reports: Vec<Report>,
    /// Wires to close and open anew.
    pub reopen: Vec<WireId>,
    /// Wires to close until a person acts: see [`Out::close`].
    pub close: Vec<WireId>,
    /// WebSocket sessions that a simulated device closes: wire, closing code, reason.
    pub hang_ups: Vec<(WireId, u16, &'static str)>,
    /// Spent byte buffers to take again.
    spare: Vec<Vec<u8>>,
}

/// One message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// Over which wire.
    pub wire: WireId,
    /// To whom; `None`: the wire's own target.
    pub to: Option<SocketAddr>,
    /// The bytes (an HTTP request: its JSON form as links documents it).
    pub bytes: Vec<u8>,
    /// Of an HTTP request: echoed in its reply. Of a simulator's answer: the request's.
    pub tag: u64,
    /// The action that it is sent for: links report it sent when its last message has left, and refused when one cannot leave.
    pub sending: Option<Sending>,
}

/// An action on a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// The action.
    pub action: ActionId,
    /// Other messages follow for it.
    pub more: bool,
    /// What the device will hold, in its own steps; `None`: nothing that is known.
    pub value: Option<Value>,
}

impl Sending {
    /// What links say once the message has left, or could not; `None`: more of it is to leave.
    #[must_use]
    pub fn report(self, failed: Option<&str>) -> Option<Report> {
        let Self { action, more, value } = self;
        match failed {
            Some(why) => Some(Report::Refused { action, why: format!("could not be sent: {why}").into() }),
            None => (!more).then_some(Report::Sent { action, value }),
        }
    }
}

impl Out {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty byte buffer, reused where one is spare.
    #[must_use]
    pub fn buffer(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    /// Sends to the wire's own target.
    pub fn send(&mut self, wire: WireId, bytes: Vec<u8>) {
        self.sends.push(Send { wire, to: None, bytes, tag: 0, sending: None });
    }

    /// Sends to an address of its own.
    pub fn send_to(&mut self, wire: WireId, to: SocketAddr, bytes: Vec<u8>) {
        self.sends.push(Send { wire, to: Some(to), bytes, tag: 0, sending: None });
    }

    /// Asks over an Http wire; the reply carries `tag`.
    pub fn ask(&mut self, wire: WireId, tag: u64, request: &super::web::Request) {
        self.sends.push(Send { wire, to: None, bytes: request.bytes(), tag, sending: None });
    }

    /// Answers a request: a simulated device's reply. (Its send is the status code, big-endian, then the body.)
    pub fn reply(&mut self, wire: WireId, tag: u64, status: u16, body: &[u8]) {
        let mut bytes = status.to_be_bytes().to_vec();
        bytes.extend_from_slice(body);
        self.sends.push(Send { wire, to: None, bytes, tag, sending: None });
    }

    /// The message given last is the end of an action: what it wants has left with it. Only links know when, and report [`Report::Sent`].
    pub fn completes(&mut self, action: ActionId, value: Option<Value>) {
        if let Some(send) = self.sends.last_mut() {
            send.sending = Some(Sending { action, more: false, value });
        }
    }

    /// Closes a WebSocket session: a simulated device's word, after what it has sent.
    pub fn hang_up(&mut self, wire: WireId, code: u16, reason: &'static str) {
        self.hang_ups.push((wire, code, reason));
    }

    /// Says something of the device.
    pub fn report(&mut self, report: Report) {
        self.reports.push(report);
    }

    /// Closes a wire, and it stays closed until a person takes the device back (released, then live): for a wrong password,
    /// where each new try brings a device nearer to locking everybody out. Say [`Report::NeedsHuman`] beside it.
    /// The driver gets [`WireEvent::Down`]; bytes given in the same call may be lost.
    pub fn close(&mut self, wire: WireId) {
        self.close.push(wire);
    }

    /// Takes a sent message's buffer back.
    pub fn recycle(&mut self, mut bytes: Vec<u8>) {
        if self.spare.len() < 64 && bytes.capacity() <= 2048 {
            bytes.clear();
            self.spare.push(bytes);
        }
    }

    /// True when nothing was given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let nothing_to_say = self.sends.is_empty() && self.reports.is_empty() && self.hang_ups.is_empty();
        nothing_to_say && self.reopen.is_empty() && self.close.is_empty()
    }
}

/// All that a family may know when it builds for a device.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// The show.
    pub show: &'a Arc<Show>,
    /// The device in it.
    pub device: DeviceIx,
}

impl<'a> Plan<'a> {
    /// The device.
    #[must_use]
    pub fn device(&self) -> &'a Device {
        self.show.device(self.device)
    }

    /// Its properties.
    pub fn props(&self) -> impl Iterator<Item = (PropIx, &'a Property)> + use<'a> {
        let show = self.show;
        self.device().props.iter().map(move |ix| (*ix, show.prop(*ix)))
    }

    /// Host and port of the device.
    #[must_use]
    pub fn target(&self) -> Target {
        let device = self.device();
        Target { host: device.address.as_deref().unwrap_or("127.0.0.1").to_owned(), port: device.port }
    }
}

/// A family of devices: one line in the registry.
#[derive(Clone, Copy)]
pub struct Family {
    /// The name that profiles use.
    pub name: &'static str,
    /// What it is, for the list of families.
    pub about: &'static str,
    /// Its wires for a device.
    pub wires: fn(Plan<'_>) -> Vec<Wire>,
    /// Its driver for a device.
    pub driver: fn(Plan<'_>) -> Box<dyn Driver>,
    /// The device's simulator.
    pub simulator: fn(Plan<'_>) -> Box<dyn Simulator>,
    /// Checks what only the family understands in a profile (templates); gives one line a fault.
    pub check: fn(&crate::show::Profile) -> Vec<String>,
}

impl std::fmt::Debug for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Family").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The earlier of two optional instants.
#[must_use]
pub fn earlier(a: Option<Mono>, b: Option<Mono>) -> Option<Mono> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The step of a fade at `now`, in millionths of its way; 1,000,000 when it is over.
#[must_use]
pub fn progress(now: Mono, start: Mono, length: Span) -> u32 {
    if length.is_zero() {
        return 1_000_000;
    }
    let done = u128::from(now.since(start).0) * 1_000_000 / u128::from(length.0);
    u32::try_from(done.min(1_000_000)).unwrap_or(1_000_000)
}
