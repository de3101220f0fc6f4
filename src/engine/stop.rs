//! Stop, panic and the way back: nothing jumps, and nothing brings back what panic ended.

use std::sync::Arc;

use super::actions::Origin;
use super::open_actions::What;
use super::properties::Property;
use super::running::RunId;
use super::timers::Work;
use super::transport::Position;
use super::{ActionId, ActionState, By, Engine, Level, Note, Op, Outcome, Phase, Priority, Why};
use crate::show::{Act, CueIx, Curve, Db, FadeTo, HotIx, Keeping, LightAct, ListIx, PropIx, Target, Transport, Value};
use crate::time::Span;

/// A second press of Esc within this is a panic.
const AGAIN: Span = Span::secs(2);
/// Stop all repairs a GO that is younger than this.
const REPAIR: Span = Span::secs(10);

impl Engine {
    /// The Esc key.
    pub(super) fn escape(&mut self, by: &By) {
        let now = self.s.now;
        let presses = match self.s.escape {
            Some((at, n)) if now.since(at) <= AGAIN => n.saturating_add(1),
            _ => 1,
        };
        self.s.escape = Some((now, presses));
        self.s.prompt = None;
        match presses {
            1 => self.stop(Target::All, by),
            2 => self.panic(false),
            _ => self.panic(true),
        }
    }

    /// Stops what runs of a target.
    pub(super) fn stop(&mut self, target: Target, by: &By) {
        let runs = self.runs_in(target, true);
        let count = runs.len();
        for run in runs {
            self.stop_run(run, Priority::Discrete);
        }
        let lists: Vec<ListIx> = match target {
            Target::All => (0..self.s.lists.len()).filter_map(|i| u16::try_from(i).ok().map(ListIx)).collect(),
            Target::List(list) => vec![list],
            Target::Cue(cue) => {
                self.drop_follower_of(cue);
                Vec::new()
            }
            Target::Hot(_) => Vec::new(),
        };
        let mut again = String::new();
        for list in lists {
            self.drop_follower(list);
            let next = |engine: &Self| engine.s.lists.get(list.at()).and_then(|l| l.at.next);
            let before = next(self);
            // A step that stops a list is no mistake of the caller's.
            if !matches!(by, By::Show) {
                self.repair(list, by);
            }
            if let Some(cue) = next(self).filter(|cue| Some(*cue) != before) {
                again.push_str(&format!(", NEXT is {} again", self.show.cue(cue).number));
            }
        }
        if matches!(target, Target::All) {
            self.s.due.drain(|_, work| matches!(work, Work::Verb(..)));
            self.stop_strays();
            self.note(Note::Stopped);
            self.unpause_all();
        }
        let what = match (target, count) {
            (Target::Hot(hot), 1..) => format!("hot cue {} stopped", self.show.hots.get(hot.at()).map_or("", |h| &*h.name)),
            (_, 0) => "stopped: nothing ran".to_owned(),
            (_, 1) => "stopped 1 cue".to_owned(),
            (_, count) => format!("stopped {count} cues"),
        };
        self.say(Level::Notice, what + &again);
    }

    /// Fades that belong to no cue (an undo, a chase) stop where they are as well.
    fn stop_strays(&mut self) {
        let stray =
            |a: &super::open_actions::Action| a.origin.run.is_none() && a.origin.why != Why::Safe && !matches!(a.what, What::Want { .. });
        let ids = self.s.actions.which(stray);
        for id in ids {
            self.halt_fade(id, Priority::Discrete);
            self.finish(id, Outcome::Cancelled);
        }
        if self.s.phase != Phase::Panicked {
            self.halt_stray_lights();
        }
    }

    /// The cue before a follower was stopped: it follows no more.
    fn drop_follower_of(&mut self, cue: CueIx) {
        let list = self.show.cue(cue).list;
        let waits = self
            .s
            .lists
            .get(list.at())
            .is_some_and(|l| l.follower.is_some() && l.last.is_some_and(|(c, _, _)| c == cue || self.within(cue, c)));
        let next = self.s.lists.get(list.at()).and_then(|l| l.follower.as_ref()).is_some_and(|f| self.after(list, cue) == Some(f.cue));
        if waits || next {
            self.drop_follower(list);
        }
    }

    /// A young GO is repaired: the pointer moves back to its cue, but never forward.
    fn repair(&mut self, list: ListIx, by: &By) {
        let now = self.s.now;
        let Some((last, stands)) = self.s.lists.get(list.at()).map(|l| (l.last, l.at)) else { return };
        let place = |at: Position| (at.next.map_or(usize::MAX, CueIx::at), at.child);
        if let Some((_, at, position)) = last
            && now.since(at) < REPAIR
            && place(position) < place(stands)
        {
            self.place(list, position, by);
            if let Some(state) = self.s.lists.get_mut(list.at()) {
                state.last = None;
            }
        }
    }

