//! From a path or embedded text to a checked show, with every finding of the way.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::DeTable;

use super::fault::{Fault, Faults};
use super::finding::Lines;
use super::hidden::hidden;
use super::outside::{Kept, Nothing, Outside};
use super::resolve::resolve;
use super::secret::in_the_open;
use super::secrets_file::{self, Secrets};
use super::{Finding, Library, Severity, Show, blanked};

/// A show file larger than this is refused unread, in bytes.
const SOURCE_MAX: u64 = 64 << 20;
/// Of a broken text so many mistakes are told: what follows an open bracket is mostly its echo.
const SYNTAX_MAX: usize = 50;
/// A file of secrets larger than this is not read, in bytes.
const SECRET_MAX: u64 = 64 << 10;

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
        Ok(text) => check(name, text, &library, &Folder(file.parent().unwrap_or(Path::new("")))),
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
    check(name.clone(), text.clone(), &library, &Nothing)
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

/// The folder that a show lies in.
struct Folder<'p>(&'p Path);

impl Outside for Folder<'_> {
    fn secrets(&self) -> Result<Option<Kept>, String> {
        if self.0.join(secrets_file::NAME).exists() { self.file(secrets_file::NAME).map(Some) } else { Ok(None) }
    }

    fn file(&self, path: &str) -> Result<Kept, String> {
        use std::os::unix::fs::PermissionsExt;
        let file = self.0.join(path);
        let found = file.metadata().map_err(|e| e.to_string())?;
        if !found.is_file() || found.len() > SECRET_MAX {
            return Err(format!("it is no file of at most {SECRET_MAX} bytes"));
        }
        let text = std::fs::read_to_string(&file).map_err(|e| e.to_string())?;
        Ok(Kept { text, private: found.permissions().mode() & 0o077 == 0 })
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// `secrets.toml`, what is wrong with it, and its lines.
fn secrets(outside: &dyn Outside) -> (Secrets, Faults, Lines) {
    let mut faults = Faults::default();
    match outside.secrets() {
        Ok(Some(kept)) => (Secrets::read(&kept, &mut faults), faults, Lines::of(&kept.text)),
        Ok(None) => (Secrets::default(), faults, Lines::of("")),
        Err(why) => {
            let fault = Fault::rule("unreadable-secrets", 0..0, format!("{} cannot be read: {why}", secrets_file::NAME));
            faults.push(fault.help("save it as UTF-8 text that you may read, or take it away"));
            (Secrets::default(), faults, Lines::of(""))
        }
    }
}

/// Checks one text with the profiles at hand.
fn check(name: String, text: String, library: &Library, outside: &dyn Outside) -> Loaded {
    let mut findings = Vec::new();
    let mut profiles = Vec::new();
    let mut show = None;
    let (document, errors) = DeTable::parse_recoverable(&text);
    let lines = Lines::of(&text);
    let file: Arc<str> = name.as_str().into();
    if errors.is_empty() {
        let (secrets, mut aside, places) = secrets(outside);
        let resolved = resolve(&document, &lines, library, outside, &secrets);
        secrets.strangers(&resolved.show.devices, &mut aside);
        let mut faults = resolved.faults;
        faults.extend(hidden(&text, document.get_ref()));
        faults.sort_by_key(|fault| (fault.span.start, fault.span.end));
        findings.extend(faults.into_iter().map(|fault| finding(fault, &file, &lines)));
        // Its text is kept nowhere: its findings are told without a picture.
        findings.extend(aside.into_sorted().into_iter().map(|fault| finding(fault, &secrets_file::NAME.into(), &places)));
        for (key, fixture) in resolved.profiles {
            let Some(source) = library.source(&key, fixture) else { continue };
            let (file, lines): (Arc<str>, _) = (source.name.as_str().into(), Lines::of(&source.text));
            findings.extend(source.faults().iter().map(|fault| finding(fault.clone(), &file, &lines)));
            findings.extend(open_secret(&source.text).map(|fault| finding(fault, &file, &lines)));
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
        let fault = |e: &toml::de::Error| {
            let span = e.span().unwrap_or(0..0);
            curly(&text, span.start).unwrap_or_else(|| {
                Fault::rule(Finding::SYNTAX, span, e.message().to_lowercase()).help("put this right first: the rest is checked after it")
            })
        };
        let mut faults: Vec<Fault> = errors.iter().map(fault).collect();
        faults.sort_by_key(|fault| fault.span.start);
        faults.dedup();
        let echo = faults.len().saturating_sub(SYNTAX_MAX);
        faults.truncate(SYNTAX_MAX);
        findings.extend(faults.into_iter().map(|fault| finding(fault, &file, &lines)));
        if let Some(last) = findings.last().filter(|_| echo > 0) {
            let more = Finding::error(Finding::SYNTAX, &file, last.span, format!("and {echo} more mistakes of this kind below"));
            findings
                .push(Finding { line: last.line, ..more.help("an open bracket or quote further up makes many: look at the first one") });
        }
    }
    drop(document);
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    // No text with a secret leaves this room: neither for a picture of a finding nor for the journal.
    let mut sources = vec![(name, blanked(&text))];
    sources.extend(profiles.into_iter().map(|(name, text)| (name, blanked(&text))));
    Loaded { show: show.filter(|_| !failed).map(Arc::new), findings, sources }
}

/// A profile that holds a password or a header of authorization: it would go wherever the profile goes.
fn open_secret(text: &str) -> Option<Fault> {
    let at = in_the_open(text)?;
    let fault = Fault::warning("open-secret", at..at, "this profile holds a secret in plain text");
    Some(fault.help("write {password} in its place, and password = \"…\" for the device in secrets.toml beside the show"))
}

/// Typographic quotes where TOML wants straight ones, as word processors and messengers make them: the first on the line of a mistake,
/// outside of what is quoted.
fn curly(text: &str, at: usize) -> Option<Fault> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |before| before + 1);
    let line = text.get(start..)?.lines().next()?;
    let mut open = None;
    for (offset, c) in line.char_indices() {
        match (open, c) {
            (None, '“' | '”' | '„' | '‟' | '‘' | '’' | '‚' | '«' | '»') => {
                let span = start + offset..start + offset + c.len_utf8();
                let fault = Fault::rule(Finding::SYNTAX, span, format!("{c} is a typographic quote: TOML takes straight quotes only"));
                return Some(fault.help("write \"…\" (smart quotes can be turned off in the editor)"));
            }
            (None, '#') => return None,
            (None, '"' | '\'') => open = Some(c),
            (Some(mark), c) if c == mark => open = None,
            _ => {}
        }
    }
    None
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
    fn typographic_quotes_are_named_once_a_line_and_not_inside_of_straight_ones() {
        let text = "[show]\ntitle = “Evening Show”\nvenue = \"The “Hall”\"\nat_exit = ‘leave’ # “x”\n";
        let loaded = load_text(&[("show.toml".into(), text.into())]);
        let found: Vec<_> = loaded.findings.iter().filter(|f| f.message.contains("typographic")).map(|f| (f.line, f.span.1)).collect();
        assert_eq!(found, [(2, 3), (4, 3)], "{:?}", loaded.findings);
        assert!(loaded.findings.iter().filter(|f| f.line == 2).count() == 1, "{:?}", loaded.findings);
    }

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
