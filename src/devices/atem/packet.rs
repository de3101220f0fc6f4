//! Packets and the commands in them: bytes to values and back. All integers are big-endian.

/// Bytes of a packet's header.
pub const HEADER: usize = 12;
/// Bytes of a packet that we build, at the most; the length field itself ends at 2047.
pub const PACKET_MAX: usize = 1400;
/// The packet must be acknowledged.
pub const ACK_REQUEST: u8 = 0x01;
/// Opens or closes a session.
pub const SYN: u8 = 0x02;
/// This packet was sent before.
pub const AGAIN: u8 = 0x04;
/// Asks for packets again.
pub const ASK: u8 = 0x08;
/// Acknowledges.
pub const ACK: u8 = 0x10;

/// A packet's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Header {
    /// What it is: [`ACK_REQUEST`] and its neighbours.
    pub flags: u8,
    /// The session.
    pub session: u16,
    /// With [`ACK`]: this packet and all before it have come.
    pub acked: u16,
    /// With [`ASK`]: send again from this packet on.
    pub from: u16,
    /// With [`ACK_REQUEST`]: its number, 15 bits.
    pub id: u16,
}

/// What a session packet (flag [`SYN`]) says, in its payload's first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Open a session.
    Open,
    /// Opened, under this number.
    Accepted(u16),
    /// No free slot.
    Rejected,
    /// The session ends.
    Close,
    /// It has ended.
    Closed,
}

impl Opening {
    /// Reads the payload of a session packet.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Self> {
        match u8_at(payload, 0)? {
            1 => Some(Self::Open),
            2 => Some(Self::Accepted(u16_at(payload, 2)?)),
            3 => Some(Self::Rejected),
            4 => Some(Self::Close),
            5 => Some(Self::Closed),
            _ => None,
        }
    }

    /// The payload.
    #[must_use]
    pub const fn bytes(self) -> [u8; 8] {
        let (opcode, id) = match self {
            Self::Open => (1, 0),
            Self::Accepted(id) => (2, id),
            Self::Rejected => (3, 0),
            Self::Close => (4, 0),
            Self::Closed => (5, 0),
        };
        let [high, low] = u16::to_be_bytes(id);
        [opcode, 0, high, low, 0, 0, 0, 0]
    }
}

/// Header and payload; `None` when the length field is not the datagram's.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<(Header, &[u8])> {
    let word = u16_at(bytes, 0)?;
    let flags = u8::try_from(word >> 11).ok()?;
    if usize::from(word & 0x07FF) != bytes.len() {
        return None;
    }
    let header = Header { flags, session: u16_at(bytes, 2)?, acked: u16_at(bytes, 4)?, from: u16_at(bytes, 6)?, id: u16_at(bytes, 10)? };
    Some((header, bytes.get(HEADER..)?))
}

/// Appends a packet. The payload must leave it within 2047 bytes: [`PACKET_MAX`] is kept where payloads are built.
pub fn write(header: Header, payload: &[u8], out: &mut Vec<u8>) {
    let length = u16::try_from(HEADER + payload.len()).unwrap_or(0) & 0x07FF;
    for word in [(u16::from(header.flags) << 11) | length, header.session, header.acked, header.from, 0, header.id] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    out.extend_from_slice(payload);
}

/// The commands of a payload: names and data. A broken length ends the walk.
pub fn commands(mut payload: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(payload, 0)?);
        let name = payload.get(4..8)?.first_chunk::<4>()?;
        let data = payload.get(8..length)?;
        payload = payload.get(length..)?;
        Some((name, data))
    })
}

/// Appends one command; its data is padded to four bytes.
pub fn put(name: &[u8; 4], data: &[u8], payload: &mut Vec<u8>) {
    let padded = data.len().next_multiple_of(4);
    payload.extend_from_slice(&u16::try_from(8 + padded).unwrap_or(u16::MAX).to_be_bytes());
    payload.extend_from_slice(&[0, 0]);
    payload.extend_from_slice(name);
    payload.extend_from_slice(data);
    payload.extend(std::iter::repeat_n(0, padded - data.len()));
}

/// A byte.
#[must_use]
pub fn u8_at(data: &[u8], at: usize) -> Option<u8> {
    data.get(at).copied()
}

/// A flag byte: 1 is on.
#[must_use]
pub fn on_at(data: &[u8], at: usize) -> Option<bool> {
    Some(*data.get(at)? == 1)
}

/// A 16-bit number.
#[must_use]
pub fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

/// A 32-bit number.
#[must_use]
pub fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

/// A text that ends at its first NUL, or after `most` bytes.
#[must_use]
pub fn text_at(data: &[u8], at: usize, most: usize) -> Option<String> {
    let bytes = data.get(at..)?;
    let bytes = bytes.get(..most.min(bytes.len()))?;
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    Some(String::from_utf8_lossy(bytes.get(..end)?).into_owned())
}
