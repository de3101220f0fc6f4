//! Whether the device is there: the wire, its first word, its silence.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::devices::WireId;
use crate::time::{Mono, Span};

/// How far we are with a device.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// The wires that can be used.
    up: BTreeSet<WireId>,
    /// It can be used: it has greeted or answered.
    pub live: bool,
    /// Its first reading is under way.
    pub syncing: bool,
    /// It hung up by itself: until then nobody is told.
    pub away: Option<(Mono, Arc<str>)>,
    /// Its last word; before the first one, since when it is waited for.
    pub heard: Mono,
    /// Only a person can mend it.
    pub barred: bool,
    /// What the last failed send said.
    pub hint: Option<Arc<str>>,
    identity: Option<Arc<str>>,
    /// Why it was away when that was last told.
    told: Option<Arc<str>>,
}

impl Presence {
    /// A wire can be used: the device is waited for from now on.
    pub fn wire_up(&mut self, now: Mono, wire: WireId) {
        self.up.insert(wire);
        (self.barred, self.heard) = (false, now);
    }

    /// A wire cannot be used.
    pub fn wire_down(&mut self, wire: WireId) {
        self.up.remove(&wire);
    }

    /// A wire can be used.
    pub fn is_up(&self) -> bool {
        !self.up.is_empty()
    }

    /// It is there. True when it was not, or says more of itself than before.
    pub fn there(&mut self, identity: Option<&Arc<str>>) -> bool {
        let news = !self.live || (identity.is_some() && self.identity.as_ref() != identity);
        if !self.live {
            self.syncing = true;
        }
        (self.live, self.hint, self.told) = (true, None, None);
        self.identity = identity.cloned().or_else(|| self.identity.take());
        news
    }

    /// It is lost. True when that is to be told: it was there, or it is away for another reason than was told.
    pub fn lost(&mut self, why: &Arc<str>) -> bool {
        let was = std::mem::take(&mut self.live);
        (self.syncing, self.away, self.identity) = (false, None, None);
        let news = was || self.told.as_ref() != Some(why);
        self.told = Some(Arc::clone(why));
        news
    }

    /// How long it has been silent.
    pub const fn silence(&self, now: Mono) -> Span {
        now.since(self.heard)
    }
}
