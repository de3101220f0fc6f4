//! Questions: what runs, what stands by, how the devices are.

use rosc::OscType;
use serde_json::{Map, Value as Json, json};

use super::pattern;
use super::reply::Answer;
use super::rundown;
use crate::engine::{Level, Ownership, Snapshot};
use crate::show::{Cue, CueIx, GroupMode, ListIx, Show};
use crate::time::Mono;

/// One process runs one show: its workspace is always this.
pub(super) const WORKSPACE: &str = "showcall";

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Query {
    /// All lists with their cues.
    CueLists,
    /// Cues that run.
    Running,
    /// The standing-by cue, as a selection.
    Selected,
    /// The standing-by cue's id, or its number.
    Playhead {
        /// The number instead of the id.
        number: bool,
    },
    /// Seconds until GO is possible.
    GuardLeft,
    /// The guard's length in seconds.
    GuardLength,
    /// Always true: there is no edit mode.
    ShowMode,
    /// Features that this show caller does not have.
    Never,
    /// The state of all devices, or of one.
    Devices(Option<String>),
    /// The line for the caller, alerts and offers.
    Alerts,
    /// How late a list is (the first without a key), and when what is planned will be.
    Rundown(Option<String>),
    /// Values of a cue.
    Cue {
        /// Number, id, `active`, `selected`.
        which: String,
        /// What is asked.
        keys: Vec<String>,
        /// Several values as an object.
        many: bool,
    },
}

impl Query {
    /// Reads an address whose first parts name a question.
    pub fn parse(parts: &[&str], args: &[OscType]) -> Option<Self> {
        Some(match parts {
            ["cueLists"] => Self::CueLists,
            ["runningCues" | "runningOrPausedCues"] | ["runningCues" | "runningOrPausedCues", "shallow"] => Self::Running,
            ["selectedCues"] | ["selectedCues", "shallow"] => Self::Selected,
            ["playheadID" | "playheadId" | "playbackPositionId" | "playbackPositionID"] => Self::Playhead { number: false },
            ["playhead" | "playbackPosition" | "playheadNumber"] => Self::Playhead { number: true },
            ["doubleGoWindowRemaining"] => Self::GuardLeft,
            ["settings", "general", "minGoTime"] => Self::GuardLength,
            ["showMode"] => Self::ShowMode,
            ["alwaysAudition" | "auditionWindow" | "auditionMonitors" | "overrideWindow" | "liveFadePreview"] => Self::Never,
            ["devices"] => Self::Devices(None),
            ["device", key] => Self::Devices(Some((*key).to_owned())),
            ["alerts"] => Self::Alerts,
            ["rundown"] => Self::Rundown(None),
            ["list", key, "rundown"] => Self::Rundown(Some((*key).to_owned())),
            ["cue" | "cue_id", which, "valuesForKeys"] => Self::Cue { which: (*which).to_owned(), keys: keys(args)?, many: true },
            ["cue" | "cue_id", which, key] if args.is_empty() && KEYS.contains(key) => {
                Self::Cue { which: (*which).to_owned(), keys: vec![(*key).to_owned()], many: false }
            }
            _ => return None,
        })
    }
}

/// What can be asked of a cue.
const KEYS: [&str; 33] = [
    "uniqueID",
    "number",
    "name",
    "listName",
    "displayName",
    "defaultName",
    "notes",
    "type",
    "armed",
    "flagged",
    "colorName",
    "isRunning",
    "isPaused",
    "isLoaded",
    "isBroken",
    "isAuditioning",
    "duration",
    "preWait",
    "postWait",
    "actionElapsed",
    "percentActionElapsed",
    "preWaitElapsed",
    "continueMode",
    "parent",
    "mode",
    "children",
    "autoLoad",
    "infiniteLoop",
    "skip",
    "plannedStart",
    "projectedStart",
    "actualStart",
    "late",
];

fn keys(args: &[OscType]) -> Option<Vec<String>> {
    let OscType::String(text) = args.first()? else { return None };
    serde_json::from_str(text).ok()
}

/// The workspaces of this process: one.
pub(super) fn workspaces(show: &Show, passcode: bool) -> Answer {
    Answer::data(json!([{ "uniqueID": WORKSPACE, "displayName": &*show.title, "hasPasscode": passcode, "version": "5.0.0" }]))
}

