//! NEXT: what a GO would do now, what to say, and whether its devices are ready.

use std::collections::{BTreeSet, VecDeque};

use super::super::clock::{self, TOLD};
use super::super::row::{Row, wrap};
use super::super::screen::Screen;
use super::super::theme::Role;
use super::super::ui::standing;
use crate::engine::{AutoView, ListView, Ownership, Phase};
use crate::show::{Act, AutoWhen, Cue, CueIx, DeviceIx, GroupMode};
use crate::time::{Mono, Span};

/// A start by the wall clock of a cue that does not stand by is told this long ahead.
const CLOCK_AHEAD: Span = Span::secs(15 * 60);
/// Below this width an ill device has room for its department, not for how to reach it.
const NARROW: usize = 60;
/// The standby is counted down from here, in nanoseconds.
const STANDBY_AHEAD: i64 = 600_000_000_000;

/// At most `room` lines: the bar, then auto, clock, call, readiness and notes, the most needed first.
pub(crate) fn next(screen: &Screen, width: usize, room: usize) -> Vec<Row> {
    let view = screen.snap.lists.get(screen.list().at());
    let Some((view, cue)) = view.zip(standing(screen.snap, screen.list()).and_then(|ix| screen.cue(ix))) else {
        let name = screen.show.lists.get(screen.list().at()).map_or("", |list| &*list.name);
        let text = format!("■ END OF LIST {name}: no cue stands by");
        return vec![screen.row(text, Role::NextHeld).bar(width, screen.style(Role::NextHeld))];
    };
    let mut rows = vec![bar(screen, view, cue, width)];
    if let Some(auto) = view.auto {
        rows.push(auto_line(screen, auto, width));
    }
    if let Some((starts, at)) = view.clock {
        rows.extend(clock_line(screen, starts, at, width));
    }
    let lines = [call(screen, cue), ready_line(screen, view, cue, width)];
    rows.extend(with_times(screen, cue, lines, width));
    if let Some(notes) = &cue.notes {
        let lines = wrap(notes, width.saturating_sub(2), room.saturating_sub(rows.len()));
        rows.extend(lines.into_iter().map(|line| screen.row(format!("  {line}"), Role::Text)));
    }
    rows
}

fn bar(screen: &Screen, view: &ListView, cue: &Cue, width: usize) -> Row {
    let flags = standing(screen.snap, screen.list()).and_then(|ix| screen.snap.cues.get(ix.at()).copied());
    let guard = view.guard_until.map(|until| screen.until(until)).filter(|left| !left.is_zero());
    let (state, role) = match (screen.snap.phase, guard, view.auto) {
        _ if screen.frozen() => ("NO ANSWER".to_owned(), Role::NextHeld),
        (Phase::Panicked, ..) => ("PANIC: press r".to_owned(), Role::NextHeld),
        (Phase::Paused, ..) => ("PAUSED: press p".to_owned(), Role::NextHeld),
        (_, Some(left), _) => (format!("GUARD {}", clock::left(left)), Role::NextHeld),
        (.., Some(auto)) => (auto_text(screen, auto), Role::Next),
        _ if flags.is_some_and(|f| !f.armed) => ("DISARMED: sends nothing".to_owned(), Role::NextHeld),
        _ if cue.confirm => (if width < NARROW { "GO+Enter" } else { "GO, then Enter" }.to_owned(), Role::Next),
        _ => ("GO".to_owned(), Role::Next),
    };
    let style = screen.style(role);
    let group = view.child.and(view.next).and_then(|ix| screen.cue(ix)).map_or(String::new(), |group| format!("{} › ", group.number));
    let left = Row::new().put("▶ NEXT ", style).put(group, style).put(&cue.number, style).put("  ", style).put(&cue.name, style);
    left.apart(Row::new().put(state, style).put(" ", style), width).bar(width, style)
}

fn auto_text(screen: &Screen, auto: AutoView) -> String {
    match (auto.held, auto.due) {
        (true, _) => "AUTO HELD".to_owned(),
        (_, Some(due)) => format!("AUTO in {}", clock::left(screen.until(due))),
        (_, None) => "AUTO".to_owned(),
    }
}

fn auto_line(screen: &Screen, auto: AutoView, width: usize) -> Row {
    let before = match auto.when {
        AutoWhen::With => "with",
        AutoWhen::AfterStart => "after the start of",
        AutoWhen::AfterEnd => "after the end of",
    };
    let text = match (auto.held, auto.due) {
        (true, _) => "  held: Space takes it, h lets it go on".to_owned(),
        (_, Some(_)) => format!("  by itself {before} the cue before · h holds it · Space takes it"),
        (_, None) => format!("  by itself {before} the cue before, no end known yet · h holds it"),
    };
    screen.row(text, Role::Busy).fit(width)
}

/// The cue that the wall clock starts: always when it stands by, else in its last quarter of an hour.
fn clock_line(screen: &Screen, starts: CueIx, at: Mono, width: usize) -> Option<Row> {
    let left = screen.until(at);
    let own = standing(screen.snap, screen.list()) == Some(starts);
    if !own && left > CLOCK_AHEAD {
        return None;
    }
    let what = if own { "it".to_owned() } else { format!("cue {} {}", screen.cue(starts)?.number, screen.cue(starts)?.name) };
    let time = clock::hms(screen.snap, at);
    let row = screen.row(format!("  CLOCK starts {what} at {time}, in {}", clock::left(left)), Role::Busy);
    Some(row.fit(width))
}

