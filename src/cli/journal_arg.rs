//! A journal named on the command line: a run's file, or a folder of runs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use super::output::say_err;
use crate::engine::Input;
use crate::show::{self, Show};
use crate::stage::journal::{Content, Entry, Record, folder, memory, read, ring};
use crate::stage::launch::default_journal;
use crate::time::{Mono, Wall};

/// A journal and the show that is embedded in it.
pub struct Opened {
    /// Its file.
    pub path: PathBuf,
    /// All that could be read.
    pub content: Content,
    /// The show as it was then.
    pub show: Arc<Show>,
}

/// The journal that an argument means: a show's folder or file stands for the journal beside it.
#[must_use]
pub fn folder_of(path: &Path) -> PathBuf {
    let beside = default_journal(path);
    let is_show = path.extension().is_some_and(|ending| ending == "toml") || path.is_dir();
    if is_show && beside.is_dir() { beside } else { path.to_owned() }
}

/// Opens a journal; a folder means its newest run, with what a cut-off run left in memory.
///
/// # Errors
/// In words for the operator.
pub fn open(path: &Path) -> Result<Opened, String> {
    let path = &folder_of(path);
    let file = if path.is_dir() {
        let newest = folder::newest(path).map_err(|error| format!("{} cannot be listed: {error}", path.display()))?;
        newest.ok_or_else(|| {
            format!("{} holds no run (files named run-0001.jsonl); give the folder of a journal, or of a show with one", path.display())
        })?
    } else {
        path.to_owned()
    };
    let mut content = read::file(&file).map_err(|error| error.to_string())?;
    if let Some(memory) = file.parent().and_then(memory::existing)
        && let Some(ring) = ring::reopen(memory.words, content.header.run)
    {
        content.add_ring(&ring);
    }
    content.settle();
    let loaded = show::load_text(&content.header.sources);
    let show = loaded.show.ok_or("the show embedded in the journal does not load with this version of showcall")?;
    Ok(Opened { path: file, content, show })
}

/// Opens a journal and says on stderr what was wrong with its lines.
///
/// # Errors
/// Exit code 2, the reason said, when it cannot be opened.
pub fn open_or_say(path: &Path) -> Result<Opened, ExitCode> {
    let opened = open(path).map_err(|why| {
        say_err!("showcall: {why}");
        ExitCode::from(2)
    })?;
    for notice in &opened.content.notices {
        say_err!("showcall: {}: {notice}", opened.path.display());
    }
    Ok(opened)
}

/// Turns the show's clock into the venue's time of the day.
#[derive(Debug, Default)]
pub struct Times {
    pairs: Vec<(Mono, Wall, i32)>,
}

impl Times {
    /// From the pairs of clocks that a journal holds.
    #[must_use]
    pub fn of(records: &[Record]) -> Self {
        let pair = |entry: &Entry, at: Mono| match entry {
            Entry::Input(Input::Clock { wall, utc_offset }) => Some((at, *wall, *utc_offset)),
            _ => None,
        };
        Self { pairs: records.iter().filter_map(|record| pair(&record.entry, record.mono)).collect() }
    }

    /// The wall clock and the offset from UTC at an instant, by the pair of clocks of that time; `None` when the journal holds no pair.
    fn pair(&self, at: Mono) -> Option<(Wall, i32)> {
        let (mono, wall, offset) = self.pairs.iter().rev().find(|(mono, _, _)| *mono <= at).or_else(|| self.pairs.first())?;
        let apart = i128::from(at.0) - i128::from(mono.0);
        Some((Wall(i64::try_from(i128::from(wall.0) + apart).unwrap_or(wall.0)), *offset))
    }

    /// The wall clock at an instant.
    #[must_use]
    pub fn wall(&self, at: Mono) -> Option<Wall> {
        self.pair(at).map(|(wall, _)| wall)
    }

    /// Seconds east of UTC when the run began; 0 when the journal holds no pair.
    #[must_use]
    pub fn utc_offset(&self) -> i32 {
        self.pairs.first().map_or(0, |(_, _, offset)| *offset)
    }

    /// `19:31:04.250`; the show's own clock in seconds when the journal holds no pair.
    #[must_use]
    pub fn clock(&self, at: Mono) -> String {
        let Some((wall, offset)) = self.pair(at) else { return format!("{:>10.3}s", (at.0 / 1_000_000) as f64 / 1e3) };
        let local = i128::from(wall.0) + i128::from(offset) * 1_000_000_000;
        let ms = local.div_euclid(1_000_000).rem_euclid(86_400_000);
        format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_show_stands_for_the_journal_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let show = folder.path().join("first");
        std::fs::create_dir_all(show.join("journal")).unwrap();
        std::fs::create_dir_all(folder.path().join("second.journal")).unwrap();
        assert_eq!(folder_of(&show), show.join("journal"));
        assert_eq!(folder_of(&show.join("journal")), show.join("journal"));
        assert_eq!(folder_of(&folder.path().join("second.toml")), folder.path().join("second.journal"));
        assert_eq!(folder_of(&show.join("journal/run-0001.jsonl")), show.join("journal/run-0001.jsonl"));
    }
}
