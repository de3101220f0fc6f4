//! Packets as bytes (E1.31-2018, chapters 4 to 8, over the root layer of ANSI E1.17). All numbers are big-endian.

use std::net::{Ipv4Addr, SocketAddr};

use crate::devices::dmx::SLOTS;

/// UDP port of everybody (5568; ANSI E1.31, Appendix A).
pub const PORT: u16 = 5568;
/// The universe that universe discovery is sent to.
pub const DISCOVERY_UNIVERSE: u16 = 64_214;
/// Universes of one page of universe discovery (8.5).
pub const PAGE: usize = 512;

/// Preamble of 16 bytes, postamble of none, and the packet identifier of ANSI E1.17.
pub const ID: [u8; 16] = *b"\x00\x10\x00\x00ASC-E1.17\x00\x00\x00";
/// Where every packet has its component identifier.
pub const CID_AT: usize = 22;
/// Where a data packet has its options.
pub const OPTIONS_AT: usize = 112;
/// Where a data packet has its sequence.
pub const SEQUENCE_AT: usize = 111;
/// Where a data packet has its first slot, behind the START code.
pub const SLOTS_AT: usize = 126;
/// A data packet of 512 slots.
pub const DATA_LENGTH: usize = SLOTS_AT + SLOTS;
/// A synchronization packet.
pub const SYNC_LENGTH: usize = 49;

/// Options of a data packet (6.2.6).
pub mod option {
    /// For visualisers; not to be output.
    pub const PREVIEW: u8 = 0x80;
    /// The source stops this universe.
    pub const TERMINATED: u8 = 0x40;
    /// Without synchronization packets, output at once.
    pub const FORCE_SYNC: u8 = 0x20;
}

/// Root layer: data.
const ROOT_DATA: u32 = 4;
/// Root layer: synchronization and universe discovery.
const ROOT_EXTENDED: u32 = 8;
/// Framing layer: DMX data, under [`ROOT_DATA`].
const FRAMING_DATA: u32 = 2;
/// Framing layer: synchronization, under [`ROOT_EXTENDED`].
const FRAMING_SYNC: u32 = 1;
/// Framing layer: universe discovery, under [`ROOT_EXTENDED`].
const FRAMING_DISCOVERY: u32 = 2;

/// Who a source is, whatever its address: a UUID.
pub type Cid = [u8; 16];

/// A packet that somebody sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet<'a> {
    /// Slots of one universe.
    Data(Data<'a>),
    /// Output now what waits for this address.
    Sync {
        /// The source.
        cid: Cid,
        /// Counted for each address.
        sequence: u8,
        /// Never 0.
        address: u16,
    },
    /// What a source sends.
    Discovery(Discovery<'a>),
}

/// A data packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data<'a> {
    /// The source.
    pub cid: Cid,
    /// Its name.
    pub name: &'a [u8],
    /// 0 to 200.
    pub priority: u8,
    /// 0: not synchronized.
    pub sync: u16,
    /// Counted for each universe.
    pub sequence: u8,
    /// Bits of [`option`].
    pub options: u8,
    /// 1 to 63999.
    pub universe: u16,
    /// 0: levels. 0xDD: priorities of single slots.
    pub start_code: u8,
    /// Slot 1 first; up to 512.
    pub slots: &'a [u8],
}

/// A page of universe discovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery<'a> {
    /// The source.
    pub cid: Cid,
    /// Its name.
    pub name: &'a [u8],
    /// Of this page, from 0.
    pub page: u8,
    /// Of the last page.
    pub last: u8,
    /// Two bytes each.
    universes: &'a [u8],
}

impl Discovery<'_> {
    /// The universes of this page.
    pub fn universes(&self) -> impl Iterator<Item = u16> + '_ {
        self.universes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
    }
}

impl Data<'_> {
    /// An option is set.
    #[must_use]
    pub const fn has(&self, option: u8) -> bool {
        self.options & option != 0
    }
}

/// The multicast group of a universe (9.3.1): 239.255 and the universe's two bytes.
#[must_use]
pub const fn group(universe: u16) -> Ipv4Addr {
    let [high, low] = universe.to_be_bytes();
    Ipv4Addr::new(239, 255, high, low)
}

/// The group and the port of a universe.
#[must_use]
pub const fn group_address(universe: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(group(universe)), PORT)
}

/// A field of text up to its NUL, as a person reads it.
#[must_use]
pub fn name(field: &[u8]) -> String {
    let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
    let text = String::from_utf8_lossy(field.get(..end).unwrap_or_default()).trim().to_owned();
    if text.is_empty() { "a source without a name".into() } else { text }
}

