//! A running show under attack: what it drives gets its messages all the same, it ends in order, and its journal is whole.

mod consoles;
mod escapes;
mod files;
mod flood;
mod secrets;
mod terminal;
