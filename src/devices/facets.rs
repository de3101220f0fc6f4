//! Health facets of a device, reported on change only.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::device_api::{Facet, Level, Report};
use crate::devices::Out;

/// The facets that stand.
#[derive(Debug, Default)]
pub struct Facets(BTreeMap<Arc<str>, (Level, Arc<str>)>);

/// A whole new picture of the facets, being put together.
#[derive(Debug, Default)]
pub struct Picture(BTreeMap<Arc<str>, (Level, Arc<str>)>);

impl Picture {
    /// Something is not good. Of two with one key the worse stays.
    pub fn add(&mut self, key: impl Into<Arc<str>>, level: Level, text: impl Into<Arc<str>>) {
        let (key, text) = (key.into(), text.into());
        if self.0.get(&key).is_none_or(|(standing, _)| *standing < level) {
            self.0.insert(key, (level, text));
        }
    }
}

impl Facets {
    /// Reports what is new, what has changed, and what is good again.
    pub fn show(&mut self, picture: Picture, out: &mut Out) {
        for (key, (level, text)) in &picture.0 {
            if self.0.get(key) != Some(&(*level, text.clone())) {
                out.report(Report::Health(Facet { key: key.clone(), level: *level, text: text.clone() }));
            }
        }
        for key in self.0.keys().filter(|key| !picture.0.contains_key(*key)) {
            out.report(Report::Health(Facet { key: key.clone(), level: Level::Good, text: "".into() }));
        }
        self.0 = picture.0;
    }
}
