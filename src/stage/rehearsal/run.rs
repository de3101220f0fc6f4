//! One run in virtual time: what is due next happens next, and everything that happened is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::devices::earlier;
use crate::engine::{ActionId, By, Command, Effect, Effects, Engine, Input, Intent, KeyPhase, Mode, Note, Op, Report};
use crate::light::Renderer;
use crate::links::Rack;
use crate::links::rack::Cabling;
use crate::show::{DeviceIx, Show, StartAt};
use crate::time::{Mono, Span, Wall};

/// Rounds at one instant at the most: a driver that answers itself without end is a fault, not a reason to hang.
const ROUNDS: usize = 100_000;
/// Frames while lights move: the steady grid of the outputs, coarser than on the night.
const GRID: Span = Span::ms(100);

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When.
    pub at: Mono,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum What {
    /// An as-run line of the engine.
    Note(Note),
    /// A command was given to a driver.
    Command(DeviceIx, Command),
    /// A driver said something that is not an observation: its health, its answer.
    Report(DeviceIx, Report),
    /// A planned fault struck, or was mended.
    Fault(DeviceIx, Arc<str>),
}

/// A show that plays in virtual time.
pub struct Run {
    show: Arc<Show>,
    engine: Engine,
    renderer: Renderer,
    rack: Rack,
    now: Mono,
    effects: Effects,
    log: Vec<Entry>,
    commands: BTreeMap<ActionId, (Mono, DeviceIx, Command)>,
    grid: Option<Mono>,
    /// Called before virtual time moves on: a rehearsal near real time sleeps here.
    pace: Option<Box<dyn FnMut(Mono)>>,
    /// The rounds at one instant were used up.
    pub stuck: bool,
}

impl Run {
    /// A fresh run at time zero, all devices joined to their simulators as `cabling` says.
    ///
    /// # Errors
    /// Only when `cabling` asks for real wires.
    pub fn new(show: &Arc<Show>, cabling: Cabling<'_>) -> io::Result<Self> {
        let rack = Rack::with(show, cabling)?;
        let engine = Engine::new(show.clone());
        let mut run = Self {
            show: show.clone(),
            renderer: Renderer::new(engine.board()),
            engine,
            rack,
            now: Mono::ZERO,
            effects: Effects::new(),
            log: Vec::new(),
            commands: BTreeMap::new(),
            grid: None,
            pace: None,
            stuck: false,
        };
        let (wall, utc_offset) = evening(show);
        run.input(&Input::Clock { wall, utc_offset });
        run.input(&Input::Begin { mode: Mode::Rehearsal });
        Ok(run)
    }

    /// Has `pace` called before virtual time moves on.
    pub fn set_pace(&mut self, pace: Box<dyn FnMut(Mono)>) {
        self.pace = Some(pace);
    }

    /// The virtual instant.
    #[must_use]
    pub const fn now(&self) -> Mono {
        self.now
    }

    /// The show.
    #[must_use]
    pub const fn show(&self) -> &Arc<Show> {
        &self.show
    }

    /// The engine.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The devices.
    pub const fn rack(&mut self) -> &mut Rack {
        &mut self.rack
    }

    /// Everything that happened, in order.
    #[must_use]
    pub fn log(&self) -> &[Entry] {
        &self.log
    }

    /// The command of an action, when it was given, and to which device.
    #[must_use]
    pub fn command(&self, action: ActionId) -> Option<&(Mono, DeviceIx, Command)> {
        self.commands.get(&action)
    }

    /// Somebody wants something, by a key of the console.
    pub fn want(&mut self, intent: Intent) {
        self.input(&Input::Intent { intent, by: By::Key(KeyPhase::Legacy) });
    }

    /// A planned fault strikes. False: the device is not simulated.
    pub fn fault(&mut self, device: DeviceIx, fault: crate::links::Fault, text: &str) -> bool {
        self.log.push(Entry { at: self.now, what: What::Fault(device, text.into()) });
        let struck = self.rack.fault(self.now, device, fault);
        self.settle();
        struck
    }

    /// Gives the engine one input now, and carries out what comes of it.
    pub fn input(&mut self, input: &Input) {
        self.engine.step(self.now, input, &mut self.effects);
        self.carry_out();
        self.settle();
    }

