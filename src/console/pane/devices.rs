//! One line a device: health, age, live, released or bypassed.

use super::super::clock;
use super::super::row::Row;
use super::super::screen::Screen;
use super::super::theme::Role;
use crate::engine::{DeviceView, Level, Ownership};
use crate::show::DeviceIx;

/// How many lines it would like, title included.
pub(crate) fn devices_want(screen: &Screen) -> u16 {
    u16::try_from(screen.snap.devices.len() + screen.snap.stage.len()).unwrap_or(u16::MAX).saturating_add(1)
}

/// The pane. When there are more devices than lines, the ill ones are shown, each in its usual order.
pub(crate) fn devices(screen: &Screen, width: usize, height: usize) -> Vec<Row> {
    let devices = &screen.snap.devices;
    let ill = devices.iter().filter(|device| is_ill(device)).count();
    let title = if ill == 0 { "DEVICES".to_owned() } else { format!("DEVICES: {ill} ILL") };
    let mut rows = vec![screen.title(&title, width)];
    let mut room = height.saturating_sub(1);
    for facet in screen.snap.stage.iter().filter(|facet| facet.level > Level::Good).take(room) {
        let role = if facet.level >= Level::Bad { Role::Loud } else { Role::Warn };
        rows.push(screen.row(format!("! showcall: {}", facet.text), role).fit(width));
        room -= 1;
    }
    let shown = shown(devices, room);
    let name = shown.iter().filter_map(|ix| screen.device(*ix)).map(|device| device.name.chars().count()).max();
    let name = name.unwrap_or(0).clamp(4, (width * 2 / 5).max(4));
    rows.extend(shown.iter().filter_map(|ix| Some(line(screen, *ix, devices.get(ix.at())?, name, width))));
    if devices.len() > shown.len() && room > 0 {
        rows.push(screen.row(format!("  and {} more: d shows all", devices.len() - shown.len()), Role::Quiet));
    }
    rows
}

/// Which devices fit.
fn shown(devices: &[DeviceView], room: usize) -> Vec<DeviceIx> {
    let all = (0..u16::MAX).map(DeviceIx).zip(devices);
    if devices.len() <= room {
        return all.map(|(ix, _)| ix).collect();
    }
    let mut by_need: Vec<_> = all.collect();
    by_need.sort_by_key(|(ix, device)| (std::cmp::Reverse(severity(device)), *ix));
    by_need.truncate(room.saturating_sub(1));
    by_need.sort_by_key(|(ix, _)| *ix);
    by_need.into_iter().map(|(ix, _)| ix).collect()
}

fn severity(device: &DeviceView) -> u8 {
    match (device.ownership, device.online, device.level) {
        (Ownership::Bypassed, ..) => 1,
        (_, false, _) => 5,
        (.., Level::Bad) => 4,
        (.., Level::Warn) => 3,
        (Ownership::Released, ..) => 2,
        (.., Level::Notice) => 1,
        (.., Level::Good) => 0,
    }
}

/// Offline, bad or warned, and not bypassed.
fn is_ill(device: &DeviceView) -> bool {
    severity(device) >= 3
}

/// Sign, word and role of a device's health.
pub(super) fn health(device: &DeviceView) -> (&'static str, &'static str, Role) {
    match (device.ownership, device.online, device.level) {
        (Ownership::Bypassed, ..) => ("-", "BYPASSED", Role::Quiet),
        (_, false, Level::Bad) => ("✗", "OFFLINE", Role::Loud),
        (_, false, _) => ("?", "NO WORD", Role::Warn),
        (.., Level::Bad) => ("✗", "BAD", Role::Loud),
        (.., Level::Warn) => ("!", "WARN", Role::Warn),
        (.., Level::Notice) => ("·", "note", Role::Text),
        (.., Level::Good) => ("✓", "ok", Role::Good),
    }
}

fn line(screen: &Screen, ix: DeviceIx, view: &DeviceView, name: usize, width: usize) -> Row {
    let (sign, word, role) = health(view);
    let called = screen.device(ix).map_or("?", |device| &*device.name);
    let row = Row::new().put(sign, screen.style(role)).put(" ", screen.style(Role::Text)).column(called, name, screen.style(Role::Strong));
    // Nothing is wrong with it, but nothing is sent to it either: that takes the place of the health.
    let released = view.ownership == Ownership::Released;
    let (word, word_role) = if released && !is_ill(view) { ("RELEASED", Role::Warn) } else { (word, role) };
    let mut row = row.put(" ", screen.style(Role::Text)).column(word, 8, screen.style(word_role)).put(" ", screen.style(Role::Text));
    if released && is_ill(view) {
        row = row.put("RELEASED ", screen.style(Role::Warn));
    }
    if view.differences > 0 {
        row = row.put(format!("{} differ ", view.differences), screen.style(Role::Warn));
    }
    let worst = view.facets.iter().filter(|facet| facet.level > Level::Good).max_by_key(|facet| facet.level);
    let mut text = match worst {
        Some(facet) if view.online => facet.text.to_string(),
        _ if view.online && view.level == Level::Good => view.identity.as_deref().unwrap_or("").to_owned(),
        _ => view.text.to_string(),
    };
    if is_ill(view) {
        text.push_str(&screen.call(Some(ix)));
    }
    let heard = view.heard.map_or("never".to_owned(), |at| clock::seconds(i64::try_from(screen.since(at).0).unwrap_or(i64::MAX)));
    let age = if view.simulated { format!("sim {heard}") } else { heard };
    row.put(text, screen.style(if is_ill(view) { Role::Warn } else { Role::Quiet })).apart(screen.row(age, Role::Quiet), width)
}
