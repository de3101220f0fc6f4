//! A console: its parameter tree, its `/xremote` slots, its scenes. Silent where the real one is silent.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use rosc::{OscMessage, OscType};

use super::meters::Meters;
use super::model::Layout;
use super::table::Table;
use super::{Scale, WIRE, node};
use crate::devices::osc::packet;
use crate::devices::{Out, Payload, Plan, Simulator, WireEvent};
use crate::show::Value;
use crate::time::{Mono, Span};

/// An `/xremote` slot lasts this long.
const SLOT_LASTS: Span = Span::secs(10);
/// Scenes and snippets are numbered from 0 to this.
const SCENE_LAST: i32 = 99;

/// A simulated console.
pub struct Console {
    layout: Layout,
    model: String,
    name: String,
    /// Parameters that differ from the tree's defaults.
    state: BTreeMap<String, OscType>,
    /// Scales of the show's own properties, for `poke` and `peek`.
    table: Table,
    paths: BTreeMap<String, usize>,
    /// Who gets pushes, and until when. `None` is the one client of an in-memory wire.
    clients: Vec<(Option<SocketAddr>, Mono)>,
    /// Saved scenes and snippets by (kind, number).
    saved: BTreeMap<(String, i32), BTreeMap<String, OscType>>,
    meters: Meters,
}

impl Console {
    /// The console that a device of a show stands for.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let device = plan.device();
        let table = Table::of(plan);
        let paths = plan.props().filter_map(|(ix, prop)| Some((prop.path.to_string(), table.at_prop(ix)?))).collect();
        Self {
            layout: Layout::of(&device.profile),
            model: device.profile.model.to_string(),
            name: device.key.to_string(),
            state: BTreeMap::new(),
            table,
            paths,
            clients: vec![],
            saved: BTreeMap::new(),
            meters: Meters::default(),
        }
    }

    fn reply(to: Option<SocketAddr>, address: &str, args: Vec<OscType>, out: &mut Out) {
        packet::send(out, WIRE, to, address, args);
    }

    fn take(&mut self, now: Mono, from: Option<SocketAddr>, message: OscMessage, out: &mut Out) {
        let text = |text: &str| OscType::String(text.to_owned());
        match (message.addr.as_str(), message.args.as_slice()) {
            ("/info", _) => {
                let args = vec![text("V2.07"), text("osc-server"), text(&self.model), text("4.06")];
                Self::reply(from, "/info", args, out);
            }
            ("/xinfo", _) => {
                let args = vec![text("127.0.0.1"), text(&self.name), text(&self.model), text("4.06")];
                Self::reply(from, "/xinfo", args, out);
            }
            ("/status", _) => Self::reply(from, "/status", vec![text("active"), text("127.0.0.1"), text("osc-server")], out),
            ("/xremote", _) => self.subscribe(now, from),
            ("/unsubscribe", _) => self.clients.retain(|(client, _)| *client != from),
            ("/load", [OscType::String(kind), OscType::Int(number), ..]) => {
                let done = self.layout == Layout::X32 && self.recall(now, kind, *number, out);
                Self::reply(from, "/load", vec![text(kind), OscType::Int(i32::from(done))], out);
            }
            ("/save", [OscType::String(kind), OscType::Int(number), ..]) => {
                let done = (0..=SCENE_LAST).contains(number);
                if done {
                    self.save(kind, *number);
                }
                Self::reply(from, "/save", vec![text(kind), OscType::Int(i32::from(done))], out);
            }
            ("/-action/goscene", [OscType::Int(number), ..]) => drop(self.recall(now, "scene", *number, out)),
            // The console reads numbers from strings too, and one client in the field sends them so.
            ("/-action/goscene", [OscType::String(number), ..]) => {
                if let Ok(number) = number.parse() {
                    self.recall(now, "scene", number, out);
                }
            }
            ("/-snap/load", [OscType::Int(number), ..]) if self.layout == Layout::XAir => {
                self.recall(now, "snap", *number, out);
                self.store(now, from, "/-snap/index", OscType::Int(*number), out);
            }
            ("/-snap/save", [OscType::Int(number), ..]) if self.layout == Layout::XAir => self.save("snap", *number),
            // X-Air has other nodes and meters of whole numbers.
            ("/node", [OscType::String(node), ..]) if self.layout == Layout::X32 => {
                if let Some(line) = node::line(node, |address| self.value(address)) {
                    Self::reply(from, "node", vec![OscType::String(line)], out);
                }
            }
            ("/meters", args) if self.layout == Layout::X32 => self.meters.ask(now, from, args),
            (address, []) => {
                if let Some(value) = self.value(address) {
                    Self::reply(from, address, vec![value], out);
                }
            }
            (address, [arg, ..]) => self.store(now, from, address, arg.clone(), out),
        }
    }

    fn subscribe(&mut self, now: Mono, from: Option<SocketAddr>) {
        self.clients.retain(|(client, until)| *until > now && *client != from);
        if self.clients.len() < self.layout.slots() {
            self.clients.push((from, now + SLOT_LASTS));
        }
    }

    /// Stores a value as the console would, and tells the other clients when it is new.
    fn store(&mut self, now: Mono, from: Option<SocketAddr>, address: &str, arg: OscType, out: &mut Out) {
        let Some(old) = self.value(address) else { return };
        let Some(new) = accepted(address, &old, &arg) else { return };
        self.state.insert(address.to_owned(), new.clone());
        if new != old {
            self.push(now, Some(from), address, &new, out);
        }
    }

    fn push(&mut self, now: Mono, but: Option<Option<SocketAddr>>, address: &str, value: &OscType, out: &mut Out) {
        self.clients.retain(|(_, until)| *until > now);
        for (client, _) in self.clients.iter().filter(|(client, _)| but != Some(*client)) {
            Self::reply(*client, address, vec![value.clone()], out);
        }
    }

    /// A parameter's value: what was stored, else what a console has after a reset.
    fn value(&self, address: &str) -> Option<OscType> {
        self.state.get(address).cloned().or_else(|| default(self.layout, address))
    }

    fn save(&mut self, kind: &str, number: i32) {
        let scene = self.state.iter().filter(|(address, _)| in_scope(address)).map(|(a, v)| (a.clone(), v.clone())).collect();
        self.saved.insert((kind.to_owned(), number), scene);
    }

    /// Recalls what was saved; a number that was never saved is a scene that changes nothing. False: there is no such number.
    fn recall(&mut self, now: Mono, kind: &str, number: i32, out: &mut Out) -> bool {
        if !(0..=SCENE_LAST).contains(&number) {
            return false;
        }
        if let Some(scene) = self.saved.get(&(kind.to_owned(), number)).cloned() {
            let moved: Vec<String> = self.state.keys().filter(|address| in_scope(address)).cloned().collect();
            for address in moved.iter().filter(|address| !scene.contains_key(*address)) {
                if let Some(value) = default(self.layout, address) {
                    self.store_loud(now, address, value, out);
                }
            }
            for (address, value) in scene {
                self.store_loud(now, &address, value, out);
            }
        }
        true
    }

    /// Stores and tells every client, the one who asked for the recall too.
    fn store_loud(&mut self, now: Mono, address: &str, value: OscType, out: &mut Out) {
        if self.value(address).as_ref() != Some(&value) {
            self.state.insert(address.to_owned(), value.clone());
            self.push(now, None, address, &value, out);
        }
    }
}

