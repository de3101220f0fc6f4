//! What is wanted, sent and observed of each property, and who owns it: a hand on the desk wins.

use super::actions::Origin;
use super::offers::Offering;
use super::open_actions::What;
use super::properties::Property;
use super::{ActionId, Engine, How, Level, Note, OfferKind, Outcome, Ownership, Priority, Why};
use crate::show::{DeviceIx, Keeping, Proof, PropIx, Value};
use crate::time::Mono;

/// A rung of a ladder: the rung before it may still land.
pub(super) const fn is_rung(origin: Origin) -> bool {
    matches!(origin.why, Why::Step { rung: 1.., .. })
}

impl Engine {
    /// An action becomes the newest intent on its property.
    pub(super) fn intend(&mut self, prop: PropIx, id: ActionId, value: &Value, origin: Origin) {
        let class = self.show.prop(prop).class;
        self.remember_before(prop, origin);
        self.remember_for_undo(prop, self.aimed(prop), value, origin);
        if class == Keeping::Once {
            if let Some(property) = self.s.props.get_mut(prop) {
                property.intend(id);
            }
            return;
        }
        self.supersede(prop, id);
        self.s.offers.drop_take_back(prop);
        if let Some(property) = self.s.props.get_mut(prop) {
            property.intend(id);
            property.want(value.clone(), is_rung(origin));
        }
    }

    /// An intent that could not be sent: a *hold* property keeps it for the device's return.
    pub(super) fn intend_unsent(&mut self, prop: PropIx, id: ActionId, outcome: &Outcome) {
        let class = self.show.prop(prop).class;
        let aim = self.s.actions.get(id).and_then(|a| a.aim().cloned());
        if class != Keeping::Once {
            self.supersede(prop, id);
        }
        let keeps = class == Keeping::Hold && matches!(outcome, Outcome::Failed { .. });
        if let Some(property) = self.s.props.get_mut(prop) {
            property.not_sent(id, aim.filter(|_| keeps));
        }
    }

    /// The open action of a property ends because a newer one took it.
    pub(super) fn supersede(&mut self, prop: PropIx, newer: ActionId) {
        let old = self.s.props.get(prop).and_then(Property::newest).filter(|old| *old != newer);
        if let Some(old) = old.filter(|old| self.s.actions.is_open(*old)) {
            // A newer intent is on its way: nothing of the old one may call for a ladder.
            self.finish(old, Outcome::Superseded);
        }
    }

    /// Where the open action of a property means to bring it.
    pub(super) fn aimed(&self, prop: PropIx) -> Option<Value> {
        let id = self.s.props.get(prop)?.newest()?;
        self.s.actions.get(id)?.aim().cloned()
    }

    /// Where it was before the newest cue moved it.
    pub(super) fn remember_before(&mut self, prop: PropIx, origin: Origin) {
        let cue = match origin.why {
            Why::Step { cue, .. } => Some(cue),
            _ => None,
        };
        let moving = self.moving_value(prop);
        if let Some(property) = self.s.props.get_mut(prop) {
            property.moves(cue, moving);
        }
    }

    /// A recall: everything else in its device becomes unknown and un-wanted until it is read again.
    pub(super) fn barrier(&mut self, prop: PropIx, id: ActionId) {
        if !self.show.prop(prop).barrier {
            return;
        }
        let device = self.show.prop(prop).device;
        for other in self.show.device(device).props.clone() {
            if other == prop {
                continue;
            }
            self.supersede(other, id);
            self.s.offers.drop_take_back(other);
            self.s.props.forget(other);
        }
    }

    /// Whether a property is known to hold what an action wants.
    pub(super) fn holds(&self, prop: PropIx, id: ActionId) -> bool {
        let Some(action) = self.s.actions.get(id) else { return false };
        let tolerance = self.show.prop(prop).tolerance;
        let aim = action.expect.as_ref().or(action.aim());
        let seen = self.s.props.get(prop).and_then(Property::observed);
        aim.zip(seen).is_some_and(|(aim, (seen, _))| aim.same(seen, tolerance))
    }

