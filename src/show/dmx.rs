//! Values of light: 32 bits whatever the number of slots, and the slots that they are sent in.

/// The whole range of a parameter: 100%.
pub const FULL: u32 = u32::MAX;

/// A value of `bytes` slots in 32 bits, by mirroring: full stays full (GDTF, DIN SPEC 15800, "DMXValue").
///
/// `raw` is cut to the size of its bytes; no bytes are nothing.
#[must_use]
pub const fn widen(raw: u32, bytes: u8) -> u32 {
    match bytes {
        0 => 0,
        1 => (raw & 0xFF) * 0x0101_0101,
        2 => (raw & 0xFFFF) * 0x0001_0001,
        3 => ((raw & 0x00FF_FFFF) << 8) | ((raw & 0x00FF_FFFF) >> 16),
        _ => raw,
    }
}

/// The highest value that `bytes` slots can hold.
#[must_use]
pub const fn top(bytes: u8) -> u32 {
    match bytes {
        0 => 0,
        1 => 0xFF,
        2 => 0xFFFF,
        3 => 0x00FF_FFFF,
        _ => u32::MAX,
    }
}

/// `value` at the level `level`; full leaves it as it is.
#[must_use]
pub const fn scaled(value: u32, level: u32) -> u32 {
    ((value as u64 * (level as u64 + 1)) >> 32) as u32
}

/// A share in millionths (0 to 1,000,000) in 32 bits, rounded.
#[must_use]
pub fn of_millionths(millionths: u32) -> u32 {
    let value = (u64::from(millionths.min(1_000_000)) * u64::from(FULL) + 500_000) / 1_000_000;
    u32::try_from(value).unwrap_or(FULL)
}

/// Where on the wire 0% and 100% of a channel are, in 32 bits: all of its slots, or the part of them in which they are this channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reach {
    /// 0%.
    pub from: u32,
    /// 100%; below `from` when it is sent upside down.
    pub to: u32,
}

impl Default for Reach {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl Reach {
    /// All of the slots.
    pub const WHOLE: Self = Self { from: 0, to: FULL };
    /// All of the slots, upside down.
    pub const INVERSE: Self = Self { from: FULL, to: 0 };

    /// A value as the wire has it.
    #[must_use]
    pub const fn sent(self, value: u32) -> u32 {
        if self.to >= self.from { self.from + scaled(self.to - self.from, value) } else { self.from - scaled(self.from - self.to, value) }
    }

    /// The value that is sent like this; the nearer end for what lies outside.
    #[must_use]
    pub const fn read(self, wire: u32) -> u32 {
        let (way, gone) = match self.to >= self.from {
            true => (self.to - self.from, wire.saturating_sub(self.from)),
            false => (self.from - self.to, self.from.saturating_sub(wire)),
        };
        if gone >= way {
            return FULL;
        }
        // Rounded up, so that it is sent as it was.
        ((gone as u64 * FULL as u64).div_ceil(way as u64)) as u32
    }

    /// Whether something of the wire is its own.
    #[must_use]
    pub const fn holds(self, wire: u32) -> bool {
        if self.to >= self.from { wire >= self.from && wire <= self.to } else { wire >= self.to && wire <= self.from }
    }

    /// The other way round.
    #[must_use]
    pub const fn turned(self) -> Self {
        Self { from: self.to, to: self.from }
    }
}

/// Where a value is sent: up to four slots of one universe, the most significant first. Without slots it is never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slots {
    at: [u16; 4],
    bytes: u8,
}

impl Slots {
    /// The first four of these slots.
    #[must_use]
    pub fn new(slots: &[u16]) -> Self {
        let mut made = Self::default();
        for (place, slot) in made.at.iter_mut().zip(slots) {
            *place = *slot;
            made.bytes += 1;
        }
        made
    }

    /// The slots, the most significant first.
    #[must_use]
    pub fn as_slice(&self) -> &[u16] {
        self.at.get(..usize::from(self.bytes)).unwrap_or_default()
    }

