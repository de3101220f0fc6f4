//! Incoming MIDI as a trigger: which intents a message means in this show.
//!
//! MIDI 1.0 Detailed Specification: note on is `9n kk vv` (velocity 0 is a note off), program change is `Cn pp`,
//! control change is `Bn cc vv`; `n` is the channel from 0, shown to people from 1. Show control and machine control are in
//! [`exclusive`], time code in [`time_code`].

pub mod exclusive;
mod obey;
pub mod time_code;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::engine::{Facet, Intent, Snapshot};
use crate::show::{Show, Target, TimeCode, Trigger, TriggerAct, TriggerMessage};
use exclusive::{For, Word};

/// What the ports have said so far, as far as it counts for what they say next.
#[derive(Debug, Default)]
pub struct Ears(BTreeMap<Arc<str>, Ear>);

/// One port.
#[derive(Debug, Default)]
struct Ear {
    /// What each controller last stood at: channel and number. At most 2048.
    controllers: BTreeMap<(u8, u8), u8>,
    time: time_code::Reader,
    /// The last show or machine control could not be followed, and that stands for the operator to read.
    odd: bool,
}

/// What a message means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// In order.
    pub intents: Vec<Intent>,
    /// What the operator must know of it.
    pub fact: Option<Facet>,
}

/// A message that can trigger.
#[derive(Debug, Clone, Copy)]
enum Message {
    Plain(TriggerMessage),
    Moved { number: u8, before: u8, now: u8 },
}

impl Ears {
    /// What a whole message from `port` means; nothing when no trigger listens for it.
    pub fn hear(&mut self, show: &Show, snapshot: &Snapshot, port: &Arc<str>, bytes: &[u8]) -> Heard {
        if !self.0.contains_key(port) {
            self.0.insert(port.clone(), Ear::default());
        }
        let Some(ear) = self.0.get_mut(port) else { return Heard::default() };
        if let Some(passed) = ear.time.hear(bytes) {
            let own = |trigger: &Trigger| match trigger.message {
                TriggerMessage::TimeCode(time) if heard_at(trigger, port) => Some(time),
                _ => None,
            };
            return Heard { intents: passed_over(show, &passed, own), fact: None };
        }
        if let Some((whom, words)) = exclusive::parse(bytes) {
            return ear.obey(show, snapshot, port, whom, &words);
        }
        let act = ear.message(bytes).and_then(|(message, channel)| {
            show.triggers.iter().find(|trigger| heard_at(trigger, port) && fits(trigger, message, channel)).map(|trigger| trigger.does)
        });
        Heard { intents: act.map(|act| intents(show, act)).unwrap_or_default(), fact: None }
    }
}

impl Ear {
    /// A channel message, and its channel.
    fn message(&mut self, bytes: &[u8]) -> Option<(Message, u8)> {
        let status = *bytes.first()?;
        let data = |at: usize| bytes.get(at).copied().filter(|byte| *byte < 0x80);
        let channel = (status & 0x0F) + 1;
        let message = match status & 0xF0 {
            0x90 if data(2)? > 0 => Message::Plain(TriggerMessage::Note(data(1)?)),
            0xB0 => {
                let (number, now) = (data(1)?, data(2)?);
                // One that was never heard stood at 0.
                Message::Moved { number, before: self.controllers.insert((channel, number), now).unwrap_or(0), now }
            }
            0xC0 => Message::Plain(TriggerMessage::Program(data(1)?)),
            _ => return None,
        };
        Some((message, channel))
    }

    /// Show or machine control.
    fn obey(&mut self, show: &Show, snapshot: &Snapshot, port: &Arc<str>, whom: For, words: &[Word]) -> Heard {
        let mut heard = Heard::default();
        let trigger = show.triggers.iter().find(|trigger| heard_at(trigger, port) && obey::is_meant(trigger.message, whom));
        let Some(TriggerAct::Obey(list)) = trigger.map(|trigger| trigger.does) else { return heard };
        let mut odd = None;
        for word in words {
            match obey::intents(show, snapshot, list, word) {
                Ok(intents) => heard.intents.extend(intents),
                Err(why) => odd = Some(why),
            }
        }
        if odd.is_some() || self.odd {
            heard.fact = Some(obey::fact(port, odd.as_deref()));
        }
        self.odd = odd.is_some();
        heard
    }
}

fn heard_at(trigger: &Trigger, port: &str) -> bool {
    Trigger::is_network(port) == Trigger::is_network(&trigger.port) && port.contains(&*trigger.port)
}

fn fits(trigger: &Trigger, message: Message, channel: u8) -> bool {
    let fits = match (trigger.message, message) {
        (TriggerMessage::Control { number, at_least }, Message::Moved { number: moved, before, now }) => {
            number == moved && before < at_least && now >= at_least
        }
        (wanted, Message::Plain(message)) => wanted == message,
        _ => false,
    };
    fits && trigger.channel.is_none_or(|wanted| wanted == channel)
}

