//! Health facts of a device, told on change only.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::device_api::{Facet, Level, Report};
use crate::devices::Out;

/// The facts that were told.
#[derive(Debug, Default)]
pub(super) struct Health(BTreeMap<Arc<str>, (Level, Arc<str>)>);

impl Health {
    /// Tells a fact that is new or has changed; that something is good is no news when nothing else was told.
    pub fn say(&mut self, key: Arc<str>, level: Level, text: Arc<str>, out: &mut Out) {
        let fact = (level, text);
        let news = self.0.get(&key).map_or(level > Level::Good || !fact.1.is_empty(), |told| *told != fact);
        if news {
            self.0.insert(Arc::clone(&key), fact.clone());
            out.report(Report::Health(Facet { key, level, text: fact.1 }));
        }
    }

    /// A fact that was told as worse is good again.
    pub fn mend(&mut self, key: &str, text: &str, out: &mut Out) {
        if self.0.get(key).is_some_and(|(level, _)| *level > Level::Good) {
            self.say(key.into(), Level::Good, text.into(), out);
        }
    }
}
