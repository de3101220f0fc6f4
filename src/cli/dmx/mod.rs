//! `showcall dmx`: looks at the lights on the wire, keeps what a visiting desk sends, and sends it again.

mod page;
mod play;
mod record;
mod watch;

use std::collections::BTreeSet;
use std::io;
use std::process::ExitCode;
use std::str::FromStr;

use super::ending::Ending;
use crate::cli::output::say_err;
use crate::devices::dmx::heard::{self, Frame};
use crate::devices::{artnet, sacn};
use crate::links::ear::{Ear, Wanted};
use crate::time::Mono;

/// sACN universes that are listened to at the most.
const UNIVERSES: usize = 1024;

/// Arguments of `dmx`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show the universes that come in: who sends them, priority, rate, jitter, levels
    Watch(watch::Args),
    /// Keep what comes in in a file, with its timing
    Record(record::Args),
    /// Send a recording again, with its timing
    Play(play::Args),
}

/// Exit code 0: done, 1: nothing came or something is wrong with the recording, 2: it cannot listen or send.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let done = match &args.command {
        Command::Watch(args) => watch::run(args),
        Command::Record(args) => record::run(args),
        Command::Play(args) => play::run(args),
    };
    done.unwrap_or_else(|fault| {
        say_err!("showcall: {}", fault.why);
        ExitCode::from(fault.code)
    })
}

/// Why it ends early, and with which exit code.
struct Fault {
    code: u8,
    why: String,
}

impl Fault {
    fn cannot(why: impl Into<String>) -> Self {
        Self { code: 2, why: why.into() }
    }
}

/// What is listened to.
#[derive(Debug, clap::Args)]
struct Listen {
    /// Listen to these sACN universes, "1-64,101"; those that sources announce come by themselves
    #[arg(long, value_name = "LIST", default_value = "1-64")]
    sacn: Universes,
    /// Leave Art-Net out
    #[arg(long)]
    no_artnet: bool,
    /// Listen in the network of this interface, by its name or its address
    #[arg(long, value_name = "NAME", default_value = "")]
    interface: String,
    /// End after so many seconds (otherwise with Ctrl-C)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: Option<u64>,
}

/// Universes as people list them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Universes(BTreeSet<u16>);

impl FromStr for Universes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut universes = BTreeSet::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str| text.trim().parse::<u16>().ok().filter(|universe| (1..=63_999).contains(universe));
            let (Some(first), Some(last)) = (number(first), number(last)) else {
                return Err(format!("\"{part}\" is no sACN universe and no range of them (1 to 63999)"));
            };
            if first > last || usize::from(last - first) >= UNIVERSES {
                return Err(format!("\"{part}\" goes backwards, or is more than {UNIVERSES} universes"));
            }
            universes.extend(first..=last);
        }
        if universes.len() > UNIVERSES {
            return Err(format!("these are more than {UNIVERSES} universes"));
        }
        Ok(Self(universes))
    }
}

/// An ear that joins what sources announce.
struct Session {
    ear: Ear,
    joined: BTreeSet<u16>,
    ending: Ending,
}

impl Session {
    fn open(listen: &Listen) -> Result<Self, Fault> {
        let groups = listen.sacn.0.iter().copied().map(sacn::group).chain([heard::announcements()]).collect();
        let broadcast = (!listen.no_artnet).then_some(artnet::PORT);
        let wanted = Wanted { network: listen.interface.clone(), broadcast, port: sacn::PORT, groups };
        let (ear, remarks) = Ear::open(&wanted).map_err(|e| Fault::cannot(format!("cannot listen: {e}")))?;
        for remark in remarks {
            say_err!("showcall: {remark}");
        }
        let ending = Ending::by_signals(ear.wake());
        Ok(Self { ear, joined: listen.sacn.0.clone(), ending })
    }

    /// Gives the frames that come until an instant. False: it is to end.
    fn until(&mut self, instant: Mono, mut f: impl FnMut(Mono, &Frame<'_>)) -> io::Result<bool> {
        let mut announced = Vec::new();
        self.ear.listen(instant, |at, from, bytes| match heard::read(from, bytes) {
            Some(frame) => f(at, &frame),
            None => announced.extend(heard::announced(bytes)),
        })?;
        for universe in announced {
            if self.joined.len() < UNIVERSES && self.joined.insert(universe) {
                self.ear.join(sacn::group(universe))?;
            }
        }
        Ok(!self.ending.wanted())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn universes_are_listed_as_people_do() {
        assert_eq!("1-3, 101".parse::<Universes>().unwrap().0.into_iter().collect::<Vec<_>>(), [1, 2, 3, 101]);
        assert_eq!("".parse::<Universes>().unwrap().0.len(), 0);
        for wrong in ["0", "64000", "3-1", "1-2000", "a", "1-", "1-900,1000-1900"] {
            assert!(wrong.parse::<Universes>().is_err(), "{wrong}");
        }
    }
}
