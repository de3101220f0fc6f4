//! Chase: go to a cue with the state that all cues before it leave behind.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::actions::Origin;
use super::lights::{TRAVEL, travel};
use super::transport::Position;
use super::{By, Engine, Level, Phase, Priority, Prompt, PromptLine, Why};
use crate::light::Layer;
use crate::show::{Act, CueIx, FadeTo, Keeping, LightAct, ListIx, ParamIx, PropIx, Rest, Step, Swing, Value};

/// The final state of the cues before one.
#[derive(Default)]
struct Fold {
    props: BTreeMap<PropIx, Option<Value>>,
    lights: BTreeMap<ParamIx, u32>,
    swings: BTreeMap<ParamIx, Swing>,
    released: Vec<ParamIx>,
}

/// One line of a chase.
enum Line {
    Prop(PropIx, Option<Value>),
    Lights(LightAct),
}

impl Engine {
    /// Shows what going to a cue would send.
    pub(super) fn chase(&mut self, list: ListIx, cue: CueIx) {
        if self.s.phase == Phase::Panicked {
            return self.refuse("no chase after panic: press the resume key first");
        }
        if self.show.list(list).cues.binary_search(&cue).is_err() {
            return self.refuse("that cue stands in another list");
        }
        let lines = self.chase_lines(list, cue).into_iter().map(|(_, line)| line).collect();
        self.s.prompt = Some(Prompt::Chase { list, cue, lines });
    }

    /// Sends what is ticked and moves the pointer; the chain of the list ends.
    pub(super) fn chase_go(&mut self, ticked: &[u16], by: &By) {
        let Some(Prompt::Chase { list, cue, lines: shown }) = self.s.prompt.take() else {
            return self.refuse("no chase is open");
        };
        if self.s.phase == Phase::Panicked {
            return self.refuse("no chase after panic: press the resume key first");
        }
        let lines = self.chase_lines(list, cue);
        if lines.iter().map(|(_, line)| &line.text).ne(shown.iter().map(|line| &line.text)) {
            let lines = lines.into_iter().map(|(_, line)| line).collect();
            self.s.prompt = Some(Prompt::Chase { list, cue, lines });
            return self.refuse("the differences have changed: look again, then confirm");
        }
        let origin = Origin { why: Why::Chase, run: None, go: None, priority: Priority::Discrete };
        self.drop_follower(list);
        for (i, (what, line)) in lines.into_iter().enumerate() {
            if !line.possible || !ticked.iter().any(|t| usize::from(*t) == i) {
                continue;
            }
            match what {
                Line::Prop(prop, Some(value)) => self.want(prop, &value, None, origin),
                Line::Lights(act) => self.light_in(Layer::List(list.0), &Arc::new(act), origin),
                Line::Prop(_, None) => {}
            }
        }
        self.place(list, Position { next: Some(cue), child: 0 }, by);
        self.say(Level::Notice, format!("at cue {}", self.show.cue(cue).number));
    }

    fn fold(&self, list: ListIx, upto: CueIx) -> Fold {
        let mut fold = Fold::default();
        for cue in self.show.list(list).cues.iter().take_while(|c| **c != upto) {
            let flags = self.s.flags.get(cue.at());
            let counts = flags.is_some_and(|f| f.armed && !f.skip);
            if !counts || self.inside_skipped(*cue) {
                continue;
            }
            // What comes later wins, wherever it stands in the cue.
            let mut steps: Vec<&Step> = self.show.cue(*cue).steps.iter().collect();
            steps.sort_by_key(|step| step.after);
            for act in steps.into_iter().flat_map(|step| &step.acts) {
                self.fold_act(&mut fold, act);
            }
        }
        fold
    }

    fn inside_skipped(&self, cue: CueIx) -> bool {
        let mut at = self.show.cue(cue).parent;
        for _ in 0..16 {
            let Some(group) = at else { return false };
            if self.skipped(group) {
                return true;
            }
            at = self.show.cue(group).parent;
        }
        false
    }

    fn fold_act(&self, fold: &mut Fold, act: &Act) {
        match act {
            Act::Want { prop, value, .. } => {
                let spec = self.show.prop(*prop);
                if spec.barrier {
                    fold.props.retain(|p, _| self.show.prop(*p).device != spec.device);
                }
                fold.props.insert(*prop, Some(value.clone()));
            }
            Act::Fade { prop, to, .. } => {
                let value = match to {
                    FadeTo::Level(db) => Some(Value::Level(*db)),
                    FadeTo::Decimal(n) => Some(Value::Decimal(*n)),
                    FadeTo::ByDb(_) | FadeTo::ByDecimal(_) | FadeTo::Before => None,
                };
                fold.props.insert(*prop, value);
            }
            Act::Light(light) => self.fold_light(fold, light),
            Act::Cue { .. } | Act::Tell(_) => {}
        }
    }

