//! Slots that are one channel or another, as a further channel says: what a profile can have of what files tell. What it can not is left
//! out, and told.

use super::tidy::splits;
use super::{DraftChannel, DraftMode};
use crate::show::fixture::{common, joined, lies_in};

/// Ranges of a channel that switches others, in its own bytes.
type Within = Vec<(u32, u32)>;

/// What switches a channel.
pub(super) fn master_of<'m>(mode: &'m DraftMode, channel: &DraftChannel) -> Option<&'m DraftChannel> {
    let slot = channel.when.as_ref()?.slot;
    mode.channels.iter().find(|one| one.part == channel.part && one.when.is_none() && one.slots.first() == Some(&slot))
}

/// Two channels of two cells hang on the same channel in the same way, or each on that of its own cell.
pub(super) fn alike(mode: &DraftMode, one: &DraftChannel, other: &DraftChannel) -> bool {
    let (Some(a), Some(b)) = (&one.when, &other.when) else { return one.when == other.when };
    let own = |channel: &DraftChannel| master_of(mode, channel).is_some_and(|master| master.cell.is_some() && master.cell == channel.cell);
    a.within == b.within && (a.slot == b.slot || own(one) && own(other))
}

/// Leaves out what hangs on nothing, what is there twice at a time, and colours and the like that stand twice in one place.
pub(super) fn settle(mode: &mut DraftMode, notes: &mut Vec<String>) {
    if mode.channels.iter().all(|channel| channel.when.is_none()) {
        return;
    }
    unchain(mode, notes);
    for at in 0..mode.channels.len() {
        let top = mode.channels.get(at).and_then(|channel| master_of(mode, channel)).map_or(u32::MAX, DraftChannel::top);
        let when = mode.channels.get_mut(at).and_then(|channel| channel.when.as_mut());
        when.into_iter().for_each(|when| when.within = common(&joined(std::mem::take(&mut when.within)), &[(0, top)]));
    }
    let mut at = 0;
    while let Some(channel) = mode.channels.get(at) {
        let why = match channel.when {
            Some(_) => refused(mode, channel, at),
            // What others always have the slots of is never there.
            None if times(mode, channel).is_empty() => Some(""),
            None => None,
        };
        match why {
            // What slots are first of all they are always, when nothing can tell when they are something else.
            Some(why) if !why.is_empty() && is_first(mode, at) => always(mode, at, why, notes),
            Some(why) => leave_out(mode, at, why, notes),
            None => at += 1,
        }
    }
    let mut at = 0;
    while let Some(channel) = mode.channels.get(at) {
        match twin(mode, channel, at) {
            Some(other) => {
                let rests = |at: usize| mode.channels.get(at).is_some_and(|channel| at_rest(mode, channel));
                let gone = if rests(at) && !rests(other) { other } else { at };
                leave_out(mode, gone, "the light has that on other slots", notes);
            }
            None => at += 1,
        }
    }
}

/// What switches others is always what it is: what it were besides is left out, and of slots that several switch the first one does.
fn unchain(mode: &mut DraftMode, notes: &mut Vec<String>) {
    let mut at = 0;
    while let Some(channel) = mode.channels.get(at) {
        let switches = |one: &DraftChannel| {
            one.part == channel.part
                && one.slots.first() != channel.slots.first()
                && one.when.as_ref().is_some_and(|when| channel.slots.first() == Some(&when.slot))
        };
        if channel.when.is_some() && mode.channels.iter().any(switches) && is_first(mode, at) {
            always(mode, at, "it switches others itself", notes);
        }
        at += 1;
    }
}

/// The first of those that share its slots: what they are unless something else is said.
fn is_first(mode: &DraftMode, at: usize) -> bool {
    let Some(channel) = mode.channels.get(at) else { return false };
    !mode.channels.iter().take(at).any(|one| one.part == channel.part && one.slots.iter().any(|slot| channel.slots.contains(slot)))
}

/// Slots are one thing, whatever else they were at times.
fn always(mode: &mut DraftMode, at: usize, why: &str, notes: &mut Vec<String>) {
    let Some(channel) = mode.channels.get_mut(at) else { return };
    channel.when = None;
    let (part, slots) = (channel.part, channel.slots.clone());
    let name = if channel.name.is_empty() { channel.attribute.clone() } else { channel.name.clone() };
    notes.push(format!("mode {}: slot {} is {name} always: {why}", mode.name, slots.first().copied().unwrap_or(0)));
    let mut nth = 0;
    while let Some(other) = mode.channels.get(nth) {
        if nth != at && other.part == part && other.slots.iter().any(|slot| slots.contains(slot)) {
            leave_out(mode, nth, why, notes);
        } else {
            nth += 1;
        }
    }
}

