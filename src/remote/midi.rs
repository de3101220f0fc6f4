//! Incoming MIDI as a trigger: which intent a message means in this show.
//!
//! MIDI 1.0 Detailed Specification: note on is `9n kk vv` (velocity 0 is a note off), program change is `Cn pp`;
//! control change is `Bn cc vv`; `n` is the channel from 0, shown to people from 1.

use std::collections::BTreeMap;

use crate::engine::Intent;
use crate::show::{Show, Target, Trigger, TriggerAct, TriggerMessage};

/// What each controller of each port last stood at: port, channel, controller. At most 2048 a port that the show listens to.
#[derive(Debug, Default)]
pub struct Controllers(BTreeMap<String, BTreeMap<(u8, u8), u8>>);

impl Controllers {
    /// The value before; 0 for one that was never heard.
    fn replace(&mut self, port: &str, channel: u8, number: u8, value: u8) -> u8 {
        if !self.0.contains_key(port) {
            self.0.insert(port.to_owned(), BTreeMap::new());
        }
        self.0.get_mut(port).and_then(|port| port.insert((channel, number), value)).unwrap_or(0)
    }
}

/// A message that can trigger.
#[derive(Debug, Clone, Copy)]
enum Heard {
    Plain(TriggerMessage),
    Moved { number: u8, before: u8, now: u8 },
}

/// The intent of the first trigger that a message from `port` fits; `None` when no trigger listens for it.
#[must_use]
pub fn match_trigger(show: &Show, port: &str, bytes: &[u8], controllers: &mut Controllers) -> Option<Intent> {
    let (heard, channel) = match *bytes {
        [status @ 0xB0..=0xBF, number @ 0..=0x7F, now @ 0..=0x7F] => {
            let channel = (status & 0x0F) + 1;
            (Heard::Moved { number, before: controllers.replace(port, channel, number, now), now }, channel)
        }
        _ => parse(bytes).map(|(message, channel)| (Heard::Plain(message), channel))?,
    };
    show.triggers.iter().find(|trigger| fits(trigger, port, heard, channel)).map(|trigger| intent(trigger.does))
}

fn parse(bytes: &[u8]) -> Option<(TriggerMessage, u8)> {
    let status = *bytes.first()?;
    let data = |at: usize| bytes.get(at).copied().filter(|byte| *byte < 0x80);
    let message = match status & 0xF0 {
        0x90 if data(2)? > 0 => TriggerMessage::Note(data(1)?),
        0xC0 => TriggerMessage::Program(data(1)?),
        _ => return None,
    };
    Some((message, (status & 0x0F) + 1))
}

fn fits(trigger: &Trigger, port: &str, heard: Heard, channel: u8) -> bool {
    let message = match (trigger.message, heard) {
        (TriggerMessage::Control { number, at_least }, Heard::Moved { number: moved, before, now }) => {
            number == moved && before < at_least && now >= at_least
        }
        (wanted, Heard::Plain(message)) => wanted == message,
        _ => false,
    };
    message && trigger.channel.is_none_or(|wanted| wanted == channel) && port.contains(&*trigger.port)
}

const fn intent(does: TriggerAct) -> Intent {
    match does {
        TriggerAct::Go(list) => Intent::Go { list, seen: None },
        TriggerAct::Start(cue) => Intent::Start { cue },
        TriggerAct::Hot(hot) => Intent::Hot { hot },
        TriggerAct::Stop => Intent::Stop { target: Target::All },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::ListIx;

    fn match_trigger(show: &Show, port: &str, bytes: &[u8]) -> Option<Intent> {
        super::match_trigger(show, port, bytes, &mut Controllers::default())
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
        let mut controllers = Controllers::default();
        let values = [20, 99, 100, 127, 110, 40, 127, 127];
        let fired: Vec<bool> =
            values.iter().map(|value| super::match_trigger(&show, "Pedal", &[0xB0, 64, *value], &mut controllers).is_some()).collect();
        assert_eq!(fired, [false, false, true, false, false, false, true, false]);
        assert_eq!(super::match_trigger(&show, "Pedal", &[0xB0, 65, 127], &mut controllers), None);
    }

    #[test]
    fn broken_messages_are_nothing() {
        for bytes in [&[][..], &[0x90], &[0x90, 60], &[0xC0], &[0x90, 0xF0, 1], &[0xF0, 1, 2]] {
            assert_eq!(match_trigger(&show(), "Pedal", bytes), None);
        }
    }
}
