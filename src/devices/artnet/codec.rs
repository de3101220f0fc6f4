//! Packets as bytes. ArtPoll and ArtDmx are encoded by `artnet_protocol`; its ArtSync lacks four bytes, its ArtDmx parser
//! ignores the length field and it refuses replies below 239 bytes, so those are our own.

use std::fmt;

use artnet_protocol::{ArtCommand, ArtTalkToMe, Output, Poll, PortAddress as WirePortAddress};

use super::reply::Reply;
use crate::show::{FrameRate, TimeCode};

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
/// Where ArtDmx has how many slots there are.
const LENGTH_AT: usize = 16;
/// Where ArtDmx has its slots.
pub const SLOTS_AT: usize = 18;
/// An ArtDmx of 512 slots.
pub const DMX_LENGTH: usize = SLOTS_AT + 512;
/// ArtPoll flag: also reply when something changes.
pub const REPLY_ON_CHANGE: u8 = 0b0000_0010;

/// Types of ArtTimeCode, 0 to 3.
const RATES: [FrameRate; 4] = [FrameRate::F24, FrameRate::F25, FrameRate::Drop30, FrameRate::F30];

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
    /// ArtAddress.
    pub const ADDRESS: u16 = 0x6000;
    /// ArtTimeCode.
    pub const TIME_CODE: u16 = 0x9700;
    /// ArtTrigger.
    pub const TRIGGER: u16 = 0x9900;
}

/// Commands of ArtAddress ("ArtAddress", Command).
pub mod command {
    /// The next sender wins; others are ignored.
    pub const CANCEL_MERGE: u8 = 0x01;
    /// Indicators as always.
    pub const LED_NORMAL: u8 = 0x02;
    /// Indicators flash, so that a person finds the box.
    pub const LED_LOCATE: u8 = 0x04;
    /// Failsafe: hold; the next three are zero, full and scene.
    pub const FAIL_HOLD: u8 = 0x08;
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
    /// A controller changes a node's settings.
    Address {
        /// Which of the devices at this host; 0 and 1 are the root.
        bind_index: u8,
        /// One of [`command`]; the rest of the packet changes nothing here.
        command: u8,
    },
    /// Time runs.
    TimeCode {
        /// Film 24, EBU 25, drop frame 29.97, SMPTE 30.
        rate: FrameRate,
        /// The time.
        time: TimeCode,
    },
    /// Something is to happen.
    Trigger {
        /// The maker whose keys are meant; 0xffff: anybody's.
        oem: u16,
        /// 0 a character, 1 a macro, 2 a soft key, 3 a show.
        key: u8,
        /// Its number.
        sub_key: u8,
    },
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
        op::DMX => Packet::Dmx(parse_dmx(bytes)?),
        op::SYNC => Packet::Sync,
        op::ADDRESS => Packet::Address { bind_index: *bytes.get(13)?, command: *bytes.get(106)? },
        // Byte 13 is the stream; those beside the master stream are other clocks.
        op::TIME_CODE if *bytes.get(13)? != 0 => Packet::Other,
        op::TIME_CODE => time_code(bytes.get(14..19)?.first_chunk()?)?,
        op::TRIGGER => {
            Packet::Trigger { oem: u16::from_be_bytes(*bytes.get(14..16)?.first_chunk()?), key: *bytes.get(16)?, sub_key: *bytes.get(17)? }
        }
        _ => Packet::Other,
    })
}

/// ArtDmx of some slots: their count is made even, as the protocol wants it, and 2 at least.
#[must_use]
pub fn dmx(address: u16, sequence: u8, slots: &[u8]) -> Vec<u8> {
    let slots = slots.get(..512).unwrap_or(slots);
    let length = slots.len().next_multiple_of(2).max(2);
    let mut packet = dmx_template(PortAddress(address)).to_vec();
    packet.truncate(SLOTS_AT + length);
    if let Some(place) = packet.get_mut(SEQUENCE_AT) {
        *place = sequence;
    }
    if let Some(place) = packet.get_mut(LENGTH_AT..SLOTS_AT) {
        place.copy_from_slice(&u16::try_from(length).unwrap_or(512).to_be_bytes());
    }
    packet.iter_mut().skip(SLOTS_AT).zip(slots).for_each(|(place, slot)| *place = *slot);
    packet
}

/// ArtDmx from its 12th byte on. Slots beyond the length field are padding of the datagram, not levels.
fn parse_dmx(bytes: &[u8]) -> Option<Dmx<'_>> {
    let [sequence, physical, low, net, length_high, length_low] = *bytes.get(SEQUENCE_AT..SLOTS_AT)?.first_chunk()?;
    let length = usize::from(u16::from_be_bytes([length_high, length_low]));
    if !(1..=512).contains(&length) {
        return None;
    }
    let slots = bytes.get(SLOTS_AT..SLOTS_AT + length)?;
    Some(Dmx { sequence, physical, address: PortAddress(u16::from_be_bytes([net & 0x7f, low])), slots })
}

/// ArtTimeCode from its 14th byte on; `None` for a time that there is not.
fn time_code(&[frames, seconds, minutes, hours, kind]: &[u8; 5]) -> Option<Packet<'static>> {
    let rate = RATES.get(usize::from(kind)).copied()?;
    let time = TimeCode { hours, minutes, seconds, frames };
    (time.is_whole() && frames < rate.labels()).then_some(Packet::TimeCode { rate, time })
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

/// A packet's first twelve bytes: ID, opcode, version.
fn head<const N: usize>(opcode: u16) -> [u8; N] {
    let mut bytes = [0; N];
    bytes[..8].copy_from_slice(ID);
    bytes[8..10].copy_from_slice(&opcode.to_le_bytes());
    bytes[10..12].copy_from_slice(&VERSION.to_be_bytes());
    bytes
}

/// ArtAddress that gives one of [`command`] and leaves names, addresses and priority as they are.
#[must_use]
pub fn address(bind_index: u8, command: u8) -> [u8; 107] {
    let mut bytes = head(op::ADDRESS);
    // NetSwitch, SwIn, SwOut, SubSwitch: no change. AcnPriority: no change.
    bytes[12] = 0x7f;
    bytes[13] = bind_index;
    bytes[96..105].fill(0x7f);
    bytes[105] = 0xff;
    bytes[106] = command;
    bytes
}

/// ArtTimeCode of the master stream.
#[must_use]
pub fn time_code_packet(rate: FrameRate, time: TimeCode) -> [u8; 19] {
    let mut bytes = head(op::TIME_CODE);
    let kind = RATES.iter().position(|r| *r == rate).unwrap_or_default();
    bytes[14..19].copy_from_slice(&[time.frames, time.seconds, time.minutes, time.hours, kind as u8]);
    bytes
}

/// ArtTrigger for anybody's keys, with the 512 bytes of payload that the packet has, all zero.
#[must_use]
pub fn trigger(key: u8, sub_key: u8) -> [u8; 530] {
    let mut bytes = head(op::TRIGGER);
    bytes[14..18].copy_from_slice(&[0xff, 0xff, key, sub_key]);
    bytes
}
