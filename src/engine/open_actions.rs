//! The actions that have not ended, and the last that have.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::actions::Origin;
use super::fades::Fade;
use super::running::RunId;
use super::timers::Key;
use super::{ActionId, ActionState, ActionView};
use crate::show::{DeviceIx, PropIx, Show, Transition, Value};
use crate::time::{Mono, Span};

/// One action that has not ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Action {
    pub(super) origin: Origin,
    pub(super) prop: Option<PropIx>,
    pub(super) what: What,
    pub(super) due: Mono,
    pub(super) sent_at: Option<Mono>,
    pub(super) state: ActionState,
    pub(super) timer: Option<Key>,
    /// Its own duration: a fade, a transition.
    pub(super) own: Span,
    /// What the device will hold, in its own steps.
    pub(super) expect: Option<Value>,
    /// Not given to the driver yet: its device has still to connect.
    pub(super) waits: bool,
}

/// What an action does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum What {
    Want { value: Value, transition: Option<Transition> },
    Fade(Fade),
    Light { label: Arc<str> },
}

impl Action {
    /// The value that it means to leave behind, when known.
    pub(super) fn aim(&self) -> Option<&Value> {
        match &self.what {
            What::Want { value, .. } => Some(value),
            What::Fade(fade) => fade.travel.as_ref().map(|t| &t.to),
            What::Light { .. } => None,
        }
    }
}

/// All open actions by their numbers, so in the order in which they were opened. Each ends once.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Actions(BTreeMap<ActionId, Action>);

impl Actions {
    /// Actions that may be open at once; panic's own are never refused.
    pub(super) const LIMIT: usize = 4096;

    /// A new action.
    pub(super) fn open(&mut self, id: ActionId, action: Action) {
        let twice = self.0.insert(id, action);
        debug_assert!(twice.is_none(), "{id:?} is open already");
    }

    /// An action has ended: the first time it is given.
    pub(super) fn end(&mut self, id: ActionId) -> Option<Action> {
        self.0.remove(&id)
    }

    /// One open action.
    pub(super) fn get(&self, id: ActionId) -> Option<&Action> {
        self.0.get(&id)
    }

    /// One open action, to be changed.
    pub(super) fn get_mut(&mut self, id: ActionId) -> Option<&mut Action> {
        self.0.get_mut(&id)
    }

    /// Whether an action has not ended.
    pub(super) fn is_open(&self, id: ActionId) -> bool {
        self.0.contains_key(&id)
    }

    /// Whether another one is refused.
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= Self::LIMIT
    }

    /// The property of an open action.
    pub(super) fn prop(&self, id: ActionId) -> Option<PropIx> {
        self.0.get(&id)?.prop
    }

    /// All, in the order in which they were opened.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (ActionId, &Action)> {
        self.0.iter().map(|(id, action)| (*id, action))
    }

    /// All, without their numbers.
    pub(super) fn all(&self) -> impl Iterator<Item = &Action> {
        self.0.values()
    }

    /// Those that `of` names, in the order in which they were opened.
    pub(super) fn which(&self, of: impl Fn(&Action) -> bool) -> Vec<ActionId> {
        self.iter().filter(|(_, action)| of(action)).map(|(id, _)| id).collect()
    }

    /// Those of a run.
    pub(super) fn of_run(&self, run: RunId) -> Vec<ActionId> {
        self.which(|action| action.origin.run == Some(run))
    }

    /// Those on a device.
    pub(super) fn of_device(&self, show: &Show, device: DeviceIx) -> Vec<ActionId> {
        self.which(|action| action.prop.is_some_and(|prop| show.prop(prop).device == device))
    }
}

/// The last actions that ended, the newest first. Bounded: the oldest is forgotten.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Ended(VecDeque<ActionView>);

impl Ended {
    /// Ended actions that are remembered.
    pub(super) const LIMIT: usize = 64;

    /// An action has ended.
    pub(super) fn add(&mut self, view: ActionView) {
        self.0.truncate(Self::LIMIT - 1);
        self.0.push_front(view);
    }

    /// The newest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &ActionView> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kit::show;
    use crate::engine::kit::{DESK, HOLD, OTHER};
    use crate::engine::{Priority, Why};

    fn action(run: u64, prop: Option<PropIx>) -> Action {
        let origin = Origin { why: Why::Operator, run: Some(RunId(run)), go: None, priority: Priority::Discrete };
        Action {
            origin,
            prop,
            what: What::Want { value: Value::Int(1), transition: None },
            due: Mono::ZERO,
            sent_at: None,
            state: ActionState::Queued,
            timer: None,
            own: Span::ZERO,
            expect: None,
            waits: false,
        }
    }

    #[test]
    fn an_action_ends_once_and_those_of_a_run_or_a_device_come_in_their_order() {
        let (mut actions, show) = (Actions::default(), show());
        for (id, run, prop) in [(3, 1, Some(HOLD)), (1, 2, None), (2, 1, Some(HOLD))] {
            actions.open(ActionId(id), action(run, prop));
        }
        assert_eq!(actions.of_run(RunId(1)), [ActionId(2), ActionId(3)]);
        let (of, other) = if show.prop(HOLD).device == DESK { (DESK, OTHER) } else { (OTHER, DESK) };
        assert_eq!((actions.of_device(&show, of).len(), actions.of_device(&show, other).len()), (2, 0));
        assert_eq!((actions.prop(ActionId(1)), actions.prop(ActionId(2))), (None, Some(HOLD)));
        assert!(actions.end(ActionId(2)).is_some() && actions.end(ActionId(2)).is_none());
        assert!(!actions.is_open(ActionId(2)) && actions.is_open(ActionId(3)));
    }

    #[test]
    fn they_are_full_at_their_limit() {
        let mut actions = Actions::default();
        for id in 0..Actions::LIMIT as u64 {
            assert!(!actions.is_full());
            actions.open(ActionId(id), action(1, None));
        }
        assert!(actions.is_full());
    }

    #[test]
    fn only_the_last_that_ended_are_remembered() {
        let mut ended = Ended::default();
        let view = |id| ActionView {
            action: ActionId(id),
            why: Why::Operator,
            device: None,
            prop: None,
            text: "x".into(),
            due: Mono::ZERO,
            state: ActionState::Queued,
            sent_at: None,
            ended_at: None,
        };
        for id in 1..=100 {
            ended.add(view(id));
        }
        let ids: Vec<_> = ended.iter().map(|view| view.action.0).collect();
        assert_eq!((ids.len(), ids[0], ids[63]), (Ended::LIMIT, 100, 37));
    }
}