/// What a recall leaves alone: preferences, status, remote state.
fn in_scope(address: &str) -> bool {
    !address.starts_with("/-")
}

/// What the console keeps of a value, rounded to its steps; `None`: ignored, as a wrong type is.
fn accepted(address: &str, old: &OscType, new: &OscType) -> Option<OscType> {
    match (old, new) {
        (OscType::Float(_), OscType::Float(f)) if f.is_finite() => {
            let steps = if address.ends_with("/level") { Scale::Level(161) } else { Scale::Level(1024) };
            steps.read(&OscType::Float(*f)).map(|raw| steps.arg(&raw))
        }
        (OscType::Int(_), OscType::Int(n)) => Some(OscType::Int(*n)),
        (OscType::Int(_), OscType::String(word)) if word == "ON" || word == "OFF" => Some(OscType::Int(i32::from(word == "ON"))),
        (OscType::String(_), OscType::String(text)) => Some(OscType::String(text.chars().take(12).collect())),
        _ => None,
    }
}

/// A parameter after a reset: faders at 0 dB and everything on, so that a rehearsal hears something. `None`: no such parameter.
fn default(layout: Layout, address: &str) -> Option<OscType> {
    let address = address.strip_prefix('/')?;
    if let Some(number) = address.strip_prefix("config/mute/") {
        return layout.has("config/mute", number.parse().ok()?).then_some(OscType::Int(0));
    }
    match address {
        "-snap/index" if layout == Layout::XAir => return Some(OscType::Int(1)),
        "-show/prepos/current" if layout == Layout::X32 => return Some(OscType::Int(-1)),
        "-stat/selidx" | "-prefs/clockrate" | "-stat/lock" => return Some(OscType::Int(0)),
        _ => {}
    }
    let (strip, tail) = strip_of(layout, address)?;
    let name = || OscType::String(strip.replace('/', " "));
    if strip.starts_with("dca/") {
        return match tail {
            "on" => Some(OscType::Int(1)),
            "fader" => Some(OscType::Float(Scale::Level(1024).arg_at(0.75))),
            "config/name" => Some(name()),
            "config/color" | "config/icon" => Some(OscType::Int(1)),
            _ => None,
        };
    }
    match tail {
        "mix/on" | "mix/st" => Some(OscType::Int(1)),
        "mix/mono" | "grp/dca" | "grp/mute" | "config/source" => Some(OscType::Int(0)),
        "mix/fader" => Some(OscType::Float(Scale::Level(1024).arg_at(0.75))),
        "mix/pan" => Some(OscType::Float(Scale::Level(1024).arg_at(0.5))),
        "mix/mlevel" => Some(OscType::Float(0.0)),
        "config/name" => Some(name()),
        "config/color" | "config/icon" => Some(OscType::Int(1)),
        _ => send(layout, tail),
    }
}