/// What the caller says to each department.
fn call(screen: &Screen, cue: &Cue) -> Row {
    let call = cue.call.iter().map(|(who, what)| format!("{} {what}", who.to_uppercase())).collect::<Vec<_>>().join(" · ");
    if call.is_empty() { screen.row("  no call", Role::Quiet) } else { screen.row(format!("  {call}"), Role::Strong) }
}

/// When to say it, and that before when it was planned: at the right end of these lines, each where it has room.
fn with_times(screen: &Screen, cue: &Cue, lines: [Row; 2], width: usize) -> Vec<Row> {
    let mut facts: VecDeque<Row> = standby(screen, cue).into_iter().chain(planned(screen)).collect();
    let one = |line: Row| {
        let mut right = Row::new();
        while let Some(fact) = facts.front() {
            let gap = if right.is_empty() { "" } else { " · " };
            if line.width() + right.width() + gap.chars().count() + fact.width() + 2 > width {
                break;
            }
            right = right.put(gap, screen.style(Role::Text)).then(facts.pop_front().unwrap_or_default());
        }
        line.apart(right, width)
    };
    lines.into_iter().map(one).collect()
}

/// When to give the standby: a countdown where the start is known.
fn standby(screen: &Screen, cue: &Cue) -> Option<Row> {
    let ahead = cue.standby?;
    Some(match screen.day.standby.map(|at| screen.day.until(at)) {
        Some(..=0) => screen.row("STANDBY NOW", Role::Warn),
        Some(left) if left <= STANDBY_AHEAD => screen.row(format!("standby in {}", clock::seconds(left)), Role::Strong),
        _ => screen.row(format!("standby {ahead} before"), Role::Text),
    })
}

fn planned(screen: &Screen) -> Option<Row> {
    let day = &screen.day;
    let timed = day.cue(standing(screen.snap, screen.list())?)?;
    let time = clock::planned(day.time(timed.planned));
    let left = day.until(timed.planned);
    let later = timed.projected.filter(|at| at.0.saturating_sub(timed.planned.0) >= TOLD);
    Some(match later {
        _ if left < 0 => screen.row(format!("planned {time}, {} ago", clock::seconds(left)), Role::Warn),
        Some(at) => {
            screen.row(format!("planned {time}, likely {} in {}", clock::minute(day, at), clock::seconds(day.until(at))), Role::Warn)
        }
        None => screen.row(format!("planned {time} in {}", clock::seconds(left)), Role::Text),
    })
}

fn ready_line(screen: &Screen, view: &ListView, cue: &Cue, width: usize) -> Row {
    let name = |ix: DeviceIx| screen.device(ix).map_or("?", |device| &*device.name);
    let owned = |ix: &DeviceIx| screen.snap.devices.get(ix.at()).is_none_or(|device| device.ownership == Ownership::Live);
    let (ill, left): (Vec<_>, Vec<_>) = view.not_ready.iter().partition(|(ix, _)| owned(ix));
    if let (true, [(first, why), more @ ..]) = (width < NARROW, &*ill) {
        let more = if more.is_empty() { String::new() } else { format!(" +{}", more.len()) };
        let who = screen.department_name(Some(*first)).map_or(more.clone(), |who| format!("→ {who}{more}"));
        let row = screen.row(" NOT READY ", Role::Loud).put(format!(" {}: {why}", name(*first)), screen.style(Role::Warn));
        return row.apart(screen.row(who, Role::Warn), width);
    }
    if !ill.is_empty() {
        let ill = ill.iter().map(|(ix, why)| format!("{}: {why}{}", name(*ix), screen.call(Some(*ix))));
        let text = ill.collect::<Vec<_>>().join(" | ");
        let row = screen.row("  ", Role::Text).put(" NOT READY ", screen.style(Role::Loud));
        return row.put(format!(" {text}"), screen.style(Role::Warn)).fit(width);
    }
    if !left.is_empty() {
        let left: Vec<_> = left.iter().map(|(ix, why)| format!("{} is {why}", name(*ix))).collect();
        return screen.row("  ready, but nothing is sent where ", Role::Text).put(left.join(", "), screen.style(Role::Warn)).fit(width);
    }
    let mut used = devices_of(screen, cue);
    // The children that the same GO starts.
    let mut groups: Vec<_> = cue.group.iter().collect();
    while let Some(group) = groups.pop().filter(|group| group.mode == GroupMode::Together) {
        for child in group.children.iter().filter_map(|ix| screen.cue(*ix)) {
            used.extend(devices_of(screen, child));
            groups.extend(&child.group);
        }
    }
    if used.is_empty() {
        return screen.row("  ready · no devices in this cue", Role::Quiet);
    }
    let names: Vec<_> = used.into_iter().map(name).collect();
    screen.row("  READY ", Role::Good).put(names.join(", "), screen.style(Role::Text)).fit(width)
}

/// The devices that a cue's own steps send to.
fn devices_of(screen: &Screen, cue: &Cue) -> BTreeSet<DeviceIx> {
    let rig = &screen.show.rig;
    let mut used = BTreeSet::new();
    for act in cue.steps.iter().flat_map(|step| &step.acts) {
        match act {
            Act::Want { prop, .. } | Act::Fade { prop, .. } => used.extend(screen.show.props.get(prop.at()).map(|p| p.device)),
            Act::Light(light) => {
                let params = light.values.iter().filter_map(|(param, _)| rig.params.get(param.at()));
                let universes: BTreeSet<u16> = params.map(|param| param.universe).collect();
                let outputs = universes.into_iter().filter_map(|ix| rig.universes.get(usize::from(ix)));
                used.extend(outputs.flat_map(|universe| universe.outputs.iter().map(|output| output.device)));
            }
            Act::Cue { .. } | Act::Tell(_) => {}
        }
    }
    used
}
