//! What the stage does with one input, in order: record, apply, mark, send. No clock and no waiting in here.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use super::handle::Shared;
use super::journal::{Entry, Log};
use super::pacer::Pacer;
use crate::devices::earlier;
use crate::engine::{By, Effect, Effects, Engine, Facet, Input, Intent, Level, Op, Report};
use crate::light::Renderer;
use crate::links::Rack;
use crate::show::{ArtWord, DeviceIx, Show};
use crate::time::{Mono, Span};

/// Snapshots at least this far apart.
const PUBLISH: Span = Span::ms(33);
/// A snapshot is made after this long even when nothing changed: clocks and ages go on.
const REFRESH: Span = Span::ms(100);
/// Work this near is waited for before anything slow is begun.
const QUIET: Span = Span::ms(5);

/// The engine, the devices, the lights and the journal of one run.
pub struct Core {
    show: Arc<Show>,
    engine: Engine,
    renderer: Renderer,
    rack: Rack,
    log: Log,
    shared: Arc<Shared>,
    effects: Effects,
    /// Reports that are recorded and not yet applied.
    inputs: VecDeque<(Mono, Input)>,
    reports: Vec<(DeviceIx, Report)>,
    pacer: Pacer,
    frames: Vec<u16>,
    /// Devices that got frames in this step.
    lit: Vec<DeviceIx>,
    /// Lighting devices, and whether the show drives them.
    driven: Vec<(DeviceIx, bool)>,
    /// Facts of the stage that stand for the whole run.
    facts: Vec<Facet>,
    /// How bad the journal's state was when it was last looked at.
    journal: Level,
    changed: bool,
    published: Option<Mono>,
    /// When the universes' levels were last fetched for somebody who looks.
    fetched: Option<Mono>,
    standby: bool,
}

impl Core {
    /// Joins the parts; nothing is sent.
    pub(super) fn new(engine: Engine, rack: Rack, log: Log, shared: Arc<Shared>) -> Self {
        let show = shared.show.clone();
        let outputs: Vec<DeviceIx> = show.rig.universes.iter().map(|u| u.outputs.first().map_or(DeviceIx(0), |o| o.device)).collect();
        let mut pacer = Pacer::new(&outputs);
        // After a resume every named universe is sent at once, from where its lights are: never black.
        (0..show.rig.universes.len()).filter_map(|at| u16::try_from(at).ok()).for_each(|at| pacer.changed(at));
        let mut lighting: Vec<DeviceIx> = show.rig.universes.iter().flat_map(|u| &u.outputs).map(|output| output.device).collect();
        lighting.sort_unstable();
        lighting.dedup();
        Self {
            show,
            renderer: Renderer::new(engine.board()),
            engine,
            rack,
            log,
            shared,
            effects: Effects::new(),
            inputs: VecDeque::new(),
            reports: Vec::new(),
            pacer,
            frames: Vec::new(),
            lit: Vec::new(),
            driven: lighting.into_iter().map(|device| (device, true)).collect(),
            facts: Vec::new(),
            journal: Level::Good,
            changed: true,
            published: None,
            fetched: None,
            standby: false,
        }
    }

    /// A cue of some list stood by at the last snapshot: a GO may come at any moment.
    #[must_use]
    pub const fn stands_by(&self) -> bool {
        self.standby
    }

    /// A fact for the operator; it stands until the same key says another, or that all is good.
    pub fn fact(&mut self, fact: Facet) {
        tracing::warn!("{}", fact.text);
        self.facts.retain(|known| known.key != fact.key);
        if fact.level != Level::Good {
            self.facts.push(fact);
        }
        self.changed = true;
    }

    /// The devices, for their descriptor.
    #[must_use]
    pub const fn rack(&self) -> &Rack {
        &self.rack
    }

    /// What somebody says by Art-Net on a port that devices share.
    pub fn take_word(&mut self) -> Option<(SocketAddr, ArtWord)> {
        self.rack.take_word()
    }

    /// Opens the devices' wires. What their drivers say to that is heard with the first input, after it.
    pub fn open(&mut self, now: Mono) {
        self.rack.tick(now);
    }

    /// Records an input and applies it. What it sends has left when this returns.
    pub fn input(&mut self, now: Mono, input: Input) {
        self.log.put(now, Entry::Input(input.clone()));
        self.inputs.push_back((now, input));
        self.settle();
    }

    /// Somebody wants something.
    pub fn intent(&mut self, now: Mono, intent: Intent, by: By) {
        self.input(now, Input::Intent { intent, by });
    }

    /// Writes a fact of the process.
    pub fn say(&mut self, now: Mono, text: String) {
        tracing::info!("{text}");
        self.log.put(now, Entry::Stage { text });
    }

