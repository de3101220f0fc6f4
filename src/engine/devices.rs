//! Devices: their link, their health, and how far they take part.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::actions::Origin;
use super::offers::Offering;
use super::properties::Property;
use super::timers::Work;
use super::{ActionId, ActionState, Effect, Engine, Facet, Level, Link, Note, OfferKind, Outcome, Ownership, Priority, Report, Why};
use crate::show::{DeviceIx, Keeping, OnReturn, Proof, PropIx};
use crate::time::{Mono, Span};

/// One device as it runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct DeviceState {
    /// `None`: it has not said anything yet.
    pub(super) online: Option<bool>,
    /// Its first read after connecting is complete.
    pub(super) synced: bool,
    /// When it last came (back): what was heard of it before may have changed meanwhile without a hand.
    #[serde(default)]
    pub(super) came: Mono,
    /// Why it is offline.
    pub(super) why: Option<Arc<str>>,
    pub(super) identity: Option<Arc<str>>,
    pub(super) heard: Option<Mono>,
    pub(super) ownership: Ownership,
    /// Only a person can mend it.
    pub(super) human: Option<Arc<str>>,
    pub(super) facets: Vec<Facet>,
}

impl DeviceState {
    /// Health facts that are kept of one device.
    const FACETS: usize = 64;

    /// Why nothing can be sent to it, when that is so. A device that has never spoken may still listen.
    pub(super) fn unreachable(&self) -> Option<String> {
        match (&self.human, self.online) {
            (Some(why), _) => Some(why.to_string()),
            (None, Some(false)) => Some(format!("offline, {}", self.why.as_deref().unwrap_or("no answer"))),
            (None, _) => None,
        }
    }

    /// The worst of its link and its facts.
    pub(super) fn level(&self) -> Level {
        let link = match (&self.human, self.online) {
            (Some(_), _) | (None, Some(false)) => Level::Bad,
            (None, None) => Level::Notice,
            (None, Some(true)) => Level::Good,
        };
        self.facets.iter().map(|f| f.level).fold(link, Level::max)
    }
}

impl Engine {
    /// A driver says something of its device.
    pub(super) fn report(&mut self, device: DeviceIx, report: &Report) {
        let now = self.s.now;
        let Some(state) = self.s.devices.get_mut(device.at()) else { return };
        // What a driver says by itself is no word of the device.
        if !matches!(report, Report::Online { .. } | Report::Offline { .. } | Report::Sent { .. } | Report::Health(_)) {
            state.heard = Some(now);
        }
        match report {
            Report::Online { identity } => self.came_online(device, identity.clone()),
            Report::Offline { why } => self.went_offline(device, why),
            Report::Restarted => self.restarted(device),
            Report::Synced => self.synced(device),
            Report::Sent { action, value } if self.is_of(*action, device) => self.sent(*action, value.as_ref()),
            Report::Observed { prop, value, how } => self.observed(device, *prop, value, *how),
            Report::Acked { action } if self.is_of(*action, device) => self.acked(*action),
            Report::Refused { action, why } if self.is_of(*action, device) => {
                self.finish(*action, Outcome::Refused { why: Arc::clone(why) });
            }
            Report::Progress { action, done, eta } if self.is_of(*action, device) => self.progress(*action, *done, *eta),
            Report::NotNow { action, why, retry_after } if self.is_of(*action, device) => self.not_now(*action, why, *retry_after),
            Report::NeedsHuman { why } => self.needs_human(device, why),
            Report::Health(facet) => self.health(device, facet),
            Report::Sent { .. } | Report::Acked { .. } | Report::Refused { .. } | Report::Progress { .. } | Report::NotNow { .. } => {}
        }
    }

    fn is_of(&self, action: ActionId, device: DeviceIx) -> bool {
        let prop = self.s.actions.prop(action);
        prop.is_some_and(|p| self.show.prop(p).device == device)
    }

    fn came_online(&mut self, device: DeviceIx, identity: Option<Arc<str>>) {
        let now = self.s.now;
        let Some(state) = self.s.devices.get_mut(device.at()) else { return };
        let back = state.online == Some(false);
        let news = state.online != Some(true);
        if news {
            state.synced = false;
        }
        state.came = now;
        state.online = Some(true);
        state.why = None;
        state.human = None;
        if identity.is_some() {
            state.identity = identity;
        }
        let live = state.ownership == Ownership::Live;
        if back && state.ownership != Ownership::Bypassed {
            let name = Arc::clone(&self.show.device(device).name);
            self.say(Level::Notice, format!("{name} is back"));
        }
        if news {
            self.note(Note::Device { device, news: Link::Online });
        }
        let show = Arc::clone(&self.show);
        let waits = |a: &super::open_actions::Action| live && a.waits && a.prop.is_some_and(|p| show.prop(p).device == device);
        let waiting = self.s.actions.which(waits);
        for id in waiting {
            self.wait_over(id);
        }
    }

