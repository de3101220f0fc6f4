//! Passwords and passcodes: a value that never shows itself, and texts in which they are blanked.

use std::ops::Range;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// What stands for a secret wherever one would be shown.
const BLANK: &str = "***";
/// Keys whose text is a secret, in shows, profiles and `secrets.toml`, and HTTP headers that hold one.
const KEYS: [&str; 6] = ["password", "passcode", "authorization", "proxy-authorization", "x-api-key", "cookie"];

/// A password or passcode. Debug output and serialized forms show `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// The secret itself: for the wire, and for a comparison with what a client gave.
    #[must_use]
    pub const fn reveal(&self) -> &Arc<str> {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(BLANK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(BLANK)
    }
}

/// A TOML text in which what stands in quotes after `password =`, `passcode =` or the key of an authorization header is stars, each as
/// long as what it hides: places in the text stay. Works on broken texts and in comments too.
#[must_use]
pub fn blanked(text: &str) -> String {
    replaced(text, |secret| secret.bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }).collect())
}

/// The same with three stars for each: whatever the secrets are, the text is the same.
#[must_use]
pub fn without_secrets(text: &str) -> String {
    replaced(text, |_| BLANK.to_owned())
}

/// The first place at which a secret stands in the open: stars are none.
pub(super) fn in_the_open(text: &str) -> Option<usize> {
    let shows = |secret: Range<usize>| secret.into_iter().find(|at| !matches!(text.as_bytes().get(*at), Some(b'*' | b'\n')));
    secrets(text).find_map(shows)
}

fn replaced(text: &str, blank: impl Fn(&str) -> String) -> String {
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for secret in secrets(text) {
        // What looks like a second one inside of a first is hidden already.
        let (Some(before), Some(inside)) = (text.get(done..secret.start), text.get(secret.clone())) else { continue };
        out.push_str(before);
        out.push_str(&blank(inside));
        done = secret.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// What stands in quotes after a key, in its order in the text. Keys count in any case, as words of their own: a large show is looked through
/// once for all of them.
fn secrets(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let bytes = text.as_bytes();
    let begins = move |at: &usize| word(bytes.get(*at)) && !word(at.checked_sub(1).and_then(|before| bytes.get(before)));
    let ends = move |at: usize| {
        let is = |key: &&str| bytes.get(at..at + key.len()).is_some_and(|found| found.eq_ignore_ascii_case(key.as_bytes()));
        KEYS.iter().find(|key| is(key)).map(|key| at + key.len()).filter(|end| !word(bytes.get(*end)))
    };
    (0..bytes.len()).filter(begins).filter_map(ends).filter_map(|end| quoted(text, end))
}

/// The inside of the quotes after `=`; to the end of the text, or of the line, where they do not close.
fn quoted(text: &str, from: usize) -> Option<Range<usize>> {
    let blanks: &[char] = &[' ', '\t'];
    let rest = text.get(from..)?;
    let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest).trim_start_matches(blanks);
    let rest = rest.strip_prefix('=')?.trim_start_matches(blanks);
    let mark = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|mark| rest.starts_with(mark))?;
    let inside = rest.get(mark.len()..)?;
    let start = text.len() - inside.len();
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        let ends = inside.get(at..).is_some_and(|rest| rest.starts_with(mark)) || (mark.len() == 1 && c == '\n');
        if ends && !escaped {
            return Some(start..start + at);
        }
        escaped = c == '\\' && !escaped && mark.starts_with('"');
    }
    Some(start..text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_itself_nowhere() {
        let secret = Secret::from("hunter2");
        assert_eq!((format!("{secret:?}"), serde_json::to_string(&secret).ok()), ("***".into(), Some("\"***\"".into())));
        assert_eq!(&**secret.reveal(), "hunter2");
    }

    #[test]
    fn texts_are_blanked_wherever_a_secret_stands() {
        for (text, blank) in [
            ("password = \"hunter2\"\nport = 3", "password = \"*******\"\nport = 3"),
            ("[remote]\npasscode='12\"34' # x", "[remote]\npasscode='*****' # x"),
            ("# password = \"old\"", "# password = \"***\""),
            ("a = { \"password\" = \"a\\\"b\", port = 1 }", "a = { \"password\" = \"****\", port = 1 }"),
            ("remote.passcode =\t\"\"\"a\nb\"\"\"", "remote.passcode =\t\"\"\"*\n*\"\"\""),
            ("headers = { Authorization = \"Bearer abc\" }", "headers = { Authorization = \"**********\" }"),
            ("password = \"né\"", "password = \"***\""),
            ("password = \"never closed\nport = 3", "password = \"************\nport = 3"),
            ("password = { env = \"OBS\" }", "password = { env = \"OBS\" }"),
            ("my-password = \"x\"\nname = \"password\"", "my-password = \"x\"\nname = \"password\""),
        ] {
            assert_eq!(blanked(text), blank);
            assert_eq!(without_secrets(text), without_secrets(blank));
        }
    }

    proptest::proptest! {
        #[test]
        fn blanking_keeps_every_place(text in "([a-z= '\"\\\\é\n]|password|=|\"){0,60}") {
            let blank = blanked(&text);
            proptest::prop_assert_eq!(blank.len(), text.len());
            proptest::prop_assert_eq!(blank.match_indices('\n').map(|(at, _)| at).collect::<Vec<_>>(), text.match_indices('\n').map(|(at, _)| at).collect::<Vec<_>>());
        }
    }
}
