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
        self.stop(Target::Hot(hot), &By::Show);
        if !restore {
            return;
        }
        let left: Vec<String> = before.into_iter().filter_map(|(prop, before, ours)| self.put_back(prop, before, &ours)).collect();
        if !left.is_empty() {
            self.say(Level::Warn, format!("left as they are: {}", left.join(", ")));
        }
    }

    /// Puts a property back if it still holds our value; gives its name when it is left.
    fn put_back(&mut self, prop: PropIx, before: Option<Value>, ours: &Value) -> Option<String> {
        let spec = self.show.prop(prop);
        let lasting = matches!(spec.class, Keeping::Hold | Keeping::Set) && !spec.barrier;
        let still = self.s.props.get(prop.at()).and_then(|p| p.known()).is_some_and(|v| v.same(ours, spec.tolerance));
        match before.filter(|_| lasting && still) {
            Some(value) => {
                self.want(prop, &value, None, Origin { why: Why::Operator, run: None, go: None, priority: Priority::Discrete });
                None
            }
            None => Some(self.name_of(prop)),
        }
    }
}
