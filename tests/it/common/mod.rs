//! What tests of several files use.

pub mod capture;
pub mod desk;
pub mod lan;
pub mod olad;
pub mod run;
pub mod script;
mod snapshot;

pub use snapshot::snapshot;
