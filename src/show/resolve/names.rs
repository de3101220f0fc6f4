//! Names that a show declares, and texts that it says often.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use crate::show::fault::Faults;

/// What one kind of name stands for. A name whose declaration is broken is known all the same, so that its uses are not reported again.
#[derive(Debug)]
pub(super) struct Names<T>(HashMap<Arc<str>, Option<T>>);

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Clone> Names<T> {
    /// Declares a name; `None` when what it stands for could not be read.
    pub(super) fn declare(&mut self, name: &str, what: Option<T>) {
        self.0.insert(name.into(), what);
    }

    /// `None`: no such name. `Some(None)`: declared, but broken.
    pub(super) fn find(&self, name: &str) -> Option<Option<T>> {
        self.0.get(name).cloned()
    }

    /// What a name stands for; an unknown one is reported with `message`.
    pub(super) fn need(
        &self,
        name: &str,
        code: &'static str,
        span: Range<usize>,
        message: impl FnOnce() -> String,
        faults: &mut Faults,
    ) -> Option<T> {
        match self.find(name) {
            Some(found) => found,
            None => {
                faults.unknown_as(code, span, message(), name, self.known());
                None
            }
        }
    }

    /// All names, sorted.
    pub(super) fn known(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = self.0.keys().map(|name| &**name).collect();
        names.sort_unstable();
        names.into_iter()
    }
}

/// Keeps one copy of each text.
#[derive(Debug, Default)]
pub(super) struct Texts(HashSet<Arc<str>>);

impl Texts {
    /// The one copy of a text.
    pub(super) fn keep(&mut self, text: &str) -> Arc<str> {
        if let Some(kept) = self.0.get(text) {
            return Arc::clone(kept);
        }
        let kept: Arc<str> = text.into();
        self.0.insert(Arc::clone(&kept));
        kept
    }
}
