//! The fades under way of one device: by property, on whatever whole-number scale the family fades on.

use std::collections::BTreeMap;

use super::fade_path::FadePath;
use crate::device_api::{ActionId, Command, Op, Priority};
use crate::show::{Db, PropIx, Value, ValueKind};
use crate::time::Mono;

/// All fades of one device.
#[derive(Debug)]
pub struct Fades {
    fades: BTreeMap<PropIx, Fade>,
    /// Steps a second of one property at the most.
    max_rate: u32,
}

#[derive(Debug)]
struct Fade {
    path: FadePath,
    action: ActionId,
    priority: Priority,
    last: i64,
}

/// One step that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The property that moves.
    pub prop: PropIx,
    /// Where it goes, on the family's own scale.
    pub place: i64,
    /// The end of its fade: only this step is [`crate::device_api::Report::Sent`].
    pub last: bool,
    /// The fade's action.
    pub action: ActionId,
    /// The lane it belongs to: background, or panic's.
    pub priority: Priority,
}

impl Fades {
    /// None under way; `max_rate` as the profile's limits say.
    #[must_use]
    pub const fn new(max_rate: u32) -> Self {
        Self { fades: BTreeMap::new(), max_rate }
    }

    /// Takes over the fade that `command` asks for, `from` and `to` on the family's own scale. A fade that takes one over goes on from
    /// where that one is. Gives the place it starts from; `None` when there is nothing to travel: set its end at once.
    /// Any fade that was under way has ended in both cases.
    pub fn start(&mut self, now: Mono, command: &Command, from: i64, to: i64) -> Option<i64> {
        let from = self.fades.remove(&command.prop).map_or(from, |fade| fade.last);
        let Op::Fade { curve, start, length, .. } = &command.op else { return None };
        let path = FadePath::new(from, to, *curve, *start, *length, self.max_rate);
        if path.over(now) {
            return None;
        }
        let priority = if command.priority == Priority::Panic { Priority::Panic } else { Priority::Background };
        self.fades.insert(command.prop, Fade { path, action: command.action, priority, last: from });
        Some(from)
    }

    /// Ends a property's fade where it is; true when there was one. What waits in a lane is the driver's to remove.
    pub fn end(&mut self, prop: PropIx) -> bool {
        self.fades.remove(&prop).is_some()
    }

    /// True while a fade moves it.
    #[must_use]
    pub fn moving(&self, prop: PropIx) -> bool {
        self.fades.contains_key(&prop)
    }

    /// Those that move.
    #[must_use]
    pub fn all(&self) -> Vec<PropIx> {
        self.fades.keys().copied().collect()
    }

    /// Ends all.
    pub fn clear(&mut self) {
        self.fades.clear();
    }

    /// Whose turn it is at `now`, whether or not the step changes its place.
    pub fn turns(&self, now: Mono) -> impl Iterator<Item = PropIx> {
        self.fades.iter().filter(move |(_, fade)| fade.path.next() <= now).map(|(prop, _)| *prop)
    }

    /// The steps due at `now`, one a property; those that change nothing are left out, a last one never.
    pub fn due(&mut self, now: Mono) -> Vec<Step> {
        let mut steps = vec![];
        self.fades.retain(|prop, fade| {
            if fade.path.next() > now {
                return true;
            }
            let (place, last) = (fade.path.at(now), fade.path.over(now));
            if last || place != fade.last {
                steps.push(Step { prop: *prop, place, last, action: fade.action, priority: fade.priority });
                fade.last = place;
            }
            fade.path.advance(now);
            !last
        });
        steps
    }

    /// When the next step is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        self.fades.values().map(|fade| fade.path.next()).min()
    }
}

/// A value's place on the scale that a device without steps of its own fades on: thousandths of a dB, millionths, or whole numbers.
#[must_use]
pub fn place_of(kind: &ValueKind, value: &Value) -> Option<i64> {
    match (kind, value) {
        (ValueKind::Level { min, .. }, Value::Level(db)) => Some(i64::from(if *db == Db::OFF { *min } else { db.0 })),
        (ValueKind::Decimal { .. }, Value::Decimal(micro)) => Some(*micro),
        (ValueKind::Int { .. }, Value::Int(number)) => Some(*number),
        _ => None,
    }
}

