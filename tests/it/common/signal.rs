//! Signals to child processes, by the shell: a system without procps has no other `kill`.

use std::process::Command;

/// Sends one, as `kill` names it. False when nobody has this id any more.
pub fn signal(name: &str, process: u32) -> bool {
    Command::new("sh").args(["-c", &format!("kill -{name} {process}")]).status().unwrap().success()
}
