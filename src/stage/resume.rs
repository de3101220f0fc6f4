//! How a run goes on after its process was gone.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::clock::Clock;
use super::journal::{Content, Entry, ReadError, Record, folder, line, memory::Memory, read, ring};
use crate::engine::{ActionId, Effect, Effects, Engine, Input, Mode, Note, Report, Resumed};
use crate::links::sys;
use crate::show::Show;
use crate::time::{Mono, Span, Wall};

/// A run whose last line is older than this is not resumed without asking.
pub const FRESH_ENOUGH: Span = Span::secs(600);

/// What the command line says of an earlier run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// Nothing: resume what surely was cut off, else ask.
    #[default]
    Ask,
    /// Go on with it.
    Resume,
    /// Leave it and begin anew.
    Fresh,
    /// Go on with it although the show has changed.
    Adopt,
}

/// The newest run of a journal folder.
pub struct Previous {
    /// All that is known of it.
    pub content: Content,
    /// Its file.
    pub path: PathBuf,
    /// The last instant at which all due work was done.
    pub alive_until: Mono,
    /// Lines that only the ring holds.
    pub tail: Vec<u8>,
    /// The show's clock, carried on.
    pub clock: Clock,
    /// Since the last line.
    pub age: Span,
}

/// What is to be done with an earlier run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Begin anew.
    Fresh,
    /// Go on.
    Resume,
    /// Go on with a changed show.
    Adopt,
    /// A person must say; why.
    Ask(String),
    /// What was asked for is not possible; why.
    Refuse(String),
}

/// Reads the newest run of a folder, what its ring still holds included.
///
/// # Errors
/// When its file is not readable as a journal.
pub fn look(folder: &Path, memory: &Memory) -> Result<Option<Previous>, ReadError> {
    let Some(path) = folder::newest(folder).map_err(|error| ReadError::File(folder.to_owned(), error))? else { return Ok(None) };
    let mut content = read::file(&path)?;
    let (mut tail, mut alive) = (Vec::new(), Mono::ZERO);
    if let Some(ring) = ring::reopen(memory.words.clone(), content.header.run) {
        tail = content.add_ring(&ring);
        alive = Mono(ring.alive_until());
    }
    content.settle();
    let alive_until = content.last().max(alive);
    let (clock, age) = carry_on(&content.records, alive_until);
    Ok(Some(Previous { content, path, alive_until, tail, clock, age }))
}

/// The show's clock now, and how long ago `alive_until` was: exactly within one boot, else by the wall clock.
fn carry_on(records: &[Record], alive_until: Mono) -> (Clock, Span) {
    let (mut base, mut pair) = (None, None);
    for record in records {
        match &record.entry {
            Entry::Process(process) => {
                base = Some((process.boot.clone(), process.base));
                pair = Some((record.mono, process.wall));
            }
            Entry::Input(Input::Clock { wall, .. }) => pair = Some((record.mono, *wall)),
            _ => {}
        }
    }
    if let Some((_, base)) = base.filter(|(boot, _)| *boot == boot_id()) {
        let clock = Clock::of_base(base);
        let age = clock.now().since(alive_until);
        if clock.now() >= alive_until && age < Span::secs(10 * 365 * 86_400) {
            return (clock, age);
        }
    }
    let age = pair.map_or(Span(u64::MAX / 2), |(mono, wall)| {
        let then = wall.0.saturating_add(i64::try_from(alive_until.since(mono).0).unwrap_or(i64::MAX));
        since(sys::wall(), Wall(then))
    });
    (Clock::showing(alive_until + age.min(Span::secs(10 * 86_400))), age)
}

fn since(now: Wall, then: Wall) -> Span {
    Span(u64::try_from(now.0.saturating_sub(then.0)).unwrap_or(0))
}

/// The kernel's name of this boot; empty where it gives none.
#[must_use]
pub fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// Decides by the rules: without asking only when the run ended uncleanly, the show is the same and its last line is young.
#[must_use]
pub fn judge(previous: Option<&Previous>, hash: &str, mode: Mode, choice: Choice) -> Verdict {
    let Some(previous) = previous else {
        return match choice {
            Choice::Resume | Choice::Adopt => {
                Verdict::Refuse("there is no run to go on with in this journal folder; start without that flag".into())
            }
            Choice::Ask | Choice::Fresh => Verdict::Fresh,
        };
    };
    let same = previous.content.header.hash == hash;
    match choice {
        Choice::Fresh => Verdict::Fresh,
        Choice::Resume if same => Verdict::Resume,
        Choice::Adopt if same => Verdict::Resume,
        Choice::Adopt => Verdict::Adopt,
        Choice::Resume => {
            Verdict::Refuse("the show has changed since that run: take its state over with --adopt, or begin anew with --fresh".into())
        }
        Choice::Ask => doubt(previous, same, mode).map_or(Verdict::Resume, Verdict::Ask),
    }
}

/// Why a person must decide; `None` when there is no doubt.
fn doubt(previous: &Previous, same: bool, mode: Mode) -> Option<String> {
    if previous.content.ended() {
        return Some(format!("an earlier run ended in order {} ago", previous.age));
    }
    if !same {
        return Some(format!("a run was cut off {} ago, and the show has changed since", previous.age));
    }
    if previous.content.header.mode != mode {
        return Some(format!("a run was cut off {} ago, and it had other devices simulated", previous.age));
    }
    (previous.age >= FRESH_ENOUGH).then(|| format!("a run was cut off {} ago", previous.age))
}