    /// Runs all that is due at `now`: cue work first, then lights, then devices.
    pub fn due(&mut self, now: Mono) {
        if self.engine.next_due().is_some_and(|due| due <= now) {
            self.inputs.push_back((now, Input::Tick));
            self.settle();
        }
        self.lights(now);
        if self.rack.next_due().is_some_and(|due| due <= now) {
            self.rack.tick(now);
            self.hear(now);
            self.settle();
        }
    }

    /// Looks which devices' sockets have something.
    pub fn look(&mut self, now: Mono) {
        if let Err(error) = self.rack.look() {
            // The next wake asks again; a device that stays silent is reported by its driver.
            self.log.put(now, Entry::Stage { text: format!("asking the sockets failed: {error}") });
        }
    }

    /// Takes a slice of what they have. True: there is more to take.
    pub fn read(&mut self, now: Mono) -> bool {
        let more = self.rack.read(now);
        self.hear(now);
        self.settle();
        more
    }

    /// When [`Self::due`] or [`Self::rest`] has something to do.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        let work = earlier(earlier(self.engine.next_due(), self.rack.next_due()), self.pacer.next_due());
        earlier(work, self.next_snapshot())
    }

    /// Applies what waits, and what follows from it, until nothing does.
    fn settle(&mut self) {
        while let Some((at, input)) = self.inputs.pop_front() {
            self.engine.step(at, &input, &mut self.effects);
            self.perform(at);
            self.changed |= !matches!(input, Input::Tick);
        }
    }

    /// Does the effects of one step. Notes are written after all sends: they delay nothing.
    fn perform(&mut self, now: Mono) {
        let mut effects = std::mem::take(&mut self.effects);
        self.changed |= !effects.is_empty();
        for effect in &effects {
            match effect {
                Effect::Send { device, command } => {
                    // What only asks or stops leaves nothing behind that a crash could make doubtful.
                    if matches!(command.op, Op::Set { .. } | Op::Fade { .. }) {
                        self.log.put(now, Entry::Sending { action: command.action, device: *device });
                    }
                    self.rack.command(now, *device, command);
                    self.hear(now);
                }
                Effect::Reopen { device } => {
                    self.rack.reopen_closed(now, *device);
                    self.hear(now);
                }
                Effect::Lights => self.lights(now),
                Effect::Note(_) => {}
            }
        }
        for effect in effects.drain(..) {
            if let Effect::Note(note) = effect {
                self.log.put(now, Entry::Note(note.clone()));
                // For one taker and bounded: without a taker the oldest goes.
                drop(self.shared.lines.force_push((now, note)));
            }
        }
        self.effects = effects;
    }

    /// Records what the drivers say, at once: `Sent` must be in the ring before the next bytes leave. It is applied later.
    fn hear(&mut self, now: Mono) {
        self.reports.extend(self.rack.take_reports());
        for (device, report) in self.reports.drain(..) {
            tell(&self.show, device, &report);
            let heard = self.rack.heard(device).filter(|_| matches!(report, Report::Offline { .. }));
            if let Some(at) = heard {
                let input = Input::Heard { device, at };
                self.log.put(now, Entry::Input(input.clone()));
                self.inputs.push_back((now, input));
            }
            let input = Input::Device { device, report };
            self.log.put(now, Entry::Input(input.clone()));
            self.inputs.push_back((now, input));
        }
    }

    /// Sends the frames of the universes whose time it is.
    fn lights(&mut self, now: Mono) {
        if self.show.rig.universes.is_empty() {
            return;
        }
        self.owned(now);
        let board = self.engine.board();
        for universe in self.renderer.changed(board) {
            self.pacer.changed(universe);
        }
        self.pacer.moving(now, board.moving(now));
        self.frames.clear();
        self.pacer.take(now, |universe| board.named(universe), |universe| board.moves(universe, now), &mut self.frames);
        let (mut slots, mut open) = ([0; 512], None);
        for index in &self.frames {
            self.renderer.render(self.engine.board(), now, *index, &mut slots);
            let outputs = self.show.rig.universes.get(usize::from(*index)).map_or(&[][..], |universe| &universe.outputs);
            for output in outputs.iter().filter(|output| self.engine.drives(output.device)) {
                // Those of one device leave together; what another has been given waits for nothing more.
                if let Some(before) = open.replace(output.device).filter(|before| *before != output.device) {
                    self.rack.flush(now, before);
                }
                self.rack.frame(now, output.device, *index, output.address, &slots);
                if !self.lit.contains(&output.device) {
                    self.lit.push(output.device);
                }
            }
        }
        for device in self.lit.drain(..) {
            self.rack.frames_done(now, device);
        }
    }

    /// A lighting device that was let go gets no more frames and no repeats; one that was taken back gets all its universes as they are.
    fn owned(&mut self, now: Mono) {
        for (device, driven) in &mut self.driven {
            let drives = self.engine.drives(*device);
            if std::mem::replace(driven, drives) == drives {
                continue;
            }
            if !drives {
                self.rack.let_go(now, *device);
            }
            for (universe, index) in self.show.rig.universes.iter().zip(0..).filter(|_| drives) {
                if universe.outputs.iter().any(|output| output.device == *device) {
                    self.pacer.changed(index);
                }
            }
        }
    }

    /// The last frame of every named universe once more, whatever the pace: the caller waits between calls.
    pub fn last_frames(&mut self, now: Mono) {
        for index in 0..self.show.rig.universes.len() {
            if let Ok(index) = u16::try_from(index) {
                self.pacer.changed(index);
            }
        }
        self.lights(now);
    }

    /// Lets every driver end what must not go on without it.
    pub fn last_call(&mut self, now: Mono) {
        self.rack.last_call(now);
        self.hear(now);
        self.settle();
    }

    /// What may wait until all is sent: the sign of life, a checkpoint, a snapshot.
    pub fn rest(&mut self, now: Mono) {
        self.log.alive(now);
        let quiet = self.engine.next_due().is_none_or(|due| due > now + QUIET);
        if quiet && self.log.checkpoint_due(now) {
            self.log.checkpoint(now, self.engine.checkpoint());
        }
        if self.next_snapshot().is_some_and(|due| due <= now) {
            self.watch_journal(now);
            self.publish(now);
        }
        if self.fetched.is_none_or(|last| last + PUBLISH <= now) && self.shared.monitor.wanted() {
            self.fetched = Some(now);
            self.fetch(now);
        }
    }

    /// Tells the caller at once when the journal's state changes.
    fn watch_journal(&mut self, now: Mono) {
        let mut facts = Vec::new();
        self.log.facets(now, &mut facts);
        let worst = facts.into_iter().max_by_key(|fact| fact.level);
        let level = worst.as_ref().map_or(Level::Good, |fact| fact.level);
        if std::mem::replace(&mut self.journal, level) != level {
            let good = || Facet { key: "journal".into(), level, text: "the journal is written again".into() };
            self.input(now, Input::Machine(worst.unwrap_or_else(good)));
        }
    }

    /// Shows what simulated receivers put on their lines, and what real ones are sent.
    fn fetch(&mut self, now: Mono) {
        let show = self.show.clone();
        let mut slots = [0; 512];
        for (universe, index) in show.rig.universes.iter().zip(0..) {
            let simulated = universe.outputs.iter().find(|output| self.rack.simulated(output.device));
            if let Some(output) = simulated {
                match self.rack.on_line(output.device, output.address) {
                    Some(slots) => self.shared.monitor.put(index, slots),
                    None => self.shared.monitor.clear(index),
                }
            } else if self.pacer.has_sent(index) && universe.outputs.iter().any(|output| self.engine.drives(output.device)) {
                self.renderer.render(self.engine.board(), now, index, &mut slots);
                self.shared.monitor.put(index, &slots);
            }
        }
    }

    fn next_snapshot(&self) -> Option<Mono> {
        let after = if self.changed { PUBLISH } else { REFRESH };
        Some(self.published.map_or(Mono::ZERO, |last| last + after))
    }

    /// Makes a snapshot and shows it to everybody.
    pub fn publish(&mut self, now: Mono) {
        let mut snapshot = self.engine.snapshot(now);
        snapshot.stage.extend(self.facts.iter().cloned());
        self.log.facets(now, &mut snapshot.stage);
        for (view, index) in snapshot.devices.iter_mut().zip(0..) {
            view.simulated = self.rack.simulated(DeviceIx(index));
            // Drivers report news only; a device that answers the same each second is heard all the same.
            view.heard = view.heard.map(|at| self.rack.heard(DeviceIx(index)).map_or(at, |heard| heard.max(at)));
        }
        self.standby = snapshot.lists.iter().any(|list| list.next.is_some());
        self.shared.snapshot.store(Arc::new(snapshot));
        self.published = Some(now);
        self.changed = false;
    }

    /// The last lines of the run.
    pub fn end(&mut self, now: Mono, why: String) {
        self.log.put(now, Entry::End { why });
        self.publish(now);
    }
}

/// What a technician would look for in the log; values and proofs are the journal's. The log's queue is bounded and never waited for.
fn tell(show: &Show, device: DeviceIx, report: &Report) {
    let key = &*show.device(device).key;
    match report {
        Report::Online { identity } => tracing::info!(device = key, identity = identity.as_deref().unwrap_or_default(), "online"),
        Report::Offline { why } => tracing::warn!(device = key, "offline: {why}"),
        Report::Restarted => tracing::warn!(device = key, "restarted"),
        Report::NeedsHuman { why } => tracing::error!(device = key, "needs a person: {why}"),
        Report::Health(facet) if facet.level >= Level::Warn => tracing::warn!(device = key, facet = &*facet.key, "{}", facet.text),
        Report::Health(facet) => tracing::info!(device = key, facet = &*facet.key, "{}", facet.text),
        other => tracing::trace!(device = key, "{other:?}"),
    }
}