/// Answers a question; `None` where nothing is to be said.
pub(super) fn answer(query: &Query, show: &Show, snapshot: &Snapshot) -> Option<Answer> {
    let next = snapshot.lists.first().and_then(|list| list.next);
    let guard = snapshot.lists.iter().filter_map(|list| list.guard_until).max();
    Some(Answer::data(match query {
        Query::CueLists => lists(show, snapshot),
        Query::Running => snapshot.running.iter().map(|run| cue_json(show, snapshot, run.cue, &LIST_KEYS)).collect(),
        Query::Selected => next.iter().map(|cue| cue_json(show, snapshot, *cue, &LIST_KEYS)).collect(),
        Query::Playhead { number } => next.map_or_else(
            || "none".into(),
            |ix| {
                let cue = show.cue(ix);
                Json::from(if *number { &*cue.number } else { &*cue.id })
            },
        ),
        Query::GuardLeft => guard.map_or(json!(0), |until| seconds(until.since(snapshot.now).0)),
        Query::GuardLength => json!(0.8),
        Query::ShowMode => json!(true),
        Query::Never => json!(false),
        Query::Devices(None) => (0..show.devices.len()).map(|at| device(show, snapshot, at)).collect(),
        Query::Devices(Some(key)) => match show.devices.iter().position(|device| *device.key == **key) {
            Some(at) => device(show, snapshot, at),
            None => return Some(Answer::error(&format!("the show has no device \"{key}\""))),
        },
        Query::Alerts => json!({ "line": snapshot.line, "alerts": snapshot.alerts, "offers": snapshot.offers }),
        Query::Rundown(None) => rundown::day(show, snapshot, ListIx(0)),
        Query::Rundown(Some(key)) => match (0_u16..).zip(&show.lists).find(|(_, list)| *list.key == **key) {
            Some((at, _)) => rundown::day(show, snapshot, ListIx(at)),
            None => return Some(Answer::error(&format!("the show has no list \"{key}\""))),
        },
        Query::Cue { which, keys, many } => return Some(cue_answer(show, snapshot, which, keys, *many)),
    }))
}

fn cue_answer(show: &Show, snapshot: &Snapshot, which: &str, keys: &[String], many: bool) -> Answer {
    let cues = match which {
        "active" => snapshot.running.iter().map(|run| run.cue).collect(),
        "selected" | "playhead" => snapshot.lists.first().and_then(|list| list.next).into_iter().collect(),
        number => show.cue_by_number(number).map_or_else(|| matching(show, number), |cue| vec![cue]),
    };
    let Some(first) = cues.first().copied() else {
        return Answer::error(&format!("the show has no cue {which}"));
    };
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    if many {
        return Answer::data(cue_json(show, snapshot, first, &keys));
    }
    let value = keys.first().map_or(Json::Null, |key| value(show, snapshot, first, key));
    Answer::data(value)
}

/// Cues whose number an OSC pattern fits, or whose id is the text itself.
pub(super) fn matching(show: &Show, text: &str) -> Vec<CueIx> {
    let hit = |cue: &Cue| if pattern::is_pattern(text) { pattern::fits(text, &cue.number) } else { *cue.id == *text };
    (0_u32..).zip(&show.cues).filter(|(_, cue)| hit(cue)).map(|(at, _)| CueIx(at)).collect()
}

const LIST_KEYS: [&str; 8] = ["uniqueID", "number", "name", "listName", "type", "colorName", "flagged", "armed"];

fn lists(show: &Show, snapshot: &Snapshot) -> Json {
    let list = |list: &crate::show::List| {
        let top = list.cues.iter().filter(|cue| show.cue(**cue).parent.is_none());
        json!({
            "uniqueID": &*list.key, "number": "", "name": &*list.name, "listName": &*list.name, "type": "Cue List",
            "colorName": "none", "flagged": false, "armed": true,
            "cues": top.map(|cue| cue_json(show, snapshot, *cue, &LIST_KEYS)).collect::<Vec<_>>(),
        })
    };
    show.lists.iter().map(list).collect()
}

fn cue_json(show: &Show, snapshot: &Snapshot, ix: CueIx, keys: &[&str]) -> Json {
    let mut map: Map<String, Json> = keys.iter().map(|key| ((*key).to_owned(), value(show, snapshot, ix, key))).collect();
    if let Some(group) = &show.cue(ix).group {
        map.insert("cues".into(), group.children.iter().map(|child| cue_json(show, snapshot, *child, keys)).collect());
    }
    map.into()
}

