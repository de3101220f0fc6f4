//! The map of a universe: rows of 32 slots, a letter for each fixture, whose they are beside them, and what is free.
//!
//! ```text
//! UNIVERSE 1 · node-stage Art-Net 0:0:0 · 98 slots taken, 414 free
//!      1  abcdef····ggggghhhhhiiiiijjjjjkk  front1-6 wash1-5
//!     33  kkklllllmmmmmnnnnn··············  wash5-8
//!          65-100 free
//! free: 7-10, 51-100, 153-512
//! ```

use std::fmt::Write as _;

use super::{Light, Line, Way};

/// Slots of a row.
const ROW: u16 = 32;
/// Letters in turn; no two neighbours have the same.
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// One universe.
pub(super) fn draw(line: &Line, lights: &[Light]) -> String {
    let ways: Vec<String> = line.outputs.iter().map(Way::text).collect();
    let mut out = format!("UNIVERSE {} · {} · {} slots taken, {} free\n", line.number, ways.join(" + "), line.taken, 512 - line.taken);
    let mut open = None;
    for first in (1..=512).step_by(usize::from(ROW)) {
        let row: String = (first..first + ROW).map(|slot| letter(line, slot)).collect();
        if row.chars().all(|c| c == '·') {
            open.get_or_insert(first);
            continue;
        }
        gap(&mut out, open.take(), first - 1);
        let _ = writeln!(out, "{first:>7}  {row}  {}", owners(line, lights, first));
    }
    gap(&mut out, open, 512);
    let free: Vec<String> = line.free.iter().map(|(first, last)| span(*first, *last)).collect();
    let _ = writeln!(out, "  free: {}", if free.is_empty() { "nothing".to_owned() } else { free.join(", ") });
    out
}

/// Rows that nobody has are one line.
fn gap(out: &mut String, from: Option<u16>, to: u16) {
    if let Some(from) = from {
        let _ = writeln!(out, "{:>7}  {} nobody's", "", span(from, to));
    }
}

fn span(first: u16, last: u16) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

fn letter(line: &Line, slot: u16) -> char {
    let at = line.owners.iter().position(|(first, last, _)| (*first..=*last).contains(&slot));
    at.and_then(|at| LETTERS.get(at % LETTERS.len())).map_or('·', |letter| char::from(*letter))
}

/// Who has slots of a row, neighbours of one range together.
fn owners(line: &Line, lights: &[Light], first: u16) -> String {
    let mut runs: Vec<(&str, &str, &str)> = Vec::new();
    for (_, _, at) in line.owners.iter().filter(|(from, to, _)| *from < first + ROW && *to >= first) {
        let key = lights.get(*at).map_or("", |light| &*light.fixture);
        let (name, number) = key.split_at(key.trim_end_matches(|c: char| c.is_ascii_digit()).len());
        match runs.last_mut().filter(|(last, _, to)| *last == name && !number.is_empty() && !to.is_empty()) {
            Some((_, _, to)) => *to = number,
            None => runs.push((name, number, number)),
        }
    }
    let texts: Vec<String> =
        runs.iter().map(|(name, from, to)| if from == to { format!("{name}{from}") } else { format!("{name}{from}-{to}") }).collect();
    texts.join(" ")
}
