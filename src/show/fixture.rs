//! Fixture profiles: what a light takes in each of its modes.
//!
//! A **mode** takes slots in one or more **breaks**, each with a start address of its own. Its **channels** belong to the fixture
//! as a whole or to one of its **cells** (the heads of a bar, the pixels of a panel). A cell, or a whole fixture, that mixes
//! colours and has no dimmer gets a **virtual dimmer**: a channel without slots whose value scales those colours, so that
//! intensity always travels by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::attribute::{Emitter, emitter, is_shutter};
use super::dmx::{FULL, Reach, Slots};

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
    /// What nobody knows about it, in words: `check` tells it of a show that uses the mode.
    pub open: Vec<Arc<str>>,
}

/// One parameter of a light. Values are shares of its range in 32 bits, as the show says them: `reach` is applied.
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
    /// Where on the wire its 0% and 100% are: upside down, or in a part of the slots that have more to do.
    pub reach: Reach,
    /// Named values in file order: a wheel's `red`, a shutter's `open`.
    pub values: Vec<NamedValue>,
    /// What its ends are in the world; `None`: nobody knows.
    pub range: Option<Physical>,
    /// The virtual dimmer that scales it: an index into [`FixtureMode::channels`].
    pub dimmer: Option<u16>,
    /// Its slots are this only while another channel is somewhere; `None`: always. No two channels are on a slot at one time.
    pub when: Option<When>,
}

/// What another channel must be for slots to be a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// That channel: an index into [`FixtureMode::channels`]. It lies in the same break and is always what it is.
    pub master: u16,
    /// First and last value of each range, in order, none of which touch.
    pub within: Vec<(u32, u32)>,
}

impl When {
    /// Whether that channel at this value makes it so.
    #[must_use]
    pub fn holds(&self, value: u32) -> bool {
        lies_in(&self.within, value)
    }
}

/// Whether a value lies in one of these ranges (first and last of each).
#[must_use]
pub fn lies_in(within: &[(u32, u32)], value: u32) -> bool {
    within.iter().any(|(from, to)| (*from..=*to).contains(&value))
}

/// Ranges in order, those that touch or overlap as one.
#[must_use]
pub fn joined(mut ranges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    ranges.sort_unstable();
    let mut all: Vec<(u32, u32)> = Vec::new();
    for (from, to) in ranges {
        match all.last_mut().filter(|last| from <= last.1.saturating_add(1)) {
            Some(last) => last.1 = last.1.max(to),
            None => all.push((from, to)),
        }
    }
    all
}

/// What joined ranges leave of all values.
#[must_use]
pub fn without(ranges: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut left = Vec::new();
    let mut from = Some(0_u32);
    for (first, last) in ranges {
        left.extend(from.filter(|from| from < first).map(|from| (from, first - 1)));
        from = last.checked_add(1);
    }
    left.extend(from.map(|from| (from, FULL)));
    left
}

/// What is in both of two lists of joined ranges.
#[must_use]
pub fn common(one: &[(u32, u32)], other: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let both = one.iter().flat_map(|a| other.iter().map(move |b| (a.0.max(b.0), a.1.min(b.1))));
    both.filter(|(from, to)| from <= to).collect()
}

/// Where a channel goes so that it is in one of these ranges: where it rests, or else the middle of the first.
#[must_use]
pub fn place_in(within: &[(u32, u32)], rests: u32) -> Option<u32> {
    let middle = |(from, to): &(u32, u32)| from + (to - from) / 2;
    lies_in(within, rests).then_some(rests).or_else(|| within.first().map(middle))
}

/// What a channel's nothing and its full are in the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Physical {
    /// In what.
    pub unit: Unit,
    /// At 0%, in thousandths.
    pub from: i64,
    /// At 100%, in thousandths; may be below `from`.
    pub to: i64,
}

/// What a channel's range is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Pan, tilt and zoom.
    Degrees,
    /// Colour temperature.
    Kelvin,
}

