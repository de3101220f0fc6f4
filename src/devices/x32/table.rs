//! The parameters of one device: what the show's properties mean on this wire, and what must be read to know what masks them.

use std::collections::BTreeMap;

use super::model::Layout;
use super::{Raw, Scale};
use crate::devices::Plan;
use crate::show::{PropIx, Property, Value, ValueKind};
use crate::time::Mono;

/// One parameter of the console.
#[derive(Debug)]
pub struct Param {
    /// Asked with this; `None`: it can only be sent.
    pub get: Option<String>,
    /// Set with this.
    pub set: String,
    /// A recall of this kind, acknowledged by `/load`.
    pub load: Option<String>,
    /// The show's property; `None` for what is only read to know what masks others.
    pub prop: Option<PropIx>,
    /// Its scale.
    pub scale: Scale,
    /// A recall: everything may have moved after it.
    pub barrier: bool,
    /// The console's last word.
    pub known: Option<Raw>,
    /// What we sent and have no proof of yet.
    pub wanted: Option<Wanted>,
    /// A question on its way.
    pub asked: Option<Asked>,
    /// The next answer is reported even if it tells nothing new.
    pub tell: bool,
    /// While a fade moves it: when it is asked next.
    pub poll_at: Mono,
    /// Never answered.
    pub silent: bool,
    /// When a change was read that no push had told of.
    pub unpushed: Option<Mono>,
}

/// A question on its way.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// When it left.
    pub at: Mono,
    /// How many have left for this one answer.
    pub tries: u8,
}

/// A value that we sent and have no proof of yet.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// In the console's steps.
    pub raw: Raw,
    /// When it left last.
    pub sent: Mono,
    /// The console's word before.
    pub before: Option<Raw>,
    /// How often it was sent again.
    pub resends: u8,
}

/// A property that the console does not have as such: a strip is masked by a group or a DCA that it belongs to.
#[derive(Debug)]
pub struct Mask {
    /// `ch/01/masked/mute/1`.
    pub prop: PropIx,
    /// The parameter with the strip's memberships, one bit a group.
    pub member: usize,
    /// The bit of this group, from 0.
    pub bit: u8,
    /// The parameter of the group's switch.
    pub switch: usize,
    /// The switch's value that masks: a mute group's on is 1, a DCA's mute is 0.
    pub masks_at: i32,
    /// What was said last.
    pub told: Option<bool>,
}

/// All parameters of one device.
#[derive(Debug)]
pub struct Table {
    /// In the order of the show's properties; those for masks at the end.
    pub params: Vec<Param>,
    /// What can mask.
    pub masks: Vec<Mask>,
    by_address: BTreeMap<String, usize>,
    by_prop: BTreeMap<PropIx, usize>,
}

impl Table {
    /// The parameters that a device's properties need.
    #[must_use]
    pub fn of(plan: Plan<'_>) -> Self {
        let profile = plan.device().profile.clone();
        let layout = Layout::of(&profile);
        let mut table = Self { params: vec![], masks: vec![], by_address: BTreeMap::new(), by_prop: BTreeMap::new() };
        for (ix, prop) in plan.props() {
            if let Some((member, bit, switch, masks_at)) = mask_of(&prop.path, layout) {
                let member = table.reader(member);
                let switch = table.reader(switch);
                table.masks.push(Mask { prop: ix, member, bit, switch, masks_at, told: None });
                continue;
            }
            let spec = profile.props.get(&prop.spec);
            if let Some(scale) = spec.and_then(|spec| scale_of(&spec.kind, &spec.wire)) {
                let wire = spec.map(|spec| spec.wire.clone()).unwrap_or_default();
                table.property(ix, prop, layout, scale, &wire);
            }
        }
        table
    }

