//! One line of the screen: styled pieces that know their width, cut with … and never painted outside their area.

use crate::show::printable::one_line;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text as it stands on one line of the screen.
fn shown(text: &str) -> String {
    one_line(&text.replace(['\n', '\r', '\t'], " ")).into_owned()
}

/// A line made of styled pieces.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    parts: Vec<(String, Style)>,
}

impl Row {
    /// An empty line.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a piece. A name from a file or a device may hold anything: white space becomes a space, and what acts on a terminal an escape.
    pub(super) fn put(mut self, text: impl AsRef<str>, style: Style) -> Self {
        let text = shown(text.as_ref());
        if !text.is_empty() {
            self.parts.push((text, style));
        }
        self
    }

    /// Adds a piece cut and padded to exactly `width` cells.
    pub(super) fn column(self, text: &str, width: usize, style: Style) -> Self {
        let cut = fit(&shown(text), width);
        let pad = width.saturating_sub(cut.width());
        self.put(cut, style).put(" ".repeat(pad), style)
    }

    /// Adds the pieces of another line.
    pub(super) fn then(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    /// Nothing on it.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// How many cells it takes.
    pub(super) fn width(&self) -> usize {
        self.parts.iter().map(|(text, _)| text.width()).sum()
    }

    /// Cut to `width` cells, with … where something was lost.
    pub(super) fn fit(self, width: usize) -> Self {
        if self.width() <= width {
            return self;
        }
        let mut left = width;
        let mut parts = Vec::new();
        for (text, style) in self.parts {
            let wide = text.width();
            if wide < left {
                left -= wide;
                parts.push((text, style));
            } else {
                let cut = if wide == left { format!("{text}…") } else { text };
                parts.push((fit(&cut, left), style));
                break;
            }
        }
        Self { parts }
    }

    /// Without the gap at its end, which nobody misses.
    pub(super) fn trimmed(mut self) -> Self {
        if let Some((text, _)) = self.parts.last_mut() {
            text.truncate(text.trim_end().len());
        }
        self
    }

    /// `self` at the left edge and `right` at the right edge; `right` stays whole as long as it can.
    pub(super) fn apart(self, right: Self, width: usize) -> Self {
        if right.is_empty() {
            return self.fit(width);
        }
        let right = right.fit(width);
        let room = width.saturating_sub(right.width() + 1);
        if room == 0 {
            return right;
        }
        let left = self.fit(room);
        let gap = width.saturating_sub(left.width() + right.width());
        left.put(" ".repeat(gap), Style::new()).then(right)
    }

    /// All pieces in this one style, padded to the width: a bar.
    pub(super) fn bar(self, width: usize, style: Style) -> Self {
        let cut = self.fit(width);
        let pad = width.saturating_sub(cut.width());
        let mut parts: Vec<_> = cut.parts.into_iter().map(|(text, _)| (text, style)).collect();
        parts.push((" ".repeat(pad), style));
        Self { parts }
    }

    /// Paints it on line `line` of `area`; outside of it nothing happens.
    pub(super) fn paint(&self, buf: &mut Buffer, area: Rect, line: u16) {
        let area = area.intersection(buf.area);
        if line >= area.height || area.width == 0 {
            return;
        }
        let y = area.y + line;
        let mut x = area.x;
        for (text, style) in &self.parts {
            let left = usize::from(area.right().saturating_sub(x));
            if left == 0 {
                break;
            }
            x = buf.set_stringn(x, y, text, left, *style).0;
        }
    }
}

/// Paints lines from the top of `area`.
pub(super) fn paint_all(rows: &[Row], buf: &mut Buffer, area: Rect) {
    for (line, row) in (0..area.height).zip(rows) {
        row.clone().fit(usize::from(area.width)).paint(buf, area, line);
    }
}

/// Cut to `width` cells, with … where something was lost.
pub(super) fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        out.push(c);
    }
    if width > 0 {
        out.push('…');
    }
    out
}

/// Broken at spaces into at most `lines` lines of `width` cells; the last is cut.
pub(super) fn wrap(text: &str, width: usize, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let full = out.len() >= lines;
        match out.last_mut() {
            Some(last) if full || last.width() + 1 + word.width() <= width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => out.push(word.to_owned()),
        }
    }
    out.into_iter().take(lines).map(|line| fit(&line, width)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_marked_and_wide_characters_count_twice() {
        assert_eq!(fit("CEO walk-on", 20), "CEO walk-on");
        assert_eq!(fit("CEO walk-on", 6), "CEO w…");
        assert_eq!(fit("開場の挨拶", 6), "開場…");
        assert_eq!(fit("開場", 1), "…");
        assert_eq!(fit("x", 0), "");
    }

    #[test]
    fn the_right_side_outlives_the_left() {
        let row = Row::new().put("a long name of a cue", Style::new()).apart(Row::new().put("4.0s", Style::new()), 12);
        let text: String = row.parts.iter().map(|(t, _)| t.as_str()).collect();
        assert_eq!(text, "a long… 4.0s");
    }

    #[test]
    fn a_line_that_is_cut_between_pieces_shows_it() {
        let row = Row::new().put("abcd", Style::new()).put("efgh", Style::new());
        let text: String = row.fit(4).parts.iter().map(|(t, _)| t.as_str()).collect();
        assert_eq!(text, "abc…");
    }

    #[test]
    fn notes_break_at_spaces() {
        assert_eq!(wrap("wait for the host", 9, 2), ["wait for", "the host"]);
        assert_eq!(wrap("wait for the host to sit", 9, 2), ["wait for", "the host…"]);
        assert!(wrap("", 9, 2).is_empty());
    }
}