impl Physical {
    /// The share of the range at which a value of its unit (in thousandths) lies, to the nearest of 32 bits; `None` outside of it.
    #[must_use]
    pub fn share(&self, value: i64) -> Option<u32> {
        let (gone, way) = (i128::from(value) - i128::from(self.from), i128::from(self.to) - i128::from(self.from));
        let (gone, way) = if way < 0 { (-gone, -way) } else { (gone, way) };
        if way == 0 || !(0..=way).contains(&gone) {
            return None;
        }
        u32::try_from((gone * i128::from(FULL) + way / 2) / way).ok()
    }
}

impl std::fmt::Display for Physical {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = if self.unit == Unit::Degrees { "deg" } else { " K" };
        let plain = |thousandths: i64| super::Value::Decimal(thousandths.saturating_mul(1000)).to_string();
        write!(f, "{}{unit} to {}{unit}", plain(self.from), plain(self.to))
    }
}

/// A name for a value, or for a range of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedValue {
    /// `red`.
    pub name: Arc<str>,
    /// Where the range begins; above `to` when the channel is sent upside down.
    pub from: u32,
    /// Where it ends; `from` for a single value.
    pub to: u32,
    /// The colour that the light then has, as the profile tells it.
    pub colour: Option<[u8; 3]>,
}

impl NamedValue {
    /// The value that the name alone stands for: the middle, where a wheel's slot is surest.
    #[must_use]
    pub const fn value(&self) -> u32 {
        ((self.from as u64 + self.to as u64) / 2) as u32
    }

    /// Whether a value lies in the range.
    #[must_use]
    pub fn holds(&self, value: u32) -> bool {
        (self.from.min(self.to)..=self.from.max(self.to)).contains(&value)
    }

    /// The colour that the light then has: as the profile tells it, or else by the name.
    #[must_use]
    pub fn tint(&self) -> Option<[u8; 3]> {
        self.colour.or_else(|| super::colour::of_name(&self.name))
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
    ///
    /// Names are those of many makers, and a step names lights of several: capitals are not looked at, and the words with which one name
    /// alone begins are enough (`"open"` for `Open (light on)`).
    #[must_use]
    pub fn named(&self, text: &str) -> Option<u32> {
        let of = |name: &str| self.value_named(name);
        if let Some(value) = of(text) {
            return Some(value.value());
        }
        let (name, share) = text.rsplit_once(' ')?;
        let millionths = super::decimal(share.strip_suffix('%')?, 4).filter(|n| (0..=1_000_000).contains(n))?;
        Some(of(name.trim_end())?.at(super::dmx::of_millionths(u32::try_from(millionths).ok()?)))
    }

    /// As it is written; then with other capitals; then by its first words, when they are no other's.
    fn value_named(&self, name: &str) -> Option<&NamedValue> {
        let lower = name.to_lowercase();
        let mut begun: Vec<&NamedValue> = Vec::new();
        for value in &self.values {
            let own = value.name.to_lowercase();
            match own.strip_prefix(&lower) {
                _ if *value.name == *name => return Some(value),
                Some("") => begun.insert(0, value),
                Some(tail) if !lower.is_empty() && !tail.starts_with(char::is_alphanumeric) => begun.push(value),
                _ => {}
            }
        }
        let first = *begun.first()?;
        // `Open 2` is the second range of `Open`, and a name that is written out has no rival.
        let again = |other: &&NamedValue| {
            let tail = other.name.strip_prefix(&*first.name).map(str::trim_start);
            tail.is_some_and(|tail| tail.bytes().all(|b| b.is_ascii_digit()))
        };
        let alone = first.name.chars().count() == name.chars().count() || begun.iter().all(again);
        alone.then_some(first)
    }

    /// Values as a person says them: by their names here when these are few, else as the wire has them.
    #[must_use]
    pub fn spots(&self, within: &[(u32, u32)]) -> String {
        let among = |value: u32| lies_in(within, value);
        let one = |named: &&NamedValue| matches!(within, [(from, to)] if from == to && named.holds(*from));
        let names = self.values.iter().filter(|named| among(named.value()) || one(named));
        let names: Vec<String> = names.map(|named| format!("\"{}\"", named.name)).collect();
        let named = |range: &(u32, u32)| {
            let holds = |named: &NamedValue| (range.0..=range.1).contains(&named.value()) || range.0 == range.1 && named.holds(range.0);
            self.values.iter().any(holds)
        };
        if (1..=4).contains(&names.len()) && within.iter().all(named) {
            return names.join(" or ");
        }
        let raw = |value: u32| self.reach.sent(value) >> (32 - u32::from(self.slots.bytes().max(1)) * 8);
        let ranges = within.iter().map(|(from, to)| (raw(*from).min(raw(*to)), raw(*from).max(raw(*to))));
        let ranges: Vec<String> = ranges.map(|(from, to)| if from == to { from.to_string() } else { format!("{from} to {to}") }).collect();
        ranges.join(" or ")
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
    /// light that can be dimmed rests open, a head in the middle, colours under a dimmer in white (where none of them is in white, all
    /// in full), so that a level alone is light.
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
            let mut dimmed = self.channels.iter().filter(|channel| channel.dimmer == place && place.is_some());
            let first = dimmed.next().and_then(|channel| channel.when.clone());
            let when = first.filter(|when| dimmed.all(|channel| channel.when.as_ref() == Some(when)));
            self.channels.push(FixtureChannel { attribute: "Dimmer".into(), cell, part, when, ..FixtureChannel::default() });
        }
        let white = self.white_cells();
        let (master, dims) = (self.has_master(), self.channels.iter().any(|channel| &*channel.attribute == "Dimmer"));
        let all = said.iter().copied().chain(std::iter::repeat(Said::default()));
        for (channel, said) in self.channels.iter_mut().zip(all) {
            let under = master && channel.cell != 0;
            channel.default = said.default.unwrap_or_else(|| natural_default(channel, under, dims, white.get(&channel.cell).copied()));
            channel.highlight = said.highlight.unwrap_or_else(|| natural_highlight(channel));
        }
        self.complete_masters(said);
    }

