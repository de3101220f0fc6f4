//! What is wrong in a text that a person wrote, and where.

use std::ops::Range;

use super::Severity;

/// One thing that is wrong in a file: where, the rule in plain words, and the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// How bad it is.
    pub severity: Severity,
    /// Names the rule, for editors and tests: `unknown-key`.
    pub code: &'static str,
    /// Byte range in the text.
    pub span: Range<usize>,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// How to put it right.
    pub help: Option<String>,
}

impl Fault {
    /// A value that breaks a rule.
    #[must_use]
    pub fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code: "value", span, message: message.into(), help: None }
    }

    /// A named rule that is broken.
    #[must_use]
    pub fn rule(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { code, ..Self::new(span, message) }
    }

    /// Something that a caller would want to know; the show runs all the same.
    #[must_use]
    pub fn warning(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::rule(code, span, message) }
    }

    /// With a remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Collects faults, so that one reading names them all.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Notes a fault.
    pub fn add(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.0.push(Fault::new(span, message));
    }

    /// Notes a fault and its remedy.
    pub fn add_help(&mut self, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.0.push(Fault { help: Some(help.into()), ..Fault::new(span, message) });
    }

    /// Notes a fault that is ready made.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Notes a word that is none of those known, with the nearest one as remedy, or all of them when they are few.
    pub fn unknown<'a>(&mut self, span: Range<usize>, message: String, word: &str, known: impl IntoIterator<Item = &'a str>) {
        self.unknown_as("unknown-name", span, message, word, known);
    }

    /// The same under a rule's own name.
    pub fn unknown_as<'a>(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        message: String,
        word: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) {
        self.0.push(Fault { code, help: suggestion(word, known), ..Fault::new(span, message) });
    }

    /// True when nothing is wrong so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// All faults in the order of the text, each once.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Fault> {
        self.0.sort_by_key(|fault| (fault.span.start, fault.span.end));
        self.0.dedup();
        self.0
    }
}

/// Words that people write for one that is known.
const SAME: [(&str, &str); 6] = [
    ("passcode", "password"),
    ("pass", "password"),
    ("pin", "password"),
    ("password", "passcode"),
    ("pass", "passcode"),
    ("pin", "passcode"),
];

/// `did you mean "foh"?` when a known word is near, else the words to choose from when they are few.
#[must_use]
pub fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    let same = SAME.iter().find(|(other, here)| word.eq_ignore_ascii_case(other) && known.contains(here)).map(|(_, here)| *here);
    if let Some(near) = same.or_else(|| nearest(word, known.iter().copied())) {
        return Some(format!("did you mean \"{near}\"?"));
    }
    if known.is_empty() || known.len() > 12 {
        return None;
    }
    Some(format!("known here: {}", known.join(", ")))
}

/// The known word that is nearest to this one, when it is near enough to be a slip of the hand.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let limit = (lower.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_hand_is_recognised_and_a_different_word_is_not() {
        let known = ["foh", "vision", "media"];
        assert_eq!(nearest("fho", known), Some("foh"));
        assert_eq!(nearest("visoin", known), Some("vision"));
        assert_eq!(nearest("lights", known), None);
        assert_eq!(suggestion("passcode", ["port", "password"]), Some("did you mean \"password\"?".into()));
        assert_eq!(suggestion("lights", known), Some("known here: foh, vision, media".into()));
    }
}
