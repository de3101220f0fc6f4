//! From a path or embedded text to a checked show, with every finding of the way.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::DeTable;

use super::finding::Lines;
use super::{Finding, Severity, Show};

/// A show file larger than this is refused unread, in bytes.
const SOURCE_MAX: u64 = 64 << 20;

/// What loading gives.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The show, when there is no finding of severity error.
    pub show: Option<Arc<Show>>,
    /// All findings, in file order.
    pub findings: Vec<Finding>,
    /// Every text that went into it, by name: the show first, then profiles. The same sources give the same show.
    pub sources: Vec<(String, String)>,
}

impl Loaded {
    /// True when a finding is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|f| f.severity == Severity::Error)
    }

    /// True when the show file itself could not be read.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        self.findings.iter().any(|f| f.code == Finding::UNREADABLE)
    }
}

/// Loads and checks a show: a folder that holds `show.toml`, or a file.
/// Profiles are looked for in `profiles/` beside the show, then in `profile_dirs`, then among those built in.
#[must_use]
pub fn load(path: &Path, _profile_dirs: &[PathBuf]) -> Loaded {
    let file = if path.is_dir() { path.join("show.toml") } else { path.to_path_buf() };
    let name = file.file_name().map_or_else(|| "show.toml".into(), |n| n.to_string_lossy().into_owned());
    match read(&file) {
        Ok(text) => load_text(vec![(name, text)]),
        Err(why) => {
            let finding = Finding::error(Finding::UNREADABLE, &name.into(), (0, 0), format!("cannot read {}: {why}", file.display()))
                .help("give the folder that holds show.toml, or the file itself");
            Loaded { findings: vec![finding], ..Loaded::default() }
        }
    }
}

/// Reads a text file within [`SOURCE_MAX`].
fn read(file: &Path) -> Result<String, String> {
    let size = std::fs::metadata(file).map_err(|e| e.to_string())?.len();
    if size > SOURCE_MAX {
        return Err(format!("it has {size} bytes, the limit is {SOURCE_MAX}"));
    }
    let bytes = std::fs::read(file).map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|e| format!("it is not UTF-8 text (byte {})", e.utf8_error().valid_up_to()))
}

/// Loads and checks a show from its sources: the show's text first, then the profiles it used.
#[must_use]
pub fn load_text(sources: Vec<(String, String)>) -> Loaded {
    let mut findings = Vec::new();
    let mut show = None;
    if let Some((name, text)) = sources.first() {
        let file: Arc<str> = name.as_str().into();
        let (_, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            findings.push(Finding::error(Finding::SYNTAX, &file, (span.start, span.len()), error.message()));
        }
        if findings.is_empty() {
            show = Some(Arc::new(Show::default()));
        }
        let lines = Lines::of(text);
        for finding in &mut findings {
            finding.line = lines.line(finding.span.0);
        }
    }
    Loaded { show, findings, sources }
}
