//! Messages as text, both ways. Unknown fields and unknown messages are passed over.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

/// What OBS says.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// The first word.
    Hello {
        /// OBS's version, or that of obs-websocket where it tells no other.
        version: String,
        /// Challenge and salt, where a password is wanted.
        lock: Option<(String, String)>,
    },
    /// Requests are taken from here on.
    Identified,
    /// Something happened.
    Event {
        /// `CurrentProgramSceneChanged`.
        kind: String,
        /// Its facts.
        data: Json,
    },
    /// The answer to a request, or to each request of a batch that was carried out.
    Answer {
        /// The request's id.
        id: String,
        /// In the order of the batch; one for a single request.
        results: Vec<Answer>,
    },
}

/// The answer to one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// `GetInputMute`.
    pub kind: String,
    /// 100 is done.
    pub code: u64,
    /// OBS's own words on what went wrong.
    pub comment: String,
    /// What was asked for.
    pub data: Json,
}

/// One request: its type and its facts.
pub type Request = (&'static str, Json);

/// Done.
pub const DONE: u64 = 100;

/// Reads a message of OBS; `None` for what is not one of them.
#[must_use]
pub fn read(text: &str) -> Option<Frame> {
    let mut frame: Json = serde_json::from_str(text).ok()?;
    let op = frame.get("op")?.as_u64()?;
    let mut d = frame.get_mut("d")?.take();
    let word = |d: &Json, key: &str| d.get(key).and_then(Json::as_str).map(str::to_owned);
    Some(match op {
        0 => {
            let lock = d.get("authentication").and_then(|lock| Some((word(lock, "challenge")?, word(lock, "salt")?)));
            let version = word(&d, "obsStudioVersion").or_else(|| Some(format!("obs-websocket {}", word(&d, "obsWebSocketVersion")?)));
            Frame::Hello { version: version.unwrap_or_default(), lock }
        }
        2 => Frame::Identified,
        5 => Frame::Event { kind: word(&d, "eventType")?, data: taken(&mut d, "eventData") },
        7 => Frame::Answer { id: word(&d, "requestId")?, results: vec![answer(d)?] },
        9 => {
            let results = match taken(&mut d, "results") {
                Json::Array(results) => results.into_iter().filter_map(answer).collect(),
                _ => vec![],
            };
            Frame::Answer { id: word(&d, "requestId")?, results }
        }
        _ => return None,
    })
}

fn taken(d: &mut Json, key: &str) -> Json {
    d.get_mut(key).map(Json::take).unwrap_or_default()
}

fn answer(mut d: Json) -> Option<Answer> {
    let status = d.get("requestStatus")?;
    let done = status.get("result").and_then(Json::as_bool).unwrap_or(false);
    let code = status.get("code").and_then(Json::as_u64).unwrap_or(if done { DONE } else { 205 });
    let comment = status.get("comment").and_then(Json::as_str).unwrap_or_default().to_owned();
    let kind = d.get("requestType").and_then(Json::as_str).unwrap_or_default().to_owned();
    Some(Answer { kind, code, comment, data: taken(&mut d, "responseData") })
}

/// What a password becomes on the wire.
#[must_use]
pub fn proof(password: &str, salt: &str, challenge: &str) -> String {
    let digest = |parts: [&str; 2]| STANDARD.encode(Sha256::new().chain_update(parts[0]).chain_update(parts[1]).finalize());
    let secret = digest([password, salt]);
    digest([&secret, challenge])
}

/// Identify.
#[must_use]
pub fn identify(proof: Option<&str>, subscribed: u64) -> Vec<u8> {
    let mut d = json!({ "rpcVersion": 1, "eventSubscriptions": subscribed });
    if let (Some(proof), Some(d)) = (proof, d.as_object_mut()) {
        d.insert("authentication".into(), proof.into());
    }
    frame(1, d)
}

/// One request, or several as a batch that stops at the first failure.
#[must_use]
pub fn request(id: &str, mut requests: Vec<Request>) -> Vec<u8> {
    if requests.len() == 1
        && let Some((kind, data)) = requests.pop()
    {
        let mut d = json!({ "requestType": kind, "requestId": id });
        put_data(&mut d, data);
        return frame(6, d);
    }
    let each = |(kind, data): Request| {
        let mut d = json!({ "requestType": kind });
        put_data(&mut d, data);
        d
    };
    let requests: Vec<Json> = requests.into_iter().map(each).collect();
    frame(8, json!({ "requestId": id, "haltOnFailure": true, "executionType": 0, "requests": requests }))
}

fn put_data(d: &mut Json, data: Json) {
    if let (false, Some(d)) = (data.is_null(), d.as_object_mut()) {
        d.insert("requestData".into(), data);
    }
}

/// A message of this number.
#[must_use]
pub fn frame(op: u64, d: Json) -> Vec<u8> {
    let mut frame = Map::new();
    frame.insert("op".into(), op.into());
    frame.insert("d".into(), d);
    Json::Object(frame).to_string().into_bytes()
}

/// A number of OBS in thousandths: dB, ratios.
#[must_use]
pub fn thousandths(value: &Json) -> Option<i64> {
    let scaled = value.as_f64()? * 1000.0;
    // Beyond what any of these numbers can be: a float to integer cast saturates.
    (scaled.is_finite()).then_some(scaled.round() as i64)
}

/// Thousandths as a JSON number: -10500 is -10.5.
#[must_use]
pub fn from_thousandths(milli: i64) -> Json {
    serde_json::Number::from_f64(milli as f64 / 1000.0).map_or(Json::Null, Json::Number)
}
