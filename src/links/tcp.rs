//! A stream to one device: connects, and moves framed bytes between the socket and the stage's queues (see [`super::stream`]).

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::framing::{Cutter, wrap};
use super::stream::{Inbound, Line};
use super::udp::plain;
use crate::devices::{Framing, Target};

/// Silence after which the kernel asks, and the pause between its questions.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(2));

/// Longest piece of a raw stream: a driver cuts it into messages of its own, all at once.
const PIECE: usize = 512;

/// Connects to a device.
///
/// # Errors
/// What the network says, for the technician.
pub(super) async fn connect(target: &Target) -> Result<TcpStream, Arc<str>> {
    let host = target.host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, target.port)).await.map_err(|error| plain(&error))?;
    // Without this a command waits for the acknowledgement of the one before it.
    stream.set_nodelay(true).map_err(|error| plain(&error))?;
    // A device that lost its power says nothing: the kernel asks.
    let keepalive = socket2::TcpKeepalive::new().with_time(KEEPALIVE.0).with_interval(KEEPALIVE.1);
    socket2::SockRef::from(&stream).set_tcp_keepalive(&keepalive).map_err(|error| plain(&error))?;
    Ok(stream)
}

/// Moves bytes until the connection ends; gives the reason.
pub(super) async fn serve(line: &Line<'_>, stream: TcpStream, framing: Framing) -> Arc<str> {
    let (mut read, mut write) = stream.into_split();
    tokio::select! {
        why = read_all(line, &mut read, framing) => why,
        why = write_all(line, &mut write, framing) => why,
    }
}

async fn read_all(line: &Line<'_>, from: &mut OwnedReadHalf, framing: Framing) -> Arc<str> {
    let (mut cutter, mut buffer) = (Cutter::new(framing), vec![0_u8; 16_384]);
    loop {
        let bytes = match from.read(&mut buffer).await {
            Ok(0) => return "the device closed the connection".into(),
            Ok(length) => buffer.get(..length).unwrap_or_default(),
            Err(error) => return plain(&error),
        };
        let mut messages = Vec::new();
        if framing == Framing::Raw {
            for piece in bytes.chunks(PIECE) {
                line.give(Inbound::Chunk(piece.to_vec())).await;
            }
            continue;
        }
        let fault = cutter.push(bytes, |message| messages.push(message.to_vec())).err();
        for message in messages {
            line.give(Inbound::Message(message)).await;
        }
        if let Some(fault) = fault {
            line.is_senseless();
            return fault.to_string().into();
        }
    }
}

async fn write_all(line: &Line<'_>, to: &mut OwnedWriteHalf, framing: Framing) -> Arc<str> {
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        loop {
            match line.next() {
                Ok(Some((_, message))) => wrap(framing, &message, &mut bytes),
                Ok(None) => break,
                Err(why) => return why,
            }
        }
        if !bytes.is_empty() {
            if let Err(error) = to.write_all(&bytes).await {
                return plain(&error);
            }
            continue;
        }
        if let Err(why) = line.wanted().await {
            return why;
        }
    }
}
