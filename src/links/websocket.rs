//! A WebSocket to one device (RFC 6455, `ws://` only): text messages between the socket and the stage's queues (see [`super::stream`]).
//!
//! Pings are answered at once. A device that gives no sign of life for three of our own pings is taken for dead. Binary messages are no
//! device's business here and are left out. A device's closing code and reason stand in the wire's `Down`, as [`closed`] words them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::{ClientRequestBuilder, IntoClientRequest};
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::stream::{Inbound, Line};
use super::{tcp, udp};
use crate::devices::Target;

/// Longest message: the scenes of a large OBS collection are some hundred kilobytes.
const LONGEST: usize = 4 << 20;
/// How often we ask whether the device is still there.
const PING_EVERY: Duration = Duration::from_secs(5);
/// Pings without any sign of life, after which it is not.
const SILENT_PINGS: u32 = 3;
/// How long one message may take to leave.
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// An open WebSocket.
pub(super) type Socket = WebSocketStream<TcpStream>;

/// Buffers and limits, the same at both ends.
pub(super) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(16 << 10)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * LONGEST)
        .max_message_size(Some(LONGEST))
        .max_frame_size(Some(LONGEST))
}

/// Connects and shakes hands.
///
/// # Errors
/// What the network or the far end says, for the technician.
pub(super) async fn connect(url: &str, protocol: Option<&str>) -> Result<Socket, Arc<str>> {
    let uri: Uri = url.parse().map_err(|_| Arc::from(format!("\"{url}\" is no WebSocket address (write ws://host:port/)")))?;
    let Some(host) = uri.host().filter(|_| uri.scheme_str() == Some("ws")) else {
        return Err(format!("\"{url}\" is no WebSocket address that can be opened (write ws://host:port/)").into());
    };
    let stream = tcp::connect(&Target { host: host.to_owned(), port: uri.port_u16().unwrap_or(80) }).await?;
    let mut request = ClientRequestBuilder::new(uri.clone());
    if let Some(protocol) = protocol {
        request = request.with_sub_protocol(protocol);
    }
    let request = request.into_client_request().map_err(|error| words(&error))?;
    let shaken = tokio_tungstenite::client_async_with_config(request, stream, Some(config())).await;
    shaken.map(|(socket, _)| socket).map_err(|error| words(&error))
}

/// Moves messages until the connection ends; gives the reason.
pub(super) async fn serve(line: &Line<'_>, socket: Socket) -> Arc<str> {
    let (mut sink, mut stream) = socket.split();
    let alive = AtomicBool::new(true);
    let why = tokio::select! {
        why = read_all(line, &mut stream, &alive) => why,
        why = write_all(line, &mut sink) => why,
        why = silence(&alive) => why,
    };
    // A good-bye, where it can still be said.
    drop(tokio::time::timeout(Duration::from_millis(100), sink.close()).await);
    why
}

async fn read_all(line: &Line<'_>, from: &mut SplitStream<Socket>, alive: &AtomicBool) -> Arc<str> {
    while let Some(message) = from.next().await {
        alive.store(true, Ordering::Release);
        match message {
            Ok(Message::Text(text)) => line.give(Inbound::Text(text.as_str().to_owned())).await,
            Ok(Message::Close(frame)) => return closed(frame.as_ref().map(|frame| (u16::from(frame.code), frame.reason.as_str()))),
            Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
            Err(error) => {
                match error {
                    Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {}
                    Error::Capacity(_) | Error::Protocol(_) | Error::Utf8(_) => line.is_senseless(),
                    _ => {}
                }
                return words(&error);
            }
        }
    }
    closed(None)
}

async fn write_all(line: &Line<'_>, to: &mut SplitSink<Socket, Message>) -> Arc<str> {
    let mut ping = tokio::time::interval(PING_EVERY);
    ping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ping.reset();
    loop {
        loop {
            let text = match line.next() {
                Ok(Some((_, bytes))) => String::from_utf8_lossy(&bytes).into_owned(),
                Ok(None) => break,
                Err(why) => return why,
            };
            if let Err(why) = send(to, Message::text(text)).await {
                return why;
            }
        }
        tokio::select! {
            rung = line.wanted() => if let Err(why) = rung { return why },
            _ = ping.tick() => if let Err(why) = send(to, Message::Ping(Bytes::new())).await { return why },
        }
    }
}

async fn send(to: &mut SplitSink<Socket, Message>, message: Message) -> Result<(), Arc<str>> {
    match tokio::time::timeout(SEND_WITHIN, to.send(message)).await {
        Ok(sent) => sent.map_err(|error| words(&error)),
        Err(_) => Err("the device takes nothing more (it does not read)".into()),
    }
}

/// Ends when nothing came for several pings.
async fn silence(alive: &AtomicBool) -> Arc<str> {
    let mut silent = 0;
    while silent < SILENT_PINGS {
        tokio::time::sleep(PING_EVERY).await;
        silent = if alive.swap(false, Ordering::AcqRel) { 0 } else { silent + 1 };
    }
    "the device answers no more (is the program at the far end stuck?)".into()
}

/// Why a device closed: `the device closed the connection (4009: Authentication failed.)`. Drivers look for the code.
#[must_use]
pub fn closed(frame: Option<(u16, &str)>) -> Arc<str> {
    match frame {
        Some((code, "")) => format!("the device closed the connection ({code})").into(),
        Some((code, reason)) => format!("the device closed the connection ({code}: {reason})").into(),
        None => "the device closed the connection".into(),
    }
}

/// A closing frame as a simulated device sends it.
pub(super) fn close_frame(code: u16, reason: &str) -> CloseFrame {
    CloseFrame { code: code.into(), reason: reason.into() }
}

fn words(error: &Error) -> Arc<str> {
    match error {
        Error::Io(error) => udp::plain(error),
        Error::ConnectionClosed | Error::AlreadyClosed | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => closed(None),
        Error::Protocol(ProtocolError::HandshakeIncomplete) => "the device closed the connection before it agreed to a WebSocket".into(),
        Error::Http(reply) => {
            format!("the device refuses WebSockets here (HTTP {}); is it the right port and path?", reply.status().as_u16()).into()
        }
        Error::Capacity(_) => "the device sent a message of more than 4 MiB (is it the right port?)".into(),
        other => format!("what the device says is no WebSocket ({other}); is it the right port?").into(),
    }
}
