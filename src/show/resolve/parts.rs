//! What a name of lights stands for: a fixture, a range, a group; `wash 3..6` is a part of a range, `bar/3` a cell, `bar/2..5` cells in a
//! row, `bar/*` every cell by itself. From the higher number to the lower is the order of a spread or an effect the other way round.

use std::ops::Range;
use std::sync::Arc;

use super::Loader;
use crate::show::Part;
use crate::show::fault::Fault;

/// Why a name stands for nothing.
#[derive(Debug)]
enum Lost<'n> {
    /// Nothing is called so.
    Name(&'n str),
    /// A range goes over a number that is not there: its name, and this one.
    Number(&'n str, String),
    /// The lights have other cells: what was looked for, and what there is.
    Cell(&'n str, &'n str, Vec<Arc<str>>),
}

impl Loader<'_> {
    /// As [`Self::parts_named`], of a name that is read elsewhere too: what is wrong with it is told there.
    pub(super) fn parts_there(&self, name: &str) -> Vec<Part> {
        self.parts_of(name).ok().flatten().map(|parts| parts.to_vec()).unwrap_or_default()
    }

    /// The lights of a name; `None` when there are none, which is reported with `message`, or their declaration is broken.
    pub(super) fn parts_named(&mut self, name: &str, span: Range<usize>, message: impl FnOnce() -> String) -> Option<Arc<[Part]>> {
        let fault = match self.parts_of(name) {
            Ok(parts) => return parts,
            Err(Lost::Name(word)) => {
                self.faults.unknown_as("unknown-fixture", span, message(), word, self.selections.known());
                return None;
            }
            Err(Lost::Number(base, missing)) => {
                let numbers = self.selections.known().filter_map(|key| key.strip_prefix(base)?.parse::<u32>().ok());
                let help = match numbers.fold(None, |ends: Option<(u32, u32)>, n| Some(ends.map_or((n, n), |(a, b)| (a.min(n), b.max(n)))))
                {
                    Some((first, last)) => format!("there is no {missing}: {base} goes from {base}{first} to {base}{last}"),
                    None => format!("there is no {missing}"),
                };
                Fault::rule("unknown-fixture", span, message()).help(help)
            }
            Err(Lost::Cell(whole, cell, known)) => {
                let help = match (known.first(), known.last()) {
                    (Some(first), Some(last)) => format!("its {} cells are {whole}/{first} to {whole}/{last}", known.len()),
                    _ => "its mode has no cells: name the fixture alone".into(),
                };
                Fault::rule("unknown-cell", span, format!("\"{whole}\" has no cell \"{cell}\"")).help(help)
            }
        };
        self.faults.push(fault);
        None
    }

    /// `Ok(None)`: declared, but broken.
    fn parts_of<'n>(&self, name: &'n str) -> Result<Option<Arc<[Part]>>, Lost<'n>> {
        if let Some(found) = self.selections.find(name) {
            return Ok(found);
        }
        if let Some((whole, cell)) = name.rsplit_once('/') {
            let Some(wholes) = self.parts_of(whole)? else { return Ok(None) };
            let (parts, known) = self.cells_of(&wholes, cell);
            return if parts.is_empty() { Err(Lost::Cell(whole, cell, known)) } else { Ok(Some(parts.into())) };
        }
        let (base, numbers) = in_a_row(name).ok_or(Lost::Name(name))?;
        let mut parts = Vec::new();
        for number in numbers {
            let own = format!("{base}{number}");
            match self.selections.find(&own) {
                Some(Some(found)) => parts.extend(found.iter().copied()),
                Some(None) => return Ok(None),
                None => return Err(Lost::Number(base, own)),
            }
        }
        Ok(Some(parts.into()))
    }

    /// The cells of this name, of these numbers or all of them, and how all are called.
    fn cells_of(&self, wholes: &[Part], cell: &str) -> (Vec<Part>, Vec<Arc<str>>) {
        let mut parts = Vec::new();
        let mut known: Vec<Arc<str>> = Vec::new();
        for part in wholes {
            let fixture = self.rig.fixtures.get(part.fixture as usize);
            let mode = fixture.and_then(|one| one.profile.modes.get(usize::from(one.mode)));
            let cells = mode.map(|mode| mode.cells.as_slice()).unwrap_or_default();
            let part_of = |nth: usize| u16::try_from(nth + 1).ok().map(|cell| Part { fixture: part.fixture, cell });
            let named = |name: &str| cells.iter().position(|one| **one == *name).and_then(part_of);
            match in_a_row(cell) {
                _ if cell == "*" => parts.extend((0..cells.len()).filter_map(part_of)),
                Some((base, numbers)) => {
                    // A number that is not there makes the whole name one that is not.
                    let row: Option<Vec<Part>> = numbers.map(|number| named(&format!("{base}{number}"))).collect();
                    parts.extend(row.unwrap_or_default());
                }
                None => parts.extend(named(cell)),
            }
            for name in cells {
                if !known.contains(name) {
                    known.push(Arc::clone(name));
                }
            }
        }
        (parts, known)
    }
}

/// `wash 3..6`, `wash3..6` or `6..3`: the name before the numbers, and the numbers.
fn in_a_row(name: &str) -> Option<(&str, Box<dyn Iterator<Item = u32>>)> {
    let (left, to) = name.split_once("..")?;
    let base = left.trim_end_matches(|c: char| c.is_ascii_digit());
    let (from, to) = (left.get(base.len()..)?.parse::<u32>().ok()?, to.trim().parse::<u32>().ok()?);
    let numbers: Box<dyn Iterator<Item = u32>> = if from <= to { Box::new(from..=to) } else { Box::new((to..=from).rev()) };
    Some((base.trim_end(), numbers))
}

#[cfg(test)]
mod tests {
    use super::in_a_row;

    #[test]
    fn numbers_in_a_row_go_both_ways() {
        let read = |name: &'static str| in_a_row(name).map(|(base, numbers)| (base, numbers.collect::<Vec<_>>()));
        assert_eq!(read("wash 2..4"), Some(("wash", vec![2, 3, 4])));
        assert_eq!(read("wash4..2"), Some(("wash", vec![4, 3, 2])));
        assert_eq!(read("front wash 7..7"), Some(("front wash", vec![7])));
        assert_eq!(read("3..5"), Some(("", vec![3, 4, 5])));
        assert_eq!(["wash", "wash ..", "wash a..b", "wash 1..", "wash 1..x", "wash -1..2"].map(read).iter().flatten().count(), 1);
        assert_eq!(read("wash 1..99999999999"), None);
    }
}
