//! Fixture profiles: what a light takes in each of its modes.
//!
//! A **mode** takes slots in one or more **breaks**, each with a start address of its own. Its **channels** belong to the fixture
//! as a whole or to one of its **cells** (the heads of a bar, the pixels of a panel). A cell, or a whole fixture, that mixes
//! colours and has no dimmer gets a **virtual dimmer**: a channel without slots whose value scales those colours, so that
//! intensity always travels by itself.

use std::sync::Arc;

use super::attribute::{emitter, is_shutter};
use super::dmx::{FULL, Slots};

/// One model of light.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FixtureProfile {
    /// The name that shows use: `generic-rgbw`.
    pub key: Arc<str>,
    /// The maker.
    pub maker: Arc<str>,
    /// The model.
    pub model: Arc<str>,
    /// Where these facts come from.
    pub sources: Vec<Arc<str>>,
    /// At least one.
    pub modes: Vec<FixtureMode>,
}

impl FixtureProfile {
    /// The mode of a name.
    #[must_use]
    pub fn mode_named(&self, name: &str) -> Option<usize> {
        self.modes.iter().position(|mode| *mode.name == *name)
    }
}

/// One way in which a light can be set up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FixtureMode {
    /// What the light's menu calls it; empty when the profile has only one.
    pub name: Arc<str>,
    /// Slots that each break takes, 1 to 512; at least one break.
    pub footprints: Vec<u16>,
    /// Names of the cells, in the order in which people count them.
    pub cells: Vec<Arc<str>>,
    /// What the slots do; those that none names send 0.
    pub channels: Vec<FixtureChannel>,
}

/// One parameter of a light. Values are shares of the whole range in 32 bits, as the show says them: `inverse` is applied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FixtureChannel {
    /// What it controls, by its GDTF name.
    pub attribute: Arc<str>,
    /// What its maker calls it, where the attribute does not say enough.
    pub name: Option<Arc<str>>,
    /// 0: the whole fixture. From 1: a cell of [`FixtureMode::cells`].
    pub cell: u16,
    /// Index into [`FixtureMode::footprints`].
    pub part: u16,
    /// Slots in its break, from 1; none for a virtual dimmer.
    pub slots: Slots,
    /// Where it rests when nothing names it.
    pub default: u32,
    /// Where it goes when somebody looks for this light.
    pub highlight: u32,
    /// Jumps at the start of a fade: wheels, shutters, modes.
    pub snap: bool,
    /// Sent upside down: 100% is 0 on the wire.
    pub inverse: bool,
    /// Named values in file order: a wheel's `red`, a shutter's `open`.
    pub values: Vec<NamedValue>,
    /// The virtual dimmer that scales it: an index into [`FixtureMode::channels`].
    pub dimmer: Option<u16>,
}

/// A name for a value, or for a range of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedValue {
    /// `red`.
    pub name: Arc<str>,
    /// Where the range begins; above `to` when the channel is inverse.
    pub from: u32,
    /// Where it ends; `from` for a single value.
    pub to: u32,
}

impl NamedValue {
    /// The value that the name alone stands for: the middle, where a wheel's slot is surest.
    #[must_use]
    pub const fn value(&self) -> u32 {
        ((self.from as u64 + self.to as u64) / 2) as u32
    }

    /// A place in the range; 0 is where it begins, full where it ends.
    #[must_use]
    pub fn at(&self, share: u32) -> u32 {
        let way = i128::from(self.to) - i128::from(self.from);
        let at = i128::from(self.from) + way * i128::from(share) / i128::from(FULL);
        u32::try_from(at).unwrap_or(self.to)
    }
}

impl FixtureChannel {
    /// The value that a text stands for: a name of this channel (`"red"`), or a place in a named range (`"strobe 30%"`).
    #[must_use]
    pub fn named(&self, text: &str) -> Option<u32> {
        let of = |name: &str| self.values.iter().find(|value| *value.name == *name);
        if let Some(value) = of(text) {
            return Some(value.value());
        }
        let (name, share) = text.rsplit_once(' ')?;
        let millionths = super::decimal(share.strip_suffix('%')?, 4).filter(|n| (0..=1_000_000).contains(n))?;
        Some(of(name.trim_end())?.at(super::dmx::of_millionths(u32::try_from(millionths).ok()?)))
    }

