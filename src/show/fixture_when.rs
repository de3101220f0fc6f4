//! `when = { channel = "Effects1", in = "programs" }`: slots that are one channel or another, as a further channel says.
//!
//! A channel without `when` on slots that others have at times is what the slots are for the rest of the time. So each of them gets
//! the ranges in which its slots are its own, and no slot is two things at once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::de::DeValue;

use super::fault::{Faults, suggestion};
use super::fields::{Fields, Node};
use super::fixture::{FixtureChannel, FixtureMode, When, common, joined, without};
use super::fixture_text::Wire;

const HELP: &str =
    "write when = { channel = \"Control1\", in = [0, 99] }, with a value, a range, a name of that channel's, or a list of these";

/// A `when` of the file, and the channels (of one cell each) that have it.
pub(super) struct Said<'a, 'i> {
    pub(super) channels: Range<usize>,
    pub(super) node: &'a Node<'i>,
}

/// Who is on each slot of each break, and where the file says it.
pub(super) type Taken = BTreeMap<(u16, u16), Vec<(usize, Range<usize>)>>;

/// Finds what every `when` of a mode means, and what slots are in between.
pub(super) fn settle(mode: &mut FixtureMode, said: &[Said<'_, '_>], taken: &Taken, faults: &mut Faults) {
    let before = faults.count();
    for one in said {
        read(mode, one, faults);
    }
    if faults.count() > before {
        return;
    }
    share(mode, taken, faults);
    for one in said {
        let masters = one.channels.clone().filter_map(|at| mode.channels.get(at)?.when.as_ref());
        let switched = masters.filter_map(|when| mode.channels.get(usize::from(when.master))).find(|master| master.when.is_some());
        if let Some(master) = switched {
            let message = format!("{} is itself there only at times, so no slot can hang on it", master.attribute);
            faults.add_help(one.node.span(), message, "name a channel that has its slots for itself");
        }
    }
}

/// One `when`, of the channels of all cells that have it.
fn read(mode: &mut FixtureMode, said: &Said<'_, '_>, faults: &mut Faults) {
    let Some(mut fields) = Fields::of(said.node, "when", faults) else { return };
    let name = fields.need_text("channel", faults);
    let span = fields.get("channel").map(toml::Spanned::span).unwrap_or_default();
    let within = fields.get("in");
    fields.finish(faults);
    let Some(within) = within else {
        return faults.add_help(said.node.span(), "when does not say where that channel must be", HELP);
    };
    let Some(name) = name else { return };
    for at in said.channels.clone() {
        let Some(own) = mode.channels.get(at) else { return };
        let (cell, part) = (own.cell, own.part);
        let named = |cell: u16| mode.channels.iter().position(|one| one.cell == cell && *one.attribute == *name);
        let Some(nth) = named(cell).or_else(|| named(0)) else {
            let known: BTreeSet<&str> =
                mode.channels.iter().filter(|one| [0, cell].contains(&one.cell)).map(|one| &*one.attribute).collect();
            return faults.unknown(span, format!("there is no channel \"{name}\" that could switch this one"), name, known);
        };
        let Some(master) = mode.channels.get(nth) else { return };
        if nth == at || master.part != part {
            let why = if nth == at { "a channel can not hang on itself".to_owned() } else { format!("{name} lies in another break") };
            return faults.add_help(span, why, "name a channel that has slots of its own from the same start address");
        }
        let Some(ranges) = ranges(master, within, faults) else { return };
        let when = u16::try_from(nth).ok().map(|master| When { master, within: joined(ranges) });
        mode.channels.get_mut(at).into_iter().for_each(|channel| channel.when.clone_from(&when));
    }
}

