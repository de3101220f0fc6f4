//! Findings as people and editors read them; shared by every subcommand that loads a show.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

use super::output::{self, say_err};
use crate::show::printable::{one_line, printable};
use crate::show::{Finding, Loaded, Severity, Show};

/// Findings that are drawn; each picture is looked for from the text's beginning, and nobody looks at thousands.
const PICTURES: usize = 200;
/// A longer line is not drawn, in bytes; its finding names the place in words.
const LONGEST_LINE: usize = 1000;

/// How findings are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Colours and box characters.
    Terminal,
    /// Plain text, for files and tests.
    Plain,
}

impl Look {
    /// Colours only when stderr is a terminal and `NO_COLOR` is not set.
    #[must_use]
    pub fn of_stderr() -> Self {
        if output::err_takes_colours() { Self::Terminal } else { Self::Plain }
    }
}

/// Findings on stderr, drawn for whatever stderr is.
pub fn print_findings(loaded: &Loaded) {
    output::err_coloured(&render(loaded, Look::of_stderr()));
}

/// Loads a show for a subcommand that needs it whole: findings go to stderr, and errors give the exit code instead.
///
/// # Errors
/// The exit code, when the show has errors or cannot be read.
pub fn load_or_say(path: &Path, profiles: &[PathBuf]) -> Result<(Arc<Show>, Loaded), ExitCode> {
    let loaded = super::families::load(path, profiles);
    match &loaded.show {
        Some(show) => Ok((Arc::clone(show), loaded)),
        None => {
            print_findings(&loaded);
            say_err!("{}", summary(&loaded));
            Err(exit_code(&loaded))
        }
    }
}

/// 0: clean (warnings allowed), 1: errors, 2: cannot read.
#[must_use]
pub fn exit_code(loaded: &Loaded) -> ExitCode {
    match (loaded.is_unreadable(), loaded.has_errors()) {
        (true, _) => ExitCode::from(2),
        (_, true) => ExitCode::from(1),
        _ => ExitCode::SUCCESS,
    }
}

/// The last line: how many of each.
#[must_use]
pub fn summary(loaded: &Loaded) -> String {
    let errors = loaded.findings.iter().filter(|f| f.severity == Severity::Error).count();
    let warnings = loaded.findings.len() - errors;
    let many = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    match (errors, warnings) {
        (0, 0) => "no findings".into(),
        (0, w) => many(w, "warning"),
        (e, 0) => many(e, "error"),
        (e, w) => format!("{}, {}", many(e, "error"), many(w, "warning")),
    }
}

/// One JSON object a line on stdout.
pub fn print_json(loaded: &Loaded) {
    for finding in &loaded.findings {
        let column = column(loaded, finding);
        if let Ok(line) = serde_json::to_string(&Line { finding, column }) {
            // A reader that went away ends the output, nothing else.
            if output::line(line).is_err() {
                return;
            }
        }
    }
}

/// A finding as editors take it.
#[derive(serde::Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    finding: &'a Finding,
    column: usize,
}

/// The column of a finding, from 1, in characters.
fn column(loaded: &Loaded, finding: &Finding) -> usize {
    let source = loaded.sources.iter().find(|(name, _)| *name == *finding.file);
    let before = source.and_then(|(_, text)| text.get(..finding.span.0)).unwrap_or_default();
    before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1
}

/// Every finding with its place: in the text, and in words where a picture would help nobody.
#[must_use]
pub fn render(loaded: &Loaded, look: Look) -> String {
    let theme = if look == Look::Terminal { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(120).with_links(false);
    let sources: Vec<_> = loaded.sources.iter().map(|(name, text)| (name.as_str(), Drawn::of(name, text))).collect();
    let mut out = String::new();
    for (i, finding) in loaded.findings.iter().enumerate() {
        let source = sources.iter().find(|(name, _)| *name == &*finding.file).map(|(_, source)| source);
        let source = source.filter(|source| i < PICTURES && fits(source.text, finding.span.0));
        if source.is_none() && finding.code != Finding::UNREADABLE {
            out.push_str(&format!("{}:{}\n", one_line(&finding.file), finding.line));
        }
        // Writing to a string cannot fail; a source that does not hold the span leaves the message without its picture.
        if handler.render_report(&mut out, &Shown { finding, source }).is_err() {
            out.push_str(&printable(&finding.message));
        }
        out.push('\n');
    }
    out
}

/// Whether the line at `at` and the two beside it can be drawn: nobody reads a picture of a line that long.
fn fits(text: &str, at: usize) -> bool {
    let (Some(before), Some(after)) = (text.get(..at), text.get(at..)) else { return false };
    let line = before.rsplit('\n').next().map_or(0, str::len) + after.split('\n').next().map_or(0, str::len);
    let above = before.rsplit('\n').nth(1).map_or(0, str::len);
    let below = after.split('\n').nth(1).map_or(0, str::len);
    line.max(above).max(below) <= LONGEST_LINE
}

/// A source as it is drawn: what would act on a terminal stands in it as an escape, so places in it move.
#[derive(Debug)]
struct Drawn<'a> {
    text: &'a str,
    shown: NamedSource<String>,
    moved: bool,
}

impl<'a> Drawn<'a> {
    fn of(name: &str, text: &'a str) -> Self {
        let shown = printable(text);
        Self { text, moved: shown.len() != text.len(), shown: NamedSource::new(one_line(name), shown.into_owned()) }
    }

    /// Where the text's `from..from + length` is drawn: offset and length.
    fn place(&self, (from, length): (usize, usize)) -> (usize, usize) {
        let drawn = |range: Range<usize>| self.text.get(range).map_or(0, |part| printable(part).len());
        if self.moved { (drawn(0..from), drawn(from..from + length)) } else { (from, length) }
    }
}

/// A finding as miette takes it.
#[derive(Debug)]
struct Shown<'a> {
    finding: &'a Finding,
    source: Option<&'a Drawn<'a>>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.finding.message))
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.finding.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.finding.help.as_ref().map(|help| Box::new(printable(help)) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.map(|source| &source.shown as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (from, length) = self.source?.place(self.finding.span);
        Some(Box::new(std::iter::once(LabeledSpan::new(None, from, length))))
    }
}
