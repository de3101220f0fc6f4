//! WebSockets and HTTP on loopback: against our own doors, and against peers that misbehave.
#![allow(clippy::unwrap_used, clippy::result_large_err)]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::{self, handshake::server};

use super::host::Host;
use super::stream::{Inbound, Peer, Stream};
use super::sys::{Poller, boottime};
use super::toy::{self, observed, rack, reports, sent, set, show};
use super::{Rack, Simulate};
use crate::device_api::Report;
use crate::devices::web::Request;
use crate::devices::{Out, WireId};
use crate::show::{DeviceIx, Value};
use crate::time::Span;

const A: DeviceIx = DeviceIx(0);
const B: DeviceIx = DeviceIx(1);
const ONLINE: Report = Report::Online { identity: None };

/// A stream and the runtime that moves its bytes.
struct Far(Stream, #[allow(dead_code)] Runtime);

impl Far {
    fn new(peer: Peer) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let stream = Stream::open(runtime.handle(), peer).unwrap();
        Self(stream, runtime)
    }

    fn websocket(port: u16) -> Self {
        Self::new(Peer::WebSocket(format!("ws://127.0.0.1:{port}/"), Some("toy.json".into())))
    }

    fn http(port: u16) -> Self {
        let far = Self::new(Peer::Http(format!("http://127.0.0.1:{port}")));
        assert_eq!(far.next(), Inbound::Up);
        far
    }

    fn next(&self) -> Inbound {
        let mut poller = Poller::new().unwrap();
        poller.add(self.0.fd(), 0).unwrap();
        loop {
            if let Some(thing) = self.0.take() {
                return thing;
            }
            assert!(!poller.wait(Some(Span::secs(20))).unwrap().is_empty(), "nothing came");
        }
    }

    fn down(&self) -> String {
        match self.next() {
            Inbound::Down(why) => why.to_string(),
            other => panic!("{other:?}"),
        }
    }
}

/// A server that gives each connection to `f`.
fn server(f: impl Fn(TcpStream) + Send + 'static) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || f(listener.accept().unwrap().0));
    (port, thread)
}