/// A value, a range, a name, or a list of these, whole steps of the wire each.
fn ranges(master: &FixtureChannel, node: &Node<'_>, faults: &mut Faults) -> Option<Vec<(u32, u32)>> {
    let wire = Wire { bytes: master.slots.bytes(), reach: master.reach };
    if let DeValue::Array(items) = node.get_ref() {
        let plain = matches!(items.iter().collect::<Vec<_>>().as_slice(), [a, b] if a.get_ref().is_integer() && b.get_ref().is_integer());
        if !plain {
            let all: Option<Vec<_>> = items.iter().map(|item| ranges(master, item, faults)).collect();
            let all: Vec<(u32, u32)> = all?.into_iter().flatten().collect();
            if all.is_empty() {
                faults.add_help(node.span(), "when holds nowhere", HELP);
                return None;
            }
            return Some(all);
        }
    }
    let ends = match node.get_ref() {
        DeValue::Array(items) => items.iter().map(|item| wire.value(item.get_ref())).collect::<Option<Vec<u32>>>(),
        DeValue::String(name) => match master.values.iter().find(|value| *value.name == **name) {
            Some(value) => Some(vec![value.from, value.to]),
            None => {
                let help = suggestion(name, master.values.iter().map(|value| &*value.name)).unwrap_or_else(|| HELP.into());
                faults.add_help(node.span(), format!("{} has no value \"{name}\"", master.attribute), help);
                return None;
            }
        },
        value => wire.value(value).map(|value| vec![value]),
    };
    let Some((from, to)) = ends.and_then(|ends| Some((*ends.iter().min()?, *ends.iter().max()?))) else {
        faults.add_help(node.span(), format!("{} has no such value", master.attribute), HELP);
        return None;
    };
    let rest = u32::MAX.checked_shr(u32::from(wire.bytes) * 8).unwrap_or(0);
    Some(vec![(from & !rest, to | rest)])
}

