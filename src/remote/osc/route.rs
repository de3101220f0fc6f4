//! What an address means: a message about the session, something to do, or a question.

use rosc::OscType;

use super::press::{Press, press, switch};
use super::query::Query;
use crate::engine::{Intent, Ownership, Snapshot};
use crate::show::{CueIx, ListIx, Show, Target};

/// The meaning of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// About the session.
    Session(Session),
    /// Something to do: intents in order; none for the release of a button.
    Act(Vec<Intent>),
    /// A question.
    Query(Query),
    /// Something to do whose argument cannot be followed, and why.
    Refused(String),
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

/// Reads an address. `/workspace/{id}` before anything means nothing here: one process runs one show.
pub(super) fn parse(address: &str, args: &[OscType], show: &Show, snapshot: &Snapshot) -> Route {
    let mut parts: Vec<&str> = address.trim_start_matches('/').split('/').collect();
    if parts.len() > 2 && parts[0] == "workspace" {
        parts.drain(..2);
    }
    let meaning = session(&parts, args)
        .map(|session| session.map(Route::Session))
        .or_else(|| setting(&parts, args, show).map(|intents| intents.map(act)))
        .or_else(|| go(&parts, args, show).map(|intents| intents.map(act)))
        .or_else(|| transport(&parts).map(|intent| button(args, act(vec![intent]))))
        .or_else(|| Query::parse(&parts, args).map(Route::Query).map(Ok))
        .or_else(|| scoped(&parts, show, snapshot).map(|route| button(args, route)));
    match meaning {
        Some(Ok(route)) => route,
        Some(Err(why)) => Route::Refused(format!("\"{address}\": {why}")),
        None => Route::Unknown(format!("\"{address}\" is not an address of this show caller")),
    }
}

const fn act(intents: Vec<Intent>) -> Route {
    Route::Act(intents)
}

/// An address that works as a button: done when it goes down, nothing when it comes up.
fn button(args: &[OscType], route: Route) -> Result<Route, String> {
    match press(args)? {
        Press::Down => Ok(route),
        Press::Up => Ok(act(Vec::new())),
        Press::Named(text) => Err(format!("takes no name, and \"{text}\" came with it")),
    }
}

fn session(parts: &[&str], args: &[OscType]) -> Option<Result<Session, String>> {
    let on = |with: fn(bool) -> Session, plain| switch(args).map(|on| with(on.unwrap_or(plain)));
    Some(match parts {
        ["version"] => Ok(Session::Version),
        ["workspaces"] => Ok(Session::Workspaces),
        ["connect"] => Ok(Session::Connect(passcode(args))),
        ["disconnect"] => Ok(Session::Disconnect),
        ["thump"] => Ok(Session::Thump),
        ["alwaysReply"] => on(Session::AlwaysReply, true),
        ["udpReplyPort"] => {
            let port = number(args).and_then(|n| u16::try_from(n).ok());
            port.map(Session::ReplyPort).ok_or_else(|| "needs a port from 0 to 65535".into())
        }
        ["forgetMeNot" | "udpKeepAlive" | "updates"] => on(Session::Keep, true),
        _ => return None,
    })
}

