//! A changed show takes over the state of the run before: what both shows name the same goes on, the rest is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::devices::DeviceState;
use super::offers::Offers;
use super::transport::Position;
use super::{Effects, Engine, Level, Mode, Phase};
use crate::light::{Layer, Overlay};
use crate::show::{CueIx, LightAct, ListIx, ParamIx, Rest, Rig, Show};

impl Engine {
    /// An engine for `show` that stands where `old` stood: pointers, flags, ownership, what is known and wanted of each property,
    /// lights. Cues, actions and offers are not taken over; the second value names them, and cues that are gone.
    #[must_use]
    pub fn adopt(show: Arc<Show>, old: &Self, mode: Mode) -> (Self, Vec<String>) {
        let mut new = Self::new(show);
        new.s.now = old.s.now;
        new.s.clock = old.s.clock;
        new.s.utc_offset = old.s.utc_offset;
        new.s.day = old.s.day;
        new.s.mode = mode;
        new.s.next = old.s.next;
        new.s.phase = if old.s.phase == Phase::Panicked { Phase::Panicked } else { Phase::Running };
        new.adopt_cues(old);
        new.adopt_devices(old);
        new.adopt_lights(old);
        new.look_ahead();
        let number = |cue: CueIx| &old.show.cue(cue).number;
        let mut left: Vec<String> = old.s.runs.values().map(|run| format!("cue {} ran and was not taken over", number(run.cue))).collect();
        left.extend(old.s.actions.all().map(|action| format!("{} was open and was not taken over", old.describe(action))));
        left.extend(old.s.offers.iter().map(|offer| format!("on a key and not taken over: {}", offer.text)));
        left.extend(new.gone(old));
        left.truncate(Offers::LIMIT);
        new.say(Level::Warn, format!("a changed show took over; {} things were left behind", left.len()));
        (new, left)
    }

    /// What of the old show this one no longer names, where that matters: cues that stood as NEXT, and wants of the show.
    fn gone(&self, old: &Self) -> Vec<String> {
        let next = old.s.lists.iter().filter_map(|list| list.at.next).map(|cue| old.show.cue(cue));
        let cues = next.filter(|cue| !self.show.cues.iter().any(|mine| mine.id == cue.id));
        let mut gone: Vec<String> = cues.map(|cue| format!("cue {} was NEXT and is not in this show", cue.number)).collect();
        for (spec, property) in old.show.props.iter().zip(old.s.props.iter()) {
            let Some(wanted) = property.wanted().filter(|_| !property.by_hand()) else { continue };
            let device = &old.show.device(spec.device).key;
            if self.show.device_by_key(device).and_then(|ix| self.show.prop_by_path(ix, &spec.path)).is_none() {
                gone.push(format!("{device} {} is no longer in the show; it was left at {wanted}", spec.label));
            }
        }
        gone
    }

    fn adopt_cues(&mut self, old: &Self) {
        let show = Arc::clone(&self.show);
        let by_id: BTreeMap<&str, CueIx> = (0_u32..).zip(&show.cues).map(|(i, cue)| (&*cue.id, CueIx(i))).collect();
        let same = |cue: CueIx| by_id.get(&*old.show.cue(cue).id).copied();
        for (i, flags) in (0_u32..).zip(&old.s.flags) {
            if let Some(mine) = same(CueIx(i)).and_then(|cue| self.s.flags.get_mut(cue.at())) {
                mine.done = flags.done;
                mine.failed = flags.failed;
                mine.started = flags.started;
                // What a person switched during the run stays so; else the new file says.
                let file = old.show.cue(CueIx(i));
                if flags.armed != file.armed {
                    mine.armed = flags.armed;
                }
                if flags.skip != file.skip {
                    mine.skip = flags.skip;
                }
            }
        }
        for was in old.s.starts.iter().filter(|was| was.over) {
            let mine = same(was.cue).filter(|cue| show.cue(*cue).start_at == old.show.cue(was.cue).start_at);
            self.s.starts.iter_mut().filter(|start| Some(start.cue) == mine).for_each(|start| start.over = true);
        }
        for (i, (spec, state)) in (0_u16..).zip(show.lists.iter().zip(&mut self.s.lists)) {
            let Some(from) = old.show.lists.iter().position(|l| l.key == spec.key) else { continue };
            let (Some(was), Some(order)) = (old.s.lists.get(from), old.show.lists.get(from)) else { continue };
            // A cue that is gone gives way to the next one that is still there.
            let ahead = order.cues.iter().skip_while(|c| Some(**c) != was.at.next);
            let next = ahead.filter_map(|c| same(*c)).find(|c| show.cue(*c).list == ListIx(i));
            let children = |cue: CueIx, of: &Show| of.cue(cue).group.as_ref().map(|g| g.children.clone()).unwrap_or_default();
            let stood = was.at.next.and_then(|c| children(c, &old.show).get(usize::from(was.at.child)).copied()).and_then(same);
            let child = next.zip(stood).and_then(|(group, child)| children(group, &show).iter().position(|c| *c == child));
            state.at = Position { next, child: child.and_then(|at| u16::try_from(at).ok()).unwrap_or(0) };
        }
    }

