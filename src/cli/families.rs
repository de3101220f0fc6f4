//! What only a family understands in a profile, such as its message templates: checked where all families are known.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::devices::registry::{FAMILIES, family};
use crate::show::fault::{Fault, suggestion};
use crate::show::{self, Finding, Lines, Loaded, Profile, Severity, fixture_text, library, profile_text};

/// Loads and checks a show, and the profiles that it uses with their families.
#[must_use]
pub fn load(path: &Path, profiles: &[PathBuf]) -> Loaded {
    let mut loaded = show::load(path, profiles);
    let mut found = Vec::new();
    for (name, text) in loaded.sources.iter().skip(1).filter(|(_, text)| !fixture_text::is_fixture(text)) {
        // A profile with faults of its own is reported already.
        let Ok(profile) = profile_text::parse(library::key_of(name), text) else { continue };
        let (file, lines): (Arc<str>, _) = (name.as_str().into(), Lines::of(text));
        found.extend(faults(&profile, text).into_iter().map(|fault| Finding {
            severity: fault.severity,
            code: fault.code,
            file: Arc::clone(&file),
            line: lines.line(fault.span.start),
            span: (fault.span.start, fault.span.len()),
            message: fault.message,
            help: fault.help,
        }));
    }
    if found.iter().any(|finding| finding.severity == Severity::Error) {
        loaded.show = None;
    }
    loaded.findings.append(&mut found);
    loaded
}

/// What the family says of one profile.
#[must_use]
pub fn faults(profile: &Profile, text: &str) -> Vec<Fault> {
    let Some(family) = family(&profile.family) else {
        let message = format!("there is no family \"{}\"", profile.family);
        let fault = Fault::rule("unknown-family", place(text, "family"), message);
        let help = suggestion(&profile.family, FAMILIES.iter().map(|family| family.name));
        return vec![Fault { help, ..fault }];
    };
    let lines = (family.check)(profile);
    lines.into_iter().map(|line| Fault::rule("family", place(text, &heading(&line)), line)).collect()
}

/// The heading that a line of a family is about: `property level: …` stands under `[property.level]`.
fn heading(line: &str) -> String {
    let key = line.strip_prefix("property ").and_then(|rest| rest.split_once(':'));
    key.map_or_else(|| "[facts]".to_owned(), |(key, _)| format!("[property.{key}]"))
}

/// The line that begins with this, else the first line.
fn place(text: &str, start: &str) -> Range<usize> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with(start) {
            return at..at + line.trim_end().len();
        }
        at += line.len();
    }
    0..text.lines().next().map_or(0, str::len)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_template_that_no_message_can_be_made_of_is_told_at_its_property() {
        let text = "maker = \"Acme\"\nmodel = \"One\"\nfamily = \"osc\"\n\n[property.level]\npath = \"level\"\ntype = \"decimal\"\nset = \"level\"\n";
        let faults = faults(&profile_text::parse("one", text).unwrap(), text);
        assert!(!faults.is_empty());
        assert_eq!(&text[faults[0].span.clone()], "[property.level]");
    }

    #[test]
    fn an_unknown_family_is_told_with_those_that_there_are() {
        let text = "maker = \"Acme\"\nmodel = \"One\"\nfamily = \"pjlnk\"\n";
        let faults = faults(&profile_text::parse("one", text).unwrap(), text);
        assert_eq!(&text[faults[0].span.clone()], "family = \"pjlnk\"");
        assert_eq!(faults[0].help.as_deref(), Some("did you mean \"pjlink\"?"));
    }
}