/// A bus send of a strip: `mix/05/level`.
fn send(layout: Layout, tail: &str) -> Option<OscType> {
    let (number, what) = tail.strip_prefix("mix/")?.split_once('/')?;
    let number: u32 = number.parse().ok().filter(|_| number.len() == 2)?;
    match what {
        _ if !(1..=layout.sends()).contains(&number) => None,
        "on" => Some(OscType::Int(1)),
        "level" => Some(OscType::Float(0.0)),
        "pan" => Some(OscType::Float(0.5)),
        "type" | "tap" | "grpon" => Some(OscType::Int(0)),
        _ => None,
    }
}

/// Splits an address into its strip, when the console has it, and the rest. X32 strips have two digits, DCAs and X-Air groups one.
fn strip_of(layout: Layout, address: &str) -> Option<(&str, &str)> {
    let fixed: &[&str] = match layout {
        Layout::X32 => &["main/st", "main/m"],
        Layout::XAir => &["lr", "rtn/aux"],
    };
    for strip in fixed {
        if let Some(tail) = address.strip_prefix(strip).and_then(|tail| tail.strip_prefix('/')) {
            return Some((strip, tail));
        }
    }
    let (kind, rest) = address.split_once('/')?;
    let (digits, tail) = rest.split_once('/')?;
    let one_digit = kind == "dca" || (layout == Layout::XAir && kind != "ch");
    let wanted = if one_digit { 1 } else { 2 };
    let number: u32 = digits.parse().ok().filter(|_| digits.len() == wanted)?;
    layout.has(kind, number).then(|| address.split_at(address.len() - tail.len() - 1)).map(|(strip, _)| (strip, tail))
}

impl Simulator for Console {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Data { from, payload: Payload::Datagram(bytes), .. } => {
                packet::decode(bytes, |message| self.take(now, from, message, out));
            }
            WireEvent::Down(..) => {
                self.clients.clear();
                self.meters.clear();
            }
            _ => {}
        }
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        for (to, meter, blob) in self.meters.due(now) {
            Self::reply(to, &meter, vec![OscType::Blob(blob)], out);
        }
    }

    fn next_due(&self) -> Option<Mono> {
        self.meters.next_due()
    }

    fn poke(&mut self, now: Mono, path: &str, value: &Value, out: &mut Out) {
        let param = self.paths.get(path).and_then(|at| self.table.params.get(*at));
        let (address, arg) = match param {
            Some(param) => (param.get.clone(), param.scale.raw(value).map(|raw| param.scale.arg(&raw))),
            None => (Some(self.layout.address(path)), plain(value)),
        };
        let (Some(address), Some(arg)) = (address, arg) else { return };
        let Some(new) = self.value(&address).and_then(|old| accepted(&address, &old, &arg)) else { return };
        self.store_loud(now, &address, new, out);
    }

    fn peek(&self, path: &str) -> Option<Value> {
        match self.paths.get(path).and_then(|at| self.table.params.get(*at)) {
            Some(param) => {
                let value = self.value(param.get.as_deref()?)?;
                param.scale.value(&param.scale.read(&value)?)
            }
            None => match self.value(&self.layout.address(path))? {
                OscType::Int(n) => Some(Value::Int(i64::from(n))),
                OscType::String(text) => Some(Value::text(&text)),
                float => Scale::Level(1024).read(&float).and_then(|raw| Scale::Level(1024).value(&raw)),
            },
        }
    }
}

/// A value of a parameter that the show has no property for.
fn plain(value: &Value) -> Option<OscType> {
    match value {
        Value::Switch(on) => Some(OscType::Int(i32::from(*on))),
        Value::Int(n) => i32::try_from(*n).ok().map(OscType::Int),
        Value::Text(text) => Some(OscType::String(text.to_string())),
        level @ Value::Level(_) => Scale::Level(1024).raw(level).map(|raw| Scale::Level(1024).arg(&raw)),
        _ => None,
    }
}