    /// The cells whose lamps make the light's white (the whole light is 0), and whether any of them belongs to white. Beside cells that mix red,
    /// green and blue, a lamp in a cell of its own would tint every colour.
    fn white_cells(&self) -> BTreeMap<u16, bool> {
        let emits = |cell: u16| self.channels.iter().filter(move |one| one.cell == cell).filter_map(|one| emitter(&one.attribute));
        let mixes =
            |cell: u16| [Emitter::Red, Emitter::Green, Emitter::Blue].into_iter().all(|wanted| emits(cell).any(|own| own == wanted));
        let cells: BTreeSet<u16> = self.channels.iter().map(|one| one.cell).collect();
        let mixed = cells.iter().any(|cell| mixes(*cell));
        cells.into_iter().filter(|cell| !mixed || mixes(*cell)).map(|cell| (cell, emits(cell).any(Emitter::in_white))).collect()
    }

    /// What says what other slots are jumps, and is where they give light when somebody looks for it.
    fn complete_masters(&mut self, said: &[Said]) {
        let light = |channel: &&FixtureChannel| channel.highlight == FULL && natural_highlight(channel) == FULL;
        let mut masters: Vec<(u16, Vec<(u32, u32)>)> = Vec::new();
        for when in self.channels.iter().filter(light).filter_map(|channel| channel.when.as_ref()) {
            match masters.iter_mut().find(|(master, _)| *master == when.master) {
                Some((_, within)) => *within = common(within, &when.within),
                None => masters.push((when.master, when.within.clone())),
            }
        }
        for (master, within) in masters {
            let free = said.get(usize::from(master)).is_none_or(|said| said.highlight.is_none());
            if let Some(channel) = self.channels.get_mut(usize::from(master)).filter(|_| free) {
                channel.highlight = place_in(&within, channel.highlight).unwrap_or(channel.highlight);
            }
        }
        let all: Vec<u16> = self.channels.iter().filter_map(|channel| Some(channel.when.as_ref()?.master)).collect();
        for master in all {
            if let Some(channel) = self.channels.get_mut(usize::from(master)).filter(|channel| &*channel.attribute != "Dimmer") {
                channel.snap = true;
            }
        }
    }

    /// The fixture has a dimmer above its cells: theirs only share out its light, and rest at full.
    #[must_use]
    pub fn has_master(&self) -> bool {
        self.channels.iter().any(|channel| channel.cell == 0 && &*channel.attribute == "Dimmer")
    }
}