/// An engine as it was at `alive_until`, and what is known of its sends.
pub struct Replayed {
    /// The engine.
    pub engine: Engine,
    /// What it must be told first.
    pub resumed: Resumed,
    /// Lines of the as-run record that the old process had no more time to write: notes come after the sends that they are about.
    pub unwritten: Vec<(Mono, Note)>,
}

impl Replayed {
    /// What the run's file lacks: the lines that only the ring holds, and the notes that were never written. Gives the number of the
    /// last line, too.
    #[must_use]
    pub fn lacking(&self, previous: &Previous) -> (Vec<u8>, u64) {
        let mut lines = previous.tail.clone();
        let mut seq = previous.content.records.iter().map(|record| record.seq).max().unwrap_or(0);
        for (mono, note) in &self.unwritten {
            seq += 1;
            // A note that cannot be written as a line is missing in the report, and nowhere else.
            let _ = line::write(&Record { seq, mono: *mono, entry: Entry::Note(note.clone()) }, &mut lines);
        }
        (lines, seq)
    }
}

/// The notes that a replay makes, against those of the journal.
#[derive(Default)]
struct Notes {
    made: VecDeque<(Mono, Note)>,
    /// Lines are missing: it is not known which were written.
    doubtful: bool,
}

impl Notes {
    fn make(&mut self, at: Mono, effects: &mut Effects) {
        self.made.extend(effects.drain(..).filter_map(|effect| if let Effect::Note(note) = effect { Some((at, note)) } else { None }));
    }

    fn written(&mut self, note: &Note) {
        self.doubtful |= self.made.pop_front().is_none_or(|(_, made)| made != *note);
    }
}

/// Starts from the last checkpoint that can be read and applies the inputs after it; nothing is sent.
#[must_use]
pub fn replay(show: &Arc<Show>, previous: &Previous) -> Replayed {
    let records = &previous.content.records;
    let (mut engine, after, mut open) = start(show, records);
    let (mut sent, mut effects, mut notes) = (Vec::new(), Effects::new(), Notes::default());
    for record in records.iter().filter(|record| record.seq > after) {
        match &record.entry {
            Entry::Input(input) => {
                engine.step(record.mono, input, &mut effects);
                if let Input::Device { report: Report::Sent { action, .. }, .. } = input {
                    open.remove(action);
                    sent.push(*action);
                }
            }
            Entry::Sending { action, .. } => {
                engine.step(record.mono, &Input::Tick, &mut effects);
                open.insert(*action);
            }
            Entry::Note(note) => {
                engine.step(record.mono, &Input::Tick, &mut effects);
                notes.make(record.mono, &mut effects);
                notes.written(note);
            }
            Entry::Lost { .. } => notes.doubtful = true,
            _ => {}
        }
        notes.make(record.mono, &mut effects);
    }
    engine.step(previous.alive_until, &Input::Tick, &mut effects);
    notes.make(previous.alive_until, &mut effects);
    let resumed = Resumed { alive_until: previous.alive_until, sent, begun: open.into_iter().collect() };
    let unwritten = if notes.doubtful { Vec::new() } else { notes.made.into() };
    Replayed { engine, resumed, unwritten }
}

/// An engine for a changed show that stands where the old run stood at the end; the second value says what was left behind.
#[must_use]
pub fn take_over(show: &Arc<Show>, replayed: Replayed, previous: &Previous, mode: Mode) -> (Engine, Vec<String>) {
    let Replayed { mut engine, resumed, .. } = replayed;
    // As if it had gone on: what was late is held, what may have left is uncertain, and so is told as such.
    engine.step(previous.clock.now(), &Input::Resumed(resumed), &mut Effects::new());
    Engine::adopt(show.clone(), &engine, mode)
}

/// What a run begins with: an empty engine, or the state that a changed show took over.
#[must_use]
pub fn beginning(show: &Arc<Show>, records: &[Record]) -> Engine {
    let first = records.first().filter(|record| record.seq == 0);
    first.and_then(|record| restore(show, &record.entry)).map_or_else(|| Engine::new(show.clone()), |(engine, _)| engine)
}

/// The engine of a checkpoint, and what was being sent; `None` for another entry, and for one that cannot be read.
fn restore(show: &Arc<Show>, entry: &Entry) -> Option<(Engine, BTreeSet<ActionId>)> {
    let Entry::Checkpoint(checkpoint) = entry else { return None };
    let state = serde_json::from_str(checkpoint.engine.0.get()).ok()?;
    let engine = Engine::restore(show.clone(), state).ok()?;
    Some((engine, checkpoint.open.iter().copied().collect()))
}

fn start(show: &Arc<Show>, records: &[Record]) -> (Engine, u64, BTreeSet<ActionId>) {
    // One that cannot be read is only a longer replay.
    let newest = records.iter().rev().find_map(|record| restore(show, &record.entry).map(|found| (found, record.seq)));
    if let Some(((engine, open), seq)) = newest {
        return (engine, seq, open);
    }
    (Engine::new(show.clone()), 0, BTreeSet::new())
}
