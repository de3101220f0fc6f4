//! Text as it may be shown: what would act on a terminal, or turn the order of the text round, is shown as an escape instead.

use std::borrow::Cow;
use std::fmt::Write as _;

/// True for a character that acts instead of being seen: control characters (C0, DEL, C1), the embeddings, overrides and isolates of
/// bidirectional text (Unicode Annex 9), and the line and paragraph separators.
#[must_use]
pub fn acts(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// The escape of such a character, as TOML and JSON write it: `\u001b`.
#[must_use]
pub fn escape(c: char) -> String {
    format!("\\u{:04x}", u32::from(c))
}

/// A text of lines: line feeds and tabs stay, every other character that acts becomes its escape. A carriage return before a line feed
/// goes.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    shown(text, |c| matches!(c, '\n' | '\t'))
}

/// The same for a text that stays on its line: line feeds and tabs are escapes too.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    shown(text, |_| false)
}

fn shown(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    let harmless = |c: char| !acts(c) || keep(c);
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if harmless(c) {
            out.push(c);
        } else if c != '\r' || rest.peek() != Some(&'\n') || !keep('\n') {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_acts_is_shown_and_what_people_write_stays() {
        assert_eq!(
            printable("a\u{1b}[2Jb\u{7}\u{7f}\u{9b}5m\u{202e}c\u{2066}\u{2028}"),
            "a\\u001b[2Jb\\u0007\\u007f\\u009b5m\\u202ec\\u2066\\u2028"
        );
        assert_eq!(printable("first\r\n\tsecond\rthird"), "first\n\tsecond\\u000dthird");
        assert_eq!(one_line("first\n\tsecond"), "first\\u000a\\u0009second");
        for plain in ["Ärger, naïve, 東京, עברית, 👩‍🚀", "tab\tand\nline"] {
            assert!(matches!(printable(plain), Cow::Borrowed(text) if text == plain), "{plain}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_acts_is_left_but_line_feed_and_tab(text in any::<String>()) {
            prop_assert!(printable(&text).chars().all(|c| !acts(c) || c == '\n' || c == '\t'));
            prop_assert!(!one_line(&text).chars().any(acts));
        }

        #[test]
        fn a_json_text_still_means_the_same(text in any::<String>()) {
            let written = serde_json::Value::from(text.clone()).to_string();
            let read: serde_json::Value = serde_json::from_str(&printable(&written)).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert_eq!(read.as_str(), Some(text.as_str()));
        }
    }
}