    /// The runs of a target; `spare` leaves out what survives stop all.
    pub(super) fn runs_in(&self, target: Target, spare: bool) -> Vec<RunId> {
        let show = &self.show;
        let wanted = |cue: CueIx, hot: Option<HotIx>| match target {
            Target::All => !(spare && self.sustained(cue)),
            Target::List(list) => show.cue(cue).list == list && hot.is_none() && !(spare && self.sustained(cue)),
            Target::Cue(of) => cue == of || self.within(cue, of),
            Target::Hot(of) => hot == Some(of),
        };
        self.s.runs.iter().filter(|(_, run)| wanted(run.cue, run.hot)).map(|(id, _)| *id).collect()
    }

    pub(super) fn sustained(&self, cue: CueIx) -> bool {
        let mut at = Some(cue);
        for _ in 0..16 {
            let Some(cue) = at else { break };
            if self.show.cue(cue).sustain {
                return true;
            }
            at = self.show.cue(cue).parent;
        }
        false
    }

    /// Stops one run where it is. What has left for a device is still proved, but calls for no fallback; what has not is taken back.
    pub(super) fn stop_run(&mut self, run: RunId, priority: Priority) {
        let open = self.s.actions.of_run(run);
        self.end_run(run, true);
        self.halt_lights_of(run);
        for id in open {
            let travels = self.s.actions.get(id).is_some_and(|a| !matches!(a.what, What::Want { .. }));
            if travels {
                self.halt_fade(id, priority);
                self.finish(id, Outcome::Cancelled);
            } else if self.is_kept(id) {
                self.recall_unsent(id, priority);
                self.unwant(id);
                self.finish(id, Outcome::Cancelled);
            } else if let Some(action) = self.s.actions.get_mut(id) {
                action.origin.run = None;
            }
        }
    }

    /// Tells a driver to stay where it is. A command of its own: what it reports is not about the fade.
    pub(super) fn halt_prop(&mut self, prop: PropIx, priority: Priority) {
        let id = self.new_action();
        self.send(id, prop, Op::Halt, Origin { why: Why::Transport, run: None, go: None, priority });
    }

    /// Tells the driver of a travelling fade to stay where it is.
    pub(super) fn halt_fade(&mut self, id: ActionId, priority: Priority) {
        let Some(action) = self.s.actions.get(id) else { return };
        let (What::Fade(fade), Some(prop)) = (&action.what, action.prop) else { return };
        if fade.travel.is_none() || fade.frozen.is_some() {
            return;
        }
        let at = self.moving_value(prop);
        let now = self.s.now;
        if let Some((property, at)) = self.s.props.get_mut(prop).zip(at) {
            property.stop_at(at, now);
        }
        self.halted_for_undo(prop, id);
        self.halt_prop(prop, priority);
    }

    /// What a driver holds back of an action (its pace, a device that is busy) is taken from it.
    pub(super) fn recall_unsent(&mut self, id: ActionId, priority: Priority) {
        let Some(action) = self.s.actions.get(id).filter(|a| !a.waits) else { return };
        let kept = action.sent_at.is_none() || matches!(action.state, ActionState::Pending(_, Some(_)));
        if let (What::Want { .. }, Some(prop), true) = (&action.what, action.prop, kept) {
            self.halt_prop(prop, priority);
        }
    }

    /// True while an action has not left, or was put off by a device that will be asked again. A guarded command leaves once: a lamp
    /// that warms up has taken it.
    fn is_kept(&self, id: ActionId) -> bool {
        let Some(action) = self.s.actions.get(id) else { return false };
        let guarded = action.prop.is_some_and(|prop| self.show.prop(prop).class == Keeping::Guarded);
        action.sent_at.is_none() || (matches!(action.state, ActionState::Pending(_, Some(_))) && !guarded)
    }

    /// What an action wanted is wanted no more: the property stays as it is.
    fn unwant(&mut self, id: ActionId) {
        let Some(prop) = self.s.actions.prop(id) else { return };
        if let Some(property) = self.s.props.get_mut(prop) {
            property.unwant(id);
        }
    }

    /// Panic: what `[safe]` lists, ahead of everything; nothing may later bring back the state before.
    pub(super) fn panic(&mut self, now: bool) {
        let show = Arc::clone(&self.show);
        self.s.phase = Phase::Panicked;
        self.s.prompt = None;
        self.s.undo = None;
        self.note(Note::Panic { now });
        for run in self.runs_in(Target::All, false) {
            self.stop_run(run, Priority::Panic);
        }
        for list in 0..self.s.lists.len() {
            let Ok(list) = u16::try_from(list).map(ListIx) else { break };
            self.drop_follower(list);
            if let Some(state) = self.s.lists.get_mut(list.at()) {
                state.paused = false;
            }
        }
        // What the clock starts later stays planned: its time may come after the reset, and before it, it is only offered.
        self.s.due.drain(|_, work| work.shows() && !matches!(work, Work::Clock(_)));
        let open = self.s.actions.which(|_| true);
        for id in open {
            self.halt_fade(id, Priority::Panic);
            self.recall_unsent(id, Priority::Panic);
            self.finish(id, Outcome::Cancelled);
        }
        self.s.offers.clear();
        let mut playing = self.s.props.release_all();
        // Players that an earlier press still fades out.
        let fading = self.s.due.drain(|_, work| matches!(work, Work::Silent(_)));
        playing.extend(fading.into_iter().filter_map(|(_, work)| if let Work::Silent(prop) = work { Some(prop) } else { None }));
        if show.safe.is_none() {
            self.halt_lights();
        }
        self.unpause_lights();
        self.bare_lights(if now { Span::ZERO } else { show.panic_fade });
        match &show.safe {
            Some(acts) => self.safe(acts, if now { Span::ZERO } else { show.panic_fade }, Priority::Panic),
            None => self.hold_still(&playing, if now { Span::ZERO } else { show.panic_fade }),
        }
        self.say(Level::Warn, "PANIC: GO is refused until the resume key");
    }

