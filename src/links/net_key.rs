//! What each descriptor of [`super::net`] belongs to, packed into the poller's key.

use super::net::Plug;

/// What a descriptor belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A wire's own socket.
    Own(Plug),
    /// A shared port.
    Hub(usize),
    /// The socket of a shared port's destination.
    Destination(usize, usize),
    /// A listener of a multicast wire.
    Group(Plug, usize),
    /// The resolver's bell.
    Resolver,
    /// This machine's networks.
    Changes,
}

impl Key {
    /// As the poller keeps it.
    #[must_use]
    pub fn pack(self) -> u64 {
        let index = |n: usize| u64::try_from(n).unwrap_or(0);
        match self {
            Self::Own(plug) => (u64::from(plug.device) << 8) | u64::from(plug.wire),
            Self::Hub(hub) => (1 << 56) | index(hub),
            Self::Destination(hub, slot) => (2 << 56) | (index(hub) << 16) | index(slot),
            Self::Resolver => 3 << 56,
            Self::Changes => 4 << 56,
            Self::Group(plug, slot) => (5 << 56) | (index(slot) << 24) | Self::Own(plug).pack(),
        }
    }

    /// From what the poller gives back.
    #[must_use]
    pub fn unpack(key: u64) -> Self {
        let low = |bits: u32, shift: u32| usize::try_from((key >> shift) & ((1 << bits) - 1)).unwrap_or(0);
        let plug = || Plug { device: u16::try_from(low(16, 8)).unwrap_or(0), wire: u8::try_from(low(8, 0)).unwrap_or(0) };
        match key >> 56 {
            0 => Self::Own(plug()),
            1 => Self::Hub(low(16, 0)),
            2 => Self::Destination(low(16, 16), low(16, 0)),
            4 => Self::Changes,
            5 => Self::Group(plug(), low(16, 24)),
            _ => Self::Resolver,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let plug = Plug { device: 65_535, wire: 255 };
        for key in [
            Key::Own(plug),
            Key::Hub(3),
            Key::Destination(7, 65_535),
            Key::Group(plug, 65_535),
            Key::Group(plug, 0),
            Key::Resolver,
            Key::Changes,
        ] {
            assert_eq!(Key::unpack(key.pack()), key);
        }
    }
}
