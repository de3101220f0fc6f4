//! Verbs of devices: `take = { on = "vision", source = "slides", transition = "mix", over = "1s" }`.
//!
//! The profile says which property a verb moves. Of its alternatives the first is taken whose names are exactly those
//! that the step gives; a set of channels makes one act of each.

use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::Loader;
use super::patch::Member;
use crate::show::fault::{Fault, suggestion};
use crate::show::fields::{Node, in_file_order, text_of};
use crate::show::profile_text::placeholders;
use crate::show::value_text::{read_decimal, read_value};
use crate::show::{Act, Curve, Db, DeviceIx, FadeTo, Profile, PropSpec, Transition, Transport, Value, ValueKind, ValueSpec};
use crate::time::Span;

/// Keys of a verb that are not names of the patch.
const PARAMS: [&str; 10] = ["on", "property", "value", "to", "by", "over", "curve", "transition", "loop", "args"];

/// True for those.
fn is_param(key: &str) -> bool {
    PARAMS.contains(&key)
}

/// A verb of one device, chosen from its profile.
struct Chosen<'p> {
    verb: &'p str,
    key: &'p Arc<str>,
    spec: &'p PropSpec,
    value: Option<&'p ValueSpec>,
    transitions: &'p [Arc<str>],
}

/// What a verb does to its property.
enum Change {
    Want(Value, Option<Transition>),
    Fade(FadeTo, Span, Curve),
}

impl<'t> Loader<'t> {
    /// Reads a verb of a device and adds one act for each member of its names.
    pub(super) fn device_verb(&mut self, verb: &'t str, span: Range<usize>, node: &'t Node<'t>, acts: &mut Vec<Act>) {
        let DeValue::Table(table) = node.get_ref() else {
            let message = format!("{verb} says which device, and what: {verb} = {{ on = \"…\" }}");
            self.faults.push(Fault::rule("value", node.span(), message));
            return;
        };
        let Some(device) = self.on(verb, &span, table) else { return };
        let profile = Arc::clone(&self.show.device(device).profile);
        if let Some(patch) = self.patches.get_mut(device.at()) {
            patch.used = true;
        }
        let Some(chosen) = self.choose(verb, span, table, device, &profile) else { return };
        if !self.params_fit(&chosen, table) {
            return;
        }
        let Some(choices) = self.selectors(device, &chosen, table) else { return };
        let product = choices.iter().fold(1_usize, |product, (_, members)| product.saturating_mul(members.len()));
        if product > ACTS_MAX {
            let message = format!("this step would move {product} properties at once, more than {ACTS_MAX}");
            self.faults.push(Fault::rule("too-many", node.span(), message).help("make several steps of it"));
            return;
        }
        let Some(change) = self.change(&chosen, table, node.span(), &choices) else { return };
        let places = places(&chosen, &choices);
        let mut args = Vec::with_capacity(places.len());
        for nth in 0..places.iter().map(|(_, members)| members.len()).product() {
            pick(&places, nth, &mut args);
            let Some(prop) = self.prop(device, chosen.key, chosen.spec, &args) else { continue };
            self.warn_of_loud(prop, &change, &node.span());
            acts.push(match &change {
                Change::Want(value, transition) => Act::Want { prop, value: value.clone(), transition: transition.clone().map(Box::new) },
                Change::Fade(to, over, curve) => Act::Fade { prop, to: *to, over: *over, curve: *curve },
            });
        }
    }

    /// The device of `on`.
    fn on(&mut self, verb: &str, span: &Range<usize>, table: &'t DeTable<'t>) -> Option<DeviceIx> {
        let Some(node) = table.get("on") else {
            let message = format!("{verb} does not say on which device");
            self.faults.push(Fault::rule("missing", span.clone(), message).help("add on = \"…\", the key of the device"));
            return None;
        };
        let name = text_of(node, "on", &mut self.faults)?;
        let message = || format!("{} sends to \"{name}\", but the show has no such device", self.subject);
        self.devices.need(name, "unknown-device", node.span(), message, &mut self.faults)
    }

