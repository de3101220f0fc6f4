//! The cue list around NEXT, or around the cue the caller chooses.

use super::super::clock;
use super::super::row::Row;
use super::super::screen::Screen;
use super::super::theme::Role;
use super::super::ui::{View, found, standing};
use crate::show::{AutoWhen, Cue, CueIx};

/// With its title; while a cue is looked for, with what is typed.
pub(crate) fn cues_titled(screen: &Screen, width: usize, height: usize) -> Vec<Row> {
    cues(screen, width, height, true)
}

/// The list.
pub(crate) fn cues(screen: &Screen, width: usize, height: usize, titled: bool) -> Vec<Row> {
    let list = found(screen.show, screen.ui);
    let mut rows = Vec::new();
    if screen.ui.view == View::Find {
        let text = format!("find: {}▏  {} found", screen.ui.text, list.len());
        rows.push(screen.row(text, Role::Cursor).bar(width, screen.style(Role::Cursor)));
    } else if titled {
        let name = screen.show.lists.get(screen.list().at()).map_or("CUES", |list| &*list.name);
        let title = if screen.show.lists.len() > 1 { format!("CUES of {name} (Tab)") } else { "CUES".to_owned() };
        rows.push(screen.title(&title, width));
    }
    let room = height.saturating_sub(rows.len());
    let next = standing(screen.snap, screen.list());
    let focus = screen.ui.cursor.or(next).or_else(|| list.last().copied());
    let at = focus.and_then(|cue| list.iter().position(|c| *c == cue)).unwrap_or(0);
    // A third of the room shows what has been; the rest what comes.
    let first = at.saturating_sub(room / 3).min(list.len().saturating_sub(room));
    let digits = list.iter().skip(first).take(room).filter_map(|ix| screen.cue(*ix)).map(|cue| cue.number.chars().count()).max();
    let wide = digits.unwrap_or(0).clamp(3, 8);
    rows.extend(list.iter().skip(first).take(room).filter_map(|ix| Some(line(screen, *ix, screen.cue(*ix)?, wide, width))));
    rows
}

fn line(screen: &Screen, ix: CueIx, cue: &Cue, number: usize, width: usize) -> Row {
    let flags = screen.snap.cues.get(ix.at()).copied().unwrap_or_default();
    let running = screen.snap.running.iter().any(|run| run.cue == ix);
    let is_next = standing(screen.snap, screen.list()) == Some(ix);
    let (sign, role) = match () {
        () if is_next => ("▶", Role::Strong),
        () if running => ("●", Role::Busy),
        () if flags.failed => ("✗", Role::Warn),
        () if flags.done => ("✓", Role::Quiet),
        () if flags.skip || !flags.armed => ("-", Role::Quiet),
        () => (" ", Role::Text),
    };
    let indent = if cue.parent.is_some() { " " } else { "" };
    let style = screen.style(role);
    let left = Row::new().put(sign, style).put(" ", style).column(&cue.number, number, style).put(" ", style);
    let left = left.put(indent, style).put(&cue.name, style);
    let here = screen.ui.cursor == Some(ix);
    let row = left.apart(screen.row(facts(screen, ix, cue, flags), role), width - usize::from(here && width > 0));
    if here {
        let mark = Row::new().put(">", screen.style(Role::Cursor)).then(row);
        return mark.bar(width, screen.style(Role::Cursor));
    }
    row
}

fn facts(screen: &Screen, ix: CueIx, cue: &Cue, flags: crate::engine::CueFlags) -> String {
    let mut facts: Vec<String> = Vec::new();
    if standing(screen.snap, screen.list()) == Some(ix) {
        facts.push("NEXT".into());
    }
    if flags.skip {
        facts.push("SKIP".into());
    }
    if !flags.armed {
        facts.push("DISARMED".into());
    }
    if flags.failed {
        facts.push("failed".into());
    }
    match cue.auto {
        Some(auto) if auto.when == AutoWhen::With => facts.push("auto with".into()),
        Some(auto) => facts.push(format!("auto {}", auto.wait)),
        None => {}
    }
    if cue.at.is_some() {
        facts.extend(screen.day.cue(ix).map(|timed| clock::kept(&screen.day, timed)));
    }
    facts.join(" ")
}
