//! What tests of several files use.

mod by_schema;
pub mod capture;
pub mod desk;
pub mod lan;
pub mod olad;
pub mod peer;
pub mod run;
pub mod script;
mod signal;
mod snapshot;

pub use by_schema::schema_faults;
pub use signal::signal;
pub use snapshot::snapshot;