    fn property(&mut self, ix: PropIx, prop: &Property, layout: Layout, scale: Scale, wire: &serde_json::Map<String, serde_json::Value>) {
        let fact = |key: &str| wire.get(key).and_then(serde_json::Value::as_str).map(str::to_owned);
        let load = fact("load");
        let own = layout.address(&prop.path);
        // A recall has no value that proves it: its own acknowledgement does, or nothing.
        let get = if prop.barrier { None } else { Some(fact("get").unwrap_or_else(|| own.clone())) };
        let at = match get.as_deref().and_then(|get| self.by_address.get(get)).copied() {
            // Read for a mask already: the same parameter serves both.
            Some(at) => at,
            None => self.add(get, own.clone(), scale.clone()),
        };
        if let Some(param) = self.params.get_mut(at) {
            param.set = fact("set").unwrap_or(own);
            param.load = load;
            param.prop = Some(ix);
            param.scale = scale;
            param.barrier = prop.barrier;
        }
        self.by_prop.insert(ix, at);
    }

    /// A parameter that is only read.
    fn reader(&mut self, address: String) -> usize {
        match self.by_address.get(&address) {
            Some(at) => *at,
            None => self.add(Some(address.clone()), address, Scale::Int),
        }
    }

    fn add(&mut self, get: Option<String>, set: String, scale: Scale) -> usize {
        let at = self.params.len();
        if let Some(get) = &get {
            self.by_address.insert(get.clone(), at);
        }
        self.params.push(Param {
            get,
            set,
            load: None,
            prop: None,
            scale,
            barrier: false,
            known: None,
            wanted: None,
            asked: None,
            tell: false,
            poll_at: Mono::ZERO,
            silent: false,
            unpushed: None,
        });
        at
    }

    /// The parameter of an address that the console speaks of.
    #[must_use]
    pub fn at_address(&self, address: &str) -> Option<usize> {
        self.by_address.get(address).copied()
    }

    /// The parameter of a property.
    #[must_use]
    pub fn at_prop(&self, prop: PropIx) -> Option<usize> {
        self.by_prop.get(&prop).copied()
    }

    /// What a mask says now; `None` until both its parts are known.
    #[must_use]
    pub fn masked(&self, mask: &Mask) -> Option<bool> {
        let number = |at: usize| match self.params.get(at)?.known {
            Some(Raw::Int(n)) => Some(n),
            _ => None,
        };
        let member = number(mask.member)? >> mask.bit & 1 == 1;
        Some(member && number(mask.switch)? == mask.masks_at)
    }

    /// Masks whose answer changed since they were last told.
    pub fn changed_masks(&mut self) -> Vec<(PropIx, Value)> {
        let now: Vec<Option<bool>> = self.masks.iter().map(|mask| self.masked(mask)).collect();
        let mut changed = vec![];
        for (mask, now) in self.masks.iter_mut().zip(now) {
            if now.is_some() && mask.told != now {
                mask.told = now;
                changed.push((mask.prop, Value::Switch(now.unwrap_or_default())));
            }
        }
        changed
    }
}

fn scale_of(kind: &ValueKind, wire: &serde_json::Map<String, serde_json::Value>) -> Option<Scale> {
    let steps = wire.get("steps").and_then(serde_json::Value::as_u64).and_then(|n| u16::try_from(n).ok());
    Scale::of(kind, steps)
}

/// Where the parts of a mask are read: `ch/01/masked/mute/2` asks for bit 1 of `/ch/01/grp/mute` and for `/config/mute/2`.
fn mask_of(path: &str, layout: Layout) -> Option<(String, u8, String, i32)> {
    let (strip, mask) = path.split_once("/masked/")?;
    let (group, number) = mask.split_once('/')?;
    let bit = number.parse::<u8>().ok()?.checked_sub(1).filter(|bit| *bit < 8)?;
    let member = layout.address(&format!("{strip}/grp/{group}"));
    match group {
        "mute" => Some((member, bit, format!("/config/mute/{number}"), 1)),
        "dca" => Some((member, bit, format!("/dca/{number}/on"), 0)),
        _ => None,
    }
}