/// After channels have their cells and numbers: a profile finds what switches a channel in its cell, or in the whole light.
pub(super) fn reach(mode: &mut DraftMode, notes: &mut Vec<String>) {
    let mut at = 0;
    while let Some(channel) = mode.channels.get(at) {
        let found = master_of(mode, channel).is_none_or(|master| {
            let named =
                |cell: Option<&String>| mode.channels.iter().find(|one| one.cell.as_ref() == cell && one.attribute == master.attribute);
            named(channel.cell.as_ref()).or_else(|| named(None)).is_some_and(|one| std::ptr::eq(one, master))
        });
        let why = "what switches it is in another cell";
        match found {
            true => at += 1,
            false if is_first(mode, at) => always(mode, at, why, notes),
            false => leave_out(mode, at, why, notes),
        }
    }
}

/// Why a channel that is there at times can not be.
fn refused(mode: &DraftMode, channel: &DraftChannel, at: usize) -> Option<&'static str> {
    let when = channel.when.as_ref()?;
    if when.within.is_empty() {
        return Some("");
    }
    let Some(master) = master_of(mode, channel) else { return Some("what switches it has no slots of its own from that start address") };
    let shares =
        |one: &DraftChannel, other: &DraftChannel| one.part == other.part && one.slots.iter().any(|slot| other.slots.contains(slot));
    if shares(master, channel) || mode.channels.iter().any(|one| one.when.is_some() && shares(one, master)) {
        return Some("what switches it is itself there only at times");
    }
    let earlier = mode.channels.iter().take(at).filter(|one| shares(one, channel)).filter_map(|one| one.when.as_ref());
    for other in earlier {
        if other.slot != when.slot {
            return Some("another channel switches that slot already");
        }
        if !common(&other.within, &when.within).is_empty() {
            return Some("the slot is something else then");
        }
    }
    None
}

/// When a channel is there, in the bytes of what switches it; of one that nothing switches, everywhere.
fn times(mode: &DraftMode, channel: &DraftChannel) -> Within {
    if let Some(when) = &channel.when {
        return when.within.clone();
    }
    let others = mode.channels.iter().filter(|one| one.part == channel.part && one.slots.iter().any(|slot| channel.slots.contains(slot)));
    let others: Vec<&DraftChannel> = others.filter(|one| one.when.is_some()).collect();
    let Some(top) = others.first().and_then(|one| master_of(mode, one)).map(DraftChannel::top) else { return vec![(0, u32::MAX)] };
    let taken = joined(others.iter().filter_map(|one| one.when.as_ref()).flat_map(|when| when.within.iter().copied()).collect());
    common(&crate::show::fixture::without(&taken), &[(0, top)])
}

/// An earlier channel of the same cell that is never there together with this one and is called the same, where a number would not help.
fn twin(mode: &DraftMode, channel: &DraftChannel, at: usize) -> Option<usize> {
    let same = |one: &DraftChannel| one.attribute == channel.attribute && one.cell == channel.cell && one.group == channel.group;
    let switched = |one: &DraftChannel| one.when.is_some() || channel.when.is_some();
    let apart = |one: &DraftChannel| common(&times(mode, one), &times(mode, channel)).is_empty();
    let twins = mode.channels.iter().take(at).position(|one| same(one) && switched(one) && apart(one));
    twins.filter(|_| splits(&channel.attribute))
}

/// It is there while what switches it rests.
fn at_rest(mode: &DraftMode, channel: &DraftChannel) -> bool {
    let Some(master) = master_of(mode, channel) else { return true };
    let rests = master.default.unwrap_or(0);
    channel.when.as_ref().is_some_and(|when| lies_in(&when.within, rests))
}

fn leave_out(mode: &mut DraftMode, at: usize, why: &str, notes: &mut Vec<String>) {
    let gone = mode.channels.remove(at);
    if !why.is_empty() {
        let slots: Vec<String> = gone.slots.iter().map(ToString::to_string).collect();
        let name = if gone.name.is_empty() { &gone.attribute } else { &gone.name };
        notes.push(format!("mode {}: slot {} as {name} is left out: {why}", mode.name, slots.join(" and ")));
    }
}