/// A simulated toy on a real socket.
fn host(family: &str) -> (Host, u16) {
    let host = Host::open(&show(&[(family, "127.0.0.1", 0)]), A, toy::family(family).unwrap(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let port = host.address().port();
    (host, port)
}

/// Runs both sides until all of these reports have come.
fn until(rack: &mut Rack, host: &mut Host, wanted: &[(u16, Report)]) {
    let (limit, mut all) = (boottime() + Span::secs(20), Vec::new());
    while !wanted.iter().all(|one| all.contains(one)) {
        assert!(boottime() < limit, "{all:?}");
        rack.tick(boottime());
        host.step(Some(Span::ms(2))).unwrap();
        rack.poll(boottime()).unwrap();
        all.extend(reports(rack));
    }
}

#[test]
fn each_connection_to_a_websocket_door_is_a_wire_of_its_own() {
    let (mut host, port) = host("toy-websocket");
    assert_eq!(host.transport(), "websocket");
    let mut rack = rack(&show(&[("toy-websocket", "127.0.0.1", port), ("toy-websocket", "127.0.0.1", port)]), Simulate::None);
    until(&mut rack, &mut host, &[(0, ONLINE), (1, ONLINE)]);
    rack.command(boottime(), A, &set(1, A, 42));
    assert_eq!(reports(&mut rack), [sent(0, 1)]);
    // The box says a command's byte back to whom it came from, and a hand's to its first wire.
    until(&mut rack, &mut host, &[observed(0, 42)]);
    rack.command(boottime(), B, &set(2, B, 43));
    until(&mut rack, &mut host, &[observed(1, 43)]);
    assert_eq!(host.simulator().peek("byte"), Some(Value::Int(43)));
}

#[test]
fn a_simulated_device_that_hangs_up_says_why() {
    let (mut host, port) = host("toy-websocket");
    let far = Far::websocket(port);
    let came = |host: &mut Host| {
        let limit = boottime() + Span::secs(20);
        loop {
            assert!(boottime() < limit, "nothing came");
            host.step(Some(Span::ms(2))).unwrap();
            if let Some(thing) = far.0.take() {
                return thing;
            }
        }
    };
    assert_eq!(came(&mut host), Inbound::Up);
    far.0.send(0, b"bye".to_vec()).unwrap();
    assert_eq!(came(&mut host), Inbound::Down("the device closed the connection (4009: wrong password)".into()));
    assert_eq!(came(&mut host), Inbound::Up);
}

#[test]
fn a_peer_that_speaks_no_websocket_is_told_as_what_it_is() {
    let cases: [(&[u8], &str); 3] =
        [(b"220 mail ready\r\n\r\n", "no WebSocket"), (b"HTTP/1.1 404 Not Found\r\n\r\n", "HTTP 404"), (b"", "before it agreed")];
    for (answer, words) in cases {
        let (port, thread) = server(move |mut stream| {
            let mut request = [0; 1024];
            assert!(stream.read(&mut request).unwrap() > 0);
            stream.write_all(answer).unwrap();
        });
        let why = Far::websocket(port).down();
        assert!(why.contains(words), "{why}");
        thread.join().unwrap();
    }
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert!(Far::websocket(free).down().contains("nothing listens"));
    assert!(Far::new(Peer::WebSocket("wss://far.example/".into(), None)).down().contains("ws://host:port/"));
}

#[test]
fn a_websocket_that_breaks_off_within_a_message_goes_down_and_gives_no_half() {
    let (port, thread) = server(|stream| {
        let mut socket = tungstenite::accept_hdr(stream, |request: &server::Request, mut response: server::Response| {
            let protocol = request.headers().get("sec-websocket-protocol").unwrap().clone();
            response.headers_mut().insert("sec-websocket-protocol", protocol);
            Ok(response)
        })
        .unwrap();
        // A text frame of 100 bytes (RFC 6455, 5.2), of which 5 come.
        socket.get_mut().write_all(b"\x81\x64hello").unwrap();
    });
    let far = Far::websocket(port);
    assert_eq!(far.next(), Inbound::Up);
    thread.join().unwrap();
    assert!(far.down().contains("closed the connection"));
}

#[test]
fn a_peer_that_accepts_and_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_eq!(Far::websocket(port).down(), "no answer to connecting");
    let far = Far::http(port);
    far.0.send(7, Request::get("/").bytes()).unwrap();
    assert_eq!(far.next(), Inbound::Reply(7, 0, b"no answer within 4 s".to_vec()));
}

#[test]
fn requests_are_answered_in_order_each_with_its_tag() {
    let (mut host, port) = host("toy-http");
    let mut rack = rack(&show(&[("toy-http", "127.0.0.1", port)]), Simulate::None);
    until(&mut rack, &mut host, &[(0, ONLINE)]);
    let mut all = Vec::new();
    for byte in 1..20 {
        rack.command(boottime(), A, &set(byte.into(), A, byte));
        all.push(observed(0, byte));
    }
    until(&mut rack, &mut host, &all);
    assert_eq!(host.simulator().peek("byte"), Some(Value::Int(19)));
}

#[test]
fn a_reply_that_never_came_whole_has_status_0_and_a_reason() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let reply = |port, request: Vec<u8>| {
        let far = Far::http(port);
        far.0.send(3, request).unwrap();
        match far.next() {
            Inbound::Reply(3, 0, why) => String::from_utf8(why).unwrap(),
            other => panic!("{other:?}"),
        }
    };
    assert!(reply(free, Request::get("/").bytes()).contains("nothing listens"));
    assert!(reply(free, b"GET /".to_vec()).contains("no HTTP request"));
    for answer in [&b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"[..], b"220 mail ready\r\n"] {
        let (port, thread) = server(move |mut stream| {
            let mut request = [0; 1024];
            assert!(stream.read(&mut request).unwrap() > 0);
            stream.write_all(answer).unwrap();
        });
        let why = reply(port, Request::get("/").bytes());
        assert!(why.contains("does not speak HTTP"), "{why}");
        thread.join().unwrap();
    }
}

#[test]
fn an_http_door_refuses_what_is_no_request() {
    let (mut host, port) = host("toy-http");
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.write_all(b"hello\r\n\r\n").unwrap();
    client.set_nonblocking(true).unwrap();
    let (limit, mut said) = (boottime() + Span::secs(20), Vec::new());
    while !said.ends_with(b"\r\n\r\n") {
        assert!(boottime() < limit, "nothing came");
        host.step(Some(Span::ms(2))).unwrap();
        let mut buffer = [0; 256];
        if let Ok(length) = client.read(&mut buffer) {
            said.extend_from_slice(&buffer[..length]);
        }
    }
    assert!(said.starts_with(b"HTTP/1.1 400 Bad Request\r\n"));
}

#[test]
fn what_a_driver_asks_has_its_tag() {
    let mut out = Out::new();
    out.ask(WireId(0), 9, &Request::get("/"));
    assert_eq!((out.sends[0].tag, Request::read(&out.sends[0].bytes).unwrap().path.as_str()), (9, "/"));
}
