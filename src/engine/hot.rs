//! Hot cues: outside the lists, on a key.

use std::sync::Arc;

use super::actions::Origin;
use super::running::Start;
use super::{By, Engine, Level, Priority, Why};
use crate::show::{HotIx, Keeping, PropIx, Target, Value};

impl Engine {
    /// Fires a hot cue, or stops it when it runs.
    pub(super) fn hot(&mut self, hot: HotIx) {
        let show = Arc::clone(&self.show);
        let Some(spec) = show.hots.get(hot.at()) else { return };
        if self.run_of_hot(hot).is_some() {
            return self.stop_hot(hot);
        }
        self.say(Level::Notice, format!("hot cue {}", spec.name));
        self.start_run(spec.cue, Start { hot: Some(hot), latch: spec.restore, ..Start::default() });
    }

    /// Stops a hot cue and, if it says so, puts back what it changed and nobody else touched.
    pub(super) fn stop_hot(&mut self, hot: HotIx) {
        let restore = self.show.hots.get(hot.at()).is_some_and(|h| h.restore);
        let before = self.run_of_hot(hot).and_then(|r| self.s.runs.get(&r)).map(|r| r.before.clone()).unwrap_or_default();
        // Before its fades halt: one on its way is ours.
        let fates: Vec<_> = before.into_iter().map(|(prop, before, ours)| (prop, before.filter(|_| self.is_ours(prop, &ours)))).collect();
        self.stop(Target::Hot(hot), &By::Show);
        if !restore {
            return;
        }
        let left: Vec<String> = fates.into_iter().filter_map(|(prop, back)| self.put_back(prop, back)).collect();
        if !left.is_empty() {
            self.say(Level::Warn, format!("left as they are: {}", left.join(", ")));
        }
    }

    /// Whether a property holds our value, or is on its way there.
    fn is_ours(&self, prop: PropIx, ours: &Value) -> bool {
        let tolerance = self.show.prop(prop).tolerance;
        match self.aimed(prop) {
            Some(aim) => aim.same(ours, tolerance),
            None => self.s.props.get(prop).and_then(|p| p.known()).is_some_and(|v| v.same(ours, tolerance)),
        }
    }

    /// Puts a property back; gives its name when it is left.
    fn put_back(&mut self, prop: PropIx, back: Option<Value>) -> Option<String> {
        let spec = self.show.prop(prop);
        let lasting = matches!(spec.class, Keeping::Hold | Keeping::Set) && !spec.barrier;
        let Some(value) = back.filter(|_| lasting) else { return Some(self.name_of(prop)) };
        self.go_back(prop, &value, Origin { why: Why::Operator, run: None, go: None, priority: Priority::Discrete });
        None
    }
}
