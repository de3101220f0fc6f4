//! Packets as bytes. ArtPoll and ArtDmx are encoded by `artnet_protocol`; its ArtSync lacks four bytes, its ArtDmx parser
//! ignores the length field and it refuses replies below 239 bytes, so those are our own.

use std::fmt;

use artnet_protocol::{ArtCommand, ArtTalkToMe, Output, Poll, PortAddress as WirePortAddress};

use super::reply::Reply;

/// UDP port 6454 (0x1936) of everybody.
pub const PORT: u16 = 0x1936;
/// The first eight bytes of every packet.
pub const ID: &[u8; 8] = b"Art-Net\0";
/// Lowest protocol version to accept (bytes 10 and 11).
const VERSION: u16 = 14;
/// Where ArtPoll has its flags.
const FLAGS_AT: usize = 12;
/// Where ArtDmx has its sequence.
pub const SEQUENCE_AT: usize = 12;
/// Where ArtDmx has its slots.
pub const SLOTS_AT: usize = 18;
/// An ArtDmx of 512 slots.
pub const DMX_LENGTH: usize = SLOTS_AT + 512;
/// ArtPoll flag: also reply when something changes.
pub const REPLY_ON_CHANGE: u8 = 0b0000_0010;

/// Opcodes ("OpCodes" table).
pub mod op {
    /// ArtPoll.
    pub const POLL: u16 = 0x2000;
    /// ArtPollReply.
    pub const POLL_REPLY: u16 = 0x2100;
    /// ArtDmx.
    pub const DMX: u16 = 0x5000;
    /// ArtSync.
    pub const SYNC: u16 = 0x5200;
}

/// A Port-Address of 15 bits, printed as `net:sub-net:universe`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortAddress(pub u16);

impl fmt::Display for PortAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.0 >> 8 & 0x7f, self.0 >> 4 & 0xf, self.0 & 0xf)
    }
}

/// A packet that somebody sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet<'a> {
    /// A controller asks who is there; `flags` as in byte 12.
    Poll {
        /// What it wants.
        flags: u8,
    },
    /// A node or a controller says who it is.
    Reply(Box<Reply>),
    /// Levels.
    Dmx(Dmx<'a>),
    /// Output now.
    Sync,
    /// An opcode that nothing here needs.
    Other,
}

/// ArtDmx.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dmx<'a> {
    /// 1 to 255; 0: the sender does not count.
    pub sequence: u8,
    /// The sender's input; tells streams of one host apart.
    pub physical: u8,
    /// For whom.
    pub address: PortAddress,
    /// Slot 1 first; up to 512.
    pub slots: &'a [u8],
}

/// Reads a datagram; `None` for what is not Art-Net, too old, or too short for what it says it is.
#[must_use]
pub fn parse(bytes: &[u8]) -> Option<Packet<'_>> {
    let rest = bytes.strip_prefix(ID)?;
    let opcode = u16::from_le_bytes([*rest.first()?, *rest.get(1)?]);
    if opcode == op::POLL_REPLY {
        return Reply::parse(bytes).map(|reply| Packet::Reply(Box::new(reply)));
    }
    if u16::from_be_bytes([*bytes.get(10)?, *bytes.get(11)?]) < VERSION {
        return None;
    }
    Some(match opcode {
        op::POLL => Packet::Poll { flags: *bytes.get(12)? },
        op::DMX => Packet::Dmx(dmx(bytes)?),
        op::SYNC => Packet::Sync,
        _ => Packet::Other,
    })
}

/// ArtDmx from its 12th byte on. Slots beyond the length field are padding of the datagram, not levels.
fn dmx(bytes: &[u8]) -> Option<Dmx<'_>> {
    let [sequence, physical, low, net, length_high, length_low] = *bytes.get(SEQUENCE_AT..SLOTS_AT)?.first_chunk()?;
    let length = usize::from(u16::from_be_bytes([length_high, length_low]));
    if !(1..=512).contains(&length) {
        return None;
    }
    let slots = bytes.get(SLOTS_AT..SLOTS_AT + length)?;
    Some(Dmx { sequence, physical, address: PortAddress(u16::from_be_bytes([net & 0x7f, low])), slots })
}

/// ArtPoll of 14 bytes, which every version takes; asks for replies on change.
#[must_use]
pub fn poll() -> Vec<u8> {
    let poll = Poll { talk_to_me: ArtTalkToMe::from_bits_truncate(REPLY_ON_CHANGE), diagnostics_priority: 0x10, ..Poll::default() };
    ArtCommand::Poll(poll).write_to_buffer().unwrap_or_default()
}

/// ArtPoll of 14 bytes that asks for one reply and no more.
#[must_use]
pub fn poll_once() -> Vec<u8> {
    let mut bytes = poll();
    if let Some(flags) = bytes.get_mut(FLAGS_AT) {
        *flags = 0;
    }
    bytes
}

/// ArtDmx of 512 slots at zero with sequence 0, for the caller to patch in place. Bits above the 15th of the address are dropped.
#[must_use]
pub fn dmx_template(address: PortAddress) -> Box<[u8; DMX_LENGTH]> {
    let mut packet = Box::new([0; DMX_LENGTH]);
    let port_address = WirePortAddress::try_from(address.0 & 0x7fff).unwrap_or_else(|_| 0_u8.into());
    let output = Output { port_address, data: vec![0; 512].into(), ..Output::default() };
    if let Ok(bytes) = ArtCommand::Output(output).write_to_buffer()
        && let Ok(whole) = <[u8; DMX_LENGTH]>::try_from(bytes)
    {
        *packet = whole;
    }
    packet
}

/// ArtSync: opcode, version 14, two auxiliary bytes of zero ("ArtSync").
pub const SYNC: [u8; 14] = *b"Art-Net\0\x00\x52\x00\x0e\x00\x00";