    fn fold_light(&self, fold: &mut Fold, light: &LightAct) {
        if light.rest == Rest::Out {
            let gives_light = |ix: &ParamIx| self.show.rig.params.get(ix.at()).is_some_and(|p| p.intensity);
            fold.lights.iter_mut().filter(|(ix, _)| gives_light(ix)).for_each(|(_, level)| *level = 0);
            fold.swings.retain(|ix, _| !gives_light(ix));
        }
        for (ix, level) in &light.values {
            let held = || fold.lights.get(ix).copied().or_else(|| self.show.rig.params.get(ix.at()).map(|param| param.default));
            let level = light.target(*ix, *level, || held().unwrap_or(0));
            fold.lights.insert(*ix, level);
            fold.swings.remove(ix);
        }
        for ix in &light.release {
            fold.lights.remove(ix);
            fold.swings.remove(ix);
            fold.released.push(*ix);
        }
        for (ix, swing) in &light.swings {
            match swing.wave {
                Some(_) => drop(fold.swings.insert(*ix, *swing)),
                None => drop(fold.swings.remove(ix)),
            }
        }
    }

    /// The differences: *hold* and lasting players ticked, the rest listed and only sent if ticked.
    fn chase_lines(&self, list: ListIx, cue: CueIx) -> Vec<(Line, PromptLine)> {
        let fold = self.fold(list, cue);
        let mut lines = Vec::new();
        if let Some(act) = self.light_differences(list, &fold) {
            let count = act.values.len() + act.release.len() + act.swings.len();
            let text = format!("lights: {count} parameters travel in {TRAVEL}").into();
            lines.push((Line::Lights(act), PromptLine { text, ticked: true, possible: true }));
        }
        for (prop, value) in fold.props {
            let spec = self.show.prop(prop);
            let known = self.s.props.get(prop).and_then(|p| p.known().cloned());
            let there = value.as_ref().zip(known.as_ref()).is_some_and(|(v, k)| v.same(k, spec.tolerance));
            if there && spec.class != Keeping::Once {
                continue;
            }
            let lasting = spec.class == Keeping::Hold || (spec.class == Keeping::Set && matches!(value, Some(Value::Transport(_))));
            let (possible, why) = match (&value, spec.class) {
                (_, Keeping::Guarded) => (false, ", guarded: it has its own key"),
                (None, _) => (false, ", relative: nobody can tell"),
                (_, Keeping::Once) => (true, ", momentary"),
                _ => (true, ""),
            };
            let now = known.map_or_else(|| "unknown".into(), |v| self.show.spoken(prop, &v));
            let to = value.as_ref().map_or_else(|| format!("{}: a fade", self.name_of(prop)), |v| self.say_of(prop, v));
            let text = format!("{to} (now {now}{why})").into();
            lines.push((Line::Prop(prop, value), PromptLine { text, ticked: lasting && possible, possible }));
        }
        lines.truncate(usize::from(u16::MAX));
        lines
    }

    /// Where the lights of a list differ from a fold. What another list wants is its own affair, but a parameter that is not intensity is
    /// taken from it.
    fn light_differences(&self, list: ListIx, fold: &Fold) -> Option<LightAct> {
        let board = &self.board;
        let seen = |ix: ParamIx| board.seen_of(list.0, ix) == list.0;
        let ended = |ix: ParamIx| board.swing_in(list.0, ix).is_some() && !fold.swings.contains_key(&ix);
        let differs = |ix: ParamIx, to: u32| board.target_in(list.0, ix) != Some(to) || !seen(ix) || ended(ix);
        let values: Vec<(ParamIx, u32)> = fold.lights.iter().filter(|(ix, to)| differs(**ix, **to)).map(|(ix, to)| (*ix, *to)).collect();
        let all = (0..u32::try_from(self.show.rig.params.len()).unwrap_or(u32::MAX)).map(ParamIx);
        let wanted = |ix: &ParamIx| fold.lights.contains_key(ix) || fold.swings.contains_key(ix);
        let release: Vec<ParamIx> = all.filter(|ix| board.target_in(list.0, *ix).is_some() && !wanted(ix)).collect();
        let swings = fold.swings.iter().filter(|(ix, swing)| board.swing_in(list.0, **ix) != Some(**swing));
        let swings: Vec<(ParamIx, Swing)> = swings.map(|(ix, swing)| (*ix, *swing)).collect();
        if values.is_empty() && release.is_empty() && swings.is_empty() {
            return None;
        }
        Some(LightAct { swings, ..travel(values, release, "chase") })
    }
}