/// What takes a value.
fn setting(parts: &[&str], args: &[OscType], show: &Show) -> Option<Result<Vec<Intent>, String>> {
    let one = |intent: Intent| vec![intent];
    Some(match parts {
        ["panicInTime"] => match number(args) {
            Some(seconds) => Ok(one(Intent::Panic { now: seconds == 0 })),
            None => press(args).map(|_| one(Intent::Panic { now: false })),
        },
        ["undo"] => match press(args) {
            Ok(Press::Up) => Ok(Vec::new()),
            Ok(Press::Named(text)) if text != "program" => Err(format!("takes the word \"program\" or none, and \"{text}\" came with it")),
            Ok(pressed) => {
                let program = pressed != Press::Down;
                Ok(vec![Intent::Undo { confirm: false, program }, Intent::Undo { confirm: true, program }])
            }
            Err(why) => Err(why),
        },
        ["acknowledge"] => match number(args).map(u32::try_from) {
            None => press(args).map(|_| one(Intent::Acknowledge { alert: None })),
            // The release of a button; alerts are counted from 1.
            Some(Ok(0)) => Ok(Vec::new()),
            Some(Ok(alert)) => Ok(one(Intent::Acknowledge { alert: Some(alert) })),
            Some(Err(_)) => Err("needs the number of an alert".into()),
        },
        ["chase", "go"] => ticks(args).map(|ticked| one(Intent::ChaseGo { ticked })),
        ["cue" | "cue_id", number, verb @ ("armed" | "skip")] if !args.is_empty() => switch(args).and_then(|on| {
            let on = on == Some(true);
            cues(show, number).map(|cues| {
                let set = |cue| if *verb == "armed" { Intent::Arm { cue, armed: on } } else { Intent::Skip { cue, skip: on } };
                cues.into_iter().map(set).collect()
            })
        }),
        ["light", rest @ ..] => super::lights::order(rest, args, show)?.map(|intent| intent.into_iter().collect()),
        _ => return None,
    })
}

/// GO of a list, or of a cue by its number.
fn go(parts: &[&str], args: &[OscType], show: &Show) -> Option<Result<Vec<Intent>, String>> {
    let list = match parts {
        ["go"] => None,
        ["list", key, "go"] => Some(list_of(show, key)?),
        _ => return None,
    };
    Some(press(args).and_then(|pressed| match pressed {
        Press::Up => Ok(Vec::new()),
        Press::Down => Ok(vec![Intent::Go { list: list.unwrap_or(ListIx(0)), seen: None }]),
        Press::Named(number) => {
            let cue = show.cue_by_number(&number).ok_or_else(|| format!("the show has no cue {number}"))?;
            let own = show.cue(cue).list;
            if list.is_some_and(|list| list != own) {
                return Err(format!("cue {number} stands in another list, \"{}\"", show.list(own).key));
            }
            Ok(vec![Intent::Standby { list: own, cue: Some(cue) }, Intent::Go { list: own, seen: None }])
        }
    }))
}

/// What concerns the whole show or its first list.
fn transport(parts: &[&str]) -> Option<Intent> {
    let list = ListIx(0);
    let all = Target::All;
    Some(match parts {
        ["go", "confirm"] => Intent::GoConfirm { list },
        ["stop" | "hardStop"] => Intent::Stop { target: all },
        ["escape"] => Intent::Escape,
        ["pause"] => Intent::Pause { target: all },
        ["resume"] => Intent::Resume { target: all },
        ["panic"] => Intent::Panic { now: false },
        ["reset"] => Intent::Reset,
        ["hold"] => Intent::HoldAuto { list },
        ["playhead", "next" | "nextSequence"] => Intent::Move { list, by: 1 },
        ["playhead", "previous" | "previousSequence"] => Intent::Move { list, by: -1 },
        ["playhead", "none"] => Intent::Standby { list, cue: None },
        ["offer", id, "accept"] => Intent::Accept { offer: id.parse().ok()? },
        ["offer", id, "decline"] => Intent::Decline { offer: id.parse().ok()? },
        ["close"] => Intent::Close,
        _ => return None,
    })
}

