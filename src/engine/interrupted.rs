//! Desk fades whose driver was gone or stood still: a level that a hand may have set meanwhile is never driven over.

use serde::{Deserialize, Serialize};

use super::fades::Travel;
use super::offers::Offering;
use super::open_actions::What;
use super::timers::Work;
use super::{ActionId, ActionState, Engine, OfferKind, Outcome, Priority};
use crate::show::{Db, FadeTo, Proof, PropIx, Value};
use crate::time::{Mono, Span};

/// How exactly the end of a driver is known: its last step lies within this around the last sign of life.
const UNSURE: Span = Span::ms(500);
/// Steps of a desk are coarse low on its fader, in thousandths of a dB.
const COARSE: u32 = 500;

/// Between which values a fade had last put its fader. A driver fades evenly on its desk's own scale, which is known to it alone: in
/// decibels or along the fader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LastPut(Value, Value);

impl LastPut {
    /// Where a travelling fade was at `alive`; one that stands is where it stands.
    fn of(travel: &Travel, stands: bool, alive: Mono) -> Self {
        if stands {
            return Self(travel.from.clone(), travel.from.clone());
        }
        let early = Mono(alive.0.saturating_sub(UNSURE.0)).max(travel.start);
        let rises = less(&travel.from, &travel.to);
        let way = |at, far: bool| {
            let (a, b) = (travel.at(at), along_fader(travel, at));
            if less(&a, &b) == (rises == far) { b } else { a }
        };
        Self(way(early, false), way(alive + UNSURE, true))
    }

    fn holds(&self, value: &Value, tolerance: u32) -> bool {
        let between = (less(&self.0, value) && less(value, &self.1)) || (less(&self.1, value) && less(value, &self.0));
        let tolerance = if matches!(value, Value::Level(_)) { tolerance.max(COARSE) } else { tolerance };
        between || self.0.same(value, tolerance) || self.1.same(value, tolerance)
    }
}

/// `a` is no further up than `b`.
fn less(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Level(a), Value::Level(b)) => a.0 <= b.0,
        (Value::Decimal(a), Value::Decimal(b)) => a <= b,
        _ => false,
    }
}

/// Where a fade is that moves evenly along the fader of a usual desk instead of in decibels.
fn along_fader(travel: &Travel, at: Mono) -> Value {
    let (Value::Level(from), Value::Level(to)) = (&travel.from, &travel.to) else { return travel.at(at) };
    let places = Travel { from: Value::Decimal(place(*from)), to: Value::Decimal(place(*to)), ..travel.clone() };
    match places.at(at) {
        Value::Decimal(micro) if at < travel.start + travel.length => Value::Level(level(micro)),
        _ => travel.to.clone(),
    }
}

/// Corners of the usual law of a fader: thousandths of a dB, and millionths of its way.
const LAW: [(i32, i64); 5] = [(-90_000, 0), (-60_000, 62_500), (-30_000, 250_000), (-10_000, 500_000), (10_000, 1_000_000)];

fn place(db: Db) -> i64 {
    let db = db.0.max(LAW[0].0);
    let found = LAW.windows(2).find(|pair| db <= pair[1].0).unwrap_or(&LAW[3..]);
    let ((from, a), (to, b)) = (found[0], found[1]);
    a + i64::from(db - from) * (b - a) / i64::from(to - from)
}

fn level(place: i64) -> Db {
    let found = LAW.windows(2).find(|pair| place <= pair[1].1).unwrap_or(&LAW[3..]);
    let ((from, a), (to, b)) = (found[0], found[1]);
    let db = i64::from(from) + (place - a) * i64::from(to - from) / (b - a);
    if place <= 0 { Db::OFF } else { Db(i32::try_from(db).unwrap_or(from)) }
}

impl Engine {
    /// A fade that nobody drove since `alive`: over, it is held and offered; else the device is asked where the level is.
    pub(super) fn interrupted(&mut self, id: ActionId, alive: Mono) {
        let now = self.s.now;
        let Some(action) = self.s.actions.get_mut(id) else { return };
        let (due, What::Fade(fade), Some(prop)) = (action.due, &mut action.what, action.prop) else { return };
        let end = fade.travel.as_ref().map_or(due + fade.over, |travel| travel.start + travel.length);
        if fade.frozen.is_none() && end <= now {
            return self.hold_fade(id, "its end passed while showcall was not running");
        }
        fade.over = fade.frozen.unwrap_or_else(|| end.since(now)).max(Span::ms(200));
        if let Some(travel) = fade.travel.take() {
            fade.last_put = Some(LastPut::of(&travel, fade.frozen.is_some(), alive));
            fade.to = target_of(&travel.to).unwrap_or(fade.to);
        }
        fade.frozen = None;
        action.state = ActionState::Queued;
        let old = action.timer.take();
        self.s.due.cancel(old);
        if self.s.devices.get(self.show.prop(prop).device.at()).is_some_and(|device| device.online == Some(true)) {
            self.ask_again(id);
        } else {
            self.wait_for_device(id, prop);
        }
    }

