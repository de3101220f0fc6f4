//! What a projector is, and what each property means on the wire.

use std::sync::Arc;

use super::codec::{No, Topic};
use crate::device_api::{Facet, Level};
use crate::show::Value;

/// Power as the projector tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// Standby.
    Standby,
    /// The lamp is on.
    On,
    /// Cooling down.
    Cooling,
    /// Warming up.
    Warming,
}

impl Power {
    /// Reads `0` to `3`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "0" => Some(Self::Standby),
            "1" => Some(Self::On),
            "2" => Some(Self::Cooling),
            "3" => Some(Self::Warming),
            _ => None,
        }
    }

    /// As the wire says it.
    #[must_use]
    pub const fn digit(self) -> char {
        match self {
            Self::Standby => '0',
            Self::On => '1',
            Self::Cooling => '2',
            Self::Warming => '3',
        }
    }
}

/// A property of a show's projector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// On or standby.
    Power,
    /// Which input.
    Input,
    /// Picture and sound muted.
    Shutter,
    /// Sound muted.
    Mute,
    /// The picture stands still.
    Freeze,
}

impl Item {
    /// The property of this path.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        match path {
            "power" => Some(Self::Power),
            "input" => Some(Self::Input),
            "shutter" => Some(Self::Shutter),
            "mute" => Some(Self::Mute),
            "freeze" => Some(Self::Freeze),
            _ => None,
        }
    }

    /// What is asked and told for it.
    #[must_use]
    pub const fn topic(self) -> Topic {
        match self {
            Self::Power => Topic::Powr,
            Self::Input => Topic::Inpt,
            Self::Shutter | Self::Mute => Topic::Avmt,
            Self::Freeze => Topic::Frez,
        }
    }

    /// The parameter that sets a value; `None`: no such value.
    #[must_use]
    pub fn parameter(self, value: &Value) -> Option<String> {
        match (self, value) {
            (Self::Power | Self::Freeze, Value::Switch(on)) => Some(if *on { "1" } else { "0" }.into()),
            (Self::Mute, Value::Switch(on)) => Some(if *on { "21" } else { "20" }.into()),
            (Self::Shutter, Value::Text(word)) => match &**word {
                "closed" => Some("31".into()),
                "open" => Some("30".into()),
                _ => None,
            },
            (Self::Input, Value::Text(input)) => is_input(input).then(|| input.to_string()),
            _ => None,
        }
    }

    /// The value that an answer tells; `None`: nothing of this property, or power on its way.
    #[must_use]
    pub fn value(self, answer: &str) -> Option<Value> {
        match self {
            Self::Power => match Power::read(answer)? {
                Power::On => Some(Value::Switch(true)),
                Power::Standby => Some(Value::Switch(false)),
                Power::Cooling | Power::Warming => None,
            },
            Self::Input => is_input(answer).then(|| Value::text(&answer.to_ascii_uppercase())),
            Self::Shutter => muted(answer).map(|(picture, _)| Value::text(if picture { "closed" } else { "open" })),
            Self::Mute => muted(answer).map(|(_, sound)| Value::Switch(sound)),
            Self::Freeze => matches!(answer, "0" | "1").then(|| Value::Switch(answer == "1")),
        }
    }
}

/// Type 1 to 6, number 1 to 9 or A to Z.
#[must_use]
pub fn is_input(text: &str) -> bool {
    matches!(text.as_bytes(), [b'1'..=b'6', b'1'..=b'9' | b'A'..=b'Z' | b'a'..=b'z'])
}

/// Picture and sound of an answer to `AVMT ?`.
#[must_use]
pub fn muted(answer: &str) -> Option<(bool, bool)> {
    match answer {
        "11" => Some((true, false)),
        "21" => Some((false, true)),
        "31" => Some((true, true)),
        "10" | "20" | "30" => Some((false, false)),
        _ => None,
    }
}

/// The six places of `ERST`.
pub const ERRORS: [&str; 6] = ["fan", "lamp", "temperature", "cover", "filter", "other"];

/// The health facts of an answer to `ERST ?`.
pub fn errors(answer: &str) -> impl Iterator<Item = Facet> + '_ {
    ERRORS.iter().zip(answer.bytes()).map(|(what, digit)| {
        let fault = if *what == "other" { "a fault of another kind".to_owned() } else { format!("the {what}") };
        let (level, text) = match digit {
            b'1' => (Level::Warn, format!("the projector warns of {fault}")),
            b'2' => (Level::Bad, format!("the projector reports an error of {fault}: look at the projector")),
            _ => (Level::Good, String::new()),
        };
        Facet { key: Arc::from(*what), level, text: text.into() }
    })
}

/// The hours of each lamp in `1250 1 980 0`.
#[must_use]
pub fn lamp_hours(answer: &str) -> Vec<u32> {
    answer.split_ascii_whitespace().step_by(2).map_while(|word| word.parse().ok()).take(8).collect()
}

/// A projector's no in an operator's words.
#[must_use]
pub fn refusal(no: No, item: Item, parameter: &str) -> Arc<str> {
    match (no, item) {
        (No::Unknown, Item::Freeze) => "this projector cannot freeze".into(),
        (No::Unknown, _) => "this projector does not know the command".into(),
        (No::Value, Item::Input) => format!("this projector has no input {parameter}: correct the name in the patch").into(),
        (No::Value, Item::Shutter | Item::Mute) => "this projector cannot mute so".into(),
        (No::Value, _) => format!("this projector does not take the value {parameter}").into(),
        (No::NotNow, Item::Power) => "the projector cannot do this just now: try again when it has warmed up or cooled down".into(),
        (No::NotNow, _) => "not possible in standby: switch the projector on first".into(),
        (No::Broken, _) => "the projector reports a failure (ERR4): look at the projector".into(),
    }
}
