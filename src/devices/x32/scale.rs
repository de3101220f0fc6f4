//! The console's own values and the scales between them and the house's.
//!
//! A fader is 0.0 to 1.0 in 1024 steps over four straight segments of dB (protocol document, "Fader levels").

use std::sync::Arc;

use rosc::OscType;

use crate::show::{Db, Value, ValueKind};

/// A value as the console holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// An enumeration, a switch, a number.
    Int(i32),
    /// A step of a float parameter.
    Step(u16),
    /// A name.
    Text(Arc<str>),
}

/// How one parameter is written on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scale {
    /// `,i` 0 or 1.
    Switch,
    /// `,i`.
    Int,
    /// `,f` on the fader law, in this many steps.
    Level(u16),
    /// `,f` 0.0 to 1.0, in this many steps.
    Unit(u16),
    /// `,s`.
    Text,
    /// `,i`, an index into these words; the console also takes the word.
    Choice(Vec<Arc<str>>),
}

impl Raw {
    /// A step of a fade; outside the scale it is the lowest.
    #[must_use]
    pub fn step(position: i64) -> Self {
        Self::Step(u16::try_from(position).unwrap_or_default())
    }

    /// The same for the console: equal, or one step of rounding apart.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Step(a), Self::Step(b)) => a.abs_diff(*b) <= 1,
            (a, b) => a == b,
        }
    }

    /// As a value whose tolerance of 1 is one of the console's steps, for [`crate::devices::EchoWindow`].
    #[must_use]
    pub fn in_steps(&self) -> Value {
        match self {
            Self::Int(n) => Value::Int(i64::from(*n)),
            Self::Step(n) => Value::Decimal(i64::from(*n)),
            Self::Text(text) => Value::Text(text.clone()),
        }
    }
}

impl Scale {
    /// The scale of a kind of property. `steps` overrides the number of float steps. `None`: this family cannot carry the kind.
    #[must_use]
    pub fn of(kind: &ValueKind, steps: Option<u16>) -> Option<Self> {
        match kind {
            ValueKind::Switch => Some(Self::Switch),
            ValueKind::Int { .. } => Some(Self::Int),
            ValueKind::Level { .. } => Some(Self::Level(steps.unwrap_or(1024))),
            ValueKind::Decimal { .. } => Some(Self::Unit(steps.unwrap_or(1024))),
            ValueKind::Text => Some(Self::Text),
            ValueKind::Choice(words) => Some(Self::Choice(words.clone())),
            ValueKind::Transport | ValueKind::Args => None,
        }
    }

    /// Into the console's steps. `None`: a value of another kind, or out of its reach.
    #[must_use]
    pub fn raw(&self, value: &Value) -> Option<Raw> {
        match (self, value) {
            (Self::Switch, Value::Switch(on)) => Some(Raw::Int(i32::from(*on))),
            (Self::Int, Value::Int(n)) => i32::try_from(*n).ok().map(Raw::Int),
            (Self::Level(steps), Value::Level(db)) => Some(Raw::Step(step(fraction(*db), *steps))),
            (Self::Unit(steps), Value::Decimal(micro)) => Some(Raw::Step(step(*micro as f64 / 1e6, *steps))),
            (Self::Text, Value::Text(text)) => Some(Raw::Text(text.clone())),
            (Self::Choice(words), Value::Text(word)) => {
                let at = words.iter().position(|w| w == word)?;
                i32::try_from(at).ok().map(Raw::Int)
            }
            _ => None,
        }
    }

    /// Back into the house's values.
    #[must_use]
    pub fn value(&self, raw: &Raw) -> Option<Value> {
        match (self, raw) {
            (Self::Switch, Raw::Int(n)) => Some(Value::Switch(*n != 0)),
            (Self::Int, Raw::Int(n)) => Some(Value::Int(i64::from(*n))),
            (Self::Level(steps), Raw::Step(n)) => Some(Value::Level(db(unit(*n, *steps)))),
            (Self::Unit(steps), Raw::Step(n)) => Some(Value::Decimal((unit(*n, *steps) * 1e6).round() as i64)),
            (Self::Text, Raw::Text(text)) => Some(Value::Text(text.clone())),
            (Self::Choice(words), Raw::Int(n)) => usize::try_from(*n).ok().and_then(|n| words.get(n)).cloned().map(Value::Text),
            _ => None,
        }
    }

    /// The OSC argument of a value.
    #[must_use]
    pub fn arg(&self, raw: &Raw) -> OscType {
        match (self, raw) {
            (Self::Level(steps) | Self::Unit(steps), Raw::Step(n)) => OscType::Float(unit(*n, *steps) as f32),
            (_, Raw::Step(n)) => OscType::Int(i32::from(*n)),
            (_, Raw::Int(n)) => OscType::Int(*n),
            (_, Raw::Text(text)) => OscType::String(text.to_string()),
        }
    }

