//! Intents: checked against the show once, then done.

use std::sync::Arc;

use super::actions::Origin;
use super::guard::source;
use super::running::Start;
use super::{By, Engine, Intent, Level, Phase, Priority, Why};
use crate::show::{CueIx, CueVerb, HotIx, Keeping, ListIx, Target};

impl Engine {
    /// Does what somebody wants, or says why not. Indexes come from outside and are checked here, once.
    pub(super) fn intent(&mut self, intent: &Intent, by: &By) {
        if !self.names_known(intent) {
            return self.refuse("the show has no such cue, list, device or property");
        }
        match intent {
            Intent::Go { list, seen } => self.go(*list, *seen, by),
            Intent::GoReleased => self.s.lists.iter_mut().for_each(|l| l.guard.released()),
            Intent::GoConfirm { list } => self.go_confirm(*list, by),
            Intent::Start { cue } => self.start_direct(*cue),
            Intent::Hot { hot } => self.hot(*hot),
            Intent::Stop { target: Target::Hot(hot) } => self.stop_hot(*hot),
            Intent::Stop { target } => self.stop(*target, by),
            Intent::Escape => self.escape(by),
            Intent::Panic { now } => self.panic(*now),
            Intent::Reset => self.reset(),
            Intent::Pause { target } => self.pause(*target),
            Intent::Resume { target } => self.resume(*target),
            Intent::Undo { confirm, program } => self.undo(*confirm, *program, by),
            Intent::Standby { list, cue } => self.standby(*list, *cue, by),
            Intent::Move { list, by: steps } => self.move_by(*list, *steps, by),
            Intent::Chase { list, cue } => self.chase(*list, *cue),
            Intent::ChaseGo { ticked } => self.chase_go(ticked, by),
            Intent::Close => self.s.prompt = None,
            Intent::HoldAuto { list } => self.hold_follower(*list),
            Intent::Arm { cue, armed } => self.arm(*cue, *armed),
            Intent::Skip { cue, skip } => self.skip(*cue, *skip, by),
            Intent::Own { device, ownership } => self.own(*device, *ownership),
            Intent::Accept { offer } => self.accept(*offer),
            Intent::Decline { offer } => self.decline(*offer),
            Intent::Guarded { prop, value } => self.guarded(*prop, value),
            Intent::Lights { order } => self.light_order(*order),
            Intent::Acknowledge { alert } => self.acknowledge(*alert),
            Intent::NotUnderstood { why } => self.refuse(format!("{}: {why}", source(by))),
            Intent::Quit => self.quit(),
        }
    }

    fn names_known(&self, intent: &Intent) -> bool {
        let cue = |c: &CueIx| c.at() < self.show.cues.len();
        let list = |l: &ListIx| l.at() < self.show.lists.len();
        let target = |t: &Target| match t {
            Target::Cue(c) => cue(c),
            Target::List(l) => list(l),
            Target::Hot(h) => h.at() < self.show.hots.len(),
            Target::All => true,
        };
        match intent {
            Intent::Go { list: l, seen } => list(l) && seen.as_ref().is_none_or(cue),
            Intent::Standby { list: l, cue: c } => list(l) && c.as_ref().is_none_or(cue),
            Intent::GoConfirm { list: l } | Intent::Move { list: l, .. } | Intent::HoldAuto { list: l } => list(l),
            Intent::Chase { list: l, cue: c } => list(l) && cue(c),
            Intent::Start { cue: c } | Intent::Arm { cue: c, .. } | Intent::Skip { cue: c, .. } => cue(c),
            Intent::Hot { hot } => target(&Target::Hot(*hot)),
            Intent::Stop { target: t } | Intent::Pause { target: t } | Intent::Resume { target: t } => target(t),
            Intent::Own { device, .. } => device.at() < self.show.devices.len(),
            Intent::Lights { order } => self.knows_lamps(*order),
            Intent::Guarded { prop, .. } => prop.at() < self.show.props.len(),
            _ => true,
        }
    }

