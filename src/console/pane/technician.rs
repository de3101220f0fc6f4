//! The technician's table: which box is ill, what it says, and whom to call.

use super::super::clock;
use super::super::row::Row;
use super::super::screen::Screen;
use super::super::theme::Role;
use super::devices::health;
use crate::engine::{DeviceView, Level, Ownership};
use crate::show::{Device, DeviceIx};

/// All devices, and everything known of the one under the cursor.
pub(crate) fn technician(screen: &Screen, width: usize, height: usize) -> Vec<Row> {
    let detail = detail(screen, width);
    let title = screen.title("ALL DEVICES: l lets go · t takes back · x bypasses", width);
    let room = height.saturating_sub(1);
    // With few lines, which box is ill comes before all about one.
    let below = if room < 8 { 0 } else { detail.len().min(room / 2) };
    let room = room - below;
    let first = (screen.ui.device + 1).saturating_sub(room);
    let devices = (0..u16::MAX).map(DeviceIx).zip(&screen.snap.devices).skip(first).take(room);
    let mut rows = vec![title];
    rows.extend(devices.filter_map(|(ix, view)| Some(line(screen, ix, screen.device(ix)?, view, width))));
    rows.extend(detail.into_iter().take(below));
    rows
}

fn line(screen: &Screen, ix: DeviceIx, device: &Device, view: &DeviceView, width: usize) -> Row {
    let (sign, word, role) = health(view);
    let here = ix.at() == screen.ui.device;
    let own = match view.ownership {
        Ownership::Live => "live",
        Ownership::Released => "RELEASED",
        Ownership::Bypassed => "BYPASSED",
    };
    let heard = view.heard.map_or("never heard".to_owned(), |at| format!("heard {} ago", clock::left(screen.since(at))));
    let plain = screen.style(Role::Text);
    let row = Row::new()
        .put(if here { "> " } else { "  " }, screen.style(Role::Key))
        .put(sign, screen.style(role))
        .put(" ", plain)
        .column(&device.name, if width < 60 { 12 } else { 17 }, screen.style(Role::Strong))
        .put(" ", plain)
        .column(word, 8, screen.style(role))
        .put(" ", plain)
        .column(own, 9, plain)
        .put(if view.simulated { "sim " } else { "" }, screen.style(Role::Mark))
        .put(&view.text, plain);
    let age = screen.row(if width < 60 { String::new() } else { heard }, Role::Quiet);
    let row = row.apart(age, width);
    if here { row.bar(width, screen.style(Role::Cursor)) } else { row }
}

fn detail(screen: &Screen, width: usize) -> Vec<Row> {
    let ix = DeviceIx(u16::try_from(screen.ui.device).unwrap_or(u16::MAX));
    let Some((device, view)) = screen.device(ix).zip(screen.snap.devices.get(ix.at())) else { return Vec::new() };
    let mut rows = vec![screen.title(&device.name, width)];
    let at = device.address.as_deref().map_or("no address".to_owned(), |address| format!("{address} port {}", device.port));
    rows.push(screen.row(format!("  {} {} at {at}", device.profile.maker, device.profile.model), Role::Text));
    if let Some(identity) = &view.identity {
        rows.push(screen.row(format!("  says: {identity}"), Role::Text));
    }
    let heard = view.heard.map_or("never heard".to_owned(), |at| format!("heard {} ago", clock::left(screen.since(at))));
    rows.push(screen.row(format!("  {}: {} · {heard}", health(view).1, view.text), health(view).2));
    let call = screen.owner(Some(ix)).unwrap_or_else(|| "nobody is named in the show".to_owned());
    rows.push(screen.row(format!("  call: {call}"), Role::Strong));
    if view.differences > 0 {
        rows.push(screen.row(format!("  {} properties differ from what the show wants", view.differences), Role::Warn));
    }
    for facet in &view.facets {
        let role = match facet.level {
            Level::Bad => Role::Loud,
            Level::Warn => Role::Warn,
            Level::Good | Level::Notice => Role::Text,
        };
        rows.push(screen.row(format!("  {}: {}", facet.key, facet.text), role));
    }
    rows
}