/// Two channels on one slot take turns; the one that does not say when has the rest.
fn share(mode: &mut FixtureMode, taken: &Taken, faults: &mut Faults) {
    let mut told: BTreeSet<usize> = BTreeSet::new();
    let mut others: BTreeMap<usize, (Vec<When>, Range<usize>)> = BTreeMap::new();
    for ((_, slot), users) in taken {
        for (nth, (at, span)) in users.iter().enumerate() {
            for (other, other_span) in users.iter().take(nth) {
                let Some((one, two)) = mode.channels.get(*other).zip(mode.channels.get(*at)) else { continue };
                // A channel of a part of the slots that say themselves whether they are that.
                let own = |when: &When, master: usize| usize::from(when.master) == master;
                let fault = match (&one.when, &two.when) {
                    (Some(when), None) if own(when, *at) => None,
                    (None, Some(when)) if own(when, *other) => None,
                    (None, None) => Some((format!("slot {slot} is {} already", one.attribute), "one of them needs a when")),
                    (Some(a), Some(b)) if a.master != b.master => {
                        Some((format!("slot {slot} is {} or {} as two channels say, not one", one.attribute, two.attribute), HELP))
                    }
                    (Some(a), Some(b)) if !common(&a.within, &b.within).is_empty() => Some((
                        format!("slot {slot} is {} and {} at one time", one.attribute, two.attribute),
                        "their ranges may not overlap",
                    )),
                    (Some(_), Some(_)) => None,
                    (Some(when), None) => {
                        others.entry(*at).or_insert_with(|| (Vec::new(), span.clone())).0.push(when.clone());
                        None
                    }
                    (None, Some(when)) => {
                        others.entry(*other).or_insert_with(|| (Vec::new(), other_span.clone())).0.push(when.clone());
                        None
                    }
                };
                if let Some((message, help)) = fault.filter(|_| told.insert(span.start)) {
                    faults.add_help(span.clone(), message, help);
                }
            }
        }
    }
    for (at, (whens, span)) in others {
        let master = whens.first().map(|when| when.master);
        let left = without(&joined(whens.iter().flat_map(|when| when.within.iter().copied()).collect()));
        let name = mode.channels.get(at).map(|one| one.attribute.to_string()).unwrap_or_default();
        if whens.iter().any(|when| Some(when.master) != master) {
            faults.add_help(span, format!("slots of {name} hang on two channels, not one"), HELP);
        } else if left.is_empty() {
            faults.add_help(span, format!("slots of {name} are always something else"), "leave it out, or give it a when of its own");
        } else if let Some((channel, master)) = mode.channels.get_mut(at).zip(master) {
            channel.when = Some(When { master, within: left });
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::show::dmx::FULL;
    use crate::show::fixture_text::parse;

    /// A light of a switch on slot 1 and what else a test has.
    fn light(more: &str) -> String {
        let switch = "[[channel]]\nattribute = \"Control1\"\nslot = 1\nvalues = { one = [0, 9], two = [10, 19] }\n";
        format!("maker = \"A\"\nmodel = \"B\"\nfootprint = 4\n{switch}{more}")
    }

    fn channel(attribute: &str, slot: u8, when: &str) -> String {
        format!("[[channel]]\nattribute = \"{attribute}\"\nslot = {slot}\n{when}\n")
    }

    #[test]
    fn who_does_not_say_when_has_the_rest() {
        let text = light(
            &[channel("Zoom", 2, ""), channel("Iris", 2, "when = { channel = \"Control1\", in = [\"one\", 30, [40, 49]] }")].concat(),
        );
        let profile = parse("p", &text).unwrap();
        let mode = &profile.modes[0];
        let within = |at: usize| mode.channels[at].when.clone().unwrap().within;
        let wide = |from: u32, to: u32| (from << 24, to << 24 | 0x00FF_FFFF);
        assert_eq!(within(2), [wide(0, 9), wide(30, 30), wide(40, 49)]);
        assert_eq!(within(1), [wide(10, 29), wide(31, 39), wide(50, 255)]);
        assert_eq!(within(1).last().unwrap().1, FULL);
        assert!(mode.channels[0].snap, "what switches jumps");
        let spots = |within: &[(u32, u32)]| mode.channels[0].spots(within);
        assert_eq!(spots(&within(2)[..1]), "\"one\"", "by its name");
        assert_eq!(spots(&within(2)), "0 to 9 or 30 or 40 to 49", "names that leave something out tell too little");
    }

    #[test]
    fn no_slot_is_two_things_at_once_and_nothing_hangs_on_what_comes_and_goes() {
        let told =
            |channels: &[String]| parse("p", &light(&channels.concat())).unwrap_err().into_iter().map(|f| f.message).collect::<Vec<_>>();
        let when = |within: &str| format!("when = {{ channel = \"Control1\", in = {within} }}");
        assert_eq!(told(&[channel("Zoom", 2, ""), channel("Iris", 2, "")]), ["slot 2 is Zoom already"]);
        assert_eq!(
            told(&[channel("Zoom", 2, &when("\"one\"")), channel("Iris", 2, &when("[5, 30]"))]),
            ["slot 2 is Zoom and Iris at one time"]
        );
        assert_eq!(told(&[channel("Zoom", 2, ""), channel("Iris", 2, &when("[0, 255]"))]), ["slots of Zoom are always something else"]);
        assert_eq!(told(&[channel("Zoom", 2, &when("\"three\""))]), ["Control1 has no value \"three\""]);
        assert_eq!(told(&[channel("Zoom", 2, &when("256"))]), ["Control1 has no such value"]);
        assert_eq!(told(&[channel("Zoom", 2, "when = { channel = \"Zoom\", in = 1 }")]), ["a channel can not hang on itself"]);
        assert_eq!(
            told(&[channel("Zoom", 2, &when("\"one\"")), channel("Iris", 3, "when = { channel = \"Zoom\", in = 1 }")]),
            ["Zoom is itself there only at times, so no slot can hang on it"]
        );
        assert_eq!(
            told(&[channel("Zoom", 3, ""), channel("Iris", 2, &when("1")), channel("Pan", 2, "when = { channel = \"Zoom\", in = 9 }")]),
            ["slot 2 is Iris or Pan as two channels say, not one"]
        );
        assert_eq!(
            told(&[channel("Zoom", 2, "when = { channel = \"Control2\", in = 1 }")]),
            ["there is no channel \"Control2\" that could switch this one"]
        );
    }
}
