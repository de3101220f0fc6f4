//! The parameters of one device: what the show's properties mean on this wire, and what must be read to know what masks them.

use std::collections::BTreeMap;

use super::model::Layout;
use super::{Raw, Scale};
use crate::devices::Plan;
use crate::show::{PropIx, Property, Value, ValueKind};

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
    /// The console's last word.
    pub known: Option<Raw>,
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
                table.masks.push(Mask { prop: ix, member, bit, switch, masks_at });
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
        self.params.push(Param { get, set, load: None, prop: None, scale, known: None });
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

    /// The property's parameter itself.
    #[must_use]
    pub fn of_prop(&self, prop: PropIx) -> Option<&Param> {
        self.params.get(self.at_prop(prop)?)
    }

    /// What the masks say that a parameter is a part of, as far as both their parts are known.
    pub fn masks_of(&self, at: usize) -> impl Iterator<Item = (PropIx, Value)> {
        let number = |at: usize| match self.params.get(at)?.known {
            Some(Raw::Int(n)) => Some(n),
            _ => None,
        };
        self.masks.iter().filter(move |mask| mask.member == at || mask.switch == at).filter_map(move |mask| {
            let member = number(mask.member)? >> mask.bit & 1 == 1;
            Some((mask.prop, Value::Switch(member && number(mask.switch)? == mask.masks_at)))
        })
    }

    /// Nothing is known any more.
    pub fn forget(&mut self) {
        for param in &mut self.params {
            param.known = None;
        }
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