fn value(show: &Show, snapshot: &Snapshot, ix: CueIx, key: &str) -> Json {
    let cue = show.cue(ix);
    let flags = snapshot.cues.get(ix.at()).copied().unwrap_or_default();
    let run = snapshot.running.iter().find(|run| run.cue == ix);
    match key {
        "uniqueID" => (*cue.id).into(),
        "number" => (*cue.number).into(),
        "name" | "listName" | "displayName" | "defaultName" => (*cue.name).into(),
        "notes" => cue.notes.as_deref().unwrap_or_default().into(),
        "type" => kind(cue).into(),
        "colorName" => "none".into(),
        "armed" => flags.armed.into(),
        "skip" => flags.skip.into(),
        "isRunning" => run.is_some_and(|run| run.paused.is_none()).into(),
        "isPaused" => run.is_some_and(|run| run.paused.is_some()).into(),
        "isBroken" => flags.failed.into(),
        "duration" => run.map_or_else(|| cue.planned.map_or(json!(0), |span| seconds(span.0)), |run| seconds(run.length.0)),
        "preWait" => seconds(cue.wait.0),
        "actionElapsed" => run.map_or(json!(0), |run| seconds(snapshot.now.since(run.started).0)),
        "percentActionElapsed" => run.map_or(json!(0), |run| fraction(snapshot.now, run.started, run.length.0)),
        "continueMode" => continue_mode(show, ix).into(),
        "parent" => cue.parent.map_or_else(|| show.list(cue.list).key.as_ref().into(), |parent| show.cue(parent).id.as_ref().into()),
        "mode" => cue.group.as_ref().map_or(0, |group| mode(group.mode)).into(),
        "children" => cue
            .group
            .as_ref()
            .map_or_else(|| json!([]), |group| group.children.iter().map(|child| Json::from(&*show.cue(*child).id)).collect()),
        "plannedStart" | "projectedStart" | "actualStart" | "late" => rundown::of_cue(show, snapshot, ix, key),
        "postWait" | "preWaitElapsed" => json!(0),
        "flagged" | "isLoaded" | "isAuditioning" | "autoLoad" | "infiniteLoop" => json!(false),
        _ => Json::Null,
    }
}

/// QLab keeps the continue mode on the earlier cue: 0 none, 1 auto-continue, 2 auto-follow.
fn continue_mode(show: &Show, ix: CueIx) -> u8 {
    let follower = show.cues.get(ix.at() + 1).filter(|next| next.list == show.cue(ix).list);
    match follower.and_then(|next| next.auto).map(|auto| auto.when) {
        None => 0,
        Some(crate::show::AutoWhen::AfterEnd) => 2,
        Some(_) => 1,
    }
}

fn kind(cue: &Cue) -> &'static str {
    match (&cue.group, cue.steps.is_empty()) {
        (Some(_), _) => "Group",
        (None, true) => "Memo",
        (None, false) => "Network",
    }
}

const fn mode(mode: GroupMode) -> u8 {
    match mode {
        GroupMode::Enter => 1,
        GroupMode::Together => 3,
        GroupMode::Step => 6,
    }
}

fn device(show: &Show, snapshot: &Snapshot, at: usize) -> Json {
    let (Some(device), Some(view)) = (show.devices.get(at), snapshot.devices.get(at)) else { return Json::Null };
    let level = match view.level {
        Level::Good => "good",
        Level::Notice => "notice",
        Level::Warn => "warn",
        Level::Bad => "bad",
    };
    let ownership = match view.ownership {
        Ownership::Live => "live",
        Ownership::Released => "released",
        Ownership::Bypassed => "bypassed",
    };
    json!({
        "key": &*device.key, "name": &*device.name, "level": level, "online": view.online, "text": &*view.text, "ownership": ownership,
        "simulated": view.simulated, "facets": view.facets, "differences": view.differences,
        "age": view.heard.map(|heard| seconds(snapshot.now.since(heard).0)),
    })
}

pub(super) fn seconds(ns: u64) -> Json {
    json!((ns / 1_000_000) as f64 / 1000.0)
}

fn fraction(now: Mono, started: Mono, length: u64) -> Json {
    if length == 0 { json!(0) } else { json!((now.since(started).0 as f64 / length as f64).min(1.0)) }
}
