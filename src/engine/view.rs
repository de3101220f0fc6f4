//! The snapshot: all that is drawn, made from the state.

use std::sync::Arc;

use super::devices::DeviceState;
use super::open_actions::What;
use super::running::{Run, RunId};
use super::{ActionState, ActionView, AutoView, DeviceView, Engine, Level, ListView, Ownership, Running, Snapshot};
use crate::show::{Act, DeviceIx, ListIx, PropIx, Show, Value};
use crate::time::{Mono, Span};

impl Engine {
    /// Actions in a snapshot.
    const SHOWN: usize = 64;

    /// The state at `now`. The stage adds what only it knows: which devices are simulated, their signs of life, and its own facts.
    #[must_use]
    pub fn snapshot(&self, now: Mono) -> Snapshot {
        let now = now.max(self.s.now);
        let lists = (0..self.s.lists.len()).filter_map(|i| u16::try_from(i).ok()).map(|i| self.view_list(ListIx(i), now)).collect();
        let devices = (0..self.s.devices.len()).filter_map(|i| u16::try_from(i).ok()).map(|i| self.view_device(DeviceIx(i))).collect();
        Snapshot {
            now,
            wall: self.wall_at(now),
            utc_offset: self.s.utc_offset,
            mode: self.s.mode,
            phase: self.s.phase,
            lists,
            cues: self.s.flags.clone(),
            running: self.s.runs.iter().rev().map(|(id, run)| self.view_run(*id, run)).collect(),
            actions: self.view_actions(now),
            devices,
            offers: self.s.offers.iter().cloned().collect(),
            alerts: self.s.alerts.iter().cloned().collect(),
            line: self.s.line.clone(),
            prompt: self.s.prompt.clone(),
            stage: Vec::new(),
            fading: self.board.moving(now),
            lights: self.board.overlay().clone(),
        }
    }

    fn view_list(&self, list: ListIx, now: Mono) -> ListView {
        let Some(state) = self.s.lists.get(list.at()) else { return ListView::default() };
        let standing = self.standing(list);
        ListView {
            next: state.at.next,
            child: standing.filter(|c| Some(*c) != state.at.next),
            last: state.last.map(|(cue, at, _)| (cue, at)),
            auto: state.follower.as_ref().map(|f| AutoView { cue: f.cue, when: f.when, due: f.due, held: f.held }),
            clock: self.next_start(list),
            guard_until: state.guard.until(now),
            not_ready: standing.map(|cue| self.not_ready(cue)).unwrap_or_default(),
        }
    }

    /// Which devices of a cue are not ready, and why; one line a device, its own state before what its properties need.
    fn not_ready(&self, cue: crate::show::CueIx) -> Vec<(DeviceIx, Arc<str>)> {
        let mut devices: Vec<DeviceIx> = Vec::new();
        let mut needs: Vec<(DeviceIx, Arc<str>)> = Vec::new();
        // What the cue itself sets first is no obstacle: the lamp, then the input.
        let mut given: Vec<(PropIx, &Value)> = Vec::new();
        let mut cues = vec![cue];
        while let Some(cue) = cues.pop() {
            let spec = self.show.cue(cue);
            for act in spec.steps.iter().flat_map(|s| &s.acts) {
                act_devices(&self.show, act, &mut devices);
                if let Act::Want { prop, value, .. } = act {
                    given.push((*prop, value));
                }
                if let Act::Want { prop, .. } | Act::Fade { prop, .. } = act {
                    needs.extend(self.missing(*prop, &given));
                }
            }
            if let Some(group) = spec.group.as_ref().filter(|g| g.mode == crate::show::GroupMode::Together) {
                cues.extend(group.children.iter().copied());
            }
        }
        devices.sort_unstable();
        devices.dedup();
        let need = |device: DeviceIx| needs.iter().find(|(d, _)| *d == device).map(|(_, why)| Arc::clone(why));
        devices.into_iter().filter_map(|d| Some((d, self.unready(self.s.devices.get(d.at())?).or_else(|| need(d))?))).collect()
    }

    /// What a property requires and its device is known not to hold: `power is off`, or `power: warming` while it comes.
    fn missing(&self, prop: PropIx, given: &[(PropIx, &Value)]) -> Option<(DeviceIx, Arc<str>)> {
        let spec = self.show.prop(prop);
        spec.requires.iter().find_map(|(need, value)| {
            let (seen, _) = self.s.props.get(*need)?.observed()?;
            if seen.same(value, 0) || given.iter().any(|(set, to)| set == need && to.same(value, 0)) {
                return None;
            }
            let under_way = self.s.actions.all().find(|a| a.prop == Some(*need) && a.aim().is_some_and(|aim| aim.same(value, 0)));
            let label = &self.show.prop(*need).label;
            let why = match under_way.map(|action| &action.state) {
                Some(ActionState::Pending(why, _)) => format!("{label}: {why}"),
                _ => format!("{label} is {}", self.show.spoken(*need, seen)),
            };
            Some((spec.device, why.into()))
        })
    }