/// What stands at the times that were passed, in their order; `at` tells the time of a trigger that is meant.
pub(super) fn passed_over(
    show: &Show,
    passed: &RangeInclusive<time_code::Place>,
    at: impl Fn(&Trigger) -> Option<TimeCode>,
) -> Vec<Intent> {
    let place = |trigger: &Trigger| at(trigger).map(time_code::place).filter(|place| passed.contains(place));
    let mut acts: Vec<_> = show.triggers.iter().filter_map(|trigger| Some((place(trigger)?, trigger.does))).collect();
    acts.sort_by_key(|(place, _)| *place);
    acts.into_iter().flat_map(|(_, act)| intents(show, act)).collect()
}

/// What an act wants.
pub(super) fn intents(show: &Show, does: TriggerAct) -> Vec<Intent> {
    vec![match does {
        TriggerAct::Go(list) => Intent::Go { list, seen: None },
        TriggerAct::GoTo(cue) => return obey::go_to(show, cue),
        TriggerAct::Start(cue) => Intent::Start { cue },
        TriggerAct::Standby(cue) => Intent::Standby { list: show.cue(cue).list, cue: Some(cue) },
        TriggerAct::Hot(hot) => Intent::Hot { hot },
        TriggerAct::Stop => Intent::Stop { target: Target::All },
        TriggerAct::Pause => Intent::Pause { target: Target::All },
        TriggerAct::Resume => Intent::Resume { target: Target::All },
        TriggerAct::Obey(_) => return Vec::new(),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::{ListIx, TimeCode};

    fn match_trigger(show: &Show, port: &str, bytes: &[u8]) -> Option<Intent> {
        hear(&mut Ears::default(), show, port, bytes)
    }

    fn hear(ears: &mut Ears, show: &Show, port: &str, bytes: &[u8]) -> Option<Intent> {
        ears.hear(show, &Snapshot::default(), &port.into(), bytes).intents.pop()
    }

    fn show() -> Show {
        let go = TriggerAct::Go(ListIx(0));
        let trigger = |message, channel, does| Trigger { port: "Pedal".into(), message, channel, does };
        Show {
            triggers: vec![trigger(TriggerMessage::Note(60), None, go), trigger(TriggerMessage::Program(5), Some(2), TriggerAct::Stop)],
            ..Show::default()
        }
    }

    #[test]
    fn a_note_on_is_a_go() {
        let go = Some(Intent::Go { list: ListIx(0), seen: None });
        assert_eq!(match_trigger(&show(), "Foot Pedal 1", &[0x93, 60, 100]), go);
    }

    #[test]
    fn a_note_off_another_note_and_another_port_are_not() {
        for (port, bytes) in
            [("Pedal", vec![0x93, 60, 0]), ("Pedal", vec![0x83, 60, 64]), ("Pedal", vec![0x93, 61, 9]), ("Desk", vec![0x93, 60, 9])]
        {
            assert_eq!(match_trigger(&show(), port, &bytes), None);
        }
    }

    #[test]
    fn a_channel_is_kept_to() {
        assert_eq!(match_trigger(&show(), "Pedal", &[0xC1, 5]), Some(Intent::Stop { target: Target::All }));
        assert_eq!(match_trigger(&show(), "Pedal", &[0xC0, 5]), None);
    }

    #[test]
    fn a_pedal_fires_once_each_time_it_goes_down() {
        let mut show = show();
        let message = TriggerMessage::Control { number: 64, at_least: 100 };
        show.triggers.push(Trigger { port: "Pedal".into(), message, channel: None, does: TriggerAct::Stop });
        let mut ears = Ears::default();
        let values = [20, 99, 100, 127, 110, 40, 127, 127];
        let fired: Vec<bool> = values.iter().map(|value| hear(&mut ears, &show, "Pedal", &[0xB0, 64, *value]).is_some()).collect();
        assert_eq!(fired, [false, false, true, false, false, false, true, false]);
        assert_eq!(hear(&mut ears, &show, "Pedal", &[0xB0, 65, 127]), None);
    }

    #[test]
    fn broken_messages_are_nothing() {
        for bytes in [&[][..], &[0x90], &[0x90, 60], &[0xC0], &[0x90, 0xF0, 1], &[0xF0, 1, 2]] {
            assert_eq!(match_trigger(&show(), "Pedal", bytes), None);
        }
    }

    #[test]
    fn a_time_is_passed_once_and_in_order() {
        let mut show = show();
        for (frames, does) in [(2, TriggerAct::Resume), (1, TriggerAct::Pause)] {
            let message = TriggerMessage::TimeCode(TimeCode { hours: 0, minutes: 0, seconds: 0, frames });
            show.triggers.push(Trigger { port: "Tape".into(), message, channel: None, does });
        }
        let mut ears = Ears::default();
        // 00:00:00:00 at 25 frames; the eighth piece is seven quarters later.
        let mut heard = Vec::new();
        for piece in (0_u8..7).map(|piece| piece << 4).chain([0x72, 0x02]) {
            heard.extend(ears.hear(&show, &Snapshot::default(), &"Tape".into(), &[0xF1, piece]).intents);
        }
        assert_eq!(heard, [Intent::Pause { target: Target::All }, Intent::Resume { target: Target::All }]);
    }
}
