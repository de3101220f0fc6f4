//! What a technician should know: power, stream, disk, the network, free slots.

use std::collections::BTreeMap;

use super::state::State;
use crate::device_api::{Facet, Level, Report};
use crate::devices::Out;
use crate::show::Profile;
use crate::time::{Mono, Span};

/// The network is judged by what was sent again within this.
const NETWORK_EVERY: Span = Span::secs(10);
/// So many packets sent again within it are worth a word.
const RESENDS_MANY: u32 = 20;
/// A stream's cache this full, in percent, means that the upload is too slow.
const CACHE_HIGH: u16 = 80;
/// Seconds of recording left that are worth a word, and an alarm.
const DISK_LOW: u32 = 15 * 60;
const DISK_SHORT: u32 = 3 * 60;

/// The levels that were told.
#[derive(Debug)]
pub struct Health {
    supplies: u8,
    told: BTreeMap<&'static str, (Level, String)>,
    resent: u32,
    next: Mono,
}

impl Health {
    /// For a model.
    #[must_use]
    pub fn new(profile: &Profile) -> Self {
        let supplies = profile.family_facts.get("supplies").and_then(serde_json::Value::as_u64).unwrap_or(1);
        Self { supplies: u8::try_from(supplies.min(2)).unwrap_or(1), told: BTreeMap::new(), resent: 0, next: Mono::ZERO }
    }

    /// Tells a facet when it is new; what was good all the time needs no word, unless it is a figure.
    pub fn say(&mut self, key: &'static str, level: Level, text: &str, out: &mut Out) {
        let known = self.told.get(key).map(|(level, text)| (*level, text.as_str()));
        if known.unwrap_or((Level::Good, "")) != (level, text) {
            self.told.insert(key, (level, text.to_owned()));
            out.report(Report::Health(Facet { key: key.into(), level, text: text.into() }));
        }
    }

    /// After words of state.
    pub fn judge(&mut self, state: &State, out: &mut Out) {
        if let Some(power) = state.power {
            let missing: Vec<&str> = [(1, "A"), (2, "B")]
                .iter()
                .take(usize::from(self.supplies))
                .filter(|(bit, _)| power & bit == 0)
                .map(|(_, name)| *name)
                .collect();
            let (level, text) = match missing.as_slice() {
                [] if self.supplies > 1 => (Level::Good, "both power supplies work".to_owned()),
                [] => (Level::Good, String::new()),
                names => (Level::Bad, format!("power supply {} of the switcher gives nothing: check its cable", names.join(" and "))),
            };
            self.say("power", level, &text, out);
        }
        if let Some(status) = state.stream {
            let (level, text) = stream(status, state.stream_rate);
            self.say("stream", level, &text, out);
        }
        if let Some((status, left)) = state.record {
            let (level, text) = disk(status, left);
            self.say("disk", level, &text, out);
        }
    }

    /// Every ten seconds: how much the network lost.
    pub fn watch(&mut self, now: Mono, resent: u32, out: &mut Out) {
        if now < self.next {
            return;
        }
        let lost = resent.saturating_sub(self.resent);
        self.resent = resent;
        self.next = now + NETWORK_EVERY;
        let (level, text) = if lost >= RESENDS_MANY {
            (Level::Warn, format!("{lost} packets had to be sent again within {NETWORK_EVERY}: check the network to the switcher"))
        } else {
            (Level::Good, String::new())
        };
        self.say("network", level, &text, out);
    }

    /// When the network is judged next.
    #[must_use]
    pub const fn next_due(&self) -> Mono {
        self.next
    }
}

fn stream(status: u16, rate: Option<(u32, u16)>) -> (Level, String) {
    if status & 0x8010 != 0 {
        return (Level::Bad, "the stream has failed: check the service, its key and the internet connection".into());
    }
    match rate {
        Some((bits, _)) if status & 0x04 != 0 && bits == 0 => (Level::Warn, "the stream runs, but nothing leaves".into()),
        Some((bits, cache)) if status & 0x04 != 0 && cache >= CACHE_HIGH => {
            let (bits, cache) = (bits / 500_000 * 500, cache / 10 * 10);
            (Level::Warn, format!("the stream's cache is {cache} % full at {bits} kbit/s: the upload is too slow"))
        }
        Some((bits, cache)) if status & 0x04 != 0 => {
            let (tenths, cache) = ((bits + 250_000) / 500_000 * 5, cache / 10 * 10);
            (Level::Good, format!("the stream leaves at {}.{} Mbit/s, its cache is {cache} % full", tenths / 10, tenths % 10))
        }
        _ => (Level::Good, String::new()),
    }
}

fn disk(status: u16, left: Option<u32>) -> (Level, String) {
    let recording = status & 1 != 0;
    match left {
        _ if status & 0x04 != 0 => (Level::Bad, "the recording disk is full: change it".into()),
        _ if status & 0x08 != 0 => (Level::Bad, "the recording disk has an error: change it".into()),
        _ if status & 0x20 != 0 => (Level::Bad, "the recording drops frames: the disk is too slow".into()),
        _ if status & 0x10 != 0 => (Level::Warn, "the recording disk is not formatted".into()),
        Some(left) if recording && left < DISK_SHORT => {
            (Level::Bad, format!("less than {} min of recording are left: change the disk now", left / 60 + 1))
        }
        Some(left) if recording && left < DISK_LOW => (Level::Warn, format!("{} min of recording are left", left / 60)),
        Some(left) => (Level::Good, format!("more than {} min of recording are left", left / 900 * 15)),
        None => (Level::Good, String::new()),
    }
}
