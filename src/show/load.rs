//! From a path or embedded text to a checked show, with every finding of the way.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::DeTable;

use super::fault::Fault;
use super::finding::Lines;
use super::resolve::resolve;
use super::{Finding, Library, Severity, Show};

/// A show file larger than this is refused unread, in bytes.
const SOURCE_MAX: u64 = 64 << 20;
/// Of a broken text so many mistakes are told: what follows an open bracket is mostly its echo.
const SYNTAX_MAX: usize = 50;

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
pub fn load(path: &Path, profile_dirs: &[PathBuf]) -> Loaded {
    let file = if path.is_dir() { path.join("show.toml") } else { path.to_path_buf() };
    let name = file.file_name().map_or_else(|| "show.toml".into(), |n| n.to_string_lossy().into_owned());
    let beside = file.parent().map(|folder| folder.join("profiles")).filter(|folder| folder.is_dir());
    let mut library = Library::builtin();
    // What is added last is found first.
    for folder in profile_dirs.iter().rev().chain(&beside) {
        library = match library.with_dir(folder) {
            Ok(library) => library,
            Err(why) => {
                return unreadable(&name, format!("cannot read the profiles: {why}"), "give a folder that holds profiles as .toml files");
            }
        };
    }
    match read(&file) {
        Ok(text) => check(name, text, &library),
        Err((why, help)) => unreadable(&name, format!("cannot read {}: {why}", file.display()), help),
    }
}

/// Loads and checks a show from its sources: the show's text first, then the profiles it used.
#[must_use]
pub fn load_text(sources: &[(String, String)]) -> Loaded {
    let Some(((name, text), profiles)) = sources.split_first() else {
        return unreadable("show.toml", "there is no show text".to_owned(), "give the text of a show file");
    };
    let library = profiles.iter().fold(Library::builtin(), |library, (name, text)| library.with_source(name, text));
    check(name.clone(), text.clone(), &library)
}

fn unreadable(name: &str, why: String, help: &str) -> Loaded {
    let finding = Finding::error(Finding::UNREADABLE, &name.into(), (0, 0), why).help(help);
    Loaded { findings: vec![finding], ..Loaded::default() }
}

/// Reads a text file within [`SOURCE_MAX`]. The error is what is wrong and the remedy.
fn read(file: &Path) -> Result<String, (String, &'static str)> {
    let missing = |error: std::io::Error| (error.to_string(), "give the folder that holds show.toml, or the file itself");
    let too_long =
        |size: String| (format!("it has {size} bytes, the limit is {SOURCE_MAX}"), "a show is text: is this another kind of file?");
    let opened = File::open(file).map_err(missing)?;
    let size = opened.metadata().map_err(missing)?.len();
    if size > SOURCE_MAX {
        return Err(too_long(size.to_string()));
    }
    // What has no size, a pipe or a device, is read no further either.
    let mut bytes = Vec::new();
    opened.take(SOURCE_MAX + 1).read_to_end(&mut bytes).map_err(missing)?;
    if bytes.len() as u64 > SOURCE_MAX {
        return Err(too_long(format!("more than {SOURCE_MAX}")));
    }
    let broken = |error: &std::string::FromUtf8Error| format!("it is not UTF-8 text (byte {})", error.utf8_error().valid_up_to());
    String::from_utf8(bytes).map_err(|error| (broken(&error), "save it as UTF-8 text, or give another file"))
}

/// Checks one text with the profiles at hand.
fn check(name: String, text: String, library: &Library) -> Loaded {
    let mut findings = Vec::new();
    let mut profiles = Vec::new();
    let mut show = None;
    let (document, errors) = DeTable::parse_recoverable(&text);
    let lines = Lines::of(&text);
    let file: Arc<str> = name.as_str().into();
    if errors.is_empty() {
        let resolved = resolve(&document, &lines, library);
        findings.extend(resolved.faults.into_iter().map(|fault| finding(fault, &file, &lines)));
        for (key, fixture) in resolved.profiles {
            let Some(source) = library.source(&key, fixture) else { continue };
            let (file, lines): (Arc<str>, _) = (source.name.as_str().into(), Lines::of(&source.text));
            findings.extend(source.faults().iter().map(|fault| finding(fault.clone(), &file, &lines)));
            profiles.push((source.name.clone(), source.text.to_string()));
        }
        // With an error, what looks like no cue may be a cue that is not readable.
        if resolved.show.cues.is_empty() && !findings.iter().any(|finding| finding.severity == Severity::Error) {
            let span = document.get_ref().get("show").map_or(0..0, toml::Spanned::span);
            let fault = Fault::warning("no-cues", span, "the show has no cue: GO would do nothing");
            findings.push(finding(fault.help("add a [[cue]] with number, name and do"), &file, &lines));
        }
        show = Some(resolved.show);
    } else {
        // The meaning of a broken text is guesswork: its grammar comes first.
        let fault = |e: &toml::de::Error| Fault::rule(Finding::SYNTAX, e.span().unwrap_or(0..0), e.message().to_lowercase());
        let mut faults: Vec<Fault> = errors.iter().map(fault).collect();
        faults.sort_by_key(|fault| fault.span.start);
        let echo = faults.len().saturating_sub(SYNTAX_MAX);
        faults.truncate(SYNTAX_MAX);
        findings.extend(
            faults.into_iter().map(|fault| finding(fault.help("put this right first: the rest is checked after it"), &file, &lines)),
        );
        if let Some(last) = findings.last().filter(|_| echo > 0) {
            let more = Finding::error(Finding::SYNTAX, &file, last.span, format!("and {echo} more mistakes of this kind below"));
            findings
                .push(Finding { line: last.line, ..more.help("an open bracket or quote further up makes many: look at the first one") });
        }
    }
    drop(document);
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    let mut sources = vec![(name, text)];
    sources.append(&mut profiles);
    Loaded { show: show.filter(|_| !failed).map(Arc::new), findings, sources }
}

/// A fault with its file and line.
fn finding(fault: Fault, file: &Arc<str>, lines: &Lines) -> Finding {
    Finding {
        severity: fault.severity,
        code: fault.code,
        file: Arc::clone(file),
        line: lines.line(fault.span.start),
        span: (fault.span.start, fault.span.len()),
        message: fault.message,
        help: fault.help,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_bracket_makes_no_flood_of_findings() {
        let text = format!("[show]\ntitle = [\n{}", "[[cue]]\nnumber = \"1\"\n".repeat(500));
        let loaded = load_text(&[("show.toml".into(), text)]);
        assert!((2..=SYNTAX_MAX + 1).contains(&loaded.findings.len()), "{}", loaded.findings.len());
        assert!(loaded.findings.iter().all(|finding| finding.code == Finding::SYNTAX && finding.line > 0));
        let last = loaded.findings.last().map(|finding| finding.message.clone()).unwrap_or_default();
        assert!(last.starts_with("and ") && last.ends_with("more mistakes of this kind below"), "{last}");
    }
}
