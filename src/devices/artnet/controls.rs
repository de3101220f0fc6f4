//! What cues set on a node beside levels: its locate light, its failsafe, the end of a merge; triggers; time code that runs.
//!
//! ArtAddress is answered by an ArtPollReply, and any reply shows indicators and failsafe: that is the proof. One that does not come is
//! asked for by sending the setting again. Triggers, time code and the end of a merge have no answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::codec::{self, command};
use super::reply::Reply;
use super::time_sender::TimeSender;
use super::{Options, WIRE};
use crate::device_api::{Command, Op, Report};
use crate::devices::dmx::merge::Failsafe;
use crate::devices::ledger::Ledger;
use crate::devices::{Out, Plan, earlier};
use crate::show::{PropIx, TimeCode, Value};
use crate::time::{Mono, Span};

/// A setting that no reply shows is sent again after this: a node answers at once, at the latest within its random second.
const AGAIN: Span = Span::ms(1_200);
/// So often in all.
const TRIES: u8 = 3;
/// The root device of a node.
const ROOT: u8 = 1;

/// One property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Locate,
    Failsafe,
    CancelMerge,
    Trigger(u8, u8),
    TimeCode,
}

impl What {
    /// By its path in the profile.
    fn named(path: &str) -> Option<Self> {
        Some(match path {
            "locate" => Self::Locate,
            "failsafe" => Self::Failsafe,
            "key/end-merge" => Self::CancelMerge,
            "timecode" => Self::TimeCode,
            _ => {
                let (key, sub_key) = path.strip_prefix("trigger/")?.split_once('/')?;
                Self::Trigger(key.parse().ok()?, sub_key.parse().ok()?)
            }
        })
    }
}

/// A setting whose proof has not come.
#[derive(Debug)]
struct Awaited {
    value: Value,
    command: u8,
    again: Mono,
    left: u8,
}

/// The properties of one node.
#[derive(Debug)]
pub struct Controls {
    what: BTreeMap<PropIx, What>,
    ledger: Ledger,
    awaited: BTreeMap<PropIx, Awaited>,
    time: TimeSender,
    /// The address is a network's: there is no one node to set.
    many: bool,
    /// The failsafe can be set, by the node's own word.
    sets_failsafe: bool,
}

impl Controls {
    /// Those that the profile has.
    #[must_use]
    pub fn new(plan: Plan<'_>, options: Options) -> Self {
        Self {
            what: plan.props().filter_map(|(ix, prop)| Some((ix, What::named(&prop.path)?))).collect(),
            ledger: Ledger::new(plan),
            awaited: BTreeMap::new(),
            time: TimeSender::new(options.frame_rate),
            many: options.discover || options.broadcast,
            sets_failsafe: false,
        }
    }

    /// A cue or an operator wants something.
    pub fn command(&mut self, now: Mono, command: &Command, out: &mut Out) {
        let done = match (&command.op, self.what.get(&command.prop)) {
            (Op::Set { value, .. }, Some(what)) => {
                self.set(now, command.prop, *what, value, out).map(|()| out.completes(command.action, Some(value.clone())))
            }
            (Op::Halt, Some(What::TimeCode)) => {
                out.send(WIRE, self.time.stand().to_vec());
                Ok(())
            }
            (Op::Continue, Some(What::TimeCode)) => {
                self.run(now, out);
                Ok(())
            }
            (Op::Read, Some(_)) => {
                self.ledger.tell(command.prop);
                out.send(WIRE, codec::poll());
                Ok(())
            }
            _ => Err("an Art-Net node has no such property (light it through its universes)".into()),
        };
        if let Err(why) = done {
            out.report(Report::Refused { action: command.action, why });
        }
    }

