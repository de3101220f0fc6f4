//! What an address means: a message about the session, something to do, or a question.

use rosc::OscType;

use super::query::Query;
use crate::engine::{Intent, Ownership, Snapshot};
use crate::show::{CueIx, ListIx, Show, Target};

/// The meaning of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// About the session.
    Session(Session),
    /// Something to do.
    Act(Do),
    /// A question.
    Query(Query),
    /// Not understood, and why.
    Unknown(String),
}

/// Messages about the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Session {
    Version,
    Workspaces,
    Connect(Option<String>),
    Disconnect,
    Thump,
    AlwaysReply(bool),
    ReplyPort(u16),
    Keep(bool),
}

/// Intents in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Do {
    pub intents: Vec<Intent>,
}

/// Reads an address. `/workspace/{id}` before anything means nothing here: one process runs one show.
pub(super) fn parse(address: &str, args: &[OscType], show: &Show, snapshot: &Snapshot) -> Route {
    let mut parts: Vec<&str> = address.trim_start_matches('/').split('/').collect();
    if parts.len() > 2 && parts[0] == "workspace" {
        parts.drain(..2);
    }
    session(&parts, args)
        .map(Route::Session)
        .or_else(|| transport(&parts, args, show).map(act))
        .or_else(|| Query::parse(&parts, args).map(Route::Query))
        .or_else(|| scoped(&parts, args, show, snapshot))
        .unwrap_or_else(|| Route::Unknown(format!("\"{address}\" is not an address of this show caller")))
}

const fn act(intents: Vec<Intent>) -> Route {
    Route::Act(Do { intents })
}

fn session(parts: &[&str], args: &[OscType]) -> Option<Session> {
    Some(match parts {
        ["version"] => Session::Version,
        ["workspaces"] => Session::Workspaces,
        ["connect"] => Session::Connect(text(args)),
        ["disconnect"] => Session::Disconnect,
        ["thump"] => Session::Thump,
        ["alwaysReply"] => Session::AlwaysReply(truth(args)?),
        ["udpReplyPort"] => Session::ReplyPort(u16::try_from(number(args)?).ok()?),
        ["forgetMeNot" | "udpKeepAlive"] => Session::Keep(truth(args)?),
        ["updates"] => Session::Keep(truth(args).unwrap_or(true)),
        _ => return None,
    })
}

/// What concerns the whole show or its first list.
fn transport(parts: &[&str], args: &[OscType], show: &Show) -> Option<Vec<Intent>> {
    let list = ListIx(0);
    let all = Target::All;
    Some(match parts {
        ["go"] => match text(args) {
            Some(number) => vec![Intent::Standby { list, cue: Some(show.cue_by_number(&number)?) }, Intent::Go { list, seen: None }],
            None => vec![Intent::Go { list, seen: None }],
        },
        ["go", "confirm"] => vec![Intent::GoConfirm { list }],
        ["stop" | "hardStop"] => vec![Intent::Stop { target: all }],
        ["escape"] => vec![Intent::Escape],
        ["pause"] => vec![Intent::Pause { target: all }],
        ["resume"] => vec![Intent::Resume { target: all }],
        ["panic"] => vec![Intent::Panic { now: false }],
        ["panicInTime"] => vec![Intent::Panic { now: number(args) == Some(0) }],
        ["reset"] => vec![Intent::Reset],
        ["undo"] => {
            let program = text(args).as_deref() == Some("program");
            vec![Intent::Undo { confirm: false, program }, Intent::Undo { confirm: true, program }]
        }
        ["hold"] => vec![Intent::HoldAuto { list }],
        ["acknowledge"] => vec![Intent::Acknowledge { alert: number(args).and_then(|n| u32::try_from(n).ok()) }],
        ["playhead", "next" | "nextSequence"] => vec![Intent::Move { list, by: 1 }],
        ["playhead", "previous" | "previousSequence"] => vec![Intent::Move { list, by: -1 }],
        ["playhead", "none"] => vec![Intent::Standby { list, cue: None }],
        ["offer", id, "accept"] => vec![Intent::Accept { offer: id.parse().ok()? }],
        ["offer", id, "decline"] => vec![Intent::Decline { offer: id.parse().ok()? }],
        ["chase", "go"] => vec![Intent::ChaseGo { ticked: ticks(args) }],
        ["close"] => vec![Intent::Close],
        _ => return None,
    })
}

