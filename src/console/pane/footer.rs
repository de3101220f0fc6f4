//! The keys that work now, and the help: both read the key table.

use super::super::keys::{Binding, table};
use super::super::row::{Row, wrap};
use super::super::screen::Screen;
use super::super::theme::Role;

/// Cells of the keys in the help.
const KEY: usize = 10;

/// The last line. Whole entries only; what does not fit stays out, but the way to the help stays.
pub(crate) fn footer(screen: &Screen, width: usize) -> Row {
    let entry = |line: &Binding| {
        let label = format!(" {}  ", (line.label)(&screen.scene));
        Row::new().put(line.shown, screen.style(Role::Key)).put(label, screen.style(Role::Text))
    };
    let lines = screen.scene.footer();
    let (ways, rest): (Vec<&Binding>, Vec<&Binding>) = lines.into_iter().partition(|line| line.shown == "?");
    let help = ways.first().map_or_else(Row::new, |line| entry(line));
    // The last entry's own gap may fall off the edge.
    let room = (width + 2).saturating_sub(help.width());
    let mut row = Row::new();
    for line in rest {
        let entry = entry(line);
        if row.width() + entry.width() <= room {
            row = row.then(entry);
        }
    }
    row.then(help).trimmed().fit(width)
}

/// All keys, those of the show's hot cues too.
pub(crate) fn help(screen: &Screen, width: usize, height: usize) -> Vec<Row> {
    let mut rows = vec![screen.title("KEYS (↑ ↓ scroll, ? closes)", width)];
    let hots = screen.show.hots.iter().map(|hot| (hot.key.to_string(), format!("hot cue: {}", hot.name)));
    let keys = table().iter().map(|line| (line.shown.to_owned(), line.doc.to_owned()));
    let room = height.saturating_sub(1);
    let all = keys.chain(hots).flat_map(|(key, doc)| {
        let lines = wrap(&doc, width.saturating_sub(KEY + 2), 4);
        let keys = std::iter::once(key).chain(std::iter::repeat(String::new()));
        keys.zip(lines).collect::<Vec<_>>()
    });
    let all: Vec<_> = all.collect();
    let first = screen.ui.scroll.min(all.len().saturating_sub(room));
    for (key, doc) in all.into_iter().skip(first).take(room) {
        let row = screen.row("  ", Role::Text).column(&key, KEY, screen.style(Role::Key));
        rows.push(row.put(doc, screen.style(Role::Text)).fit(width));
    }
    rows
}