    /// How many: 0 to 4.
    #[must_use]
    pub const fn bytes(&self) -> u8 {
        self.bytes
    }

    /// Each slot as `place` gives it.
    #[must_use]
    pub fn map(&self, place: impl Fn(u16) -> u16) -> Self {
        Self { at: self.at.map(place), bytes: self.bytes }
    }

    /// The value that its slots hold; slots outside the universe hold 0.
    #[must_use]
    pub fn read(&self, universe: &[u8; 512]) -> u32 {
        let slot = |slot: &u16| u32::from(universe.get(usize::from(*slot)).copied().unwrap_or(0));
        widen(self.as_slice().iter().fold(0, |all, at| all << 8 | slot(at)), self.bytes)
    }

    /// Writes a value; slots outside the universe are left out.
    pub fn write(&self, value: u32, universe: &mut [u8; 512]) {
        for (slot, byte) in self.as_slice().iter().zip(value.to_be_bytes()) {
            if let Some(place) = universe.get_mut(usize::from(*slot)) {
                *place = byte;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_any_width_comes_back_as_it_was_and_full_stays_full() {
        for (bytes, raw) in [(1, 128), (1, 255), (2, 0x8001), (2, 0xFFFF), (3, 0x0080_0001), (3, 0x00FF_FFFF), (4, 0x8000_0001)] {
            let mut universe = [0; 512];
            let slots: Vec<u16> = (0..u16::from(bytes)).collect();
            Slots::new(&slots).write(widen(raw, bytes), &mut universe);
            let back = universe[..usize::from(bytes)].iter().fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
            assert_eq!(back, raw, "{bytes} bytes");
            assert_eq!(Slots::new(&slots).read(&universe), widen(raw, bytes));
            assert_eq!(widen(top(bytes), bytes), FULL);
        }
    }

    #[test]
    fn a_level_scales_and_full_changes_nothing() {
        assert_eq!((scaled(FULL, FULL), scaled(12_345, FULL), scaled(FULL, 0)), (FULL, 12_345, 0));
        assert_eq!(scaled(FULL, of_millionths(500_000)) >> 24, 128);
        assert_eq!((of_millionths(0), of_millionths(1_000_000), of_millionths(u32::MAX)), (0, FULL, FULL));
    }

    #[test]
    fn a_channel_of_a_part_of_its_slots_is_read_as_it_is_sent() {
        let part = |from, to| Reach { from: widen(from, 1), to: widen(to, 1) };
        let half = of_millionths(500_000);
        assert_eq!([0, half, FULL].map(|value| part(8, 134).sent(value) >> 24), [8, 71, 134]);
        assert_eq!([0, half, FULL].map(|value| part(134, 8).sent(value) >> 24), [134, 71, 8]);
        for reach in [part(8, 134), part(134, 8), Reach::WHOLE, Reach::INVERSE] {
            for raw in (0..=255).filter(|raw| reach.holds(widen(*raw, 1))) {
                assert_eq!(reach.sent(reach.read(widen(raw, 1))) >> 24, raw, "{reach:?}");
            }
        }
        for value in [0, 1, 12_345, half, FULL - 1, FULL] {
            assert_eq!((Reach::WHOLE.sent(value), Reach::INVERSE.sent(value)), (value, !value));
            assert_eq!((Reach::WHOLE.read(value), Reach::INVERSE.read(value)), (value, !value));
        }
        assert_eq!((part(8, 134).read(0), part(8, 134).read(FULL), part(8, 8).read(FULL)), (0, FULL, FULL));
    }

    #[test]
    fn slots_past_the_universe_are_left_out() {
        let mut universe = [0; 512];
        Slots::new(&[511, 600]).write(0x1234_5678, &mut universe);
        assert_eq!(universe[511], 0x12);
        assert_eq!(Slots::new(&[1, 2, 3, 4, 5]).bytes(), 4);
    }
}
