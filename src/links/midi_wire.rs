//! A device's MIDI port: found by part of its name, looked for once a second, served by a thread of its own.
//!
//! Sends wait in the bounded queue of [`super::stream`] and leave from the thread; the stage never waits for a port. Up and down are
//! the output port's presence: a sound system takes messages for a port that was pulled without a word.

use std::sync::Arc;

use super::stream::{Inbound, Shared};

/// Longest message taken from a port: MIDI Show Control has 128 bytes, some desks' own dumps more.
pub(super) const LONGEST: usize = 4096;

/// Whether a message is any driver's business: clock and active sensing are not, and nothing without a status or too long.
pub(super) fn fits(bytes: &[u8]) -> bool {
    bytes.len() <= LONGEST && bytes.first().is_some_and(|status| *status >= 0x80 && !matches!(status, 0xF8 | 0xFE))
}

/// Looks for the port and serves it until the stage's end is dropped.
pub(super) fn run(shared: &Arc<Shared>, pattern: &str) {
    port::run(shared, pattern);
}

#[cfg(not(feature = "midi"))]
mod port {
    use super::*;

    pub(super) fn run(shared: &Arc<Shared>, _: &str) {
        shared.news(Inbound::Down("this build has no MIDI (build with the feature \"midi\")".into()));
    }
}

#[cfg(feature = "midi")]
mod port {
    use std::time::{Duration, Instant};

    use midir::{Ignore, MidiIO, MidiInput, MidiInputConnection, MidiOutput, MidiOutputConnection};

    use super::*;
    use crate::devices::midi::codec::Parser;
    use crate::links::midi::{available, quietly};
    use crate::time::Span;

    const EVERY: Duration = Duration::from_secs(1);

    /// An open port; the input where there is one of that name.
    struct Open {
        name: String,
        output: MidiOutputConnection,
        _input: Option<MidiInputConnection<()>>,
    }

    pub(super) fn run(shared: &Arc<Shared>, pattern: &str) {
        let Ok(mut bell) = shared.bell() else { return };
        let (mut open, mut told, mut number, mut scanner) = (None, None, 0, None);
        let mut next = Instant::now();
        while !shared.is_over() {
            if shared.take_reopen() || Instant::now() >= next {
                next = Instant::now() + EVERY;
                let down = match (look(&mut scanner, pattern), &open) {
                    (Ok(name), Some(Open { name: own, .. })) if name == *own => None,
                    (Ok(name), _) => match connect(shared, &name) {
                        Ok(fresh) => {
                            (open, told, number) = (Some(fresh), None, number + 1);
                            shared.begin(number);
                            shared.news(Inbound::Up);
                            None
                        }
                        Err(why) => Some(why),
                    },
                    (Err(why), _) => Some(why),
                };
                if let Some(why) = down {
                    close(shared, &mut open);
                    if told.as_ref() != Some(&why) {
                        shared.news(Inbound::Down(why.as_str().into()));
                        told = Some(why);
                    }
                }
            }
            if let Some(port) = &mut open
                && let Err(why) = send_all(shared, number, port)
            {
                close(shared, &mut open);
                shared.news(Inbound::Down(why.as_str().into()));
                told = Some(why);
            }
            let rest = next.saturating_duration_since(Instant::now());
            if bell.wait(Some(Span(u64::try_from(rest.as_nanos()).unwrap_or(0)))).is_ok_and(|rung| !rung.is_empty()) {
                shared.silence_bell();
            }
        }
    }

    fn close(shared: &Shared, open: &mut Option<Open>) {
        shared.end();
        *open = None;
        shared.forget();
    }

    fn send_all(shared: &Shared, number: u64, port: &mut Open) -> Result<(), String> {
        let mut result = Ok(());
        while let Some(messages) = shared.next_for(number) {
            // A port takes one message at a time; several in one piece are no message to a receiver.
            Parser::default().push(&messages, |message| {
                if let Err(midir::SendError::Other(why)) = port.output.send(message) {
                    result = Err(format!("the port takes nothing more ({why})"));
                }
            });
            if result.is_err() {
                break;
            }
        }
        result
    }

    /// The name of the first output port that fits.
    fn look(scanner: &mut Option<MidiOutput>, pattern: &str) -> Result<String, String> {
        available()?;
        let _quiet = quietly();
        let output = match scanner {
            Some(output) => output,
            none => none.insert(MidiOutput::new("showcall ports").map_err(|e| format!("MIDI cannot be opened ({e})"))?),
        };
        let names: Vec<String> = output.ports().iter().filter_map(|port| output.port_name(port).ok()).collect();
        let there = || if names.is_empty() { "there are none".to_owned() } else { format!("there are: {}", names.join(", ")) };
        let found = names.iter().find(|name| name.contains(pattern)).cloned();
        found.ok_or_else(|| format!("no MIDI output port \"{pattern}\" ({})", there()))
    }

    fn port<IO: MidiIO>(io: &IO, name: &str) -> Option<IO::Port> {
        io.ports().into_iter().find(|port| io.port_name(port).is_ok_and(|own| own == name))
    }

    fn connect(shared: &Arc<Shared>, name: &str) -> Result<Open, String> {
        let _quiet = quietly();
        let failed = |e: &dyn std::fmt::Display| format!("MIDI port \"{name}\" cannot be opened ({e})");
        let output = MidiOutput::new("showcall").map_err(|e| failed(&e))?;
        let to = port(&output, name).ok_or_else(|| failed(&"it has just gone"))?;
        let output = output.connect(&to, "cues").map_err(|e| failed(&e))?;
        Ok(Open { name: name.to_owned(), output, _input: listen(shared, name) })
    }

    /// What the device says, where it has an input port of the same name; many have none.
    fn listen(shared: &Arc<Shared>, name: &str) -> Option<MidiInputConnection<()>> {
        let mut input = MidiInput::new("showcall").ok()?;
        input.ignore(Ignore::ActiveSense);
        let from = port(&input, name)?;
        let own = shared.clone();
        let heard = move |_: u64, bytes: &[u8], (): &mut ()| {
            if fits(bytes) {
                own.try_give(Inbound::Midi(bytes.to_vec()));
            }
        };
        input.connect(&from, "words", heard, ()).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::links::stream::{Peer, Stream};
    use crate::links::sys::Poller;

    #[test]
    fn system_exclusive_passes_and_clock_does_not() {
        for bytes in [&[0x90, 60, 1][..], &[0xF0, 0x7F, 0x7F, 0x02, 0x7F, 0x01, 0xF7], &[0xF1, 0x20]] {
            assert!(fits(bytes), "{bytes:?}");
        }
        for bytes in [&[][..], &[60, 1], &[0xF8], &[0xFE], &[0xF0; LONGEST + 1]] {
            assert!(!fits(bytes));
        }
    }

    #[test]
    fn a_port_that_is_not_there_is_down_and_takes_nothing() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let stream = Stream::open(runtime.handle(), Peer::Midi("no such port anywhere".into())).unwrap();
        let mut poller = Poller::new().unwrap();
        poller.add(stream.fd(), 0).unwrap();
        poller.wait(None).unwrap();
        let news = stream.take();
        assert!(matches!(&news, Some(Inbound::Down(why)) if why.contains("MIDI")), "{news:?}");
        assert!(stream.send(0, vec![0x90, 60, 1]).is_err());
    }
}