    /// Without `[safe]`: players fade out in `over` and stop; lights, microphones and program stay as they are. A player whose level
    /// this show has never set, or that has none, stops at once: nothing is sent to what no cue names.
    fn hold_still(&mut self, playing: &[PropIx], over: Span) {
        let origin = Origin { why: Why::Safe, run: None, go: None, priority: Priority::Panic };
        for prop in playing {
            let sent = |ix: PropIx| self.s.props.get(ix).is_some_and(|property| property.sent().is_some());
            let level = self.show.prop(*prop).faded_by.filter(|level| !over.is_zero() && sent(*level));
            match level {
                Some(level) => {
                    self.safe_fade(level, FadeTo::Level(Db::OFF), over, Curve::Linear, origin);
                    self.s.due.add(self.s.now + over, Work::Silent(*prop));
                }
                None => self.end_player(*prop),
            }
        }
    }

    /// Stops a player that panic ends, unless something new is wanted of it.
    pub(super) fn end_player(&mut self, prop: PropIx) {
        let origin = Origin { why: Why::Safe, run: None, go: None, priority: Priority::Panic };
        let state = self.s.props.get(prop).filter(|property| property.wanted().is_none());
        if let Some(Value::Transport(running)) = state.and_then(|state| state.known())
            && self.show.prop(prop).class != Keeping::Guarded
        {
            let stopped = Transport { playing: false, ..running.clone() };
            self.want(prop, &Value::Transport(stopped), None, origin);
        }
    }

    /// Sends what `[safe]` lists, its fades and lights in `over`.
    pub(super) fn safe(&mut self, acts: &[Act], over: Span, priority: Priority) {
        let origin = Origin { why: Why::Safe, run: None, go: None, priority };
        for act in acts {
            match act {
                Act::Light(light) => {
                    let own = (**light).clone();
                    let act = LightAct { up: over, down: over, delay: Span::ZERO, times: Vec::new(), timed: Vec::new(), ..own };
                    self.light(&Arc::new(act), origin);
                }
                Act::Fade { prop, to: FadeTo::Level(db), .. } if over.is_zero() => self.want(*prop, &Value::Level(*db), None, origin),
                Act::Fade { prop, to: FadeTo::Decimal(n), .. } if over.is_zero() => self.want(*prop, &Value::Decimal(*n), None, origin),
                Act::Fade { prop, to, curve, .. } => self.safe_fade(*prop, *to, over, *curve, origin),
                Act::Want { .. } | Act::Tell(_) => self.perform(act, origin),
                Act::Cue { .. } => {}
            }
        }
    }

    /// A fade of panic never fails for want of a level: it then goes there at once.
    fn safe_fade(&mut self, prop: PropIx, to: FadeTo, over: Span, curve: Curve, origin: Origin) {
        let known = self.s.props.get(prop).and_then(Property::known).is_some();
        match to {
            FadeTo::Level(db) if !known => self.want(prop, &Value::Level(db), None, origin),
            FadeTo::Decimal(n) if !known => self.want(prop, &Value::Decimal(n), None, origin),
            _ => {
                // What is known is used as it is: panic does not wait for an answer.
                let now = self.s.now;
                if let Some(property) = self.s.props.get_mut(prop) {
                    property.trust(now);
                }
                self.fade(prop, to, over, curve, origin);
            }
        }
    }

    /// The state after panic ends.
    pub(super) fn reset(&mut self) {
        if self.s.phase != Phase::Panicked {
            return self.refuse("there was no panic: nothing to reset");
        }
        self.s.phase = Phase::Running;
        self.s.escape = None;
        self.look_ahead();
        self.say(Level::Notice, "GO is possible again");
    }

    /// The program is about to end.
    pub(super) fn quit(&mut self) {
        let show = Arc::clone(&self.show);
        if show.at_exit == crate::show::AtExit::Safe
            && let Some(acts) = &show.safe
        {
            for run in self.runs_in(Target::All, false) {
                self.stop_run(run, Priority::Discrete);
            }
            self.safe(acts, Span::ZERO, Priority::Discrete);
        }
    }
}
