//! What a profile's messages mean for one device: read once, when driver and simulator are built.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::template::{Ground, Holes, Template};
use crate::devices::Plan;
use crate::show::{Keeping, Profile, Proof, PropIx, PropSpec, Transport, Value, ValueKind};
use crate::time::Span;

/// How long a note sounds where neither profile nor show says.
pub const NOTE_LENGTH: Span = Span::ms(200);

/// One message of a property, and for which values it is meant.
#[derive(Debug, Clone)]
pub struct Set {
    /// `on`, `off`, `playing` or `stopped`; `None`: for all.
    pub when: Option<Arc<str>>,
    /// Its bytes.
    pub bytes: Template,
}

/// The messages of one property.
#[derive(Debug, Clone, Default)]
pub struct Wiring {
    /// Those whose `when` holds are sent in order.
    pub sets: Vec<Set>,
    /// Ends a note.
    pub off: Option<Template>,
    /// How long the note sounds; `None`: as the device's option `note_length` says.
    pub length: Option<Span>,
    /// Asks for it.
    pub get: Option<Template>,
    /// What tells it.
    pub observes: Vec<Template>,
    /// Pauses a player, and lets it go on.
    pub pause: Option<Template>,
    /// The other way.
    pub resume: Option<Template>,
}

impl Set {
    fn read(json: &Json) -> Result<Self, String> {
        match json {
            Json::String(text) => Ok(Self { when: None, bytes: Template::parse(text)? }),
            Json::Object(table) => {
                let text = table.get("bytes").and_then(Json::as_str).ok_or("a message in a table needs bytes = \"Bn 07 {value}\"")?;
                let when = table.get("when").and_then(Json::as_str);
                if let Some(word) = when.filter(|word| !matches!(*word, "on" | "off" | "playing" | "stopped")) {
                    return Err(format!("when = \"{word}\" is not known (on, off, playing, stopped)"));
                }
                Ok(Self { when: when.map(Arc::from), bytes: Template::parse(text)? })
            }
            other => Err(format!("{other} is no message (\"Bn 07 {{value}}\", or {{ bytes = \"…\", when = \"on\" }})")),
        }
    }

    /// Whether it is meant for this value.
    #[must_use]
    pub fn holds(&self, value: &Value) -> bool {
        match (self.when.as_deref(), value) {
            (None, _) => true,
            (Some("on"), Value::Switch(on)) => *on,
            (Some("off"), Value::Switch(on)) => !on,
            (Some("playing"), Value::Transport(player)) => player.playing,
            (Some("stopped"), Value::Transport(player)) => !player.playing,
            _ => false,
        }
    }

    /// What its arrival means where the bytes carry no value.
    #[must_use]
    pub fn meaning(&self) -> Option<Value> {
        let player = |playing| Value::Transport(Transport { clip: None, looping: false, playing });
        match self.when.as_deref() {
            Some("off") => Some(Value::Switch(false)),
            Some("playing") => Some(player(true)),
            Some("stopped") => Some(player(false)),
            _ => Some(Value::Switch(true)),
        }
    }
}

impl Wiring {
    /// Reads a property's `set`, `get`, `observe` and its `wire` table.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn read(spec: &PropSpec) -> Result<Self, String> {
        const KEYS: [&str; 7] = ["set", "get", "observe", "off", "length", "pause", "continue"];
        let wire = &spec.wire;
        if let Some(stray) = wire.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(format!("wire fact \"{stray}\" is not known ({})", KEYS.join(", ")));
        }
        let one = |key: &str| wire.get(key).map(|json| text_of(json).and_then(Template::parse)).transpose();
        let all = |key: &str| match wire.get(key) {
            None => vec![],
            Some(Json::Array(list)) => list.iter().collect(),
            Some(json) => vec![json],
        };
        let length = wire.get("length").map(|json| text_of(json).and_then(Span::parse)).transpose()?;
        Ok(Self {
            sets: all("set").into_iter().map(Set::read).collect::<Result<_, _>>()?,
            off: one("off")?,
            length,
            get: one("get")?,
            observes: all("observe").into_iter().map(|json| text_of(json).and_then(Template::parse)).collect::<Result<_, _>>()?,
            pause: one("pause")?,
            resume: one("continue")?,
        })
    }

    /// All its templates.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let single = [&self.off, &self.get, &self.pause, &self.resume].into_iter().flatten();
        self.sets.iter().map(|set| &set.bytes).chain(single).chain(&self.observes)
    }
}

fn text_of(json: &Json) -> Result<&str, String> {
    json.as_str().ok_or_else(|| format!("{json} is not a text"))
}

/// What a profile says of the whole device.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The fader law: thousandths of a dB and the number on the wire.
    pub scale: Vec<(i64, i64)>,
    /// Sent this often, or the device takes us for gone: active sensing.
    pub keep_alive: Option<Span>,
}

