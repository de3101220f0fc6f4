//! Ring 4: control from elsewhere. Reads the snapshot, gives intents; opens no socket itself.

pub mod artnet;
pub mod attach;
pub mod attach_client;
pub mod midi;
pub mod osc;