    fn went_offline(&mut self, device: DeviceIx, why: &Arc<str>) {
        let Some(state) = self.s.devices.get_mut(device.at()) else { return };
        let news = state.online != Some(false);
        let since = state.heard.or_else(|| (state.online == Some(true)).then_some(state.came));
        state.online = Some(false);
        state.synced = false;
        state.why = Some(Arc::clone(why));
        if news {
            let name = Arc::clone(&self.show.device(device).name);
            self.note(Note::Device { device, news: Link::Offline { since, why: Arc::clone(why) } });
            self.fail_all(device, &format!("{name}: offline, {why}"));
            self.alert(Level::Bad, format!("{name} is offline: {why}"), Some(device));
        }
    }

    /// From now on each device that can answer has its time to do so.
    pub(super) fn listen(&mut self) {
        let show = Arc::clone(&self.show);
        for (spec, i) in show.devices.iter().zip(0..) {
            let device = DeviceIx(i);
            // Lights that no cue asks anything of need not answer: they are sent to all the same.
            let lights = || show.rig.universes.iter().any(|universe| universe.outputs.iter().any(|output| output.device == device));
            let asked = spec.props.iter().any(|prop| show.prop(*prop).proof != Proof::None);
            if asked || (spec.profile.props.values().any(|prop| prop.proof != Proof::None) && !lights()) {
                self.s.due.add(self.s.now + spec.profile.limits.offline_after, Work::Silence(device));
            }
        }
    }

    /// A device that can answer has said nothing in its time.
    pub(super) fn silent(&mut self, device: DeviceIx) {
        if self.s.devices.get(device.at()).is_none_or(|state| state.online.is_some() || state.human.is_some()) {
            return;
        }
        self.note(Note::Device { device, news: Link::Silent });
        let name = Arc::clone(&self.show.device(device).name);
        self.alert(Level::Bad, format!("{name} has not answered yet: check its address, its cable and its power"), Some(device));
    }

    /// When a device was last heard.
    pub(super) fn heard(&mut self, device: DeviceIx, at: Mono) {
        if let Some(state) = self.s.devices.get_mut(device.at()) {
            state.heard = state.heard.max(Some(at));
        }
    }

    /// A fact of the machine: told when it is worse than before, and when it is good again.
    pub(super) fn machine(&mut self, fact: &Facet) {
        let was = self.s.machine.iter().find(|known| known.key == fact.key).map_or(Level::Good, |known| known.level);
        self.s.machine.retain(|known| known.key != fact.key);
        if fact.level > Level::Good {
            self.s.machine.push(fact.clone());
        }
        if fact.level != was {
            self.note(Note::Machine { level: fact.level, text: Arc::clone(&fact.text) });
        }
        if fact.level > was && fact.level >= Level::Warn {
            self.alert(fact.level, fact.text.to_string(), None);
        } else if fact.level < was {
            self.say(Level::Notice, Arc::clone(&fact.text));
        }
    }

    /// Everything open on a device has failed.
    fn fail_all(&mut self, device: DeviceIx, why: &str) {
        let show = Arc::clone(&self.show);
        let open: Vec<ActionId> = self.s.actions.of_device(&show, device);
        for id in open {
            self.finish(id, Outcome::Failed { why: why.into() });
        }
    }

    /// It came back with its memory gone: nothing it said before is true.
    fn restarted(&mut self, device: DeviceIx) {
        for prop in self.show.device(device).props.clone() {
            if let Some(property) = self.s.props.get_mut(prop) {
                property.lose();
            }
        }
        if let Some(state) = self.s.devices.get_mut(device.at()) {
            state.synced = false;
        }
        let name = Arc::clone(&self.show.device(device).name);
        self.alert(Level::Warn, format!("{name} restarted: its settings may be gone"), Some(device));
    }

    /// All that it says by itself has been read: what others changed is adopted, *hold* differences are shown or sent.
    fn synced(&mut self, device: DeviceIx) {
        let Some(state) = self.s.devices.get_mut(device.at()) else { return };
        state.synced = true;
        let live = state.ownership == Ownership::Live;
        for prop in self.show.device(device).props.clone() {
            let class = self.show.prop(prop).class;
            match class {
                Keeping::Hold if live => self.returned(prop),
                Keeping::Set | Keeping::Guarded => self.adopt_value(prop),
                Keeping::Hold | Keeping::Once => {}
            }
        }
    }

    /// What is observed is right: the property belongs to the operator.
    fn adopt_value(&mut self, prop: PropIx) {
        let Some(property) = self.s.props.get_mut(prop) else { return };
        if property.newest().is_none_or(|id| !self.s.actions.is_open(id)) {
            property.adopt();
        }
    }

    /// A *hold* property after its device's return.
    fn returned(&mut self, prop: PropIx) {
        let open = self.s.props.get(prop).and_then(Property::newest).is_some_and(|id| self.s.actions.is_open(id));
        if open || !self.differs(prop) {
            return;
        }
        match self.show.prop(prop).on_return {
            OnReturn::Ask => self.show_difference(prop),
            OnReturn::NextGo => self.s.props.keep_for_go(prop),
            OnReturn::AtOnce => self.reassert(prop),
            OnReturn::Never => {}
        }
    }