/// `dims`: something else keeps the light dark, so that its shutter may rest open and its lamps in white. `white`: whether it has lamps
/// for that; `None`: they are beside others that mix, so that they wait until they are named.
fn natural_default(channel: &FixtureChannel, under_master: bool, dims: bool, white: Option<bool>) -> u32 {
    let open = || channel.values.iter().find(|value| value.name.eq_ignore_ascii_case("open")).map(NamedValue::value);
    match &*channel.attribute {
        "Pan" | "Tilt" => FULL / 2 + 1,
        "Dimmer" if under_master => FULL,
        name if is_shutter(name) && dims => open().unwrap_or(channel.reach.read(0)),
        name if dims && emitter(name).is_some_and(|e| e.adds() && white.is_some_and(|white| e.in_white() || !white)) => FULL,
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
    fn a_place_in_the_world_is_a_share_of_the_range_whichever_way_it_runs() {
        let pan = Physical { unit: Unit::Degrees, from: -270_000, to: 270_000 };
        assert_eq!([-270_000, 0, 270_000, 270_001].map(|at| pan.share(at)), [Some(0), Some(FULL / 2 + 1), Some(FULL), None]);
        let back = Physical { from: 270_000, to: -270_000, ..pan };
        assert_eq!((back.share(270_000), back.share(-270_000), back.share(135_000)), (Some(0), Some(FULL), Some(FULL / 4 + 1)));
        assert_eq!(Physical { to: -270_000, ..pan }.share(-270_000), None, "no range at all");
        assert_eq!(
            (pan.to_string().as_str(), Physical { from: 2500, ..pan }.to_string()),
            ("-270deg to 270deg", "2.5deg to 270deg".into())
        );
    }

    #[test]
    fn ranges_are_joined_turned_round_and_cut() {
        assert_eq!(joined(vec![(20, 30), (0, 9), (10, 12), (25, 40)]), [(0, 12), (20, 40)]);
        assert_eq!(without(&[(0, 12), (20, 40)]), [(13, 19), (41, FULL)]);
        assert_eq!((without(&[(0, FULL)]), without(&[]), without(&[(5, FULL)])), (vec![], vec![(0, FULL)], vec![(0, 4)]));
        assert_eq!(common(&[(0, 12), (20, 40)], &[(10, 25)]), [(10, 12), (20, 25)]);
        assert_eq!((place_in(&[(10, 20)], 15), place_in(&[(10, 20)], 0), place_in(&[], 0)), (Some(15), Some(15), None));
    }

    #[test]
    fn a_name_stands_for_the_middle_of_its_range_and_a_share_for_a_place_in_it() {
        let value = |name: &str, from, to| NamedValue { name: name.into(), from, to, colour: None };
        let values = vec![value("open", 0, 0), value("strobe", 1000, 2000), value("back", 900, 100)];
        let channel = FixtureChannel { values, ..FixtureChannel::default() };
        let named =
            ["open", "strobe", "strobe 0%", "strobe 100%", "back 25%", "strobe 101%", "nothing", "strobe x"].map(|t| channel.named(t));
        assert_eq!(named, [Some(0), Some(1500), Some(1000), Some(2000), Some(700), None, None, None]);
    }

    #[test]
    fn a_name_of_many_makers_is_found_by_its_first_words_unless_two_begin_so() {
        let value = |name: &str, at| NamedValue { name: name.into(), from: at, to: at, colour: None };
        let names =
            ["Light OFF", "Strobe 1 to 25 Hz", "open (Light ON)", "open (Light ON) 2", "Gobo 1", "Gobo 1 Shake", "Gobo 10", "Spin", "spin"];
        let values = names.iter().zip(0..).map(|(name, at)| value(name, at)).collect();
        let channel = FixtureChannel { values, ..FixtureChannel::default() };
        let named = ["open", "STROBE", "strobe 0%", "light off", "gobo 1", "gobo 10", "spin", "Spin"].map(|text| channel.named(text));
        assert_eq!(named, [2, 1, 1, 0, 4, 6, 8, 7].map(Some));
        assert_eq!(["gobo", "gob", "", "ope", "shake"].map(|text| channel.named(text)), [None; 5]);
    }
}