    /// The alternative of the profile that fits the names given.
    fn choose<'p>(
        &mut self,
        verb: &'p str,
        span: Range<usize>,
        table: &'t DeTable<'t>,
        device: DeviceIx,
        profile: &'p Profile,
    ) -> Option<Chosen<'p>> {
        let given: Vec<&str> = table.keys().map(|key| &**key.get_ref()).filter(|key| !is_param(key)).collect();
        if verb == "set" && table.contains_key("property") {
            return self.choose_property(table, &given, profile);
        }
        let Some(alternatives) = profile.verbs.get(verb) else {
            let key = &self.show.device(device).key;
            let message = format!("{} asks \"{key}\" to {verb}, which a {} {} can not do", self.subject, profile.maker, profile.model);
            self.faults.unknown_as("unknown-verb", span, message, verb, profile.verbs.keys().map(|verb| &**verb));
            return None;
        };
        for spec in alternatives {
            let Some((key, property)) = profile.props.get_key_value(&spec.property) else { continue };
            let chosen = Chosen { verb, key, spec: property, value: spec.value.as_ref(), transitions: &spec.transitions };
            if chosen.fits(&given) {
                return Some(chosen);
            }
        }
        let mut ways = Vec::new();
        for spec in alternatives {
            if let Some((key, property)) = profile.props.get_key_value(&spec.property) {
                let chosen = Chosen { verb, key, spec: property, value: spec.value.as_ref(), transitions: &spec.transitions };
                ways.push(chosen.names().collect::<Vec<_>>());
            }
        }
        self.names_do_not_fit(verb, span, &given, &ways, table);
        None
    }

    /// `set = { on = "foh", property = "fader", channel = "host", value = "-10 dB" }`.
    fn choose_property<'p>(&mut self, table: &'t DeTable<'t>, given: &[&str], profile: &'p Profile) -> Option<Chosen<'p>> {
        let node = table.get("property")?;
        let name = text_of(node, "property", &mut self.faults)?;
        let Some((key, spec)) = profile.props.get_key_value(name) else {
            let message = format!("{} sets \"{name}\", but the profile {} has no such property", self.subject, profile.key);
            self.faults.unknown_as("unknown-property", node.span(), message, name, profile.props.keys().map(|key| &**key));
            return None;
        };
        let chosen = Chosen { verb: "set", key, spec, value: None, transitions: &[] };
        if chosen.fits(given) {
            return Some(chosen);
        }
        let ways = [chosen.names().collect::<Vec<_>>()];
        self.names_do_not_fit("set", node.span(), given, &ways, table);
        None
    }

    /// Says which names a verb goes by, and points at one that is none of them.
    fn names_do_not_fit(&mut self, verb: &str, span: Range<usize>, given: &[&str], ways: &[Vec<&str>], table: &DeTable<'_>) {
        let known: Vec<&str> = ways.iter().flatten().copied().chain(PARAMS).collect();
        if let Some(stray) = given.iter().find(|name| !known.contains(name)) {
            let span = in_file_order(table).into_iter().find(|(key, ..)| key == stray).map_or(span, |(_, span, _)| span);
            let message = format!("{verb} has no key \"{stray}\" on this device");
            let help = suggestion(stray, known.iter().copied().filter(|name| *name != "property")).unwrap_or_default();
            self.faults.push(Fault::rule("unknown-key", span, message).help(help));
            return;
        }
        let shown = |names: &[&str]| if names.is_empty() { "nothing more".to_owned() } else { names.join(" and ") };
        let all: Vec<String> = ways.iter().map(|names| shown(names)).collect();
        let message = format!("{verb} goes by {} on this device, and this one has {}", all.join(", or by "), shown(given));
        self.faults.push(Fault::rule("selectors", span, message).help("name exactly what the verb goes by"));
    }

    /// Refuses what the verb of this device does not take.
    fn params_fit(&mut self, chosen: &Chosen<'_>, table: &'t DeTable<'t>) -> bool {
        let free = chosen.value.is_none();
        let fades = free && chosen.verb != "set" && matches!(chosen.spec.kind, ValueKind::Level { .. } | ValueKind::Decimal { .. });
        let args = free && chosen.spec.kind == ValueKind::Args;
        let mut fit = true;
        for (key, node) in table {
            let (key, span) = (&**key.get_ref(), key.span());
            let taken = match key {
                "on" => true,
                "property" => chosen.verb == "set",
                "value" => free && !fades && !args,
                "to" | "by" | "curve" => fades,
                "over" => fades || !chosen.transitions.is_empty(),
                "transition" => !chosen.transitions.is_empty(),
                "loop" => matches!(chosen.value, Some(ValueSpec::Transport { playing: true, .. })),
                "args" => args,
                _ => true,
            };
            if !taken {
                let message = format!("{} takes no {key} on this device", chosen.verb);
                self.faults.push(Fault::rule("unknown-key", span.start..node.span().end, message).help("take it out"));
                fit = false;
            }
        }
        fit
    }

    /// The members of each name that the verb goes by.
    fn selectors(&mut self, device: DeviceIx, chosen: &Chosen<'_>, table: &'t DeTable<'t>) -> Option<Vec<(&'t str, Vec<Member>)>> {
        let mut choices = Vec::new();
        let mut whole = true;
        for (key, node) in table {
            let key = &**key.get_ref();
            if is_param(key) {
                continue;
            }
            let Some(members) = self.members(device, key, node) else {
                whole = false;
                continue;
            };
            let is_value = chosen.value.and_then(ValueSpec::selector) == Some(key);
            if is_value && members.len() > 1 {
                let message = format!("{} takes one {key}, and this is a set of {}", chosen.verb, members.len());
                self.faults.push(Fault::rule("set-as-value", node.span(), message).help("name one of its members"));
                whole = false;
            }
            choices.push((key, members));
        }
        whole.then_some(choices)
    }

    /// What is to become of the property.
    fn change(
        &mut self,
        chosen: &Chosen<'_>,
        table: &'t DeTable<'t>,
        span: Range<usize>,
        choices: &[(&str, Vec<Member>)],
    ) -> Option<Change> {
        let member = |name: &str| choices.iter().find(|(key, _)| *key == name).and_then(|(_, members)| members.first());
        let transition = self.transition(chosen, table);
        let value = match chosen.value {
            Some(ValueSpec::Fixed(value)) => value.clone(),
            Some(ValueSpec::Selector(name)) => self.spoken_value(&chosen.spec.kind, member(name)?, span)?,
            Some(ValueSpec::Transport { clip, playing }) => {
                let clip = clip.as_deref().and_then(member).map(|member| Arc::clone(&member.fragment));
                let looping = table.get("loop").and_then(|node| node.get_ref().as_bool()).unwrap_or(false);
                if let Some(node) = table.get("loop").filter(|node| !node.get_ref().is_bool()) {
                    self.faults.push(Fault::rule("value", node.span(), "loop is true or false"));
                }
                Value::Transport(Transport { clip, looping, playing: *playing })
            }
            None if chosen.spec.kind == ValueKind::Args => match table.get("args") {
                Some(node) => self.typed(&chosen.spec.kind, node)?,
                None => Value::Args(Arc::from([])),
            },
            None if chosen.verb != "set" && matches!(chosen.spec.kind, ValueKind::Level { .. } | ValueKind::Decimal { .. }) => {
                return self.fade(chosen, table, span);
            }
            None => match table.get("value") {
                Some(node) => self.typed(&chosen.spec.kind, node)?,
                None => {
                    let message = format!("{} does not say to what value", chosen.verb);
                    self.faults.push(Fault::rule("missing", span, message).help("add value = …"));
                    return None;
                }
            },
        };
        Some(Change::Want(value, transition?))
    }

    /// A value as the property holds it.
    fn typed(&mut self, kind: &ValueKind, node: &Node<'_>) -> Option<Value> {
        read_value(kind, node.get_ref()).map_err(|why| self.faults.push(Fault::rule("value", node.span(), why))).ok()
    }

    /// A name's address as a value of the property: scene `12` of a number, source `cam` of a text.
    fn spoken_value(&mut self, kind: &ValueKind, member: &Member, span: Range<usize>) -> Option<Value> {
        let said = &*member.fragment;
        let value = match kind {
            ValueKind::Text => Some(Value::Text(Arc::clone(&member.fragment))),
            ValueKind::Choice(words) => words.iter().find(|word| ***word == *said).map(|word| Value::Text(Arc::clone(word))),
            ValueKind::Int { min, max } => said.parse().ok().filter(|n| (*min..=*max).contains(n)).map(Value::Int),
            ValueKind::Switch => matches!(said, "on" | "true" | "off" | "false").then(|| Value::Switch(matches!(said, "on" | "true"))),
            ValueKind::Level { .. } | ValueKind::Decimal { .. } => {
                let text = DeValue::String(said.into());
                read_value(kind, &text).ok()
            }
            ValueKind::Transport => None,
            ValueKind::Args => Some(Value::Args(Arc::from([Value::Text(Arc::clone(&member.fragment))]))),
        };
        if value.is_none() {
            let message = format!("\"{}\" stands for \"{said}\", which this property can not hold", member.name);
            self.faults.push(Fault::rule("value", span, message).help("give the name another address in the device's patch"));
        }
        value
    }

    /// `transition = "mix", over = "1s"`; the outer `None` is a fault.
    fn transition(&mut self, chosen: &Chosen<'_>, table: &'t DeTable<'t>) -> Option<Option<Transition>> {
        if chosen.transitions.is_empty() {
            return Some(None);
        }
        let Some(node) = table.get("transition") else {
            if let Some(over) = table.get("over") {
                let help = format!("add transition = one of {}", chosen.transitions.join(", "));
                self.faults.push(Fault::rule("transition", over.span(), "over needs a transition that takes this long").help(help));
                return None;
            }
            return Some(None);
        };
        let kind = text_of(node, "transition", &mut self.faults)?;
        let Some(kind) = chosen.transitions.iter().find(|known| ***known == *kind) else {
            let message = format!("this device has no transition \"{kind}\"");
            self.faults.unknown_as("transition", node.span(), message, kind, chosen.transitions.iter().map(|known| &**known));
            return None;
        };
        let over = match table.get("over") {
            Some(node) => Some(self.duration(node, "over")?),
            None => None,
        };
        Some(Some(Transition { kind: Arc::clone(kind), over }))
    }

    /// A length of time.
    pub(super) fn duration(&mut self, node: &Node<'_>, key: &str) -> Option<Span> {
        let text = text_of(node, key, &mut self.faults)?;
        Span::parse(text).map_err(|why| self.faults.push(Fault::rule("duration", node.span(), format!("{key}: {why}")))).ok()
    }

    /// `fade = { …, to = "-10 dB", over = "2s" }`, or `by`.
    fn fade(&mut self, chosen: &Chosen<'_>, table: &'t DeTable<'t>, span: Range<usize>) -> Option<Change> {
        let to = match (table.get("to"), table.get("by")) {
            (Some(node), None) => self.fade_to(&chosen.spec.kind, node),
            (None, Some(node)) => self.fade_by(&chosen.spec.kind, node),
            (both, _) => {
                let message =
                    if both.is_some() { "a fade goes to a level or by a difference, not both" } else { "the fade does not say where to" };
                self.faults
                    .push(Fault::rule("fade", span.clone(), message).help("write to = \"-10 dB\", by = \"-8 dB\" or to = \"before\""));
                None
            }
        };
        let over = match table.get("over") {
            Some(node) => self.duration(node, "over"),
            None => {
                let fault = Fault::rule("fade", span, "the fade does not say how long it takes");
                self.faults.push(fault.help("add over = \"2s\"; for a jump use set, or over = \"0s\""));
                None
            }
        };
        let curve = match table.get("curve") {
            Some(node) => self.curve(node),
            None => Some(Curve::default()),
        };
        Some(Change::Fade(to?, over?, curve?))
    }

    /// Where a fade ends.
    fn fade_to(&mut self, kind: &ValueKind, node: &Node<'_>) -> Option<FadeTo> {
        if node.get_ref().as_str() == Some("before") {
            return Some(FadeTo::Before);
        }
        match self.typed(kind, node)? {
            Value::Level(db) => Some(FadeTo::Level(db)),
            Value::Decimal(n) => Some(FadeTo::Decimal(n)),
            _ => None,
        }
    }

    /// How far a fade goes.
    fn fade_by(&mut self, kind: &ValueKind, node: &Node<'_>) -> Option<FadeTo> {
        let by = match kind {
            ValueKind::Level { .. } => {
                node.get_ref().as_str().and_then(|text| Db::parse(text).ok()).filter(|db| *db != Db::OFF).map(|db| FadeTo::ByDb(db.0))
            }
            _ => read_decimal(node.get_ref()).map(FadeTo::ByDecimal),
        };
        if by.is_none() {
            self.faults.push(
                Fault::rule("fade", node.span(), "by is a difference").help("write by = \"-8 dB\" for a level, by = \"-20%\" for a share"),
            );
        }
        by
    }

    /// The shape of a fade.
    pub(super) fn curve(&mut self, node: &Node<'_>) -> Option<Curve> {
        const CURVES: [(&str, Curve); 4] =
            [("linear", Curve::Linear), ("s-curve", Curve::SCurve), ("square", Curve::Square), ("snap", Curve::Snap)];
        let text = text_of(node, "curve", &mut self.faults)?;
        let found = CURVES.iter().find(|(name, _)| *name == text).map(|(_, curve)| *curve);
        if found.is_none() {
            self.faults.unknown_as(
                "curve",
                node.span(),
                format!("there is no curve \"{text}\""),
                text,
                CURVES.iter().map(|(name, _)| *name),
            );
        }
        found
    }

    /// An absolute fade up of a mic is loud if the operator has moved it since, and a long way up is loud for everything.
    fn warn_of_loud(&mut self, prop: crate::show::PropIx, change: &Change, span: &Range<usize>) {
        let property = self.show.prop(prop);
        if let Change::Fade(FadeTo::ByDb(by), ..) = change
            && *by > BY_MOST
        {
            let message = format!("{} fades \"{}\" up by {}, from wherever it stands", self.subject, property.label, Db(*by));
            let help = "a difference up is seldom over 20 dB, and ends at the top of the fader: name the level with to";
            self.faults.push(Fault::warning("by-far", span.clone(), message).help(help));
        }
        let Change::Fade(FadeTo::Level(db), ..) = change else { return };
        if property.mic && *db != Db::OFF && db.0 > MIC_QUIET {
            let message = format!("{} fades \"{}\" to {db}, whatever the operator has set it to", self.subject, property.label);
            let help = "use unmute, by = \"+6 dB\" or to = \"before\", and leave the level to the operator";
            self.faults.push(Fault::warning("mic-fade", span.clone(), message).help(help));
        }
    }
}