/// What names a cue, a list, a hot cue or a device.
fn scoped(parts: &[&str], args: &[OscType], show: &Show, snapshot: &Snapshot) -> Option<Route> {
    match parts {
        ["playhead" | "playbackPosition" | "playheadID", number] | ["cue" | "cue_id", number, "load" | "standby" | "select"] => {
            Some(on_cue(show, number, |cue| Intent::Standby { list: show.cue(cue).list, cue: Some(cue) }))
        }
        ["chase", number] => Some(on_cue(show, number, |cue| Intent::Chase { list: show.cue(cue).list, cue })),
        ["cue" | "cue_id", "active", verb] => active(verb),
        ["cue" | "cue_id", "selected" | "playhead", verb] => {
            let next = snapshot.lists.first()?.next?;
            cue_verb(verb, args).map(|intent| act(vec![intent(show, next)]))
        }
        ["cue" | "cue_id", number, verb] => {
            let intent = cue_verb(verb, args)?;
            Some(on_cue(show, number, |cue| intent(show, cue)))
        }
        ["list", key, rest @ ..] => list_verb(show, key, rest),
        ["hot", key] => Some(match show.hots.iter().position(|hot| hot.key.eq_ignore_ascii_case(key) || *hot.name == **key) {
            Some(at) => act(vec![Intent::Hot { hot: crate::show::HotIx(u16::try_from(at).ok()?) }]),
            None => Route::Unknown(format!("no hot cue stands on \"{key}\"")),
        }),
        ["device", key, verb] => device_verb(show, key, verb),
        ["light", rest @ ..] => super::lights::order(rest, args, show).map(|intent| act(vec![intent])),
        _ => None,
    }
}

type CueIntent = Box<dyn Fn(&Show, CueIx) -> Intent>;

/// What a verb after `/cue/{number}/` does to that cue.
fn cue_verb(verb: &str, args: &[OscType]) -> Option<CueIntent> {
    Some(match verb {
        "start" | "go" => Box::new(|_, cue| Intent::Start { cue }),
        "stop" | "hardStop" | "panic" => Box::new(|_, cue| Intent::Stop { target: Target::Cue(cue) }),
        "pause" | "hardPause" => Box::new(|_, cue| Intent::Pause { target: Target::Cue(cue) }),
        "resume" => Box::new(|_, cue| Intent::Resume { target: Target::Cue(cue) }),
        "armed" => {
            let armed = truth(args)?;
            Box::new(move |_, cue| Intent::Arm { cue, armed })
        }
        "skip" => {
            let skip = truth(args)?;
            Box::new(move |_, cue| Intent::Skip { cue, skip })
        }
        _ => return None,
    })
}

/// The intent for one cue number, or for each cue that an OSC pattern fits.
fn on_cue(show: &Show, number: &str, intent: impl Fn(CueIx) -> Intent) -> Route {
    if let Some(cue) = show.cue_by_number(number) {
        return act(vec![intent(cue)]);
    }
    let cues = super::query::matching(show, number);
    if cues.is_empty() { Route::Unknown(format!("the show has no cue {number}")) } else { act(cues.into_iter().map(intent).collect()) }
}

fn active(verb: &str) -> Option<Route> {
    let target = Target::All;
    Some(act(vec![match verb {
        "stop" | "hardStop" => Intent::Stop { target },
        "pause" => Intent::Pause { target },
        "resume" => Intent::Resume { target },
        "panic" => Intent::Panic { now: false },
        _ => return None,
    }]))
}

fn list_verb(show: &Show, key: &str, rest: &[&str]) -> Option<Route> {
    let Some(at) = show.lists.iter().position(|list| *list.key == *key) else {
        return Some(Route::Unknown(format!("the show has no list \"{key}\"")));
    };
    let list = ListIx(u16::try_from(at).ok()?);
    let target = Target::List(list);
    Some(act(vec![match rest {
        ["go"] => Intent::Go { list, seen: None },
        ["go", "confirm"] => Intent::GoConfirm { list },
        ["hold"] => Intent::HoldAuto { list },
        ["stop"] => Intent::Stop { target },
        ["pause"] => Intent::Pause { target },
        ["resume"] => Intent::Resume { target },
        ["playhead", "next"] => Intent::Move { list, by: 1 },
        ["playhead", "previous"] => Intent::Move { list, by: -1 },
        ["playhead", number] => Intent::Standby { list, cue: Some(show.cue_by_number(number)?) },
        _ => return None,
    }]))
}

fn device_verb(show: &Show, key: &str, verb: &str) -> Option<Route> {
    let ownership = match verb {
        "release" => Ownership::Released,
        "take" => Ownership::Live,
        "bypass" => Ownership::Bypassed,
        _ => return None,
    };
    Some(match show.device_by_key(key) {
        Some(device) => act(vec![Intent::Own { device, ownership }]),
        None => Route::Unknown(format!("the show has no device \"{key}\"")),
    })
}

fn text(args: &[OscType]) -> Option<String> {
    match args.first()? {
        OscType::String(text) => Some(text.clone()),
        OscType::Int(n) => Some(n.to_string()),
        _ => None,
    }
}

fn number(args: &[OscType]) -> Option<i64> {
    match args.first()? {
        OscType::Int(n) => Some(i64::from(*n)),
        OscType::Long(n) => Some(*n),
        OscType::Float(x) if x.is_finite() => Some(if *x > 0.0 && *x < 1.0 { 1 } else { *x as i64 }),
        OscType::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

pub(super) fn truth(args: &[OscType]) -> Option<bool> {
    match args.first()? {
        OscType::Bool(on) => Some(*on),
        _ => number(args).map(|n| n != 0),
    }
}

fn ticks(args: &[OscType]) -> Vec<u16> {
    let tick = |arg: &OscType| if let OscType::Int(n) = arg { u16::try_from(*n).ok() } else { None };
    args.iter().filter_map(tick).collect()
}
