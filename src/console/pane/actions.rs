//! The last actions with their proof. Proven is quiet, unprovable says so, what failed is loud and names whom to call.

use super::super::clock;
use super::super::row::Row;
use super::super::screen::Screen;
use super::super::theme::Role;
use crate::engine::{ActionState, ActionView, Outcome, Why};
use crate::time::Span;

/// A failure stays above newer actions this long.
const KEEP_FAILED: Span = Span::secs(60);

/// A pane that has no room for how long each action took.
const NARROW: usize = 50;

/// The pane.
pub(crate) fn actions(screen: &Screen, width: usize, height: usize) -> Vec<Row> {
    let actions = &screen.snap.actions;
    let mut rows = vec![screen.title(&summary(screen), width)];
    let loud = |action: &&ActionView| {
        matches!(&action.state, ActionState::Ended(Outcome::Failed { .. } | Outcome::Refused { .. }))
            && action.ended_at.is_some_and(|at| screen.since(at) < KEEP_FAILED)
    };
    // At most half of the lines, so that what this GO does is seen too.
    let room = height.saturating_sub(1);
    let kept: Vec<_> = actions.iter().filter(loud).take(room / 2).map(|action| action.action).collect();
    let ordered = actions.iter().filter(|a| kept.contains(&a.action)).chain(actions.iter().filter(|a| !kept.contains(&a.action)));
    rows.extend(ordered.take(room).map(|action| line(screen, action, width)));
    rows
}

/// How the newest cue's actions stand: `LAST ACTIONS 11: 3 ok, 1 FAILED`.
fn summary(screen: &Screen) -> String {
    let newest = screen.snap.actions.iter().find_map(|a| if let Why::Step { cue, .. } = a.why { Some(cue) } else { None });
    let Some(cue) = newest else { return "LAST ACTIONS".to_owned() };
    let (mut good, mut bad, mut open) = (0, 0, 0);
    for action in screen.snap.actions.iter().filter(|a| matches!(a.why, Why::Step { cue: of, .. } if of == cue)) {
        match &action.state {
            ActionState::Ended(Outcome::Failed { .. } | Outcome::Refused { .. }) => bad += 1,
            ActionState::Ended(_) => good += 1,
            _ => open += 1,
        }
    }
    let number = screen.cue(cue).map_or("?", |cue| &*cue.number);
    // Cut from the right on a narrow screen: the worst comes first.
    let counts = [(bad, "FAILED"), (open, "open"), (good, "done")];
    let counts: Vec<_> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    format!("LAST ACTIONS {number}: {}", counts.join(", "))
}

fn line(screen: &Screen, action: &ActionView, width: usize) -> Row {
    let (sign, mut word, role) = state(screen, action);
    // In a narrow column what was done matters more than how long it took.
    if width < NARROW && role == Role::Good {
        word = word.split(' ').next().unwrap_or_default().to_owned();
    }
    let right = screen.row(word, role);
    // A failure's reason and whom to call matter more than the end of its own name.
    let keep = if role == Role::Loud { width.saturating_sub(action.text.chars().count().min(width / 3) + 3) } else { width / 2 };
    screen.row(sign, role).put(" ", screen.style(Role::Text)).put(&action.text, screen.style(Role::Text)).apart(right.fit(keep), width)
}

fn state(screen: &Screen, action: &ActionView) -> (&'static str, String, Role) {
    let took = action.sent_at.zip(action.ended_at).map(|(sent, ended)| ended.since(sent)).filter(|took| !took.is_zero());
    // The reason may be cut; whom to call may not.
    let call = screen.department_name(action.device).map_or(String::new(), |who| format!(", call {who}"));
    match &action.state {
        ActionState::Queued => ("·", "queued".into(), Role::Busy),
        ActionState::Open => ("·", "sent, no word yet".into(), Role::Busy),
        ActionState::Pending(why, Some(left)) => ("·", format!("{why} {}", clock::left(*left)), Role::Busy),
        ActionState::Pending(why, None) => ("·", why.to_string(), Role::Busy),
        ActionState::Moving(done) => ("·", format!("moving {} %", done.min(&1_000_000) / 10_000), Role::Busy),
        ActionState::Ended(outcome) => match outcome {
            Outcome::Confirmed { masked: Some(by) } => ("!", format!("landed, MASKED by {by}"), Role::Warn),
            Outcome::Confirmed { masked: None } => {
                let ms = took.map(|took| took.as_ms()).filter(|ms| *ms > 0);
                ("✓", ms.map_or("landed".into(), |ms| format!("landed {}", Span::ms(ms))), Role::Good)
            }
            Outcome::Sent => ("·", "sent".into(), Role::Quiet),
            Outcome::Failed { why } => ("✗", format!("FAILED{call}: {why}"), Role::Loud),
            Outcome::Refused { why } => ("✗", format!("REFUSED{call}: {why}"), Role::Loud),
            Outcome::Yielded => ("·", "a hand took it".into(), Role::Text),
            Outcome::Superseded => ("·", "newer one took over".into(), Role::Quiet),
            Outcome::Cancelled => ("·", "cancelled".into(), Role::Quiet),
            Outcome::Skipped { why } => ("-", format!("skipped: {why}"), Role::Text),
            Outcome::Held => ("!", "HELD: see offers".into(), Role::Warn),
            Outcome::Uncertain => ("!", "UNCERTAIN: see offers".into(), Role::Warn),
        },
    }
}