    fn set(&mut self, now: Mono, prop: PropIx, what: What, value: &Value, out: &mut Out) -> Result<(), Arc<str>> {
        let command = match (what, value) {
            (What::Trigger(key, sub_key), _) => {
                out.send(WIRE, codec::trigger(key, sub_key).to_vec());
                return Ok(());
            }
            (What::TimeCode, Value::Transport(wanted)) => return self.play(now, wanted.clip.as_deref(), wanted.playing, out),
            _ if self.many => return Err("this device is a whole network: give the node a device of its own, with its own address".into()),
            (What::CancelMerge, _) => {
                out.send(WIRE, codec::address(ROOT, command::CANCEL_MERGE).to_vec());
                return Ok(());
            }
            (What::Locate, Value::Switch(true)) => command::LED_LOCATE,
            (What::Locate, Value::Switch(false)) => command::LED_NORMAL,
            (What::Failsafe, _) if !self.sets_failsafe => return Err("this node's failsafe is set on the node itself".into()),
            (What::Failsafe, Value::Text(word)) => {
                let failsafe = Failsafe::named(word).ok_or("a failsafe is hold, zero, full or scene")?;
                command::FAIL_HOLD + failsafe as u8
            }
            _ => return Err("this property takes no such value".into()),
        };
        self.ledger.sent(now, prop, value);
        out.send(WIRE, codec::address(ROOT, command).to_vec());
        self.awaited.insert(prop, Awaited { value: value.clone(), command, again: now + AGAIN, left: TRIES - 1 });
        Ok(())
    }

    /// The time runs, and its first packet leaves.
    fn run(&mut self, now: Mono, out: &mut Out) {
        self.time.run(now);
        self.say_time(now, out);
    }

    fn say_time(&mut self, now: Mono, out: &mut Out) {
        while let Some(packet) = self.time.take(now) {
            let mut bytes = out.buffer();
            bytes.extend_from_slice(&packet);
            out.send(WIRE, bytes);
        }
    }

    fn play(&mut self, now: Mono, clip: Option<&str>, playing: bool, out: &mut Out) -> Result<(), Arc<str>> {
        if let Some(clip) = clip.filter(|_| playing) {
            let time = TimeCode::parse(clip).ok_or_else(|| format!("\"{clip}\" is no time code: write 01:00:00:00 in the patch"))?;
            if !self.time.wind(time) {
                return Err(format!("at the device's frame_rate there is no frame {}", time.frames).into());
            }
        }
        if playing {
            self.run(now, out);
        } else {
            out.send(WIRE, self.time.stand().to_vec());
        }
        Ok(())
    }

    /// A node has answered: what it shows of itself.
    pub fn heard(&mut self, now: Mono, reply: &Reply, out: &mut Out) {
        if self.many || reply.bind_index > ROOT {
            return;
        }
        self.sets_failsafe = reply.sets_failsafe;
        for (prop, what) in &self.what {
            let value = match what {
                What::Locate => reply.locates.map(Value::Switch),
                What::Failsafe => Some(Value::Text(reply.failsafe.word().into())),
                _ => None,
            };
            let Some(value) = value else { continue };
            if self.awaited.get(prop).is_some_and(|awaited| awaited.value == value) {
                self.awaited.remove(prop);
            }
            self.ledger.word(now, *prop, value, out);
        }
    }

    /// The node is lost: what it shows when it is back is news, and nothing is sent again. Time code runs on.
    pub fn lost(&mut self) {
        self.ledger.forget();
        self.awaited.clear();
    }

    /// Sends again what no reply has shown, and the time codes that are due.
    pub fn tick(&mut self, now: Mono, out: &mut Out) {
        for awaited in self.awaited.values_mut().filter(|a| a.again <= now) {
            out.send(WIRE, codec::address(ROOT, awaited.command).to_vec());
            awaited.left = awaited.left.saturating_sub(1);
            awaited.again = now + AGAIN;
        }
        self.awaited.retain(|_, a| a.left > 0);
        self.say_time(now, out);
    }

    /// When [`Self::tick`] has something to do.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        earlier(self.awaited.values().map(|a| a.again).min(), self.time.next_due())
    }
}