/// Acts of one step.
const ACTS_MAX: usize = 4096;

/// A fade up by more than this, in thousandths of a dB, is told.
const BY_MOST: i32 = 20_000;

/// A mic that is faded to at most this, in thousandths of a dB, is faded out.
const MIC_QUIET: i32 = -60_000;

impl ValueSpec {
    /// The name that the value comes from.
    fn selector(&self) -> Option<&str> {
        match self {
            Self::Selector(name) => Some(name),
            Self::Transport { clip, .. } => clip.as_deref(),
            Self::Fixed(_) => None,
        }
    }
}

impl<'p> Chosen<'p> {
    /// The names that the verb goes by: those of the path, and that of the value.
    fn names(&self) -> impl Iterator<Item = &'p str> {
        let of_value = self.value.and_then(ValueSpec::selector);
        let path: &'p str = &self.spec.path;
        let twice = of_value.is_some_and(|name| placeholders(path).any(|table| table == name));
        placeholders(path).chain(of_value.filter(|_| !twice))
    }

    /// True when the names given are exactly those.
    fn fits(&self, given: &[&str]) -> bool {
        let mut names = 0;
        self.names().inspect(|_| names += 1).all(|name| given.contains(&name)) && names == given.len()
    }
}

/// The names in the path, each with all that it stands for.
fn places<'a>(chosen: &Chosen<'a>, choices: &'a [(&str, Vec<Member>)]) -> Vec<(&'a str, &'a [Member])> {
    let path: &'a str = &chosen.spec.path;
    let members = |table: &str| choices.iter().find(|(key, _)| *key == table).map(|(_, members)| members.as_slice());
    placeholders(path).filter_map(|table| Some((table, members(table)?))).collect()
}

/// One of all combinations of their members; of the last name they change first.
fn pick<'a>(places: &[(&'a str, &'a [Member])], nth: usize, args: &mut Vec<(&'a str, &'a Member)>) {
    args.clear();
    let mut stride: usize = places.iter().map(|(_, members)| members.len()).product();
    for (table, members) in places {
        stride /= members.len().max(1);
        args.extend(members.get(nth / stride.max(1) % members.len().max(1)).map(|member| (*table, member)));
    }
}
