//! Fades of desk levels: from where the level is, never from a guess.

use serde::{Deserialize, Serialize};

use super::actions::Origin;
use super::interrupted::LastPut;
use super::open_actions::What;
use super::properties::Property;
use super::timers::Work;
use super::wants::is_rung;
use super::{ActionId, ActionState, Engine, Level, Note, Op, Outcome, Ownership, Priority, Why};
use crate::show::{Act, CueIx, Curve, Db, FadeTo, GroupMode, ListIx, Proof, PropIx, Value, ValueKind};
use crate::time::{Mono, Span};

/// A level that is older than this is read again before a fade starts from it.
const FRESH: Span = Span::ms(500);
/// The whole way.
const ALL: u64 = 1_000_000;

/// A fade, before and while it travels.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Fade {
    pub(super) to: FadeTo,
    pub(super) over: Span,
    pub(super) curve: Curve,
    /// `None` while the device is asked where it is.
    pub(super) travel: Option<Travel>,
    /// Paused: what is left.
    pub(super) frozen: Option<Span>,
    /// Where the property was before the newest cue, when this fade was made.
    before: Option<Value>,
    /// Where the fade that this one takes over should be, while the device is asked where it is.
    #[serde(default)]
    guess: Option<Value>,
    /// Where the action that this one took over was going.
    #[serde(default)]
    taken: Option<Value>,
    /// Interrupted: where it had last put the level; from anywhere else it does not go on.
    #[serde(default)]
    pub(super) last_put: Option<LastPut>,
}

/// The way of a fade.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Travel {
    pub(super) from: Value,
    pub(super) to: Value,
    pub(super) start: Mono,
    pub(super) length: Span,
    pub(super) curve: Curve,
}

impl Fade {
    pub(super) const fn planned(to: FadeTo, over: Span, curve: Curve) -> Self {
        Self { to, over, curve, travel: None, frozen: None, before: None, guess: None, taken: None, last_put: None }
    }

    pub(super) fn describe(&self) -> String {
        let to = match (&self.travel, self.to) {
            (Some(travel), _) => travel.to.to_string(),
            (None, FadeTo::Level(db)) => db.to_string(),
            (None, FadeTo::Decimal(micro)) => Value::Decimal(micro).to_string(),
            (None, FadeTo::ByDb(by)) => format!("by {}", Db(by)),
            (None, FadeTo::ByDecimal(by)) => format!("by {}", Value::Decimal(by)),
            (None, FadeTo::Before) => "to where it was before".into(),
        };
        format!("{to} in {}", self.over)
    }
}

impl Travel {
    /// Millionths done.
    pub(super) fn done(&self, now: Mono) -> u32 {
        if self.length.is_zero() || now >= self.start + self.length {
            return ALL as u32;
        }
        u32::try_from(u128::from(now.since(self.start).0) * u128::from(ALL) / u128::from(self.length.0)).unwrap_or(ALL as u32)
    }

    /// Where it is at an instant.
    pub(super) fn at(&self, now: Mono) -> Value {
        let p = u64::from(self.done(now));
        let shaped = match self.curve {
            Curve::Linear => p,
            Curve::SCurve => p * p / ALL * (3 * ALL - 2 * p) / ALL,
            Curve::Square => p * p / ALL,
            Curve::Snap => ALL,
        };
        let way = |a: i64, b: i64| a + i64::try_from((i128::from(b) - i128::from(a)) * i128::from(shaped) / i128::from(ALL)).unwrap_or(0);
        match (&self.from, &self.to) {
            _ if p == ALL => self.to.clone(),
            (Value::Level(a), Value::Level(b)) => {
                let floor = |db: Db| if db == Db::OFF { -90_000 } else { i64::from(db.0) };
                Value::Level(Db(i32::try_from(way(floor(*a), floor(*b))).unwrap_or(b.0)))
            }
            (Value::Decimal(a), Value::Decimal(b)) => Value::Decimal(way(*a, *b)),
            (_, to) => to.clone(),
        }
    }
}

