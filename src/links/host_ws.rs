//! The WebSocket door of a simulator: each connection is a wire of its own, with the lowest number that is free.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};

use tokio_tungstenite::tungstenite::handshake::MidHandshake;
use tokio_tungstenite::tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::{self, Error, HandshakeError, Message, ServerHandshake, WebSocket};

use super::host::CONNECTIONS;
use super::sys::Poller;
use super::websocket::{close_frame, config};
use crate::devices::WireId;

/// Messages taken from one client at one look.
const MESSAGES_A_LOOK: usize = 64;

/// What happened at a door.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Happening {
    /// A client is there.
    Up(WireId),
    /// It has gone.
    Down(WireId),
    /// It said this.
    Text(WireId, SocketAddr, String),
    /// It asks this, over HTTP: tag, request.
    Asked(u64, SocketAddr, Vec<u8>),
}

/// Listens, shakes hands, moves text.
pub(super) struct Door {
    listener: TcpListener,
    protocol: Option<String>,
    clients: Vec<Client>,
}

struct Client {
    wire: WireId,
    from: SocketAddr,
    state: State,
    /// Something did not leave yet.
    waiting: bool,
}

enum State {
    Shaking(Box<MidHandshake<ServerHandshake<TcpStream, Agree>>>),
    Open(Box<WebSocket<TcpStream>>),
    Gone,
}

/// Agrees to the device's sub-protocol when a client offers it.
struct Agree(Option<String>);

impl Callback for Agree {
    fn on_request(self, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL);
        let mut offered = offered.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',').map(str::trim));
        if let Some(protocol) = self.0.filter(|own| offered.any(|one| one == own))
            && let Ok(value) = HeaderValue::from_str(&protocol)
        {
            response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, value);
        }
        Ok(response)
    }
}

impl Door {
    pub(super) fn open(listen: SocketAddr, protocol: Option<String>) -> io::Result<Self> {
        let listener = TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, protocol, clients: Vec::new() })
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }

    /// Something still waits to leave.
    pub(super) fn has_waiting(&self) -> bool {
        self.clients.iter().any(|client| client.waiting)
    }

    /// Does what there is to do; tells what happened.
    pub(super) fn look(&mut self, poller: &Poller) -> Vec<Happening> {
        let mut happened = Vec::new();
        self.accept(poller);
        for client in &mut self.clients {
            client.look(&mut happened);
        }
        self.clients.retain(|client| !matches!(client.state, State::Gone));
        happened
    }

    fn accept(&mut self, poller: &Poller) {
        while let Ok((stream, from)) = self.listener.accept() {
            let ready = stream.set_nonblocking(true).and_then(|()| stream.set_nodelay(true));
            let free = (0_u8..).find(|n| self.clients.iter().all(|client| client.wire.0 != *n));
            if let (true, Ok(()), Some(wire)) = (self.clients.len() < CONNECTIONS, ready, free)
                && poller.add(stream.as_fd(), 1).is_ok()
            {
                let state = State::Shaking(Box::new(ServerHandshake::start(stream, Agree(self.protocol.clone()), Some(config()))));
                self.clients.push(Client { wire: WireId(wire), from, state, waiting: false });
            }
        }
    }

    /// Says something over a client's wire; one that has gone hears nothing.
    pub(super) fn send(&mut self, wire: WireId, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        if let Some(client) = self.clients.iter_mut().find(|client| client.wire == wire) {
            client.write(|socket| socket.send(Message::text(text)));
        }
    }

    /// Closes a client's connection.
    pub(super) fn hang_up(&mut self, wire: WireId, code: u16, reason: &str) {
        if let Some(client) = self.clients.iter_mut().find(|client| client.wire == wire) {
            client.write(|socket| socket.close(Some(close_frame(code, reason))).and_then(|()| socket.flush()));
        }
    }
}

impl Client {
    fn look(&mut self, happened: &mut Vec<Happening>) {
        self.shake(happened);
        if self.waiting {
            self.write(WebSocket::flush);
        }
        for _ in 0..MESSAGES_A_LOOK {
            let State::Open(socket) = &mut self.state else { break };
            match socket.read() {
                Ok(Message::Text(text)) => happened.push(Happening::Text(self.wire, self.from, text.as_str().to_owned())),
                Ok(_) => {}
                Err(error) => {
                    if !would_block(&error) {
                        self.state = State::Gone;
                        happened.push(Happening::Down(self.wire));
                    }
                    return;
                }
            }
        }
        // Read no further for now, and what was read may not ring again.
        self.waiting |= matches!(self.state, State::Open(_));
    }

    fn shake(&mut self, happened: &mut Vec<Happening>) {
        if !matches!(self.state, State::Shaking(_)) {
            return;
        }
        let State::Shaking(shaking) = std::mem::replace(&mut self.state, State::Gone) else { return };
        match shaking.handshake() {
            Ok(socket) => {
                self.state = State::Open(Box::new(socket));
                happened.push(Happening::Up(self.wire));
            }
            Err(HandshakeError::Interrupted(shaking)) => self.state = State::Shaking(Box::new(shaking)),
            // Not a WebSocket client: it never was there.
            Err(HandshakeError::Failure(_)) => {}
        }
    }

    /// Writes; a client that cannot be written to is found out by the next look.
    fn write(&mut self, f: impl FnOnce(&mut WebSocket<TcpStream>) -> tungstenite::Result<()>) {
        if let State::Open(socket) = &mut self.state {
            self.waiting = matches!(f(socket), Err(error) if would_block(&error));
        }
    }
}

fn would_block(error: &Error) -> bool {
    matches!(error, Error::Io(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted))
}
