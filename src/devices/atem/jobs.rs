//! What the show wants, from its command to its landing.

use std::sync::Arc;

use super::driver::Switcher;
use super::state::{Me, State};
use super::take;
use super::target::Target;
use crate::device_api::{ActionId, Command, Priority, Report};
use crate::devices::{Out, earlier};
use crate::show::{PropIx, Transition, Value};
use crate::time::{Mono, Span};

/// A manual transition (a hand on the T-bar) tells no end: looked at this often.
const RETRY: Span = Span::ms(200);
/// A transition that was asked for has begun by then.
const BEGINS: Span = Span::secs(2);
/// Progress is told in steps of this, in millionths.
const PROGRESS_STEP: u32 = 100_000;

/// One wanted thing.
#[derive(Debug)]
pub struct Job {
    action: ActionId,
    prop: PropIx,
    target: Target,
    value: Value,
    transition: Option<Transition>,
    urgent: bool,
    stage: Stage,
    /// Of what is done once: the signs of it that there were when it left.
    signs: Option<u32>,
}

/// How far a target is on its way, in millionths, and the frames that it has left; `None`: it stands. A downstream key and a fade to black
/// tell only their frames left, against the rate that they have.
fn travel(target: Target, state: &State) -> Option<(u32, u8)> {
    let of_rate = |left: u8, rate: u8| 1_000_000_u32.saturating_sub(u32::from(left) * 1_000_000 / u32::from(rate.max(1)));
    match target {
        Target::Program(me) => {
            let me = state.mes.get(&me).filter(|me| me.moving)?;
            Some((u32::from(me.position.min(10_000)) * 100, me.frames_left))
        }
        Target::Black(me) => {
            let me = state.mes.get(&me).filter(|me| me.black_moving)?;
            Some((of_rate(me.black_left, me.black_rate), me.black_left))
        }
        Target::DskOn(dsk) => {
            let dsk = state.dsks.get(&dsk).filter(|dsk| dsk.moving)?;
            Some((of_rate(dsk.frames_left, dsk.rate), dsk.frames_left))
        }
        _ => None,
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Not sent yet: the switcher is busy; looked at again then.
    Waits(Mono),
    /// Sent in this packet, then, and this much progress was told: `None` while nothing moves.
    Sent(u16, Mono, Option<u32>),
}

impl Job {
    /// A command that was not begun.
    #[must_use]
    pub fn new(command: &Command, target: Target, value: Value, transition: Option<Transition>) -> Self {
        let urgent = command.priority == Priority::Panic;
        let transition = transition.filter(|transition| &*transition.kind != "cut");
        Self {
            action: command.action,
            prop: command.prop,
            target,
            value,
            transition,
            urgent,
            stage: Stage::Waits(command.due),
            signs: None,
        }
    }

    /// The mix effect that a take with a transition travels on.
    fn travels(&self) -> Option<u8> {
        match self.target {
            Target::Program(me) if self.transition.is_some() => Some(me),
            _ => None,
        }
    }
}

impl Switcher {
    /// A newer want of a property takes the place of one that waits.
    pub(super) fn drop_waiting(&mut self, prop: PropIx) {
        self.jobs.retain(|job| job.prop != prop || !matches!(job.stage, Stage::Waits(_)));
    }

    /// Does it, or lets it wait.
    pub(super) fn begin(&mut self, now: Mono, mut job: Job, out: &mut Out) {
        let refuse = |why: Arc<str>, out: &mut Out| out.report(Report::Refused { action: job.action, why });
        if let Err(why) = job.target.possible(&job.value, &self.state) {
            return refuse(why.into(), out);
        }
        if let Some((what, left)) = self.busy(job.target) {
            if job.target.is_momentary() {
                return refuse(format!("{what}, and this would come too late afterwards").into(), out);
            }
            if job.urgent && job.transition.take().is_some() | matches!(job.target, Target::Program(_)) {
                // Now, as far as it goes; and again when the transition has ended, which would leave another source there.
                let mut payload = vec![];
                if job.target.command(&job.value, &self.state, &mut payload) {
                    self.window.send(now, payload, out);
                }
            }
            job.stage = Stage::Waits(now + left);
            out.report(Report::NotNow { action: job.action, why: what.into(), retry_after: left });
            self.jobs.push(job);
            return;
        }
        let there = job.target.value(&self.state).as_ref() == Some(&job.value);
        let toggles = matches!(job.target, Target::Black(_)) || job.travels().is_some() || self.dsk_auto(&job);
        if there && toggles {
            // A toggle, or a transition to what is there, would take it away: an empty packet asks whether it still is.
            return self.send(now, job, vec![], out);
        }
        let mut payload = vec![];
        match self.bytes(&job, &mut payload) {
            Ok(()) => self.send(now, job, payload, out),
            Err(why) => refuse(why.into(), out),
        }
    }

    fn dsk_auto(&self, job: &Job) -> bool {
        matches!(job.target, Target::DskOn(_)) && job.transition.is_some()
    }

    fn bytes(&self, job: &Job, payload: &mut Vec<u8>) -> Result<(), String> {
        match (job.target, &job.transition, &job.value) {
            (Target::Program(me), Some(transition), Value::Int(source)) => {
                let source = u16::try_from(*source).map_err(|_| format!("{source} is no source"))?;
                take::commands(&self.state, me, source, transition, payload)
            }
            (Target::DskOn(dsk), Some(transition), Value::Switch(on)) => take::key(&self.state, dsk, *on, transition.over, payload),
            (Target::Black(me), Some(transition), _) => take::black(&self.state, me, transition.over, payload),
            _ if job.target.command(&job.value, &self.state, payload) => Ok(()),
            _ => Err(format!("{} can not be {}", job.target, job.value)),
        }
    }

    fn send(&mut self, now: Mono, mut job: Job, payload: Vec<u8>, out: &mut Out) {
        self.echo.sent(now, job.prop, job.value.clone());
        if !payload.is_empty() {
            self.foresee(now, &job);
        }
        let id = self.window.send(now, payload, out);
        job.signs = job.target.signs(&self.state);
        job.stage = Stage::Sent(id, now, None);
        out.completes(job.action, Some(job.value.clone()));
        self.jobs.push(job);
    }

    /// What program and preview become by this is ours.
    fn foresee(&mut self, now: Mono, job: &Job) {
        let at = match job.target {
            Target::Cut(me) | Target::Auto(me) => me,
            _ => match job.travels() {
                Some(me) => me,
                None => return,
            },
        };
        let Some(me) = self.state.mes.get(&at) else { return };
        let source = match (&job.value, job.travels()) {
            (Value::Int(source), Some(_)) => u16::try_from(*source).unwrap_or(me.preview),
            _ => me.preview,
        };
        let swap = (now, source, me.program);
        self.swaps.insert(at, swap);
        self.mark(now, at, source, me.program);
    }

    fn mark(&mut self, now: Mono, me: u8, program: u16, preview: u16) {
        for (target, source) in [(Target::Program(me), program), (Target::Preview(me), preview), (Target::Preview(me), program)] {
            if let Some(prop) = self.prop_of(target) {
                self.echo.sent(now, prop, Value::Int(i64::from(source)));
            }
        }
    }

    /// Why a target can not be set now, and for how long.
    fn busy(&self, target: Target) -> Option<(String, Span)> {
        let left = |frames: u8| take::lasts(&self.state, u64::from(frames)).max(RETRY);
        let me = |at: u8, busy: fn(&Me) -> Option<u8>| self.state.mes.get(&at).and_then(busy);
        match target {
            Target::Program(at) | Target::Preview(at) | Target::Cut(at) | Target::Auto(at) => {
                let frames = me(at, |me| me.moving.then_some(me.frames_left))?;
                Some((format!("a transition runs on {target}"), left(frames)))
            }
            Target::Black(at) => {
                let frames = me(at, |me| me.black_moving.then_some(me.black_left))?;
                Some((format!("a fade to or from black runs on {target}"), left(frames)))
            }
            Target::DskOn(at) | Target::DskAuto(at) => {
                let dsk = self.state.dsks.get(&at).filter(|dsk| dsk.moving)?;
                Some((format!("{target} is in its own transition"), left(dsk.frames_left)))
            }
            _ => None,
        }
    }

    /// Begins what waited, when it can be done or its time has come.
    pub(super) fn retry(&mut self, now: Mono, out: &mut Out) {
        let ready = |job: &Job| matches!(job.stage, Stage::Waits(at) if at <= now || self.busy(job.target).is_none());
        let due: Vec<usize> = (0..self.jobs.len()).filter(|at| self.jobs.get(*at).is_some_and(ready)).collect();
        let jobs: Vec<Job> = due.into_iter().rev().map(|at| self.jobs.remove(at)).collect();
        let news = !jobs.is_empty();
        for mut job in jobs.into_iter().rev() {
            job.urgent = false;
            self.begin(now, job, out);
        }
        if news {
            self.tell(now, out);
        }
    }

    /// The switcher has acknowledged something: what was there already needs its word again.
    pub(super) fn landed(&mut self) {
        let mut again = vec![];
        for job in &self.jobs {
            let landed = matches!(job.stage, Stage::Sent(id, ..) if self.window.has_landed(id));
            if landed && !job.target.is_momentary() && job.target.value(&self.state).as_ref() == Some(&job.value) {
                again.push(job.prop);
            }
        }
        for prop in again {
            self.tell_again(prop);
        }
    }

    /// What was sent: acknowledged, on its way, ended.
    pub(super) fn follow(&mut self, now: Mono, out: &mut Out) {
        let state = &self.state;
        let window = &self.window;
        let echo = &mut self.echo;
        self.jobs.retain_mut(|job| {
            let can_travel = job.travels().is_some() || matches!(job.target, Target::Black(_) | Target::DskOn(_));
            let Stage::Sent(id, at, told) = &mut job.stage else { return true };
            if !window.has_landed(*id) {
                return true;
            }
            if job.target.is_momentary() {
                // Acknowledged says only that it came: a switcher that can not do it says nothing more.
                let done = job.signs.is_none() || job.target.signs(state) != job.signs;
                if done {
                    out.report(Report::Acked { action: job.action });
                }
                return !done && now.since(*at) < BEGINS;
            }
            if matches!(job.target, Target::Black(_) | Target::DskOn(_)) && job.target.value(state).is_none() {
                // Where it ends is ours.
                echo.sent(now, job.prop, job.value.clone());
            }
            if let Some((done, left)) = travel(job.target, state).filter(|_| can_travel) {
                if told.is_none_or(|told| done >= told.saturating_add(PROGRESS_STEP)) {
                    *told = Some(done);
                    // The action's limit follows: the switcher's own rate, whatever it is.
                    out.report(Report::Progress { action: job.action, done, eta: Some(take::lasts(state, u64::from(left))) });
                }
                return true;
            }
            can_travel && told.is_none() && now.since(*at) < BEGINS && job.target.value(state).as_ref() != Some(&job.value)
        });
        self.follow_swaps(now);
    }

    /// While our transition runs, what it will leave stays ours.
    fn follow_swaps(&mut self, now: Mono) {
        for (at, (since, program, preview)) in self.swaps.clone() {
            if self.state.mes.get(&at).is_some_and(|me| me.moving) {
                self.mark(now, at, program, preview);
            } else if now.since(since) >= BEGINS {
                self.swaps.remove(&at);
            }
        }
    }

    /// When something that waits is looked at again.
    pub(super) fn jobs_due(&self) -> Option<Mono> {
        let due = |job: &Job| if let Stage::Waits(at) = job.stage { Some(at) } else { None };
        self.jobs.iter().filter_map(due).fold(None, |first, at| earlier(first, Some(at)))
    }
}
