//! showcall: a show-day control and cue system.
//!
//! # Layout, in reading order
//!
//! | room | ring | what it is |
//! |---|---|---|
//! | [`time`] | 0 | `Mono`, `Wall` and `Span`: time as values |
//! | [`show`] | 1 | what the show *is*: cues, steps, patch, rig, profiles; raw TOML, its check, the checked [`show::Show`] |
//! | [`light`] | 2 | fixtures' parameters in time: fades and universe frames |
//! | [`rundown`] | 2 | the clock of the day: planned, actual, over or under, projected |
//! | [`import`] | 2 | fixture profiles and patches out of GDTF, Open Fixture Library, QLC+ and MVR files |
//! | [`device_api`] | 2 | the words that engine and devices share: commands, reports, severities |
//! | [`engine`] | 2 | what *happens*: transport, waits, wanted state, confirmation, fallbacks, snapshot |
//! | [`devices`] | 3 | one folder a family: codec, driver, simulator |
//! | [`links`] | 3 | the only place that opens sockets and ports |
//! | [`stage`] | 4 | the stage clock thread, the journal, shutdown |
//! | [`console`] | 4 | the terminal: a pure view of a snapshot |
//! | [`remote`] | 4 | OSC in and `attach` |
//! | [`cli`] | 4 | one file a subcommand |
//!
//! A GO travels: key → [`engine::Intent`] → [`engine::Input`] (stamped once, journalled) →
//! [`engine::Effect::Send`] → [`devices::Driver::command`] → bytes in [`devices::Out`] → links → wire,
//! and what the device says comes back as a [`device_api::Report`].

pub mod cli;
pub mod console;
pub mod device_api;
pub mod devices;
pub mod engine;
pub mod import;
pub mod light;
pub mod links;
pub mod remote;
pub mod rundown;
pub mod show;
pub mod stage;
pub mod time;
