//! What the check has to say: a rule, where it is broken, and the remedy.

use std::sync::Arc;

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The show cannot run.
    Error,
    /// The show runs; a caller would want to know.
    Warning,
}

/// One thing that the check found. Text is for the operator: lower case, the rule, the value, no full stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Names the rule for editors and tests: `unknown-device`.
    pub code: &'static str,
    /// The source it is in, as [`Loaded::sources`](super::Loaded) names it: `show.toml`.
    pub file: Arc<str>,
    /// Byte offset and length in that source.
    pub span: (usize, usize),
    /// Line, from 1; 0 when the source could not be read.
    pub line: u32,
    /// The rule and the value that breaks it.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Finding {
    /// The code of a file or folder that cannot be read.
    pub const UNREADABLE: &'static str = "unreadable";
    /// The code of text that is not TOML.
    pub const SYNTAX: &'static str = "syntax";

    /// An error; its line is filled in when the check ends.
    #[must_use]
    pub fn error(code: &'static str, file: &Arc<str>, span: (usize, usize), message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, file: Arc::clone(file), span, line: 0, message: message.into(), help: None }
    }

    /// A warning; its line is filled in when the check ends.
    #[must_use]
    pub fn warning(code: &'static str, file: &Arc<str>, span: (usize, usize), message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, file, span, message) }
    }

    /// With a remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Turns byte offsets into lines without walking the text for each.
pub struct Lines(Vec<usize>);

impl Lines {
    /// Finds the line starts of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at).collect())
    }

    /// The line of a byte offset, from 1.
    #[must_use]
    pub fn line(&self, offset: usize) -> u32 {
        let before = self.0.partition_point(|at| *at < offset);
        u32::try_from(before).unwrap_or(u32::MAX - 1) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_has_the_line_an_editor_shows() {
        let lines = Lines::of("a\nbc\n\nd");
        assert_eq!([0, 1, 2, 4, 5, 6, 99].map(|at| lines.line(at)), [1, 1, 2, 2, 3, 4, 4]);
    }
}