    /// Fades that went on by themselves in a driver that stood still stop where their last step was sent.
    pub(super) fn interrupt_fades(&mut self, alive: Mono) {
        let drives = |what: &What| matches!(what, What::Fade(fade) if fade.travel.is_some() && fade.frozen.is_none());
        let open: Vec<(ActionId, PropIx)> = self
            .s
            .actions
            .iter()
            .filter(|(_, a)| a.sent_at.is_none() && drives(&a.what))
            .filter_map(|(id, a)| Some((id, a.prop?)))
            .collect();
        for (id, prop) in open {
            self.halt_prop(prop, Priority::Discrete);
            self.interrupted(id, alive);
        }
    }

    /// Where the level is of an interrupted fade, as the device says: true when it may go on from there. Anywhere else is a hand.
    pub(super) fn stands_where_put(&mut self, id: ActionId, prop: PropIx, value: &Value) -> bool {
        let tolerance = self.show.prop(prop).tolerance;
        let Some(action) = self.s.actions.get_mut(id) else { return false };
        let What::Fade(fade) = &mut action.what else { return false };
        let Some(put) = fade.last_put.take() else { return true };
        if put.holds(value, tolerance) {
            return true;
        }
        self.finish(id, Outcome::Yielded);
        self.touched(prop, value);
        false
    }

    /// An interrupted fade is put on a key; nothing is sent.
    pub(super) fn hold_fade(&mut self, id: ActionId, why: &str) {
        let Some(action) = self.s.actions.get(id) else { return };
        let (What::Fade(fade), Some(prop), origin) = (&action.what, action.prop, action.origin) else { return };
        let to = fade.travel.as_ref().and_then(|travel| target_of(&travel.to)).unwrap_or(fade.to);
        let what = Offering::HeldFade { prop, to, over: action.own, curve: fade.curve, why: origin.why, go: origin.go };
        let text = format!("{}: {why}", self.describe(action));
        self.offer(OfferKind::Held, text, None, Some(self.show.prop(prop).device), what);
        if let Some(property) = self.s.props.get_mut(prop) {
            // Whose it is now is not known: nothing that the device says of it is a change.
            property.disown();
        }
        self.finish(id, Outcome::Held);
    }

    /// The device of a waiting fade has connected: where is the level?
    pub(super) fn ask_again(&mut self, id: ActionId) {
        let Some(prop) = self.s.actions.prop(id) else { return };
        let spec = self.show.prop(prop);
        if spec.proof == Proof::None {
            return self.fade_unanswered(id);
        }
        // It is busy telling all that it knows: longer than an ordinary question.
        let wait = self.show.device(spec.device).profile.limits.reply_within + Span::ms(500);
        let timer = self.s.due.add(self.s.now + wait, Work::FadeStart(id));
        if let Some(action) = self.s.actions.get_mut(id) {
            action.timer = Some(timer);
        }
        self.read(prop);
    }
}

/// The same end, for a fade that starts anew.
fn target_of(value: &Value) -> Option<FadeTo> {
    match value {
        Value::Level(db) => Some(FadeTo::Level(*db)),
        Value::Decimal(micro) => Some(FadeTo::Decimal(*micro)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::Curve;

    fn travel(from: i32, to: i32) -> Travel {
        let level = |db: i32| Value::Level(if db == i32::MIN { Db::OFF } else { Db(db) });
        Travel { from: level(from), to: level(to), start: Mono::ZERO, length: Span::secs(10), curve: Curve::Linear }
    }

    fn stands(travel: &Travel, alive: u64, db: i32) -> bool {
        LastPut::of(travel, false, Mono::ZERO + Span::ms(alive)).holds(&Value::Level(Db(db)), 0)
    }

    #[test]
    fn a_desk_may_fade_in_decibels_or_along_its_fader_and_nowhere_else() {
        for up in [true, false] {
            // Half way from -inf to +10 dB: -40 dB in decibels, -10 dB along the fader.
            let way = if up { travel(i32::MIN, 10_000) } else { travel(10_000, i32::MIN) };
            for (db, put) in
                [(-60_000, false), (-44_000, true), (-40_000, true), (-25_000, true), (-10_000, true), (-5_000, false), (3_000, false)]
            {
                assert_eq!(stands(&way, 5000, db), put, "{db} up: {up}");
            }
        }
    }

    #[test]
    fn the_corners_of_the_law_are_met_from_both_sides() {
        for (db, at) in LAW {
            assert_eq!(place(Db(db)), at);
            assert_eq!(level(at), if at == 0 { Db::OFF } else { Db(db) });
        }
        assert_eq!((place(Db::OFF), level(750_000), place(Db(0))), (0, Db(0), 750_000));
    }

    #[test]
    fn a_fade_that_stands_is_where_it_stands() {
        let put = LastPut::of(&travel(-20_000, 0), true, Mono::ZERO + Span::secs(5));
        assert!(put.holds(&Value::Level(Db(-20_000)), 0) && !put.holds(&Value::Level(Db(-15_000)), 0));
    }
}
