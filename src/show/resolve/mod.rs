//! From raw TOML to the checked show: names to indexes, verbs to properties through the profile, sets and macros to acts.
//!
//! Tables are read in the order in which they need each other, whatever their order in the file, and straight from the
//! parsed document: there is no second set of raw types to keep in step. Every reader goes on after a fault, so that one
//! run reports them all.

mod acts;
mod blocks;
mod civil;
mod cues;
mod devices;
mod effect;
mod fights;
mod fixtures;
mod follow;
mod groups;
mod head;
mod hots;
mod light;
mod names;
mod paint;
mod palettes;
mod parts;
mod patch;
mod props;
mod rig;
mod secrets;
mod steps;
mod switches;
mod times;
mod triggers;
mod universes;
mod vacant;
mod verbs;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use self::devices::DevicePatch;
use self::names::{Names, Texts};
use super::fault::{Fault, Faults};
use super::fields::{Fields, Node, kind_of};
use super::outside::Outside;
use super::secrets_file::Secrets;
use super::{CueIx, DeptIx, DeviceIx, HotIx, Library, LightAct, Lines, ListIx, Part, PropIx, Rig, Show, Step};

/// What a show becomes.
pub(super) struct Resolved {
    /// The show; to be used only when no fault is an error.
    pub(super) show: Show,
    /// All faults of the show file, in the order of the text.
    pub(super) faults: Vec<Fault>,
    /// Keys of the profiles that it asked for, and whether each is a fixture's.
    pub(super) profiles: BTreeSet<(String, bool)>,
}

/// The show while it is read.
struct Loader<'t> {
    library: &'t Library,
    outside: &'t dyn Outside,
    secrets: &'t Secrets,
    lines: &'t Lines,
    faults: Faults,
    profiles: BTreeSet<(String, bool)>,
    show: Show,
    rig: Rig,
    texts: Texts,
    departments: Names<DeptIx>,
    devices: Names<DeviceIx>,
    /// By device.
    patches: Vec<DevicePatch>,
    /// By device: its properties by path.
    props: Vec<BTreeMap<Arc<str>, PropIx>>,
    /// Fixtures, ranges of fixtures and groups.
    selections: Names<Arc<[Part]>>,
    palettes: palettes::Palettes,
    looks: Names<usize>,
    /// By look: its lights in the order in which it names them.
    look_orders: Vec<Vec<Part>>,
    /// Changes of the lights that are only a look, kept once for all cues that use them alike.
    plain_looks: BTreeMap<light::PlainLook, Arc<LightAct>>,
    macros: Names<Arc<[Step]>>,
    lists: Names<ListIx>,
    cues: Names<CueIx>,
    hots: Names<HotIx>,
    /// Who speaks in messages: `cue 12.5`.
    subject: String,
}

/// Reads a whole show.
pub(super) fn resolve<'t>(
    document: &'t Spanned<DeTable<'t>>,
    lines: &'t Lines,
    library: &'t Library,
    outside: &'t dyn Outside,
    secrets: &'t Secrets,
) -> Resolved {
    let mut loader = Loader {
        library,
        outside,
        secrets,
        lines,
        faults: Faults::default(),
        profiles: BTreeSet::new(),
        show: Show::default(),
        rig: Rig::default(),
        texts: Texts::default(),
        departments: Names::default(),
        devices: Names::default(),
        patches: Vec::new(),
        props: Vec::new(),
        selections: Names::default(),
        palettes: palettes::Palettes::default(),
        looks: Names::default(),
        look_orders: Vec::new(),
        plain_looks: BTreeMap::new(),
        macros: Names::default(),
        lists: Names::default(),
        cues: Names::default(),
        hots: Names::default(),
        subject: String::new(),
    };
    loader.document(document.get_ref());
    Resolved { show: loader.show, faults: loader.faults.into_sorted(), profiles: loader.profiles }
}

impl<'t> Loader<'t> {
    /// All tables, in the order in which they need each other.
    fn document(&mut self, table: &'t DeTable<'t>) {
        let mut top = Fields::new(table, 0..0, "the show");
        self.head(&mut top);
        self.departments(&mut top);
        self.devices(&mut top);
        self.rig(&mut top);
        self.declare_cues(&mut top);
        self.macros(&mut top);
        self.safe_and_start(&mut top);
        self.read_cues(&mut top);
        self.read_hots(&mut top);
        self.triggers(&mut top);
        self.follow_loops(&mut top);
        self.unused_devices();
        self.unused_palettes();
        top.finish(&mut self.faults);
        self.show.rig = Arc::new(std::mem::take(&mut self.rig));
    }

    /// The entries of a top level table of tables: `[device.foh]` …
    fn tables(&mut self, top: &mut Fields<'t, 't>, key: &'static str) -> Vec<(&'t str, Range<usize>, &'t Node<'t>)> {
        top.entries(key, &mut self.faults)
    }

    /// The items of a top level list of tables: `[[cue]]` …
    fn items(&mut self, top: &mut Fields<'t, 't>, key: &'static str) -> Vec<&'t Node<'t>> {
        let Some(node) = top.get(key) else { return Vec::new() };
        match node.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            other => {
                let message = format!("{key} is a list: write [[{key}]], not {}", kind_of(other));
                self.faults.push(Fault::rule("value", node.span(), message));
                Vec::new()
            }
        }
    }

    /// The line of a place in the text.
    fn line(&self, span: &Range<usize>) -> u32 {
        self.lines.line(span.start)
    }

    /// A text that is kept once for the whole show.
    fn keep(&mut self, text: &str) -> Arc<str> {
        self.texts.keep(text)
    }
}