impl Engine {
    /// Starts a fade, or asks first where it starts.
    pub(super) fn fade(&mut self, prop: PropIx, to: FadeTo, over: Span, curve: Curve, origin: Origin) {
        let mut fade = Fade::planned(to, over, curve);
        if let Err(outcome) = self.gate(prop, origin) {
            return self.never_sent(prop, What::Fade(fade), origin, outcome);
        }
        let now = self.s.now;
        let moving = self.moving_value(prop);
        let Some(property) = self.s.props.get(prop) else { return };
        fade.before = property.before().cloned();
        fade.taken = self.aimed(prop);
        let fresh = |at: &Mono| now.since(*at) <= FRESH;
        let ages = (property.observed().map(|o| o.1), property.sent().map(|s| s.1));
        let recent = ages.0.as_ref().is_some_and(fresh) || ages.1.as_ref().is_some_and(fresh);
        let spec = self.show.prop(prop);
        // A fader on its way is on the desk's own scale: `by` counts from where the desk has it, so that one stops and is asked.
        let relative = matches!(to, FadeTo::ByDb(_) | FadeTo::ByDecimal(_));
        fade.guess = moving.clone().filter(|_| relative && spec.proof == Proof::Observed);
        let asks = fade.guess.is_some();
        let from = moving.or_else(|| property.known().filter(|_| recent || spec.proof == Proof::None).cloned());
        let blind = spec.proof == Proof::None;
        let wait = self.show.device(spec.device).profile.limits.reply_within;
        let id = self.open(Some(prop), What::Fade(fade), over, origin);
        self.remember_before(prop, origin);
        self.supersede(prop, id);
        self.s.offers.drop_take_back(prop);
        if let Some(property) = self.s.props.get_mut(prop) {
            property.intend(id);
        }
        if !asks && (from.is_some() || blind) {
            return self.travel(id, from);
        }
        if asks {
            self.halt_prop(prop, Priority::Discrete);
        } else {
            self.read(prop);
        }
        let timer = self.s.due.add(now + wait, Work::FadeStart(id));
        if let Some(action) = self.s.actions.get_mut(id) {
            action.timer = Some(timer);
        }
    }

    /// The device answered where a waiting fade starts; false when none waits.
    pub(super) fn fade_answered(&mut self, id: ActionId) -> bool {
        let Some(action) = self.s.actions.get(id) else { return false };
        let (What::Fade(fade), Some(prop)) = (&action.what, action.prop) else { return false };
        if fade.travel.is_some() || fade.frozen.is_some() {
            return false;
        }
        let guess = fade.guess.clone();
        let Some(property) = self.s.props.get_mut(prop) else { return false };
        let Some((from, _)) = property.observed().cloned() else { return false };
        property.correct_before(guess.as_ref(), &from);
        if self.stands_where_put(id, prop, &from) {
            self.travel(id, Some(from));
        }
        true
    }

    /// No answer in time: an older word of the device, or the last value sent, has to do.
    pub(super) fn fade_unanswered(&mut self, id: ActionId) {
        let Some(action) = self.s.actions.get_mut(id) else { return };
        action.timer = None;
        let What::Fade(fade) = &action.what else { return };
        let guess = fade.guess.clone();
        if fade.last_put.is_some() {
            return self.hold_fade(id, "it was interrupted, and the device does not say where the level is now");
        }
        let prop = action.prop;
        let from = guess.or_else(|| prop.and_then(|p| self.s.props.get(p)).and_then(|p| p.known().cloned()));
        self.travel(id, from);
    }

    fn travel(&mut self, id: ActionId, from: Option<Value>) {
        let Some(action) = self.s.actions.get(id) else { return };
        let (What::Fade(fade), Some(prop), origin) = (&action.what, action.prop, action.origin) else { return };
        let Some(from) = from else {
            return self.finish(id, Outcome::Failed { why: "level unknown: the device has not said it and nothing was sent".into() });
        };
        let (over, curve, before) = (fade.over, fade.curve, fade.before.clone());
        let to = match self.target(prop, &from, fade.to, before) {
            Ok(to) => to,
            Err(why) => return self.finish(id, Outcome::Failed { why: why.into() }),
        };
        let start = self.s.now;
        let travel = Travel { from: from.clone(), to: to.clone(), start, length: over, curve };
        // Paused since it asked: it stands at its beginning.
        let stands = origin.run.and_then(|r| self.s.runs.get(&r)).is_some_and(|r| r.paused.is_some());
        let mut taken = None;
        if let Some(action) = self.s.actions.get_mut(id) {
            action.state = ActionState::Moving(0);
            action.waits = false;
            let old = action.timer.take();
            if let What::Fade(fade) = &mut action.what {
                fade.travel = Some(travel);
                fade.frozen = stands.then_some(over);
                taken = fade.taken.take();
            }
            self.s.due.cancel(old);
        }
        self.remember_for_undo(prop, taken, &to, origin);
        if let Some(property) = self.s.props.get_mut(prop) {
            property.want(to.clone(), is_rung(origin));
        }
        if !stands {
            self.depart(id, Travel { from, to, start, length: over, curve });
        }
    }

    /// Gives a fade to the driver, from where it stands.
    pub(super) fn depart(&mut self, id: ActionId, travel: Travel) {
        let Some((prop, origin)) = self.s.actions.get(id).and_then(|a| Some((a.prop?, a.origin))) else { return };
        let Travel { from, to, start, length, curve } = travel;
        let op = if length.is_zero() { Op::Set { value: to, transition: None } } else { Op::Fade { from, to, curve, start, length } };
        self.send(id, prop, op, origin);
        self.arm_limit(id, length + self.unsent_limit(prop));
    }