    /// When something happens next by itself.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        earlier(earlier(self.engine.next_due(), self.rack.next_due()), self.grid)
    }

    /// Lets time pass until `to`, everything at its own instant.
    pub fn advance(&mut self, to: Mono) {
        while let Some(due) = self.next_due().filter(|due| *due <= to) {
            self.move_to(due);
            self.settle();
            if self.stuck {
                return;
            }
        }
        self.move_to(to);
    }

    fn move_to(&mut self, to: Mono) {
        if to > self.now {
            if let Some(pace) = &mut self.pace {
                pace(to);
            }
            self.now = to;
        }
    }

    /// Does all that is due at this instant.
    fn settle(&mut self) {
        for _ in 0..ROUNDS {
            if self.engine.next_due().is_some_and(|due| due <= self.now) {
                self.engine.step(self.now, &Input::Tick, &mut self.effects);
            }
            self.rack.tick(self.now);
            let reports: Vec<_> = self.rack.take_reports().collect();
            for (device, report) in &reports {
                if !matches!(report, Report::Observed { .. } | Report::Sent { .. } | Report::Progress { .. }) {
                    self.log.push(Entry { at: self.now, what: What::Report(*device, report.clone()) });
                }
                self.engine.step(self.now, &Input::Device { device: *device, report: report.clone() }, &mut self.effects);
            }
            self.carry_out();
            if self.grid.is_some_and(|due| due <= self.now) {
                self.frames();
            }
            if reports.is_empty() && self.next_due().is_none_or(|due| due > self.now) {
                return;
            }
        }
        self.stuck = true;
    }

    fn carry_out(&mut self) {
        let mut effects = std::mem::take(&mut self.effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::Send { device, command } => {
                    self.rack.command(self.now, device, &command);
                    if command.op != Op::Read {
                        self.commands.insert(command.action, (self.now, device, command.clone()));
                        self.log.push(Entry { at: self.now, what: What::Command(device, command) });
                    }
                }
                Effect::Reopen { device } => self.rack.reopen_closed(self.now, device),
                Effect::Lights => self.grid = Some(self.now),
                Effect::Note(note) => self.log.push(Entry { at: self.now, what: What::Note(note) }),
            }
        }
        self.effects = effects;
    }

    /// A frame of every universe that a cue has named, to each of its outputs.
    fn frames(&mut self) {
        let rig = self.show.rig.clone();
        let (mut slots, mut lit) = ([0; 512], BTreeSet::new());
        for (universe, index) in rig.universes.iter().zip(0_u16..) {
            if !self.engine.board().named(index) {
                continue;
            }
            self.renderer.render(self.engine.board(), self.now, index, &mut slots);
            for output in &universe.outputs {
                self.rack.frame(self.now, output.device, index, output.address, &slots);
                lit.insert(output.device);
            }
        }
        for device in lit {
            self.rack.frames_done(self.now, device);
        }
        self.grid = self.engine.board().moving(self.now).then(|| self.now + GRID);
    }
}

/// Seven in the evening of the show's day where it plays, or a minute before the first cue that the clock starts; with its offset from UTC.
fn evening(show: &Show) -> (Wall, i32) {
    let zone = show.timezone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    let date = show.date.unwrap_or(jiff::civil::Date::constant(1970, 1, 1));
    let seven = date.at(19, 0, 0, 0).to_zoned(zone).ok();
    let offset = seven.as_ref().map_or(0, |at| at.offset().seconds());
    let seven = seven.and_then(|at| i64::try_from(at.timestamp().as_nanosecond()).ok()).unwrap_or(0);
    let (day, east) = (86_400_000_000_000, i64::from(offset) * 1_000_000_000);
    let midnight = (seven + east).div_euclid(day) * day - east;
    let starts = show.cues.iter().filter_map(|cue| cue.start_at).map(|start| match start {
        StartAt::At(wall) => wall.0,
        StartAt::On(local) => local.saturating_sub(east),
        StartAt::Daily(after) => midnight.saturating_add(i64::try_from(after.0).unwrap_or(0)),
    });
    let first = starts.min().map_or(seven, |at| at.saturating_sub(60_000_000_000));
    (Wall(first.min(seven)), offset)
}
