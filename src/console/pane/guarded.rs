//! What only a cue's own GO may send, by hand: choose, then a second key.

use super::super::guarded::named;
use super::super::row::Row;
use super::super::screen::Screen;
use super::super::theme::Role;
use crate::show::DeviceIx;

/// The guarded properties of the device under the cursor.
pub(crate) fn guarded(screen: &Screen, width: usize, height: usize) -> Vec<Row> {
    let ix = DeviceIx(u16::try_from(screen.ui.device).unwrap_or(u16::MAX));
    let name = screen.device(ix).map_or("?", |device| &*device.name);
    let all = named(screen.show, ix);
    let text = |at: usize| {
        let (prop, value) = all.get(at)?;
        Some(format!("{name} {}: {}", screen.show.props.get(prop.at())?.label, screen.show.spoken(*prop, value)))
    };
    let head = match screen.ui.sure.then(|| text(screen.ui.line)).flatten() {
        Some(what) => screen.row(format!("SEND {what}? y sends · n does not"), Role::NextHeld).bar(width, screen.style(Role::NextHeld)),
        None => screen.title(&format!("{name}, GUARDED: Enter chooses, y then sends"), width),
    };
    let mut rows = vec![head];
    if all.is_empty() {
        rows.push(screen.row("  no cue names a guarded property of it (power, recall, stream)", Role::Text));
    }
    let room = height.saturating_sub(1);
    let first = (screen.ui.line + 1).saturating_sub(room);
    for at in (first..all.len()).take(room) {
        let here = at == screen.ui.line;
        let row = screen.row(if here { "> " } else { "  " }, Role::Key).put(text(at).unwrap_or_default(), screen.style(Role::Text));
        rows.push(if here { row.bar(width, screen.style(Role::Cursor)) } else { row });
    }
    rows
}
