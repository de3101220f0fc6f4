//! The keys that work now, and the help: both read the key table.

use super::super::keys::table;
use super::super::row::Row;
use super::super::screen::Screen;
use super::super::theme::Role;

/// The last line. Whole entries only; what does not fit stays out.
pub(crate) fn footer(screen: &Screen, width: usize) -> Row {
    let mut row = Row::new();
    for line in screen.scene.footer() {
        let gap = if row.is_empty() { "" } else { "  " };
        let entry = Row::new()
            .put(gap, screen.style(Role::Text))
            .put(line.shown, screen.style(Role::Key))
            .put(format!(" {}", (line.label)(&screen.scene)), screen.style(Role::Text));
        if row.width() + entry.width() <= width {
            row = row.then(entry);
        }
    }
    row
}

/// All keys, those of the show's hot cues too.
pub(crate) fn help(screen: &Screen, width: usize, height: usize) -> Vec<Row> {
    let mut rows = vec![screen.title("KEYS (↑ ↓ scroll, ? closes)", width)];
    let hots = screen.show.hots.iter().map(|hot| (hot.key.to_string(), format!("hot cue: {}", hot.name)));
    let keys = table().iter().map(|line| (line.shown.to_owned(), line.doc.to_owned()));
    let room = height.saturating_sub(1);
    let all: Vec<_> = keys.chain(hots).collect();
    let first = screen.ui.scroll.min(all.len().saturating_sub(room));
    for (key, doc) in all.into_iter().skip(first).take(room) {
        rows.push(
            Row::new()
                .put("  ", screen.style(Role::Text))
                .column(&key, 10, screen.style(Role::Key))
                .put(doc, screen.style(Role::Text))
                .fit(width),
        );
    }
    rows
}
