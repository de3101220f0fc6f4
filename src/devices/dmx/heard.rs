//! Frames that somebody sends, of either protocol, as whoever watches the network gets them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::devices::{artnet, sacn};
use crate::time::Span;

/// How levels travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// Art-Net: a universe is a Port-Address, 0 to 32767.
    ArtNet,
    /// sACN: a universe is 1 to 63999.
    Sacn,
}

impl Protocol {
    /// As recordings and JSON have it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ArtNet => "artnet",
            Self::Sacn => "sacn",
        }
    }

    /// By its word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        [Self::ArtNet, Self::Sacn].into_iter().find(|protocol| protocol.word() == word)
    }

    /// A universe as people of this protocol write it: `0:0:1`, `1`.
    #[must_use]
    pub fn address(self, universe: u16) -> String {
        match self {
            Self::ArtNet => artnet::port_address(universe),
            Self::Sacn => universe.to_string(),
        }
    }

    /// Whether there is such a universe.
    #[must_use]
    pub const fn has(self, universe: u16) -> bool {
        match self {
            Self::ArtNet => universe <= 32_767,
            Self::Sacn => universe >= 1 && universe <= 63_999,
        }
    }

    /// Receivers leave out a source that is silent for this.
    #[must_use]
    pub const fn forgets_after(self) -> Span {
        match self {
            Self::ArtNet => artnet::SOURCE_TIMEOUT,
            Self::Sacn => sacn::DATA_LOSS,
        }
    }
}

/// Who sends: of sACN the source's identifier, of Art-Net the host and its `physical`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKey {
    /// A host and an input of it.
    ArtNet(IpAddr, u8),
    /// A component.
    Sacn(sacn::Cid),
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// How it came.
    pub protocol: Protocol,
    /// Its universe.
    pub universe: u16,
    /// Who sent it.
    pub source: SourceKey,
    /// The sender's name, where the protocol has one.
    pub name: &'a [u8],
    /// The sender's address.
    pub from: IpAddr,
    /// 0 to 200; 100 where the protocol has none.
    pub priority: u8,
    /// Counted for each universe; `None`: the sender does not count.
    pub sequence: Option<u8>,
    /// For visualisers.
    pub preview: bool,
    /// The sender ends this universe; its levels mean nothing.
    pub ends: bool,
    /// Slot 1 first, up to 512.
    pub slots: &'a [u8],
}

/// Reads a datagram; `None` when it holds no levels.
#[must_use]
pub fn read(from: SocketAddr, bytes: &[u8]) -> Option<Frame<'_>> {
    let from = from.ip();
    if let Some(levels) = artnet::levels(bytes) {
        let source = SourceKey::ArtNet(from, levels.physical);
        let sequence = Some(levels.sequence).filter(|sequence| *sequence != 0);
        let protocol = Protocol::ArtNet;
        let universe = levels.address.0;
        return Some(Frame {
            protocol,
            universe,
            source,
            name: b"",
            from,
            priority: 100,
            sequence,
            preview: false,
            ends: false,
            slots: levels.slots,
        });
    }
    let Some(sacn::Packet::Data(data)) = sacn::parse(bytes) else { return None };
    if data.start_code != 0 {
        return None;
    }
    Some(Frame {
        protocol: Protocol::Sacn,
        universe: data.universe,
        source: SourceKey::Sacn(data.cid),
        name: data.name,
        from,
        priority: data.priority,
        sequence: Some(data.sequence),
        preview: data.has(sacn::option::PREVIEW),
        ends: data.has(sacn::option::TERMINATED),
        slots: data.slots,
    })
}

/// The universes that an sACN source says it sends, when a datagram is such a list.
#[must_use]
pub fn announced(bytes: &[u8]) -> Vec<u16> {
    match sacn::parse(bytes) {
        Some(sacn::Packet::Discovery(page)) => page.universes().filter(|universe| Protocol::Sacn.has(*universe)).collect(),
        _ => Vec::new(),
    }
}

/// The group on which sACN sources list what they send.
#[must_use]
pub const fn announcements() -> Ipv4Addr {
    sacn::group(sacn::DISCOVERY_UNIVERSE)
}
