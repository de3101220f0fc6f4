//! The book in `docs/` and the README: every example passes the check, every link leads somewhere, every command line is one, and the pages
//! that list what the program knows say what it says.

mod commands;
mod devices_run;
mod examples;
mod generated;
mod links;
mod osc_page;
mod schema_tables;

use std::path::{Path, PathBuf};

/// One page of Markdown.
struct Page {
    path: PathBuf,
    text: String,
}

/// A fenced block of a page.
struct Block {
    /// What stands behind the fence: `toml,show`.
    info: String,
    /// The line of its fence, from 1.
    line: usize,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// README, ARCHITECTURE, and every page of the book.
fn pages() -> Vec<Page> {
    let mut paths = vec![root().join("README.md"), root().join("ARCHITECTURE.md")];
    below(&root().join("docs/src"), "md", &mut paths);
    assert!(paths.len() >= 35, "the book is there");
    paths.into_iter().map(|path| Page { text: std::fs::read_to_string(&path).unwrap(), path }).collect()
}

/// The files of an ending below a folder, sorted within each.
fn below(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            below(&path, ending, found);
        } else if path.extension().is_some_and(|own| own == ending) {
            found.push(path);
        }
    }
}

impl Page {
    /// `docs/src/guides/lights.md:12`.
    fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.path.strip_prefix(root()).unwrap().display())
    }

    fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut open = false;
        for (line, text) in (1..).zip(self.text.lines()) {
            match (text.strip_prefix("```"), open) {
                (Some(info), false) => blocks.push(Block { info: info.trim().into(), line, text: String::new() }),
                (None, true) => {
                    let block = blocks.last_mut().unwrap();
                    block.text += text;
                    block.text += "\n";
                }
                (None, false) => continue,
                (Some(_), true) => {}
            }
            open = text.starts_with("```") != open;
        }
        assert!(!open, "{}: a block is not closed", self.path.display());
        blocks
    }

    /// Its lines outside of blocks, with their numbers.
    fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut open = false;
        (1..).zip(self.text.lines()).filter(move |(_, line)| {
            let fence = line.starts_with("```");
            open ^= fence;
            !open && !fence
        })
    }
}

/// A line's pieces between single backquotes.
fn inline_code(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}