/// What names a cue, a list, a hot cue or a device.
fn scoped(parts: &[&str], show: &Show, snapshot: &Snapshot) -> Option<Route> {
    match parts {
        ["playhead" | "playbackPosition" | "playheadID", number] | ["cue" | "cue_id", number, "load" | "standby" | "select"] => {
            Some(on_cue(show, number, |cue| Intent::Standby { list: show.cue(cue).list, cue: Some(cue) }))
        }
        ["chase", number] => Some(on_cue(show, number, |cue| Intent::Chase { list: show.cue(cue).list, cue })),
        ["cue" | "cue_id", "active", verb] => active(verb),
        ["cue" | "cue_id", "selected" | "playhead", verb] => {
            let next = snapshot.lists.first()?.next?;
            cue_verb(verb).map(|intent| act(vec![intent(next)]))
        }
        ["cue" | "cue_id", number, verb] => cue_verb(verb).map(|intent| on_cue(show, number, intent)),
        ["list", key, rest @ ..] => list_verb(show, key, rest),
        ["hot", key] => Some(match show.hots.iter().position(|hot| hot.key.eq_ignore_ascii_case(key) || *hot.name == **key) {
            Some(at) => act(vec![Intent::Hot { hot: crate::show::HotIx(u16::try_from(at).ok()?) }]),
            None => Route::Unknown(format!("no hot cue stands on \"{key}\"")),
        }),
        ["device", key, verb] => device_verb(show, key, verb),
        _ => None,
    }
}

/// What a verb after `/cue/{number}/` does to that cue.
fn cue_verb(verb: &str) -> Option<fn(CueIx) -> Intent> {
    Some(match verb {
        "start" | "go" => |cue| Intent::Start { cue },
        "stop" | "hardStop" | "panic" => |cue| Intent::Stop { target: Target::Cue(cue) },
        "pause" | "hardPause" => |cue| Intent::Pause { target: Target::Cue(cue) },
        "resume" => |cue| Intent::Resume { target: Target::Cue(cue) },
        _ => return None,
    })
}

/// The cue of this number, or each cue that an OSC pattern fits.
fn cues(show: &Show, number: &str) -> Result<Vec<CueIx>, String> {
    if let Some(cue) = show.cue_by_number(number) {
        return Ok(vec![cue]);
    }
    let cues = super::query::matching(show, number);
    if cues.is_empty() { Err(format!("the show has no cue {number}")) } else { Ok(cues) }
}

fn on_cue(show: &Show, number: &str, intent: impl Fn(CueIx) -> Intent) -> Route {
    match cues(show, number) {
        Ok(cues) => act(cues.into_iter().map(intent).collect()),
        Err(why) => Route::Unknown(why),
    }
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

fn list_of(show: &Show, key: &str) -> Option<ListIx> {
    show.lists.iter().position(|list| *list.key == *key).and_then(|at| u16::try_from(at).ok()).map(ListIx)
}

fn list_verb(show: &Show, key: &str, rest: &[&str]) -> Option<Route> {
    let Some(list) = list_of(show, key) else {
        return Some(Route::Unknown(format!("the show has no list \"{key}\"")));
    };
    let target = Target::List(list);
    Some(act(vec![match rest {
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

/// A passcode of digits may come as a number.
fn passcode(args: &[OscType]) -> Option<String> {
    match args.first()? {
        OscType::String(text) => Some(text.clone()),
        OscType::Int(n) => Some(n.to_string()),
        _ => None,
    }
}

/// A number that is a value; a part of a second counts as one.
fn number(args: &[OscType]) -> Option<i64> {
    let float = |x: f64| x.is_finite().then_some(if x > 0.0 && x < 1.0 { 1 } else { x as i64 });
    match args.first()? {
        OscType::Int(n) => Some(i64::from(*n)),
        OscType::Long(n) => Some(*n),
        OscType::Float(x) => float(f64::from(*x)),
        OscType::Double(x) => float(*x),
        OscType::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The lines of an open preview that are ticked, by their number from 0.
fn ticks(args: &[OscType]) -> Result<Vec<u16>, String> {
    let tick = |arg: &OscType| if let OscType::Int(n) = arg { u16::try_from(*n).ok() } else { None };
    args.iter().map(|arg| tick(arg).ok_or_else(|| "needs the numbers of lines, whole and from 0".to_owned())).collect()
}