    /// Offers to take a *hold* property back.
    pub(super) fn show_difference(&mut self, prop: PropIx) {
        let Some(property) = self.s.props.get(prop) else { return };
        let (Some(wanted), Some((seen, _))) = (property.wanted().cloned(), property.observed().cloned()) else { return };
        let device = self.show.prop(prop).device;
        let text = format!("{}, the show wants {}", self.say_of(prop, &seen), self.show.said(prop, &wanted));
        self.s.offers.drop_take_back(prop);
        self.offer(OfferKind::TakeBack, text, None, Some(device), Offering::TakeBack { prop, value: wanted });
    }

    /// Sends a *hold* property again.
    pub(super) fn reassert(&mut self, prop: PropIx) {
        let Some(value) = self.s.props.get(prop).and_then(|p| p.wanted().cloned()) else { return };
        self.want(prop, &value, None, Origin { why: Why::Reassert, run: None, go: None, priority: Priority::Discrete });
    }

    /// What waited for the next GO to be put back goes with it.
    pub(super) fn reassert_at_go(&mut self) {
        for prop in self.s.props.take_for_go() {
            if self.differs(prop) {
                self.reassert(prop);
            }
        }
    }

    fn acked(&mut self, id: ActionId) {
        let proof = self.s.actions.prop(id).map(|p| self.show.prop(p).proof);
        if matches!(proof, Some(crate::show::Proof::Acked | crate::show::Proof::None)) {
            self.confirm(id);
        }
    }

    fn progress(&mut self, id: ActionId, done: u32, eta: Option<Span>) {
        let Some(action) = self.s.actions.get_mut(id) else { return };
        let Some(prop) = action.prop else { return };
        action.state = ActionState::Moving(done.min(1_000_000));
        let within = self.show.prop(prop).lands_within + eta.unwrap_or_default();
        self.arm_limit(id, within);
    }

    fn not_now(&mut self, id: ActionId, why: &Arc<str>, retry_after: Span) {
        let Some(action) = self.s.actions.get_mut(id) else { return };
        let Some(prop) = action.prop else { return };
        action.state = ActionState::Pending(Arc::clone(why), Some(retry_after));
        let within = self.show.prop(prop).lands_within + retry_after + action.own;
        self.arm_limit(id, within);
    }

    fn needs_human(&mut self, device: DeviceIx, why: &Arc<str>) {
        let Some(state) = self.s.devices.get_mut(device.at()) else { return };
        state.human = Some(Arc::clone(why));
        self.note(Note::Device { device, news: Link::NeedsPerson { why: Arc::clone(why) } });
        let name = Arc::clone(&self.show.device(device).name);
        self.fail_all(device, &format!("{name}: {why}"));
        self.alert(Level::Bad, format!("{name} needs a person: {why}"), Some(device));
    }

    fn health(&mut self, device: DeviceIx, facet: &Facet) {
        let Some(state) = self.s.devices.get_mut(device.at()) else { return };
        let was = state.facets.iter().find(|f| f.key == facet.key).map(|f| f.level).unwrap_or_default();
        state.facets.retain(|f| f.key != facet.key);
        // A good fact with a text is a figure: it stands for the technician and alarms nobody.
        let stands = facet.level > Level::Good || !facet.text.is_empty();
        if stands && state.facets.len() < DeviceState::FACETS {
            state.facets.push(facet.clone());
        }
        if facet.level >= Level::Warn && facet.level > was {
            let name = Arc::clone(&self.show.device(device).name);
            self.alert(facet.level, format!("{name}: {}", facet.text), Some(device));
        }
    }

    /// Live, released or bypassed. Taking back shows the differences first and sends nothing.
    pub(super) fn own(&mut self, device: DeviceIx, ownership: Ownership) {
        let Some(state) = self.s.devices.get_mut(device.at()) else { return };
        if state.ownership == ownership {
            return;
        }
        state.ownership = ownership;
        let name = Arc::clone(&self.show.device(device).name);
        self.note(Note::Ownership { device, ownership });
        let word = match ownership {
            Ownership::Live => "live",
            Ownership::Released => "released",
            Ownership::Bypassed => "bypassed",
        };
        self.say(Level::Notice, format!("{name} is {word}"));
        if ownership == Ownership::Live {
            self.out.push(Effect::Reopen { device });
            for prop in self.show.device(device).props.clone() {
                if self.differs(prop) {
                    self.show_difference(prop);
                }
            }
        } else {
            self.let_go(device);
        }
    }

    /// Nothing of ours goes on in a device: its fades stop where they are, its offers go.
    fn let_go(&mut self, device: DeviceIx) {
        let show = Arc::clone(&self.show);
        let open: Vec<ActionId> = self.s.actions.of_device(&show, device);
        for id in open {
            self.halt_fade(id, Priority::Discrete);
            self.recall_unsent(id, Priority::Discrete);
            self.finish(id, Outcome::Cancelled);
        }
        for prop in &show.device(device).props {
            self.s.offers.drop_take_back(*prop);
        }
    }
}