    /// Starts a cue; the pointer stays. A cue that runs is left alone.
    pub(super) fn start_direct(&mut self, cue: CueIx) {
        let number = Arc::clone(&self.show.cue(cue).number);
        match self.s.phase {
            Phase::Panicked => return self.refuse(format!("cue {number} did not start: after panic, press the resume key first")),
            Phase::Paused => return self.refuse(format!("cue {number} did not start: the show is paused")),
            Phase::Running => {}
        }
        if self.run_of(cue).is_some() {
            return self.say(Level::Notice, format!("cue {number} runs already"));
        }
        let name = &self.show.cue(cue).name;
        let name = if name.is_empty() { String::new() } else { format!(" {name}") };
        // Before it starts: what its start has to say counts more.
        self.say(Level::Good, format!("cue {number}{name} starts, out of order"));
        self.start_run(cue, Start::default());
    }

    /// What a step does to cues.
    pub(super) fn cue_verb(&mut self, verb: CueVerb, target: Target, go: u64) {
        if self.s.phase == Phase::Panicked {
            return;
        }
        match (verb, target) {
            (CueVerb::Start, Target::Cue(cue)) if self.run_of(cue).is_none() => {
                self.start_run(cue, Start { go, ..Start::default() });
            }
            (CueVerb::Start, Target::Hot(hot)) if self.run_of_hot(hot).is_none() => self.hot(hot),
            (CueVerb::Stop, Target::Hot(hot)) => self.stop_hot(hot),
            (CueVerb::Stop, target) => self.stop(target, &By::Show),
            (CueVerb::Go, Target::List(list)) => self.go(list, None, &By::Show),
            (CueVerb::Go, Target::Cue(cue)) => {
                let list = self.show.cue(cue).list;
                self.standby(list, Some(cue), &By::Show);
                self.go(list, None, &By::Show);
            }
            (CueVerb::Pause, target) => self.pause(target),
            (CueVerb::Resume, target) => self.resume(target),
            (CueVerb::Arm, Target::Cue(cue)) => self.arm(cue, true),
            (CueVerb::Disarm, Target::Cue(cue)) => self.arm(cue, false),
            (CueVerb::Standby, Target::Cue(cue)) => self.standby(self.show.cue(cue).list, Some(cue), &By::Show),
            _ => {}
        }
    }

    pub(super) fn run_of_hot(&self, hot: HotIx) -> Option<super::running::RunId> {
        self.s.runs.iter().find(|(_, r)| r.hot == Some(hot)).map(|(id, _)| *id)
    }

    fn arm(&mut self, cue: CueIx, armed: bool) {
        if let Some(flags) = self.s.flags.get_mut(cue.at()) {
            flags.armed = armed;
        }
        self.look_ahead();
        let word = if armed { "armed" } else { "disarmed" };
        self.say(Level::Notice, format!("cue {} is {word}", self.show.cue(cue).number));
    }

    /// A skipped cue is passed over; a pointer that stands on it moves on.
    fn skip(&mut self, cue: CueIx, skip: bool, by: &By) {
        if let Some(flags) = self.s.flags.get_mut(cue.at()) {
            flags.skip = skip;
        }
        self.look_ahead();
        let list = self.show.cue(cue).list;
        let stands = self.s.lists.get(list.at()).is_some_and(|l| l.at.next == Some(cue));
        if skip && stands {
            let next = self.after(list, cue);
            self.standby(list, next, by);
        }
    }

    /// A guarded property by its own key.
    fn guarded(&mut self, prop: crate::show::PropIx, value: &crate::show::Value) {
        if self.show.prop(prop).class != Keeping::Guarded {
            return self.refuse(format!("{} has no key of its own: only guarded properties have", self.name_of(prop)));
        }
        self.want(prop, value, None, Origin { why: Why::Operator, run: None, go: None, priority: Priority::Discrete });
    }
}