    /// The wire's float of the step nearest to a position of 0.0 to 1.0.
    #[must_use]
    pub fn arg_at(&self, position: f64) -> f32 {
        match self {
            Self::Level(steps) | Self::Unit(steps) => unit(step(position, *steps), *steps) as f32,
            _ => position as f32,
        }
    }

    /// Reads the console's argument. `None`: not of this scale.
    #[must_use]
    pub fn read(&self, arg: &OscType) -> Option<Raw> {
        match (self, arg) {
            (Self::Level(steps) | Self::Unit(steps), OscType::Float(f)) if f.is_finite() => Some(Raw::Step(step(f64::from(*f), *steps))),
            (Self::Switch | Self::Int | Self::Choice(_), OscType::Int(n)) => Some(Raw::Int(*n)),
            (Self::Text, OscType::String(text)) => Some(Raw::Text(Arc::from(text.as_str()))),
            (Self::Choice(words), OscType::String(word)) => {
                let at = words.iter().position(|w| **w == **word)?;
                i32::try_from(at).ok().map(Raw::Int)
            }
            _ => None,
        }
    }
}

/// The nearest step of a position of 0.0 to 1.0.
fn step(position: f64, steps: u16) -> u16 {
    let last = f64::from(steps.saturating_sub(1));
    (position.clamp(0.0, 1.0) * last).round() as u16
}

/// The position of a step.
fn unit(step: u16, steps: u16) -> f64 {
    f64::from(step) / f64::from(steps.saturating_sub(1).max(1))
}

/// The fader's position of a level; below -90 dB and off are its lower end, above +10 dB its upper.
#[must_use]
pub fn fraction(level: Db) -> f64 {
    if level == Db::OFF {
        return 0.0;
    }
    let db = f64::from(level.0) / 1000.0;
    let f = if db < -60.0 {
        (db + 90.0) / 480.0
    } else if db < -30.0 {
        (db + 70.0) / 160.0
    } else if db < -10.0 {
        (db + 50.0) / 80.0
    } else {
        (db + 30.0) / 40.0
    };
    f.clamp(0.0, 1.0)
}

/// The level at a fader's position, to the thousandth of a dB; the lower end is off.
#[must_use]
pub fn db(f: f64) -> Db {
    let db = if f >= 0.5 {
        40.0 * f - 30.0
    } else if f >= 0.25 {
        80.0 * f - 50.0
    } else if f >= 0.0625 {
        160.0 * f - 70.0
    } else if f > 0.0 {
        480.0 * f - 90.0
    } else {
        return Db::OFF;
    };
    Db((db * 1000.0).round() as i32)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_step_of_every_fader_goes_there_and_back() {
        for steps in [1024_u16, 161] {
            let scale = Scale::Level(steps);
            let mut last = Value::Level(Db::OFF);
            for n in 0..steps {
                let raw = Raw::Step(n);
                let value = scale.value(&raw).unwrap();
                assert_eq!(scale.raw(&value), Some(raw.clone()), "{n} as {value}");
                assert_eq!(scale.read(&scale.arg(&raw)), Some(raw), "{n} on the wire");
                let (Value::Level(now), Value::Level(before)) = (&value, &last) else { panic!() };
                assert!(n == 0 || now > before, "step {n} must be louder than the one before");
                last = value;
            }
        }
    }

    #[test]
    fn the_documents_points_hold() {
        for (level, f) in
            [(-60_000, 0.0625), (-40_000, 0.1875), (-30_000, 0.25), (-20_000, 0.375), (-10_000, 0.5), (0, 0.75), (10_000, 1.0)]
        {
            assert_eq!(fraction(Db(level)), f);
            assert_eq!(db(f), Db(level));
        }
        assert_eq!(fraction(Db::OFF), 0.0);
        assert_eq!(db(0.0), Db::OFF);
        assert_eq!(fraction(Db(30_000)), 1.0);
        assert_eq!(fraction(Db(-190_000)), 0.0);
    }

    #[test]
    fn a_console_rounds_our_steps_to_themselves() {
        // The firmware keeps `trunc(f * 1023.5) / 1023`.
        for n in 0..1024_u16 {
            let OscType::Float(f) = Scale::Level(1024).arg(&Raw::Step(n)) else { panic!() };
            assert_eq!((f64::from(f) * 1023.5).trunc() as u16, n);
        }
    }

    proptest! {
        #[test]
        fn no_argument_is_misread(f in any::<f32>(), n in any::<i32>(), text in ".{0,12}") {
            let words = vec![Arc::from("PRE"), Arc::from("POST")];
            for scale in [Scale::Switch, Scale::Int, Scale::Level(1024), Scale::Unit(101), Scale::Text, Scale::Choice(words)] {
                for arg in [OscType::Float(f), OscType::Int(n), OscType::String(text.clone()), OscType::Nil] {
                    if let Some(raw) = scale.read(&arg) {
                        prop_assert!(scale.value(&raw).is_some() || matches!(scale, Scale::Choice(_)));
                        prop_assert!(scale.read(&scale.arg(&raw)).is_some());
                    }
                }
            }
        }
    }
}
