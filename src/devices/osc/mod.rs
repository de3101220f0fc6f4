//! Generic OSC.
pub mod packet;