/// Reads a datagram; `None` for what is not E1.31, out of range, or shorter than it says. Lengths of the layers are not looked at:
/// sources get them wrong, as the examples of the standard itself do.
#[must_use]
pub fn parse(bytes: &[u8]) -> Option<Packet<'_>> {
    bytes.strip_prefix(&ID)?;
    let cid = *bytes.get(CID_AT..)?.first_chunk()?;
    match (word(bytes, 18)?, word(bytes, 40)?) {
        (ROOT_DATA, FRAMING_DATA) => data(bytes, cid).map(Packet::Data),
        (ROOT_EXTENDED, FRAMING_SYNC) => {
            let address = short(bytes, 45).filter(|address| *address != 0)?;
            Some(Packet::Sync { cid, sequence: *bytes.get(44)?, address })
        }
        (ROOT_EXTENDED, FRAMING_DISCOVERY) if word(bytes, 114)? == 1 => {
            let [page, last] = *bytes.get(118..)?.first_chunk()?;
            let universes = bytes.get(120..)?;
            let universes = universes.get(..universes.len().min(2 * PAGE))?;
            Some(Packet::Discovery(Discovery { cid, name: bytes.get(44..108)?, page, last, universes }))
        }
        _ => None,
    }
}

/// The framing and DMP layers of a data packet.
fn data(bytes: &[u8], cid: Cid) -> Option<Data<'_>> {
    // DMP: set property, one range of bytes at address 0 (7.2 to 7.6).
    let [vector, kind, first @ .., increment_high, increment_low] = *bytes.get(117..)?.first_chunk::<6>()?;
    let universe = short(bytes, 113).filter(|universe| (1..=63_999).contains(universe))?;
    let priority = *bytes.get(108)?;
    if (vector, kind, first, increment_high, increment_low) != (2, 0xa1, [0, 0], 0, 1) || priority > 200 {
        return None;
    }
    let count = usize::from(short(bytes, 123)?).checked_sub(1).filter(|count| *count <= SLOTS)?;
    Some(Data {
        cid,
        name: bytes.get(44..108)?,
        priority,
        sync: short(bytes, 109)?,
        sequence: *bytes.get(SEQUENCE_AT)?,
        options: *bytes.get(OPTIONS_AT)?,
        universe,
        start_code: *bytes.get(125)?,
        slots: bytes.get(SLOTS_AT..SLOTS_AT + count)?,
    })
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// What a source says of itself in every packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its identifier.
    pub cid: Cid,
    /// Its name; 63 bytes of it are sent.
    pub name: String,
}

/// A data packet of 512 slots at zero with sequence 255, for the caller to patch in place: the first packet then has sequence 0.
#[must_use]
pub fn data_template(who: &Identity, universe: u16, priority: u8, sync: u16, options: u8) -> Box<[u8]> {
    let mut b = header(DATA_LENGTH, ROOT_DATA, FRAMING_DATA, who.cid);
    name_field(&mut b, &who.name);
    b.push(priority);
    b.extend(sync.to_be_bytes());
    b.extend([255, options]);
    b.extend(universe.to_be_bytes());
    b.extend(flags_and_length(DATA_LENGTH - 115));
    // DMP layer: set property, range of one byte each, from 0, by 1; the START code counts as a slot.
    b.extend([2, 0xa1, 0, 0, 0, 1, 0x02, 0x01, 0]);
    b.resize(DATA_LENGTH, 0);
    b.into()
}

/// A synchronization packet.
#[must_use]
pub fn sync(cid: Cid, sequence: u8, address: u16) -> Vec<u8> {
    let mut b = header(SYNC_LENGTH, ROOT_EXTENDED, FRAMING_SYNC, cid);
    b.push(sequence);
    b.extend(address.to_be_bytes());
    b.extend([0, 0]);
    b
}

/// One page of universe discovery; `universes` in rising order, at most [`PAGE`].
#[must_use]
pub fn discovery(who: &Identity, page: u8, last: u8, universes: &[u16]) -> Vec<u8> {
    let universes = universes.get(..PAGE).unwrap_or(universes);
    let length = 120 + 2 * universes.len();
    let mut b = header(length, ROOT_EXTENDED, FRAMING_DISCOVERY, who.cid);
    name_field(&mut b, &who.name);
    b.extend([0; 4]);
    b.extend(flags_and_length(length - 112));
    b.extend(1_u32.to_be_bytes());
    b.extend([page, last]);
    b.extend(universes.iter().flat_map(|universe| universe.to_be_bytes()));
    b
}

/// Root layer and the beginning of the framing layer: 44 bytes.
fn header(length: usize, root: u32, framing: u32, cid: Cid) -> Vec<u8> {
    let mut b = Vec::with_capacity(length);
    b.extend(ID);
    b.extend(flags_and_length(length - 16));
    b.extend(root.to_be_bytes());
    b.extend(cid);
    b.extend(flags_and_length(length - 38));
    b.extend(framing.to_be_bytes());
    b
}

/// The flags of every layer are 0x7; the length counts from here to the end of the packet.
fn flags_and_length(length: usize) -> [u8; 2] {
    (0x7000 | u16::try_from(length & 0xfff).unwrap_or(0)).to_be_bytes()
}

/// 64 bytes with a NUL at their end; a letter is never cut in two.
fn name_field(b: &mut Vec<u8>, name: &str) {
    let end = b.len() + 64;
    let mut length = name.len().min(63);
    while !name.is_char_boundary(length) {
        length -= 1;
    }
    b.extend(name.as_bytes().iter().take(length));
    b.resize(end, 0);
}
