//! What a show listens for, by MIDI and by Art-Net, and what that does.

use std::sync::Arc;

use super::{CueIx, FrameRate, HotIx, ListIx, TimeCode};

/// An incoming message that acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Port name pattern: the port whose name contains this; `network` or `network: NAME` for sessions of network MIDI. Of Art-Net the
    /// sender's address, empty for any.
    pub port: Arc<str>,
    /// What is listened for.
    pub message: TriggerMessage,
    /// Channel 1 to 16; `None` is any.
    pub channel: Option<u8>,
    /// What happens.
    pub does: TriggerAct,
}

impl Trigger {
    /// Whether it listens to Art-Net, not to MIDI.
    #[must_use]
    pub const fn is_artnet(&self) -> bool {
        matches!(self.message, TriggerMessage::ArtTrigger { .. } | TriggerMessage::ArtTimeCode(_))
    }

    /// Whether one message could be meant for both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let (one, two) = (&*self.port, &*other.port);
        let from = if self.is_artnet() { one.is_empty() || two.is_empty() || one == two } else { one.contains(two) || two.contains(one) };
        from && self.message.overlaps(other.message) && (self.channel.is_none() || other.channel.is_none() || self.channel == other.channel)
    }

    /// Whether a port pattern means sessions of network MIDI, not ports of this machine.
    #[must_use]
    pub fn is_network(port: &str) -> bool {
        port.strip_prefix("network").is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    }
}

/// What an incoming message must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriggerMessage {
    /// Note on with this number, 0 to 127, velocity above 0.
    Note(u8),
    /// Program change with this number, 0 to 127.
    Program(u8),
    /// A controller whose value rises to `at_least` from below it: a pedal that goes down, once each time.
    Control {
        /// The controller, 0 to 127.
        number: u8,
        /// The value that counts as down, 1 to 127.
        at_least: u8,
    },
    /// All of MIDI Show Control that is sent to this device, or to all.
    ShowControl {
        /// Device number 0 to 126; `None` is any.
        device: Option<u8>,
        /// Command format 1 to 126; `None` is any.
        format: Option<u8>,
    },
    /// All of MIDI Machine Control that is sent to this device, or to all.
    MachineControl {
        /// Device number 0 to 126; `None` is any.
        device: Option<u8>,
    },
    /// MIDI time code that runs forward over this time.
    TimeCode(TimeCode),
    /// ArtTrigger.
    ArtTrigger {
        /// The maker whose keys are meant; 0xFFFF: anybody's.
        oem: u16,
        /// Anybody's: 0 a character, 1 a macro, 2 a soft key, 3 a show.
        key: u8,
        /// Which.
        sub_key: u8,
    },
    /// ArtTimeCode that runs forward over this time.
    ArtTimeCode(TimeCode),
}

/// What Art-Net says to a show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtWord {
    /// ArtTrigger, as [`TriggerMessage::ArtTrigger`] has it.
    Trigger {
        /// The maker whose keys are meant; 0xFFFF: anybody's.
        oem: u16,
        /// Which kind of key.
        key: u8,
        /// Which.
        sub_key: u8,
    },
    /// ArtTimeCode of the master stream.
    Time {
        /// Frames a second.
        rate: FrameRate,
        /// The time.
        time: TimeCode,
    },
}

impl TriggerMessage {
    /// Whether one message could be meant for both.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        let meet = |one: Option<u8>, two: Option<u8>| one.is_none() || two.is_none() || one == two;
        match (self, other) {
            (Self::Control { number, .. }, Self::Control { number: same, .. }) => number == same,
            (Self::ShowControl { device, format }, Self::ShowControl { device: d, format: f }) => meet(device, d) && meet(format, f),
            (Self::MachineControl { device }, Self::MachineControl { device: other }) => meet(device, other),
            _ => self == other,
        }
    }
}

/// What a trigger does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriggerAct {
    /// GO of a list.
    Go(ListIx),
    /// The pointer goes to a cue, then GO: the next GO takes the cue after it.
    GoTo(CueIx),
    /// Direct start of a cue; the pointer stays.
    Start(CueIx),
    /// The pointer goes to a cue; nothing is sent.
    Standby(CueIx),
    /// A hot cue.
    Hot(HotIx),
    /// Stop all.
    Stop,
    /// Pauses all.
    Pause,
    /// Goes on after a pause.
    Resume,
    /// Does what show or machine control says, to one list; `None`: to the whole show, GO to its first list.
    Obey(Option<ListIx>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_triggers_would_both_take() {
        let msc = |device, format| TriggerMessage::ShowControl { device, format };
        assert!(msc(None, Some(1)).overlaps(msc(Some(3), None)));
        assert!(!msc(Some(2), None).overlaps(msc(Some(3), None)));
        assert!(!msc(Some(2), Some(1)).overlaps(msc(Some(2), Some(16))));
        assert!(!TriggerMessage::Note(1).overlaps(TriggerMessage::Program(1)));
    }
}
