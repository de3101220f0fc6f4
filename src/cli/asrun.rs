//! As-run lines in words and as JSON, named by the show.

use serde_json::{Value as Json, json};

use crate::engine::{Level, Link, Note, Outcome, Ownership, Why};
use crate::show::{CueIx, DeviceIx, PropIx, Show, Value};
use crate::time::Mono;

/// `12 "CEO walk-on"`.
#[must_use]
pub fn cue(show: &Show, ix: CueIx) -> String {
    show.cues.get(ix.at()).map_or_else(|| format!("cue #{}", ix.0), |cue| format!("{} \"{}\"", cue.number, cue.name))
}

/// The device's key.
#[must_use]
pub fn device(show: &Show, ix: DeviceIx) -> String {
    show.devices.get(ix.at()).map_or_else(|| format!("device #{}", ix.0), |device| device.key.to_string())
}

/// `foh: host on`.
#[must_use]
pub fn prop(show: &Show, ix: PropIx) -> String {
    match show.props.get(ix.at()) {
        Some(prop) => format!("{}: {}", device(show, prop.device), prop.label),
        None => format!("property #{}", ix.0),
    }
}

/// What an action did, its value with it: `foh ceo muted`. Lights have no property.
#[must_use]
pub fn action(show: &Show, on: Option<PropIx>, said: &str) -> String {
    match (said, on) {
        ("", None) => "lights and cues".into(),
        ("", Some(ix)) => prop(show, ix),
        (said, _) => said.to_owned(),
    }
}

/// A property and what it holds: `foh ceo muted`.
#[must_use]
pub fn held(show: &Show, ix: PropIx, value: &Value) -> String {
    match show.props.get(ix.at()) {
        Some(prop) => format!("{} {}", device(show, prop.device), show.said(ix, value)),
        None => format!("property #{}: {value}", ix.0),
    }
}

/// News of a device, behind its name.
fn link(news: &Link) -> String {
    match news {
        Link::Online => "answers".into(),
        Link::Offline { why, .. } => format!("is OFFLINE: {why}"),
        Link::Silent => "has NOT ANSWERED yet".into(),
        Link::NeedsPerson { why } => format!("NEEDS A PERSON: {why}"),
    }
}

fn seconds(at: Mono) -> f64 {
    (at.0 / 1000) as f64 / 1e6
}

/// Why an action was.
#[must_use]
pub fn why(show: &Show, why: &Why) -> String {
    match why {
        Why::Step { cue: ix, step, rung: 0 } => format!("cue {} step {}", cue(show, *ix), step + 1),
        Why::Step { cue: ix, step, rung } => format!("cue {} step {} else {rung}", cue(show, *ix), step + 1),
        Why::Start => "show start".into(),
        Why::Safe => "safe".into(),
        Why::Undo => "undo".into(),
        Why::Chase => "chase".into(),
        Why::Reassert => "put back".into(),
        Why::Operator => "by hand".into(),
        Why::Transport => "transport".into(),
        Why::Inquiry => "question".into(),
    }
}

/// How an action ended: a word for machines and the words for people.
#[must_use]
pub fn outcome(outcome: &Outcome) -> (&'static str, String) {
    match outcome {
        Outcome::Confirmed { masked: None } => ("confirmed", "confirmed".into()),
        Outcome::Confirmed { masked: Some(by) } => ("masked", format!("landed, MASKED by {by}")),
        Outcome::Sent => ("sent", "sent".into()),
        Outcome::Failed { why } => ("failed", format!("FAILED: {why}")),
        Outcome::Refused { why } => ("refused", format!("REFUSED: {why}")),
        Outcome::Yielded => ("yielded", "yielded to a hand".into()),
        Outcome::Superseded => ("superseded", "superseded by a newer intent".into()),
        Outcome::Cancelled => ("cancelled", "cancelled".into()),
        Outcome::Skipped { why } => ("skipped", format!("skipped: {why}")),
        Outcome::Held => ("held", "HELD: its time passed while the show was away".into()),
        Outcome::Uncertain => ("uncertain", "UNCERTAIN: it may or may not have left".into()),
    }
}

fn ownership(ownership: Ownership) -> &'static str {
    match ownership {
        Ownership::Live => "live",
        Ownership::Released => "released",
        Ownership::Bypassed => "bypassed",
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Good => "good",
        Level::Notice => "notice",
        Level::Warn => "warn",
        Level::Bad => "bad",
    }
}

