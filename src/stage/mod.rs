//! Ring 4: the stage clock, the journal, resume and shutdown. Nothing clever.

pub mod journal;
