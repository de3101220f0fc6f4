//! The driver: one session, the switcher's state, and what the show wants of it.

use std::collections::BTreeMap;

use super::health::Health;
use super::jobs::Job;
use super::session::Session;
use super::state::State;
use super::target::Target;
use super::window::Window;
use crate::device_api::{Command, Op, Report};
use crate::devices::{Driver, EchoWindow, Out, Payload, Plan, WireEvent, earlier};
use crate::show::{Limits, PropIx, Value};
use crate::time::Mono;

/// A switcher as this driver knows it.
pub struct Switcher {
    pub(super) limits: Limits,
    /// What the show's properties are.
    pub(super) targets: BTreeMap<PropIx, Target>,
    pub(super) session: Session,
    pub(super) window: Window,
    pub(super) state: State,
    pub(super) jobs: Vec<Job>,
    pub(super) echo: EchoWindow,
    /// What program and preview of a mix effect become by our own doing, and since when.
    pub(super) swaps: BTreeMap<u8, (Mono, u16, u16)>,
    /// What the engine was last told of each property.
    told: BTreeMap<PropIx, Value>,
    pub(super) health: Health,
}

impl Switcher {
    /// For a device of a show.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let profile = &plan.device().profile;
        Self {
            limits: profile.limits,
            targets: plan.props().filter_map(|(ix, prop)| Some((ix, Target::parse(&prop.path)?))).collect(),
            session: Session::default(),
            window: Window::default(),
            state: State::default(),
            jobs: vec![],
            echo: EchoWindow::new(profile.limits.echo_window, 0),
            swaps: BTreeMap::new(),
            told: BTreeMap::new(),
            health: Health::new(profile),
        }
    }

    /// Tells what is new of the properties that the show has.
    pub(super) fn tell(&mut self, now: Mono, out: &mut Out) {
        for (prop, target) in &self.targets {
            let Some(value) = target.value(&self.state) else { continue };
            if self.told.get(prop) != Some(&value) {
                let how = self.echo.judge(now, *prop, &value);
                self.told.insert(*prop, value.clone());
                out.report(Report::Observed { prop: *prop, value, how });
            }
        }
    }

    /// A property is told even when it is not new.
    pub(super) fn tell_again(&mut self, prop: PropIx) {
        self.told.remove(&prop);
    }

    /// Nothing is known any more.
    pub(super) fn forget(&mut self) {
        self.jobs.clear();
        self.swaps.clear();
        self.told.clear();
        self.state = State::default();
        self.window = Window::default();
    }

    /// The property of a target, when the show has it.
    pub(super) fn prop_of(&self, target: Target) -> Option<PropIx> {
        self.targets.iter().find(|(_, known)| **known == target).map(|(prop, _)| *prop)
    }
}

impl Driver for Switcher {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Up(_) => self.wire_up(now),
            WireEvent::Down(_, why) => self.wire_down(now, &why, out),
            WireEvent::SendFailed { why, .. } => self.session.hint = Some(why),
            WireEvent::Data { payload: Payload::Datagram(bytes), .. } => self.receive(now, bytes, out),
            WireEvent::Data { .. } => {}
        }
        self.tick(now, out);
    }

    fn command(&mut self, now: Mono, command: &Command, out: &mut Out) {
        let refuse = |why: &str, out: &mut Out| out.report(Report::Refused { action: command.action, why: why.into() });
        if !self.session.is_ready() {
            return refuse("the switcher is not connected", out);
        }
        let Some(target) = self.targets.get(&command.prop).copied() else {
            return refuse("the switcher has no such property", out);
        };
        match &command.op {
            Op::Set { value, transition } => {
                self.drop_waiting(command.prop);
                let job = Job::new(command, target, value.clone(), transition.clone());
                self.begin(now, job, out);
            }
            Op::Fade { .. } => return refuse("the switcher does not fade this by itself: use a transition", out),
            Op::Halt => self.drop_waiting(command.prop),
            // All state is pushed, and a switcher has nothing that a fade would start from.
            Op::Continue | Op::Read => {}
        }
        self.tell(now, out);
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        if !self.session.up {
            return;
        }
        self.keep_alive(now, out);
        if self.session.is_ready() {
            self.retry(now, out);
            self.health.watch(now, self.window.resent, out);
        }
    }

    fn next_due(&self) -> Option<Mono> {
        if !self.session.up {
            return None;
        }
        let mut due = earlier(self.session_due(), self.window.next_due());
        if self.session.is_ready() {
            due = earlier(due, self.jobs_due());
            due = earlier(due, Some(self.health.next_due()));
        }
        due
    }
}
