//! Who talks to us: passcode, reply port, and how long since.

use std::net::SocketAddr;

use super::Session;
use super::reply::{Answer, Status};
use crate::show::Show;
use crate::time::{Mono, Span};

/// Where QLab sends UDP replies when a client has not chosen (QLab OSC dictionary, "Replies").
const REPLY_PORT: u16 = 53001;
/// A client that says nothing for this long must connect again (QLab 5).
const FORGET_AFTER: Span = Span::secs(61);
/// At most this many clients are remembered; the one silent for longest is forgotten first.
const CLIENTS_MAX: usize = 64;
/// After this many wrong passcodes in a row an address is not listened to for [`WRONG_WAIT`].
const WRONG_MAX: u8 = 5;
const WRONG_WAIT: Span = Span::secs(10);

/// One sender, by its address and port.
#[derive(Debug)]
pub(super) struct Client {
    from: SocketAddr,
    heard: Mono,
    /// Gave the passcode.
    pub connected: bool,
    /// Wants a reply to everything.
    pub always_reply: bool,
    reply_port: u16,
    keep: bool,
    wrong: u8,
    deaf_until: Mono,
}

/// All senders.
#[derive(Debug, Default)]
pub(super) struct Clients(Vec<Client>);

impl Clients {
    /// The client at `from`, heard now; `None` while it is not listened to.
    pub fn heard(&mut self, now: Mono, from: SocketAddr) -> Option<&mut Client> {
        self.0.retain(|client| client.keep || now.since(client.heard) <= FORGET_AFTER);
        let at = match self.0.iter().position(|client| client.from == from) {
            Some(at) => at,
            None => {
                if self.0.len() == CLIENTS_MAX {
                    let oldest = self.0.iter().enumerate().min_by_key(|(_, client)| client.heard).map(|(at, _)| at)?;
                    self.0.swap_remove(oldest);
                }
                self.0.push(Client::new(now, from));
                self.0.len() - 1
            }
        };
        let client = self.0.get_mut(at)?;
        client.heard = now;
        (now >= client.deaf_until).then_some(client)
    }
}

impl Client {
    const fn new(now: Mono, from: SocketAddr) -> Self {
        Self {
            from,
            heard: now,
            connected: false,
            always_reply: false,
            reply_port: REPLY_PORT,
            keep: false,
            wrong: 0,
            deaf_until: Mono::ZERO,
        }
    }

    /// Where replies go.
    pub const fn reply_to(&self, from: SocketAddr) -> SocketAddr {
        let mut to = from;
        if self.reply_port != 0 {
            to.set_port(self.reply_port);
        }
        to
    }

    /// Messages about the session itself; open to all, passcode or not.
    pub fn session(&mut self, now: Mono, session: &Session, passcode: Option<&str>, show: &Show) -> Option<Answer> {
        Some(match session {
            Session::Version => Answer::data(concat!("5.0.0-showcall-", env!("CARGO_PKG_VERSION")).into()),
            Session::Workspaces => super::query::workspaces(show, passcode.is_some()),
            Session::Connect(given) => self.connect(now, given.as_deref(), passcode),
            Session::Disconnect => {
                self.connected = false;
                Answer::status(Status::Ok)
            }
            Session::Thump => Answer::data("thump".into()),
            Session::AlwaysReply(on) => {
                self.always_reply = *on;
                Answer::status(Status::Ok)
            }
            Session::ReplyPort(port) => {
                self.reply_port = *port;
                Answer::status(Status::Ok)
            }
            Session::Keep(on) => {
                self.keep = *on;
                Answer::status(Status::Ok)
            }
        })
    }

    fn connect(&mut self, now: Mono, given: Option<&str>, passcode: Option<&str>) -> Answer {
        if passcode.is_none() || passcode == given {
            self.connected = true;
            self.wrong = 0;
            return Answer::data("ok:view|edit|control".into());
        }
        self.connected = false;
        self.wrong = self.wrong.saturating_add(1);
        if self.wrong >= WRONG_MAX {
            self.wrong = 0;
            self.deaf_until = now + WRONG_WAIT;
        }
        Answer { status: Status::Denied, data: Some("badpass".into()) }
    }
}