    fn adopt_devices(&mut self, old: &Self) {
        let show = Arc::clone(&self.show);
        for (spec, state) in show.devices.iter().zip(&mut self.s.devices) {
            let Some(ix) = old.show.device_by_key(&spec.key) else { continue };
            let Some(was) = old.s.devices.get(ix.at()) else { continue };
            *state = DeviceState { ownership: was.ownership, identity: was.identity.clone(), ..DeviceState::default() };
            for prop in &spec.props {
                let path = &show.prop(*prop).path;
                if let Some(known) = old.show.prop_by_path(ix, path).and_then(|p| old.s.props.get(p)) {
                    self.s.props.adopt_from(*prop, known);
                }
            }
        }
    }

    /// A parameter is the same one when fixture, cell and attribute have the same names.
    fn adopt_lights(&mut self, old: &Self) {
        let now = self.s.now;
        let rig = Arc::clone(&self.show.rig);
        let by_name: BTreeMap<_, ParamIx> = all(&rig).filter_map(|ix| Some((name_of(&rig, ix)?, ix))).collect();
        for list in 0..old.board.lists() {
            // The lights of a list that is gone are the first list's: nothing goes dark.
            let key = old.show.lists.get(usize::from(list)).map(|l| &l.key);
            let mine = self.show.lists.iter().position(|l| Some(&l.key) == key).and_then(|at| u16::try_from(at).ok()).unwrap_or(0);
            let mut values = Vec::new();
            for ix in all(&old.show.rig) {
                if old.board.seen_of(list, ix) == list
                    && old.board.target_in(list, ix).is_some()
                    && let Some(to) = name_of(&old.show.rig, ix).and_then(|name| by_name.get(&name))
                {
                    values.push((*to, old.board.unmarked_in(list, ix, now)));
                }
            }
            values.sort_unstable();
            let act = LightAct { values, rest: Rest::Keep, label: "taken over".into(), ..LightAct::default() };
            self.board.apply_of(0, Layer::List(mine), now, &act);
        }
        self.adopt_overlay(old);
        self.out = Effects::new();
    }

    /// Masters, parked lights and those that somebody looks for go on under their names.
    fn adopt_overlay(&mut self, old: &Self) {
        let (was, rig, laid) = (&old.show.rig, Arc::clone(&self.show.rig), old.board.overlay());
        let group = |at: u16| {
            let key = &was.groups.get(usize::from(at))?.key;
            rig.groups.iter().position(|group| group.key == *key).and_then(|at| u16::try_from(at).ok())
        };
        let fixture = |at: u32| {
            let key = &was.fixtures.get(at as usize)?.key;
            rig.fixtures.iter().position(|fixture| fixture.key == *key).and_then(|at| u32::try_from(at).ok())
        };
        let param = |ix: ParamIx| {
            let name = name_of(was, ix)?;
            all(&rig).find(|mine| name_of(&rig, *mine) == Some(name))
        };
        let over = Overlay {
            grand: laid.grand,
            blackout: laid.blackout,
            groups: laid.groups.iter().filter_map(|(at, level)| Some((group(*at)?, *level))).collect(),
            parked: laid.parked.iter().filter_map(|(ix, level)| Some((param(*ix)?, *level))).collect(),
            found: laid.found.iter().filter_map(|(at, how)| Some((fixture(*at)?, *how))).collect(),
        };
        self.board.lay(over);
    }
}

/// All parameters of a rig.
fn all(rig: &Rig) -> impl Iterator<Item = ParamIx> {
    (0..u32::try_from(rig.params.len()).unwrap_or(u32::MAX)).map(ParamIx)
}

/// Fixture, cell and attribute of a parameter.
fn name_of(rig: &Rig, ix: ParamIx) -> Option<(&str, &str, &str)> {
    let param = rig.params.get(ix.at())?;
    let fixture = rig.fixtures.get(param.fixture as usize)?;
    let mode = fixture.profile.modes.get(usize::from(fixture.mode));
    let cell = param.cell.checked_sub(1).and_then(|nth| mode?.cells.get(usize::from(nth))).map_or("", |cell| &**cell);
    Some((&*fixture.key, cell, &*rig.attribute(param)?.name))
}
