//! A request over HTTP and its answer as values: what an [`Http`](super::Wire::Http) wire carries.
//!
//! A driver sends [`Request::bytes`] with a tag; the reply comes as [`Payload::HttpReply`](super::Payload::HttpReply) with that tag.
//! A simulator gets [`Payload::HttpRequest`](super::Payload::HttpRequest), reads it with [`Request::read`] and answers with [`Out::reply`](super::Out::reply).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One request. In bytes: `{"method":"GET","path":"/...","headers":{...},"body":"...","login":["user","password"]}`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// `GET` when it is left out.
    #[serde(default = "get")]
    pub method: String,
    /// Path and query, from the first slash.
    pub path: String,
    /// Headers by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Text to send along.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// User and password, sent as HTTP Basic (RFC 7617): readable on the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<(String, String)>,
}

/// Without headers and login, which may hold a password.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { method, path, body, .. } = self;
        f.debug_struct("Request").field("method", method).field("path", path).field("body", body).finish_non_exhaustive()
    }
}

fn get() -> String {
    "GET".to_owned()
}

impl Request {
    /// A request without a body.
    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: get(), path: path.into(), headers: BTreeMap::new(), body: String::new(), login: None }
    }

    /// A request with a JSON body.
    #[must_use]
    pub fn json(method: &str, path: impl Into<String>, body: impl Into<String>) -> Self {
        let headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
        Self { method: method.to_owned(), headers, body: body.into(), ..Self::get(path) }
    }

    /// As an Http wire takes it.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What [`Request::bytes`] made.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| format!("no HTTP request in showcall's form ({error})"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_request_is_what_it_was() {
        let request = Request { login: Some(("admin".into(), "secret".into())), ..Request::json("PUT", "/transports/0", "{\"mode\":1}") };
        assert_eq!(Request::read(&request.bytes()), Ok(request));
        let short = br#"{"path":"/"}"#;
        assert_eq!(Request::read(short).unwrap(), Request::get("/"));
        assert_eq!(Request::get("/").bytes(), br#"{"method":"GET","path":"/"}"#);
        assert!(Request::read(b"GET / HTTP/1.1").unwrap_err().contains("no HTTP request"));
    }
}
