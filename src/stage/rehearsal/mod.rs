//! The whole show in virtual time: the engine, every driver and every simulator, with no clock, socket or thread.

mod caller;
mod faults;
mod findings;
mod run;

pub use caller::{Call, rehearse};
pub use faults::{PlannedFault, read_faults};
pub use findings::{Finding, Severity, judge};
pub use run::{Entry, Run, What};