    fn unready(&self, state: &DeviceState) -> Option<Arc<str>> {
        match state.ownership {
            Ownership::Released => return Some("released".into()),
            Ownership::Bypassed => return Some("bypassed".into()),
            Ownership::Live => {}
        }
        if let Some(why) = state.unreachable() {
            return Some(why.into());
        }
        if state.online.is_none() {
            return Some("has not answered yet".into());
        }
        state.facets.iter().find(|f| f.level == Level::Bad).map(|f| Arc::clone(&f.text))
    }

    fn view_run(&self, id: RunId, run: &Run) -> Running {
        let waits = self.s.actions.all().any(|a| a.origin.run == Some(id) && a.timer.is_none());
        let open = self.s.actions.all().filter(|a| a.origin.run == Some(id)).map(|a| match &a.what {
            What::Fade(fade) => fade.travel.as_ref().map_or(a.due, |t| t.start + t.length),
            _ => a.due + a.own,
        });
        let ends = open.fold(run.floor, Mono::max);
        Running {
            cue: run.cue,
            hot: run.hot,
            started: run.started,
            ends: (!waits && run.paused.is_none()).then_some(ends),
            paused: run.paused.as_ref().map(|p| p.since),
            waiting_until: run.waiting_until,
            open_actions: run.open,
            length: ends.since(run.started),
        }
    }

    fn view_actions(&self, now: Mono) -> Vec<ActionView> {
        let mut views: Vec<ActionView> = self
            .s
            .actions
            .iter()
            .rev()
            .take(Self::SHOWN)
            .map(|(id, a)| {
                let mut view = self.view_action(id, a, None);
                let length = a.own;
                view.state = match (&a.what, view.state) {
                    (What::Fade(fade), ActionState::Moving(_)) => ActionState::Moving(fade.travel.as_ref().map_or(0, |t| t.done(now))),
                    (What::Light { .. }, ActionState::Moving(_)) => ActionState::Moving(share(now.since(a.due), length)),
                    (_, state) => state,
                };
                view
            })
            .collect();
        views.extend(self.s.ended.iter().cloned());
        views.sort_by_key(|view| std::cmp::Reverse(view.action));
        views.truncate(Self::SHOWN);
        views
    }

    fn view_device(&self, device: DeviceIx) -> DeviceView {
        let Some(state) = self.s.devices.get(device.at()) else {
            return DeviceView {
                level: Level::Good,
                online: false,
                text: "".into(),
                identity: None,
                heard: None,
                ownership: Ownership::Live,
                simulated: false,
                facets: Vec::new(),
                differences: 0,
            };
        };
        let text: Arc<str> = match (state.unreachable(), state.online) {
            (Some(why), _) => why.into(),
            (None, None) => "has not answered yet".into(),
            (None, Some(_)) => {
                let worst = state.facets.iter().filter(|f| f.level > Level::Good).max_by_key(|f| f.level);
                worst.map_or_else(|| "online".into(), |f| Arc::clone(&f.text))
            }
        };
        let differences = self.show.device(device).props.iter().filter(|p: &&PropIx| self.differs(**p)).count();
        DeviceView {
            level: if state.ownership == Ownership::Bypassed { Level::Good } else { state.level() },
            online: state.online == Some(true),
            text,
            identity: state.identity.clone(),
            heard: state.heard,
            ownership: state.ownership,
            simulated: false,
            facets: state.facets.clone(),
            differences: u16::try_from(differences).unwrap_or(u16::MAX),
        }
    }
}

/// Millionths of `length` that have passed.
fn share(passed: Span, length: Span) -> u32 {
    if length.is_zero() {
        return 1_000_000;
    }
    u32::try_from(u128::from(passed.0) * 1_000_000 / u128::from(length.0)).unwrap_or(1_000_000).min(1_000_000)
}

/// The devices that an act needs.
fn act_devices(show: &Show, act: &Act, devices: &mut Vec<DeviceIx>) {
    match act {
        Act::Want { prop, .. } | Act::Fade { prop, .. } => devices.push(show.prop(*prop).device),
        Act::Light(light) => {
            let named = light.values.iter().map(|(ix, _)| *ix).chain(light.swings.iter().map(|(ix, _)| *ix));
            let universes = named.flat_map(|ix| show.rig.universes_of(ix));
            let mut universes: Vec<u16> = universes.collect();
            universes.dedup();
            let outputs = universes.iter().filter_map(|u| show.rig.universes.get(usize::from(*u))).flat_map(|u| &u.outputs);
            devices.extend(outputs.map(|o| o.device));
        }
        Act::Cue { .. } | Act::Tell(_) => {}
    }
}