    /// Has no slots: scales others.
    #[must_use]
    pub const fn is_virtual(&self) -> bool {
        self.slots.bytes() == 0
    }
}

/// What a channel's profile leaves to its nature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Said {
    pub(super) default: Option<u32>,
    pub(super) highlight: Option<u32>,
}

impl FixtureMode {
    /// Adds the virtual dimmers, and gives defaults and highlights to channels that have none of their own: the shutter of a
    /// light that can be dimmed rests open, a head in the middle, colours under a virtual dimmer white.
    pub(super) fn complete(&mut self, said: &[Said]) {
        for cell in 0..=u16::try_from(self.cells.len()).unwrap_or(u16::MAX) {
            let own = |channel: &&FixtureChannel| channel.cell == cell;
            let adds = |channel: &FixtureChannel| emitter(&channel.attribute).is_some_and(|e| e.adds());
            let dims = self.channels.iter().filter(own).any(|channel| &*channel.attribute == "Dimmer");
            if dims || !self.channels.iter().filter(own).any(adds) {
                continue;
            }
            let place = u16::try_from(self.channels.len()).ok();
            let part = self.channels.iter().filter(own).find(|channel| adds(channel)).map_or(0, |channel| channel.part);
            for channel in self.channels.iter_mut().filter(|channel| channel.cell == cell && adds(channel)) {
                channel.dimmer = place;
            }
            self.channels.push(FixtureChannel { attribute: "Dimmer".into(), cell, part, ..FixtureChannel::default() });
        }
        let (master, dims) = (self.has_master(), self.channels.iter().any(|channel| &*channel.attribute == "Dimmer"));
        let said = said.iter().copied().chain(std::iter::repeat(Said::default()));
        for (channel, said) in self.channels.iter_mut().zip(said) {
            let under = master && channel.cell != 0;
            channel.default = said.default.unwrap_or_else(|| natural_default(channel, under, dims));
            channel.highlight = said.highlight.unwrap_or_else(|| natural_highlight(channel));
        }
    }

    /// The fixture has a dimmer above its cells: theirs only share out its light, and rest at full.
    #[must_use]
    pub fn has_master(&self) -> bool {
        self.channels.iter().any(|channel| channel.cell == 0 && &*channel.attribute == "Dimmer")
    }
}

/// `dims`: something else keeps the light dark, so that its shutter may rest open.
fn natural_default(channel: &FixtureChannel, under_master: bool, dims: bool) -> u32 {
    let open = || channel.values.iter().find(|value| value.name.eq_ignore_ascii_case("open")).map(NamedValue::value);
    match &*channel.attribute {
        "Pan" | "Tilt" => FULL / 2 + 1,
        "Dimmer" if under_master => FULL,
        name if is_shutter(name) && dims => open().unwrap_or(if channel.inverse { FULL } else { 0 }),
        name if channel.dimmer.is_some() && emitter(name).is_some_and(|e| e.in_white()) => FULL,
        _ => 0,
    }
}

/// GDTF, "Highlight": full for what gives light, open for what closes it, else where it rests.
fn natural_highlight(channel: &FixtureChannel) -> u32 {
    match &*channel.attribute {
        "Dimmer" => FULL,
        name if emitter(name).is_some_and(|e| e.adds()) => FULL,
        _ => channel.default,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_the_middle_of_its_range_and_a_share_for_a_place_in_it() {
        let value = |name: &str, from, to| NamedValue { name: name.into(), from, to };
        let values = vec![value("open", 0, 0), value("strobe", 1000, 2000), value("back", 900, 100)];
        let channel = FixtureChannel { values, ..FixtureChannel::default() };
        let named =
            ["open", "strobe", "strobe 0%", "strobe 100%", "back 25%", "strobe 101%", "nothing", "strobe x"].map(|t| channel.named(t));
        assert_eq!(named, [Some(0), Some(1500), Some(1000), Some(2000), Some(700), None, None, None]);
    }
}
