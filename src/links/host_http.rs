//! The HTTP door of a simulator: HTTP/1.1 with a `Content-Length` and connections that stay open. No more than devices do.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};

use super::host::CONNECTIONS;
use super::host_ws::Happening;
use super::sys::Poller;
use crate::devices::web::Request;

/// Longest head, and longest body, of a request.
const LONGEST: (usize, usize) = (16 << 10, 1 << 20);

/// Listens, reads requests, gives answers.
pub(super) struct Door {
    listener: TcpListener,
    clients: Vec<Client>,
    tags: u64,
}

struct Client {
    stream: TcpStream,
    from: SocketAddr,
    read: Vec<u8>,
    write: Vec<u8>,
    /// The request that waits for the device's answer: one at a time.
    asked: Option<u64>,
    /// Closed when all is written.
    last: bool,
}

impl Door {
    pub(super) fn open(listen: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, clients: Vec::new(), tags: 0 })
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }

    /// Something still waits to leave, or to be read after an answer.
    pub(super) fn has_waiting(&self) -> bool {
        self.clients.iter().any(|client| !client.write.is_empty() || (client.asked.is_none() && !client.read.is_empty()))
    }

    /// Does what there is to do; tells what was asked.
    pub(super) fn look(&mut self, poller: &Poller) -> Vec<Happening> {
        while let Ok((stream, from)) = self.listener.accept() {
            let ready = stream.set_nonblocking(true).and_then(|()| stream.set_nodelay(true));
            if self.clients.len() < CONNECTIONS && ready.is_ok() && poller.add(stream.as_fd(), 1).is_ok() {
                self.clients.push(Client { stream, from, read: Vec::new(), write: Vec::new(), asked: None, last: false });
            }
        }
        let (mut happened, mut tags) = (Vec::new(), self.tags);
        self.clients.retain_mut(|client| client.look(&mut tags, &mut happened));
        self.tags = tags;
        happened
    }

    /// Answers a request: status, big-endian, and body.
    pub(super) fn answer(&mut self, tag: u64, bytes: &[u8]) {
        let Some((status, body)) = bytes.split_first_chunk::<2>() else { return };
        if let Some(client) = self.clients.iter_mut().find(|client| client.asked == Some(tag)) {
            client.asked = None;
            client.say(u16::from_be_bytes(*status), body);
            client.write_out();
        }
    }
}

impl Client {
    /// False: it has gone.
    fn look(&mut self, tags: &mut u64, happened: &mut Vec<Happening>) -> bool {
        let mut buffer = [0_u8; 4096];
        // One that sends more than it may is not read from until it is answered.
        while self.read.len() <= LONGEST.0 + LONGEST.1 {
            match self.stream.read(&mut buffer) {
                Ok(0) => return false,
                Ok(length) => self.read.extend_from_slice(buffer.get(..length).unwrap_or_default()),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        if self.asked.is_none() && !self.last {
            match cut(&self.read) {
                Ok(Some((request, length))) => {
                    self.read.drain(..length);
                    *tags += 1;
                    self.asked = Some(*tags);
                    happened.push(Happening::Asked(*tags, self.from, request.bytes()));
                }
                Ok(None) => {}
                Err(status) => {
                    self.last = true;
                    self.say(status, b"");
                }
            }
        }
        self.write_out() && !(self.last && self.write.is_empty())
    }

    fn say(&mut self, status: u16, body: &[u8]) {
        let kind = if body.starts_with(b"{") || body.starts_with(b"[") { "application/json" } else { "text/plain" };
        let close = if self.last { "Connection: close\r\n" } else { "" };
        let head = format!("HTTP/1.1 {status} {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{close}\r\n", phrase(status), body.len());
        self.write.extend_from_slice(head.as_bytes());
        self.write.extend_from_slice(body);
    }

    /// False: it has gone.
    fn write_out(&mut self) -> bool {
        while !self.write.is_empty() {
            match self.stream.write(&self.write) {
                Ok(0) => return false,
                Ok(length) => drop(self.write.drain(..length)),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return true,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        true
    }
}

const fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        413 => "Content Too Large",
        501 => "Not Implemented",
        _ => "Answer",
    }
}

/// The first whole request and its length; the status to refuse with when there can be none.
fn cut(bytes: &[u8]) -> Result<Option<(Request, usize)>, u16> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return if bytes.len() > LONGEST.0 { Err(413) } else { Ok(None) };
    };
    let head = std::str::from_utf8(bytes.get(..end).unwrap_or_default()).map_err(|_| 400_u16)?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(path), Some(version), None) = (first.next(), first.next(), first.next(), first.next()) else { return Err(400) };
    if !version.starts_with("HTTP/1.") || !path.starts_with('/') || method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(400);
    }
    let mut headers = BTreeMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(400_u16)?;
        headers.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
    }
    if headers.contains_key("transfer-encoding") {
        return Err(501);
    }
    let length = headers.get("content-length").map_or(Ok(0), |text| text.parse::<usize>().map_err(|_| 400_u16))?;
    if length > LONGEST.1 {
        return Err(413);
    }
    let Some(body) = bytes.get(end + 4..end + 4 + length) else { return Ok(None) };
    let body = String::from_utf8_lossy(body).into_owned();
    Ok(Some((Request { method: method.to_owned(), headers, body, ..Request::get(path) }, end + 4 + length)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_is_cut_from_what_came() {
        let bytes = b"PUT /clips HTTP/1.1\r\nHost: deck\r\nContent-Length: 4\r\n\r\nplayGET /";
        let (request, length) = cut(bytes).unwrap().unwrap();
        assert_eq!((request.method.as_str(), request.path.as_str(), request.body.as_str()), ("PUT", "/clips", "play"));
        assert_eq!(&bytes[length..], b"GET /");
        assert_eq!(cut(&bytes[..length - 1]), Ok(None));
        assert_eq!(cut(b"hello\r\n\r\n"), Err(400));
        assert_eq!(cut(b"POST / HTTP/1.1\r\ncontent-length: 99999999\r\n\r\n"), Err(413));
        assert_eq!(cut(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), Err(501));
        assert_eq!(cut(&[b'a'; 20_000]), Err(413));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_request_or_none(bytes: Vec<u8>, text in "[A-Z /:.0-9\r\n]{0,80}") {
            for bytes in [bytes.as_slice(), text.as_bytes()] {
                if let Ok(Some((_, length))) = cut(bytes) {
                    prop_assert!(length <= bytes.len());
                }
            }
        }
    }
}
