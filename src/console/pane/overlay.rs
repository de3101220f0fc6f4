//! Prompts: what would happen, before the key confirms; and the word that ends it.

use super::super::act::{END_WORD, LEAVE_WORD};
use super::super::row::Row;
use super::super::screen::Screen;
use super::super::theme::Role;
use crate::engine::{Prompt, PromptLine};
use crate::show::CueIx;

/// The open prompt.
pub(crate) fn prompt(screen: &Screen, width: usize, height: usize) -> Vec<Row> {
    let cue = |ix: CueIx| screen.cue(ix).map_or_else(|| "?".to_owned(), |cue| format!("{} {}", cue.number, cue.name));
    let bar = |text: String| screen.row(text, Role::NextHeld).bar(width, screen.style(Role::NextHeld));
    match &screen.snap.prompt {
        Some(Prompt::Confirm { cue: ix, .. }) => {
            vec![bar(format!("FIRE {}? It asks for a second key", cue(*ix))), screen.row("  Enter fires it · n does not", Role::Strong)]
        }
        Some(Prompt::Undo { cue: ix, lines }) => {
            let mut rows = vec![bar(format!("UNDO {}? y undoes · v with PROGRAM too · n does not", cue(*ix)))];
            rows.extend(lines_of(screen, lines, height, |_, line| if line.possible { "back " } else { "STAYS" }));
            rows
        }
        Some(Prompt::Chase { cue: ix, lines, .. }) => {
            let mut rows = vec![bar(format!("GO TO {}? Enter sends what is ticked · x ticks · n does not", cue(*ix)))];
            if lines.is_empty() {
                rows.push(screen.row("  nothing differs: only NEXT moves", Role::Text));
            }
            let ticks = &screen.ui.ticks;
            rows.extend(lines_of(screen, lines, height, |at, line| match (line.possible, ticks.get(at)) {
                (false, _) => " -  ",
                (true, Some(true)) => "[x] ",
                (true, _) => "[ ] ",
            }));
            rows
        }
        None => Vec::new(),
    }
}

fn lines_of(screen: &Screen, lines: &[PromptLine], height: usize, mark: impl Fn(usize, &PromptLine) -> &'static str) -> Vec<Row> {
    let room = height.saturating_sub(1);
    let first = screen.ui.line.saturating_sub(room.saturating_sub(1));
    let one = |(at, line): (usize, &PromptLine)| {
        let here = at == screen.ui.line;
        let role = match (here, line.possible) {
            (true, _) => Role::Cursor,
            (_, true) => Role::Text,
            (_, false) => Role::Quiet,
        };
        let sign = if here { "> " } else { "  " };
        screen.row(format!("{sign}{} {}", mark(at, line), line.text), role)
    };
    lines.iter().enumerate().skip(first).take(room).map(one).collect()
}

/// Asks for the word.
pub(crate) fn quit(screen: &Screen) -> Vec<Row> {
    let (word, what) = if screen.ui.ends_show {
        (END_WORD, "ends the show: nothing is sent or watched any more")
    } else {
        (LEAVE_WORD, "leaves this console; the show goes on")
    };
    vec![
        screen.row(format!("Type {word} and Enter: {what}"), Role::Strong),
        screen.row(format!("> {}▏", screen.ui.text), Role::Key),
        screen.row("Backspace goes back · GO is off while you type", Role::Text),
    ]
}
