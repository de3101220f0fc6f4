//! Which universes have something new to send.

/// A flag for each universe of a rig. Asking costs nothing while none is up, for it is asked at every wake.
#[derive(Debug, Clone, Default)]
pub(super) struct Touched {
    flags: Vec<bool>,
    any: bool,
}

impl Touched {
    /// Of so many universes none.
    pub(super) fn none(universes: usize) -> Self {
        Self { flags: vec![false; universes], any: false }
    }

    /// This one has.
    pub(super) fn set(&mut self, universe: u16) {
        if let Some(flag) = self.flags.get_mut(usize::from(universe)) {
            (*flag, self.any) = (true, true);
        }
    }

    /// All have.
    pub(super) fn set_all(&mut self) {
        self.flags.fill(true);
        self.any = true;
    }

    /// Those that have, in order; none of them has after this.
    pub(super) fn take(&mut self) -> impl Iterator<Item = u16> + '_ {
        let any = std::mem::take(&mut self.any);
        let flags = if any { self.flags.as_mut_slice() } else { &mut [] };
        flags.iter_mut().zip(0..).filter_map(|(flag, universe)| std::mem::take(flag).then_some(universe))
    }
}