    /// Where a fade ends; what is cut off at an end of the scale is told.
    ///
    /// # Errors
    /// In words, when it has no end or cannot move.
    fn target(&mut self, prop: PropIx, from: &Value, goal: FadeTo, before: Option<Value>) -> Result<Value, String> {
        let wanted = match (goal, from) {
            (FadeTo::Level(db), Value::Level(_)) => Value::Level(db),
            (FadeTo::Decimal(micro), Value::Decimal(_)) => Value::Decimal(micro),
            (FadeTo::ByDb(by), Value::Level(Db::OFF)) if by > 0 => {
                return Err(format!("the level is {from}, and by {} from there leads nowhere: name a level with to", Db(by)));
            }
            (FadeTo::ByDb(_), Value::Level(Db::OFF)) => from.clone(),
            (FadeTo::ByDb(by), Value::Level(db)) => Value::Level(Db(db.0.saturating_add(by))),
            (FadeTo::ByDecimal(by), Value::Decimal(micro)) => Value::Decimal(micro.saturating_add(by)),
            (FadeTo::Before, _) => before.ok_or("where it was before is not known")?,
            _ => return Err(format!("no level to fade to from {from}")),
        };
        let spec = self.show.prop(prop);
        let kind = self.show.device(spec.device).profile.props.get(&spec.spec).map(|s| &s.kind);
        let to = match (kind, &wanted) {
            (Some(ValueKind::Level { min, max }), Value::Level(db)) if *db != Db::OFF => {
                Value::Level(Db(db.0.clamp(*min, (*max).max(*min))))
            }
            (Some(ValueKind::Decimal { min, max }), Value::Decimal(n)) => Value::Decimal((*n).clamp(*min, (*max).max(*min))),
            _ => wanted.clone(),
        };
        let (by, up) = match goal {
            FadeTo::ByDb(by) => (Db(by).to_string(), by > 0),
            FadeTo::ByDecimal(by) => (Value::Decimal(by).to_string(), by > 0),
            _ => return Ok(to),
        };
        if to == *from && up {
            return Err(format!("the level is {from}, the end of its scale: by {by} leads nowhere"));
        }
        if to != wanted || to == *from {
            let text = format!("{}: by {by} from {from} ends at {to}, the end of the scale", self.name_of(prop));
            self.say(Level::Warn, text.clone());
            self.note(Note::Tell { level: Level::Warn, text: text.into() });
        }
        Ok(to)
    }

    /// Where a fade that we drive is now.
    pub(super) fn moving_value(&self, prop: PropIx) -> Option<Value> {
        let id = self.s.props.get(prop)?.newest()?;
        match &self.s.actions.get(id)?.what {
            What::Fade(Fade { travel: Some(travel), frozen, .. }) => {
                Some(if frozen.is_some() { travel.from.clone() } else { travel.at(self.s.now) })
            }
            _ => None,
        }
    }

    /// Asks the device for a value; reading changes nothing and so needs no cue.
    pub(super) fn read(&mut self, prop: PropIx) {
        let id = self.new_action();
        let origin = Origin { why: Why::Inquiry, run: None, go: None, priority: Priority::Background };
        self.send(id, prop, Op::Read, origin);
    }

    /// Reads the levels from which the fades of NEXT will start.
    pub(super) fn read_ahead(&mut self, list: ListIx) {
        let Some(cue) = self.standing(list) else { return };
        let show = std::sync::Arc::clone(&self.show);
        let mut props = Vec::new();
        let mut open = vec![cue];
        // Together and Enter groups start children with their own GO; the tree of a checked show is finite.
        while let Some(cue) = open.pop() {
            self.fade_props(cue, &mut props);
            if let Some(group) = show.cue(cue).group.as_ref() {
                match group.mode {
                    GroupMode::Together => open.extend(group.children.iter().copied()),
                    GroupMode::Step | GroupMode::Enter => open.extend(group.children.first().copied()),
                }
            }
        }
        props.sort_unstable();
        props.dedup();
        for prop in props {
            self.read(prop);
        }
    }

    fn fade_props(&self, cue: CueIx, props: &mut Vec<PropIx>) {
        let now = self.s.now;
        for act in self.show.cue(cue).steps.iter().flat_map(|s| &s.acts) {
            let Act::Fade { prop, .. } = act else { continue };
            let spec = self.show.prop(*prop);
            let fresh = self.s.props.get(*prop).and_then(Property::observed).is_some_and(|(_, at)| now.since(*at) <= FRESH);
            let device = self.s.devices.get(spec.device.at());
            let reachable = device.is_some_and(|d| d.ownership != Ownership::Bypassed && d.unreachable().is_none());
            if spec.proof == Proof::Observed && !fresh && reachable && props.len() < 256 {
                props.push(*prop);
            }
        }
    }
}
