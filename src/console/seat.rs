//! A console at a distance sits as one at the stage does.

use std::sync::Arc;

use super::{Busy, Seat};
use crate::engine::{Intent, KeyPhase, Snapshot};
use crate::light::Monitor;
use crate::remote::attach_client::Client;
use crate::show::Show;

impl Seat for Client {
    fn show(&self) -> Arc<Show> {
        self.show()
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot()
    }

    fn send(&self, intent: Intent, phase: KeyPhase) -> Result<(), Busy> {
        if self.send(intent, phase) { Ok(()) } else { Err(Busy) }
    }

    fn monitor(&self) -> &Monitor {
        self.monitor()
    }

    fn look(&self, on: bool) -> bool {
        self.look(on)
    }

    fn read_only(&self) -> bool {
        self.read_only()
    }

    fn gone(&self) -> Option<Arc<str>> {
        self.gone()
    }
}