    /// The device says what a property holds.
    pub(super) fn observed(&mut self, device: DeviceIx, prop: PropIx, value: &Value, how: How) {
        let Some(spec) = self.show.props.get(prop.at()).filter(|p| p.device == device) else { return };
        let (class, tolerance) = (spec.class, spec.tolerance);
        let now = self.s.now;
        let Some(property) = self.s.props.get_mut(prop) else { return };
        let old = property.observe(value.clone(), now);
        let news = old.as_ref().is_some_and(|(old, _)| !old.same(value, tolerance));
        let newest = property.newest();
        let along = how == How::Word && self.moved_along(prop, now);
        let how = if along { How::Echo } else { how };
        let Some(property) = self.s.props.get(prop) else { return };
        if property.wanted().is_some_and(|w| w.same(value, tolerance)) && !property.by_hand() {
            self.s.offers.drop_take_back(prop);
        }
        if class == Keeping::Once {
            return self.once_observed(prop, value, tolerance);
        }
        if let Some(id) = newest.filter(|id| self.s.actions.is_open(*id)) {
            return self.observed_open(prop, id, value, how, news);
        }
        let synced = self.s.devices.get(device.at()).is_some_and(|d| d.synced);
        let Some(property) = self.s.props.get_mut(prop) else { return };
        if property.lands_late(value, tolerance) {
            return self.landed_late(prop, value);
        }
        let differs = property.wanted().is_some_and(|w| !w.same(value, tolerance));
        if !differs || !synced {
            return;
        }
        let Some(from) = self.s.devices.get(device.at()) else { return };
        // The first that is heard of it since the device came is no change before our eyes: nobody touched it, it is not as wanted.
        let first = old.is_none_or(|(_, at)| at < from.came);
        match how {
            _ if first && class == Keeping::Hold && !property.by_hand() && from.ownership == Ownership::Live => self.show_difference(prop),
            How::Word if news || !property.by_hand() => self.touched(prop, value),
            How::Word => property.follow(value.clone()),
            How::Echo if property.by_hand() || along => property.follow(value.clone()),
            How::Echo => {}
        }
    }

    /// Whether something we sent a moment ago moves this property by itself, as a take moves preview: no hand did it.
    fn moved_along(&self, prop: PropIx, now: Mono) -> bool {
        let device = self.show.device(self.show.prop(prop).device);
        let window = device.profile.limits.echo_window;
        let young = |other: &PropIx| {
            let sent = self.s.props.get(*other).and_then(Property::sent);
            sent.is_some_and(|(_, at)| now.since(*at) <= window)
        };
        device.props.iter().any(|other| self.show.prop(*other).moves.contains(&prop) && young(other))
    }

    /// News of a property on which an action is open.
    fn observed_open(&mut self, prop: PropIx, id: ActionId, value: &Value, how: How, news: bool) {
        if self.fade_answered(id) {
            return;
        }
        let landed = self.holds(prop, id);
        let Some(action) = self.s.actions.get(id) else { return };
        let (out, fading) = (action.sent_at.is_some(), matches!(action.what, What::Fade(_)));
        if landed {
            // What it said before the sending is no proof.
            if out {
                self.confirm(id);
            }
            return;
        }
        let tolerance = self.show.prop(prop).tolerance;
        let synced = self.s.devices.get(self.show.prop(prop).device.at()).is_some_and(|d| d.synced);
        if self.s.props.get_mut(prop).is_some_and(|property| property.lands_late(value, tolerance)) {
            return self.landed_late(prop, value);
        }
        if how == How::Echo || !news || !synced || !(out || fading) {
            return;
        }
        if fading && !out {
            self.halt_prop(prop, Priority::Discrete);
        }
        self.finish(id, Outcome::Yielded);
        self.touched(prop, value);
    }

    fn once_observed(&mut self, prop: PropIx, value: &Value, tolerance: u32) {
        if self.show.prop(prop).proof != Proof::Observed {
            return;
        }
        let open = self
            .s
            .actions
            .iter()
            .find(|(_, a)| a.prop == Some(prop) && a.sent_at.is_some() && a.aim().is_some_and(|aim| aim.same(value, tolerance)));
        if let Some(id) = open.map(|(id, _)| id) {
            self.confirm(id);
        }
    }

    /// A hand changed what the show set: the property yields.
    pub(super) fn touched(&mut self, prop: PropIx, value: &Value) {
        let spec = self.show.prop(prop);
        let (class, device) = (spec.class, spec.device);
        let Some(property) = self.s.props.get_mut(prop) else { return };
        let former = property.yield_to(value.clone());
        let released = self.s.devices.get(device.at()).is_some_and(|d| d.ownership != Ownership::Live);
        self.note(Note::Yielded { prop, value: value.clone() });
        if class == Keeping::Hold
            && !released
            && let Some(former) = former
        {
            let text = format!("{} by hand (the show wants {})", self.say_of(prop, value), self.show.said(prop, &former));
            self.say(Level::Warn, text.clone());
            self.offer(OfferKind::TakeBack, text, None, Some(device), Offering::TakeBack { prop, value: former });
        }
    }

    /// Something that counted as failed landed after all: reported, never acted on.
    fn landed_late(&mut self, prop: PropIx, value: &Value) {
        let text = format!("{}, landed late; nothing was done about it", self.say_of(prop, value));
        self.say(Level::Notice, text.clone());
        self.note(Note::Tell { level: Level::Notice, text: text.into() });
    }

    /// Whether a *hold* property differs from what the show wants.
    pub(super) fn differs(&self, prop: PropIx) -> bool {
        let spec = self.show.prop(prop);
        let Some(property) = self.s.props.get(prop) else { return false };
        let pair = property.wanted().zip(property.observed());
        spec.class == Keeping::Hold && pair.is_some_and(|(w, (seen, _))| !w.same(seen, spec.tolerance))
    }
}
