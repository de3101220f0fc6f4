//! The JSON reply of QLab's OSC API: `/reply{address}` with `{"address", "status", "data"}`.

use rosc::{OscMessage, OscPacket, OscType};
use serde_json::{Value as Json, json};

/// How a message fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// Taken.
    Ok,
    /// Not understood or not possible.
    Error,
    /// The passcode is missing.
    Denied,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// How it fared.
    pub status: Status,
    /// What was asked for.
    pub data: Option<Json>,
}

impl Answer {
    /// Without data.
    pub const fn status(status: Status) -> Self {
        Self { status, data: None }
    }

    /// With data.
    pub const fn data(data: Json) -> Self {
        Self { status: Status::Ok, data: Some(data) }
    }

    /// An error and its reason.
    pub fn error(why: &str) -> Self {
        Self { status: Status::Error, data: Some(why.into()) }
    }
}

/// The reply datagram.
pub(super) fn encode(address: &str, answer: &Answer) -> Vec<u8> {
    let status = match answer.status {
        Status::Ok => "ok",
        Status::Error => "error",
        Status::Denied => "denied",
    };
    let mut body = json!({ "workspace_id": super::query::WORKSPACE, "address": address, "status": status });
    if let (Some(data), Some(map)) = (&answer.data, body.as_object_mut()) {
        map.insert("data".into(), data.clone());
    }
    let message = OscMessage { addr: format!("/reply{address}"), args: vec![OscType::String(body.to_string())] };
    rosc::encoder::encode(&OscPacket::Message(message)).unwrap_or_default()
}
