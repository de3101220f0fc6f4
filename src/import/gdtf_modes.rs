//! What a GDTF channel is, and when: functions with a `ModeMaster` hold only while another channel, or one function of it, is between
//! `ModeFrom` and `ModeTo` (DIN SPEC 15800, "Channel Function"). Those without one hold for the rest of the time.

use gdtf::dmx_mode::{ChannelFunction, DmxChannel, DmxMode, ModeMaster, ModeMasterNode};
use gdtf::fixture_type::FixtureType;

use super::gdtf::{Copy, own_value, pair, place_of};
use super::{DraftChannel, DraftWhen};

/// A channel in one of the copies of its geometry.
pub(super) struct Here<'f> {
    pub(super) fixture: &'f FixtureType,
    pub(super) mode: &'f DmxMode,
    pub(super) channel: &'f DmxChannel,
    pub(super) copy: &'f Copy,
    /// All copies of the mode.
    pub(super) copies: &'f [Copy],
    /// The break that it lies in.
    pub(super) number: i64,
}

/// Functions that hold together.
type State<'f> = (Option<DraftWhen>, Vec<&'f ChannelFunction>);

impl<'f> Here<'f> {
    /// The functions by what they hang on; those that hang on nothing first.
    pub(super) fn states(&self, notes: &mut Vec<String>) -> Vec<State<'f>> {
        let all: Vec<&ChannelFunction> = self.channel.logical_channels.iter().flat_map(|logical| &logical.channel_functions).collect();
        let plain: Vec<&ChannelFunction> = all.iter().copied().filter(|function| function.mode_master.is_none()).collect();
        let mut states: Vec<State<'f>> = Vec::new();
        if !plain.is_empty() {
            states.push((None, plain));
        }
        let name = self.mode.name.as_ref().map(ToString::to_string).unwrap_or_default();
        for (function, master) in all.iter().filter_map(|function| Some((*function, function.mode_master.as_ref()?))) {
            match self.when(master) {
                Ok(when) => match states.iter_mut().find(|(other, _)| other.as_ref() == Some(&when)) {
                    Some((_, functions)) => functions.push(function),
                    None => states.push((Some(when), vec![function])),
                },
                Err(why) => notes.push(format!("mode {name}: a function of {} is left out: {why}", function.attribute)),
            }
        }
        // Of a channel that hangs on what cannot be found, it is what it is at first.
        if states.is_empty()
            && let Some(first) = all.first()
        {
            states.push((None, all.iter().copied().filter(|function| function.mode_master == first.mode_master).collect()));
        }
        states
    }

    /// Where the channel that a function hangs on must be.
    fn when(&self, node: &ModeMasterNode) -> Result<DraftWhen, &'static str> {
        let (master, function) = match node.mode_master(self.mode) {
            Some(ModeMaster::DmxChannel(channel)) => (channel, None),
            Some(ModeMaster::ChannelFunction(channel, _, function)) => (channel, Some(function)),
            None => return Err("the mode does not have its ModeMaster"),
        };
        if function.is_some_and(|function| function.mode_master.is_some()) {
            return Err("its ModeMaster hangs on another one itself");
        }
        let held = |copy: &&Copy| copy.holds.contains(master.geometry.as_ref());
        let copy = Some(self.copy).filter(held).or_else(|| self.copies.iter().find(held));
        let Some((number, Some(slots))) = copy.and_then(|copy| place_of(master, copy)) else {
            return Err("its ModeMaster is not on the wire");
        };
        if number != self.number {
            return Err("its ModeMaster has another start address");
        }
        let probe = DraftChannel { slots, ..DraftChannel::default() };
        let (from, to) = (own_value(&probe, pair(node.from)), last(&probe, pair(node.to)));
        // A link to a function without a range of its own means all of the function.
        let whole = function.map(|function| span(&probe, master, function));
        let within = match whole {
            Some((first, end)) if to < first || from > end => (first, end),
            _ => (from.min(to), to),
        };
        let slot = probe.slots.first().copied().unwrap_or(0);
        Ok(DraftWhen { slot, within: vec![within] })
    }
}

/// The last value that a value of fewer bytes stands for as the end of a range.
fn last(channel: &DraftChannel, (value, bytes, shifting): (u64, u8, bool)) -> u32 {
    let own = channel.bytes();
    if own <= bytes {
        return own_value(channel, (value, bytes, shifting));
    }
    let bits = u32::from(own - bytes) * 8;
    let value = u32::try_from(value).unwrap_or(u32::MAX);
    (value.checked_shl(bits).unwrap_or(0) | 1_u32.checked_shl(bits).map_or(u32::MAX, |one| one - 1)).min(channel.top())
}

/// From where to where a function goes: to the next one of its channel.
fn span(channel: &DraftChannel, master: &DmxChannel, function: &ChannelFunction) -> (u32, u32) {
    let from = own_value(channel, pair(function.dmx_from));
    let all = master.logical_channels.iter().flat_map(|logical| &logical.channel_functions).filter(|one| one.mode_master.is_none());
    let next = all.map(|one| own_value(channel, pair(one.dmx_from))).filter(|other| *other > from).min();
    (from, next.map_or(channel.top(), |next| next - 1))
}
