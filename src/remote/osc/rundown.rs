//! How late it is and when what is planned will be, as JSON: times of the day at the venue, differences in seconds.

use serde_json::{Value as Json, json};

use crate::engine::Snapshot;
use crate::rundown::{Counted, Rundown, Timed};
use crate::show::{CueIx, ListIx, Show};
use crate::time::Wall;

/// The day of a list.
pub(super) fn day(show: &Show, snapshot: &Snapshot, list: ListIx) -> Json {
    let day = snapshot.rundown(show, list, snapshot.now);
    let cue = |timed: &Timed| {
        let cue = show.cues.get(timed.cue.at());
        json!({
            "uniqueID": cue.map(|cue| &*cue.id), "number": cue.map(|cue| &*cue.number), "name": cue.map(|cue| &*cue.name),
            "plannedStart": clock(&day, Some(timed.planned)), "projectedStart": clock(&day, timed.projected),
            "actualStart": clock(&day, timed.started), "late": late(timed),
        })
    };
    let since = if let Counted::Since(cue) = day.counted { show.cues.get(cue.at()).map(|cue| &*cue.number) } else { None };
    json!({
        "late": day.late.map(seconds), "rehearsalSince": since, "end": clock(&day, day.end), "hardOut": clock(&day, day.out),
        "overrun": day.overrun().map(seconds), "standby": clock(&day, day.standby), "cues": day.cues.iter().map(cue).collect::<Vec<_>>(),
    })
}

/// One value of a cue; null where the plan says nothing of it.
pub(super) fn of_cue(show: &Show, snapshot: &Snapshot, cue: CueIx, key: &str) -> Json {
    let day = snapshot.rundown(show, show.cue(cue).list, snapshot.now);
    let Some(timed) = day.cue(cue) else { return Json::Null };
    match key {
        "plannedStart" => clock(&day, Some(timed.planned)),
        "projectedStart" => clock(&day, timed.projected),
        "actualStart" => clock(&day, timed.started),
        _ => late(timed),
    }
}

/// By how much it started late, or will.
fn late(timed: &Timed) -> Json {
    timed.projected.or(timed.started).map_or(Json::Null, |at| seconds(at.0.saturating_sub(timed.planned.0)))
}

fn clock(day: &Rundown, at: Option<Wall>) -> Json {
    at.map_or(Json::Null, |at| day.time(at).strftime("%H:%M:%S").to_string().into())
}

fn seconds(ns: i64) -> Json {
    json!((ns / 1_000_000) as f64 / 1000.0)
}
