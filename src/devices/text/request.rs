//! A line that is a request over HTTP, `METHOD /path body`, and what is told in JSON.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

use crate::devices::web::Request;

/// More elements than this no list that we write has.
const LONGEST_LIST: usize = 256;

/// Which part of a request a hole stands in.
#[derive(Debug, Default)]
pub struct Part {
    spaces: usize,
    /// The body is JSON.
    json: bool,
    /// Something stands in the body.
    begun: bool,
}

impl Part {
    /// This text of the line lies behind.
    pub fn passed(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                ' ' if self.spaces < 2 => self.spaces += 1,
                _ if self.spaces < 2 || self.begun => {}
                c => (self.begun, self.json) = (true, matches!(c, '{' | '[')),
            }
        }
    }

    /// What fills a hole here, as the request wants it: percent-encoded in the path, with JSON's escapes in a JSON body.
    #[must_use]
    pub fn escape(&self, text: &str) -> String {
        match (self.spaces, self.json) {
            (1, _) => text.bytes().map(encoded).collect(),
            (2.., true) => {
                let quoted = Json::from(text).to_string();
                quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
            }
            _ => text.to_owned(),
        }
    }

    /// What [`Part::escape`] was given.
    #[must_use]
    pub fn unescape(&self, text: &str) -> String {
        match (self.spaces, self.json) {
            (1, _) => decoded(text),
            (2.., true) => serde_json::from_str(&format!("\"{text}\"")).unwrap_or_else(|_| text.to_owned()),
            _ => text.to_owned(),
        }
    }
}

fn encoded(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = vec![];
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = (*first == b'%').then(|| tail.split_at_checked(2)).flatten();
        let byte = hex.and_then(|(hex, _)| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        (bytes, rest) = match (byte, hex) {
            (Some(byte), Some((_, after))) => ([bytes, vec![byte]].concat(), after),
            _ => ([bytes, vec![*first]].concat(), tail),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The request of a line.
#[must_use]
pub fn request(line: &str, headers: &BTreeMap<String, String>, login: Option<&(String, String)>) -> Request {
    let mut parts = line.splitn(3, ' ');
    let mut part = || parts.next().unwrap_or_default().to_owned();
    Request { method: part(), path: part(), body: part(), headers: headers.clone(), login: login.cloned() }
}

/// The line of a request.
#[must_use]
pub fn line(request: &Request) -> String {
    let Request { method, path, body, .. } = request;
    if body.is_empty() { format!("{method} {path}") } else { format!("{method} {path} {body}") }
}

/// Whether a request carries this login, as a value or as the header that a wire made of it (RFC 7617).
#[must_use]
pub fn logs_in(request: &Request, login: &(String, String)) -> bool {
    let (user, password) = login;
    let header = || format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    request.login.as_ref() == Some(login) || request.headers.get("authorization").is_some_and(|told| *told == header())
}

/// What stands at a place of a JSON text; `None` when it is no JSON or has no such place.
#[must_use]
pub fn found(at: &str, text: &str) -> Option<String> {
    let json: Json = serde_json::from_str(text).ok()?;
    match json.pointer(at)? {
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// A JSON text with this at its place and nothing else. A number or a truth value stands there as such.
#[must_use]
pub fn placed(at: &str, text: &str) -> String {
    let leaf = match serde_json::from_str(text) {
        Ok(json @ (Json::Number(_) | Json::Bool(_) | Json::Null)) => json,
        _ => Json::from(text),
    };
    let around = |inner: Json, name: &str| match name.parse::<usize>() {
        Ok(place) if place < LONGEST_LIST => {
            let mut list = vec![Json::Null; place];
            list.push(inner);
            Json::Array(list)
        }
        _ => Json::Object(Map::from_iter([(name.replace("~1", "/").replace("~0", "~"), inner)])),
    };
    at.split('/').skip(1).collect::<Vec<_>>().into_iter().rev().fold(leaf, around).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn part(before: &str) -> Part {
        let mut part = Part::default();
        part.passed(before);
        part
    }

    #[test]
    fn a_value_is_written_as_its_place_wants_it() {
        let text = "a \"b\"/ü&";
        assert_eq!(part("GET /x?name=").escape(text), "a%20%22b%22%2F%C3%BC%26");
        assert_eq!(part("POST /x {\"name\": \"").escape(text), "a \\\"b\\\"/ü&");
        assert_eq!(part("POST /x name=").escape(text), text);
        assert_eq!(part("").escape("GET /scene/1"), "GET /scene/1", "a whole request is the show's own");
    }

    #[test]
    fn a_line_is_its_request() {
        let headers = BTreeMap::from([("accept".to_owned(), "*/*".to_owned())]);
        let made = request("PUT /a/1 {\"b\": 2}", &headers, None);
        assert_eq!((made.method.as_str(), made.path.as_str(), made.body.as_str()), ("PUT", "/a/1", "{\"b\": 2}"));
        assert_eq!(line(&made), "PUT /a/1 {\"b\": 2}");
        assert_eq!(line(&request("GET /", &headers, None)), "GET /");
    }

    #[test]
    fn a_login_is_known_by_its_header_too() {
        // The example of RFC 7617, section 2.
        let login = ("Aladdin".to_owned(), "open sesame".to_owned());
        let mut asked = Request::get("/");
        assert!(!logs_in(&asked, &login));
        asked.headers.insert("authorization".into(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".into());
        assert!(logs_in(&asked, &login));
    }

    #[test]
    fn a_place_in_json() {
        assert_eq!(found("/result/success", "{\"result\": {\"success\": 0}}").as_deref(), Some("0"));
        assert_eq!(found("/a/1/b", "{\"a\": [null, {\"b\": \"x\"}]}").as_deref(), Some("x"));
        assert_eq!(found("/a", "no json"), None);
        assert_eq!(placed("/a/1/b", "x"), "{\"a\":[null,{\"b\":\"x\"}]}");
        assert_eq!(placed("/a", "0.5"), "{\"a\":0.5}");
    }

    proptest! {
        #[test]
        fn what_was_escaped_comes_back(text in "\\PC*", wild in any::<String>()) {
            for before in ["GET /x/", "POST /x {\"name\": \"", "POST /x name="] {
                prop_assert_eq!(part(before).unescape(&part(before).escape(&text)), text.clone());
                drop(part(before).unescape(&wild));
            }
            drop(found(&wild, &text));
            drop(placed(&wild, &text));
        }
    }
}