/// The value at a place; the lower end of a fader is off.
#[must_use]
pub fn value_at(kind: &ValueKind, place: i64) -> Value {
    match kind {
        ValueKind::Level { min, .. } => match i32::try_from(place) {
            Ok(milli) if milli > *min => Value::Level(Db(milli)),
            _ => Value::Level(Db::OFF),
        },
        ValueKind::Int { .. } => Value::Int(place),
        _ => Value::Decimal(place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device_api::Why;
    use crate::show::Curve;
    use crate::time::Span;

    fn to_fade(action: u64, prop: u32, start: Mono, length: Span) -> Command {
        let op = Op::Fade { from: Value::Int(0), to: Value::Int(0), curve: Curve::Linear, start, length };
        Command { action: ActionId(action), prop: PropIx(prop), op, due: start, priority: Priority::Discrete, why: Why::Operator }
    }

    fn at(ms: u64) -> Mono {
        Mono::ZERO + Span::ms(ms)
    }

    #[test]
    fn two_faders_move_side_by_side_and_land() {
        let mut fades = Fades::new(10);
        assert_eq!(fades.start(at(0), &to_fade(1, 1, at(0), Span::ms(200)), 0, 100), Some(0));
        assert_eq!(fades.start(at(0), &to_fade(2, 2, at(0), Span::ms(400)), 100, 0), Some(100));
        assert_eq!(fades.next_due(), Some(at(100)));
        let places = |steps: Vec<Step>| steps.iter().map(|step| (step.prop.0, step.place, step.last)).collect::<Vec<_>>();
        assert_eq!(places(fades.due(at(100))), [(1, 50, false), (2, 75, false)]);
        assert_eq!(places(fades.due(at(200))), [(1, 100, true), (2, 50, false)]);
        assert!(!fades.moving(PropIx(1)) && fades.moving(PropIx(2)));
    }

    #[test]
    fn a_fade_that_takes_one_over_goes_on_from_its_last_step() {
        let mut fades = Fades::new(10);
        fades.start(at(0), &to_fade(1, 1, at(0), Span::secs(1)), 0, 100);
        fades.due(at(500));
        assert_eq!(fades.start(at(500), &to_fade(2, 1, at(500), Span::secs(1)), 7, 0), Some(50));
        let step = fades.due(at(1000)).pop();
        assert_eq!(step.map(|step| (step.action, step.place)), Some((ActionId(2), 25)));
    }

    #[test]
    fn a_fade_without_time_ends_the_one_before_and_is_not_one() {
        let mut fades = Fades::new(10);
        fades.start(at(0), &to_fade(1, 1, at(0), Span::secs(1)), 0, 100);
        assert_eq!(fades.start(at(100), &to_fade(2, 1, at(100), Span::ZERO), 0, 30), None);
        assert!(!fades.moving(PropIx(1)));
        assert_eq!(fades.next_due(), None);
    }

    #[test]
    fn a_step_that_changes_nothing_is_left_out_but_the_last_is_given() {
        let mut fades = Fades::new(10);
        fades.start(at(0), &to_fade(1, 1, at(0), Span::ms(300)), 5, 5);
        assert_eq!(fades.turns(at(100)).count(), 1);
        assert_eq!(fades.due(at(100)), []);
        assert!(fades.due(at(300)).first().is_some_and(|step| step.last && step.place == 5));
        assert!(!fades.end(PropIx(1)));
    }

    #[test]
    fn the_lower_end_of_a_fader_is_off() {
        let kind = ValueKind::Level { min: -90_000, max: 10_000 };
        assert_eq!(place_of(&kind, &Value::Level(Db::OFF)), Some(-90_000));
        assert_eq!(value_at(&kind, -90_000), Value::Level(Db::OFF));
        assert_eq!(value_at(&kind, -10_500), Value::Level(Db(-10_500)));
        assert_eq!(place_of(&kind, &Value::Int(3)), None);
    }
}