impl Facts {
    /// Reads `[facts]`.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn read(profile: &Profile) -> Result<Self, String> {
        let facts: &Map<String, Json> = &profile.family_facts;
        if let Some(stray) = facts.keys().find(|key| !matches!(key.as_str(), "scale" | "keep_alive")) {
            return Err(format!("[facts] {stray} is not known to the midi families (scale, keep_alive)"));
        }
        let keep_alive = facts.get("keep_alive").map(|json| text_of(json).and_then(Span::parse)).transpose()?;
        let mut scale = vec![];
        for point in facts.get("scale").and_then(Json::as_array).into_iter().flatten() {
            let number = |at: usize| point.get(at).and_then(Json::as_i64);
            let (Some(db), Some(wire)) = (number(0), number(1)) else {
                return Err("[facts] scale is a list of [dB, number on the wire] in whole numbers".into());
            };
            if scale.last().is_some_and(|(before, low)| *before >= db * 1000 || *low >= wire) {
                return Err("[facts] scale must rise, in dB and on the wire".into());
            }
            scale.push((db * 1000, wire));
        }
        Ok(Self { scale, keep_alive })
    }
}

/// One property of the device.
#[derive(Debug, Clone)]
pub struct Item {
    /// Which.
    pub prop: PropIx,
    /// Its path.
    pub path: Arc<str>,
    /// What it holds.
    pub kind: ValueKind,
    /// A newer value takes the place of one that waits.
    pub lasting: bool,
    /// Its messages.
    pub wiring: Wiring,
    /// What fills their holes.
    pub holes: Holes,
}

impl Item {
    /// The bytes of a value; `None` where a message can not be made of it, or there is none.
    #[must_use]
    pub fn bytes(&self, value: &Value, ground: &Ground) -> Option<Vec<u8>> {
        let sets = self.wiring.sets.iter().filter(|set| set.holds(value));
        let parts: Vec<Vec<u8>> = sets.map(|set| set.bytes.render(&self.holes, Some(value), ground)).collect::<Option<_>>()?;
        Some(parts.concat()).filter(|bytes| !bytes.is_empty())
    }

    /// The bytes of a message without a value.
    #[must_use]
    pub fn plain(&self, template: Option<&Template>, ground: &Ground) -> Option<Vec<u8>> {
        template?.render(&self.holes, None, ground)
    }
}

/// An option of the device, else its default.
pub fn option<'a>(plan: Plan<'a>, key: &str) -> Option<&'a Value> {
    let device = plan.device();
    device.options.get(key).or_else(|| device.profile.options.get(key).and_then(|option| option.default.as_ref()))
}

/// Channel, rate and fader law of a device.
pub fn ground(plan: Plan<'_>) -> Ground {
    let channel = match option(plan, "channel") {
        Some(Value::Int(channel @ 1..=16)) => u8::try_from(channel - 1).unwrap_or(0),
        _ => 0,
    };
    let rate = match option(plan, "frame_rate").map(ToString::to_string).as_deref() {
        Some("24") => 0,
        Some("29.97") => 2,
        Some("30") => 3,
        _ => 1,
    };
    Ground { channel, rate, scale: Facts::read(&plan.device().profile).unwrap_or_default().scale }
}

/// The device's properties. A message that can not be read leaves its property without wire: `check` has named it.
pub fn items(plan: Plan<'_>) -> Vec<Item> {
    let profile = &plan.device().profile;
    let mut own = Holes::new();
    for key in profile.options.keys() {
        if let Some(value) = option(plan, key) {
            own.insert(format!("option:{key}"), value.to_string().into());
        }
    }
    let note_length = option(plan, "note_length").and_then(|value| Span::parse(&value.to_string()).ok()).unwrap_or(NOTE_LENGTH);
    let item = |(ix, prop): (PropIx, &crate::show::Property)| {
        let spec = profile.props.get(&prop.spec)?;
        let mut holes = own.clone();
        holes.extend(prop.args.iter().map(|(table, text)| (table.to_string(), text.clone())));
        let mut wiring = Wiring::read(spec).unwrap_or_default();
        wiring.length = wiring.length.or(Some(note_length));
        let lasting = prop.class != Keeping::Once && prop.class != Keeping::Guarded;
        Some(Item { prop: ix, path: prop.path.clone(), kind: spec.kind.clone(), lasting, wiring, holes })
    };
    plan.props().filter_map(item).collect()
}

/// Every message and fact of the profile is read; what can not be is told.
pub fn check(profile: &Profile) -> Vec<String> {
    let mut faults: Vec<String> = Facts::read(profile).err().into_iter().collect();
    for (key, spec) in &profile.props {
        let wiring = match Wiring::read(spec) {
            Ok(wiring) => wiring,
            Err(why) => {
                faults.push(format!("property {key}: {why}"));
                continue;
            }
        };
        if spec.proof == Proof::Observed && wiring.observes.is_empty() {
            faults.push(format!("property {key}: nothing observes it (add observe = \"Bn 07 {{value}}\", or proof = \"none\")"));
        }
        let known = |hole: &str| {
            hole == "value"
                || hole.strip_prefix("option:").is_some_and(|option| profile.options.contains_key(option))
                || spec.path.contains(&format!("{{{hole}}}"))
        };
        for hole in wiring.templates().flat_map(Template::holes).filter(|hole| !known(hole)) {
            faults.push(format!("property {key}: nothing fills {{{hole}}} (a placeholder of its path, {{value}}, or {{option:…}})"));
        }
    }
    faults
}
