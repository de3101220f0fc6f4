//! `showcall replay JOURNAL`: the recorded inputs through the engine again, with the show that is embedded in the journal.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::ExitCode;

use super::asrun;
use super::journal_arg::{self, Opened, Times};
use super::output::{self, say_err};
use crate::engine::{Effect, Effects, Input, Note};
use crate::show::Show;
use crate::stage::journal::Entry;
use crate::stage::resume;
use crate::time::Mono;

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A run's file, or the folder of a journal or of a show (its newest run)
    journal: PathBuf,
    /// Say only whether it is the same
    #[arg(long)]
    quiet: bool,
}

/// Exit code of a journal with gaps.
const GAPS: u8 = 3;

/// Exit code 0: the same as the original, 1: it differs, 2: cannot read, 3: the journal has gaps, so nothing was compared.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let opened = match journal_arg::open_or_say(&args.journal) {
        Ok(opened) => opened,
        Err(code) => return code,
    };
    // A reader that has seen enough closes the pipe; the verdict is the exit code.
    let verdict = replay(&opened, |line| drop((!args.quiet).then(|| output::line(line))));
    match verdict {
        Verdict::Same => {
            say_err!("the replay is the same as the original");
            ExitCode::SUCCESS
        }
        Verdict::Gaps => {
            say_err!("not compared: the journal has gaps (lines that are lost or damaged), so the replay cannot be held against it");
            ExitCode::from(GAPS)
        }
        Verdict::Differs(why) => {
            say_err!("the replay differs: {why}");
            ExitCode::FAILURE
        }
    }
}

/// How a replay compares with its journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every as-run line is the same.
    Same,
    /// Lines are missing from the journal.
    Gaps,
    /// The first difference.
    Differs(String),
}

/// Notes of the replay that are still to be found in the journal, and what was found wrong.
#[derive(Default)]
struct Compare {
    expected: VecDeque<(Mono, Note)>,
    wrong: Option<String>,
}

impl Compare {
    fn recorded(&mut self, show: &Show, at: Mono, note: &Note) {
        if self.wrong.is_some() {
            return;
        }
        let replayed = self.expected.pop_front();
        if replayed.as_ref().map(|(_, note)| note) != Some(note) {
            let now = replayed.map_or_else(|| "nothing".to_owned(), |(_, note)| asrun::words(show, &note));
            self.wrong = Some(format!("at {:.3}s the journal says \"{}\", the replay \"{now}\"", seconds(at), asrun::words(show, note)));
        }
    }
}

fn seconds(at: Mono) -> f64 {
    (at.0 / 1_000_000) as f64 / 1e3
}

/// Runs it and gives each effect as a line. A process that was cut off may have left its last notes unwritten: that is no difference.
pub fn replay(opened: &Opened, mut line: impl FnMut(String)) -> Verdict {
    let times = Times::of(&opened.content.records);
    let show = &opened.show;
    let (mut engine, mut effects, mut compare) = (resume::beginning(show, &opened.content.records), Effects::new(), Compare::default());
    let mut whole = opened.content.notices.is_empty();
    for record in &opened.content.records {
        match &record.entry {
            Entry::Process(_) => compare.expected.clear(),
            Entry::Input(Input::Resumed(resumed)) => {
                // As the resume did: what was due while the old process lived has been sent by it.
                engine.step(resumed.alive_until, &Input::Tick, &mut effects);
                effects.clear();
                engine.step(record.mono, &Input::Resumed(resumed.clone()), &mut effects);
            }
            Entry::Input(input) => engine.step(record.mono, input, &mut effects),
            Entry::Lost { .. } => whole = false,
            Entry::Note(note) if whole => {
                engine.step(record.mono, &Input::Tick, &mut effects);
                take(show, record.mono, &mut effects, &mut compare, &times, &mut line);
                compare.recorded(show, record.mono, note);
            }
            Entry::Sending { .. } | Entry::End { .. } => engine.step(record.mono, &Input::Tick, &mut effects),
            _ => {}
        }
        take(show, record.mono, &mut effects, &mut compare, &times, &mut line);
    }
    if !whole {
        return Verdict::Gaps;
    }
    let left = compare.expected.front().filter(|_| opened.content.ended());
    let left =
        left.map(|(at, note)| format!("at {:.3}s the replay says \"{}\", the journal nothing", seconds(*at), asrun::words(show, note)));
    compare.wrong.or(left).map_or(Verdict::Same, Verdict::Differs)
}

fn take(show: &Show, at: Mono, effects: &mut Effects, compare: &mut Compare, times: &Times, line: &mut impl FnMut(String)) {
    for effect in effects.drain(..) {
        match effect {
            Effect::Send { device, command } => {
                let on = asrun::prop(show, command.prop);
                line(format!("{}  send {} {on} {:?}", times.clock(at), asrun::device(show, device), command.op));
            }
            Effect::Reopen { .. } => {}
            Effect::Lights => line(format!("{}  lights", times.clock(at))),
            Effect::Note(note) => {
                line(format!("{}  {}", times.clock(at), asrun::words(show, &note)));
                compare.expected.push_back((at, note));
            }
        }
    }
}