/// One line for people, without its time.
#[must_use]
pub fn words(show: &Show, note: &Note) -> String {
    match note {
        Note::Go { cue: ix, .. } => format!("GO {}", cue(show, *ix)),
        Note::RefusedIntent { why } => format!("refused: {why}"),
        Note::CueStarted { cue: ix } => format!("start {}", cue(show, *ix)),
        Note::CueEnded { cue: ix, stopped: false } => format!("end {}", cue(show, *ix)),
        Note::CueEnded { cue: ix, stopped: true } => format!("stopped {}", cue(show, *ix)),
        Note::Action { prop, said, why: reason, outcome: how, .. } => {
            format!("{}: {} ({})", action(show, *prop, said), outcome(how).1, why(show, reason))
        }
        Note::Yielded { prop, value } => format!("{} by a hand: yielded", held(show, *prop, value)),
        Note::Device { device: ix, news } => format!("{} {}", device(show, *ix), link(news)),
        Note::Machine { text, .. } => text.to_string(),
        Note::Ownership { device: ix, ownership: how } => format!("{} is {}", device(show, *ix), ownership(*how)),
        Note::Tell { text, .. } => format!("tell: {text}"),
        Note::Stopped => "stop all".into(),
        Note::Panic { now: false } => "PANIC".into(),
        Note::Panic { now: true } => "PANIC at once".into(),
        Note::Pointer { cue: Some(ix), .. } => format!("standby {}", cue(show, *ix)),
        Note::Pointer { cue: None, .. } => "standby: end of the list".into(),
    }
}

/// One event for machines: `{"event":"cue_started","at":1.25,"cue":"12",…}`; `at` is seconds of the show's clock.
#[must_use]
pub fn event(show: &Show, at: Mono, note: &Note) -> Json {
    let number = |ix: CueIx| show.cues.get(ix.at()).map(|cue| cue.number.to_string());
    let name = |ix: CueIx| show.cues.get(ix.at()).map(|cue| cue.name.to_string());
    let mut json = match note {
        Note::Go { cue, .. } => json!({"event": "go", "cue": number(*cue), "name": name(*cue)}),
        Note::RefusedIntent { why } => json!({"event": "refused", "why": why}),
        Note::CueStarted { cue } => json!({"event": "cue_started", "cue": number(*cue), "name": name(*cue)}),
        Note::CueEnded { cue, stopped } => json!({"event": "cue_ended", "cue": number(*cue), "name": name(*cue), "stopped": stopped}),
        Note::Action { action: id, prop: on, said, why: reason, outcome: how } => {
            let (word, text) = outcome(how);
            let said = action(show, *on, said);
            let on = on.and_then(|ix| show.props.get(ix.at()));
            let key = on.map(|prop| device(show, prop.device));
            json!({"event": "action", "action": id.0, "said": said, "device": key, "property": on.map(|prop| &prop.path),
                   "why": why(show, reason), "outcome": word, "text": text})
        }
        Note::Yielded { prop: ix, value } => {
            json!({"event": "yielded", "said": held(show, *ix, value), "property": prop(show, *ix), "value": value.to_string()})
        }
        Note::Device { device: ix, news } => {
            let (is, since, why) = match news {
                Link::Online => ("online", None, None),
                Link::Offline { since, why } => ("offline", *since, Some(why)),
                Link::Silent => ("silent", None, None),
                Link::NeedsPerson { why } => ("needs_person", None, Some(why)),
            };
            json!({"event": "device", "device": device(show, *ix), "is": is, "last_heard": since.map(seconds), "why": why})
        }
        Note::Machine { level: loud, text } => json!({"event": "machine", "level": level(*loud), "text": text}),
        Note::Ownership { device: ix, ownership: how } => {
            json!({"event": "ownership", "device": device(show, *ix), "is": ownership(*how)})
        }
        Note::Tell { level: loud, text } => json!({"event": "tell", "level": level(*loud), "text": text}),
        Note::Stopped => json!({"event": "stopped"}),
        Note::Panic { now } => json!({"event": "panic", "now": now}),
        Note::Pointer { cue, .. } => json!({"event": "standby", "cue": cue.and_then(number)}),
    };
    if let Some(object) = json.as_object_mut() {
        object.insert("at".into(), seconds(at).into());
    }
    json
}
