//! The last actions with their proof. Proven is quiet, unprovable says so, what failed is loud and names whom to call.

use super::super::clock;
use super::super::row::Row;
use super::super::screen::Screen;
use super::super::theme::Role;
use crate::engine::{ActionState, ActionView, Outcome, Why};
use crate::show::CueIx;
use crate::time::Span;

/// A failure stays above newer actions this long.
const KEEP_FAILED: Span = Span::secs(60);

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

/// How the actions of the last GO (or of what came after it) stand: `LAST ACTIONS 11: 3 done, 1 FAILED`.
fn summary(screen: &Screen) -> String {
    let actions = &screen.snap.actions;
    let Some(newest) = actions.iter().max_by_key(|action| action.due) else { return "LAST ACTIONS".to_owned() };
    let last = screen.snap.lists.get(screen.list().at()).and_then(|list| list.last).map(|(cue, _)| cue);
    // A group's GO is its children's.
    let of = |why: Why| if let Why::Step { cue, .. } = why { Some(cue) } else { None };
    let in_last = |cue: CueIx| last.is_some_and(|last| cue == last || screen.cue(cue).and_then(|cue| cue.parent) == Some(last));
    let (what, own): (&str, Box<dyn Fn(Why) -> bool>) =
        match (last.filter(|_| actions.iter().any(|a| of(a.why).is_some_and(in_last))), newest.why) {
            (Some(last), Why::Step { .. }) => {
                (screen.cue(last).map_or("?", |cue| &*cue.number), Box::new(move |why| of(why).is_some_and(in_last)))
            }
            (None, Why::Step { cue: newest, .. }) => {
                (screen.cue(newest).map_or("?", |cue| &*cue.number), Box::new(move |why| of(why) == Some(newest)))
            }
            (_, other) => (word(other), Box::new(move |why| why == other)),
        };
    let (mut good, mut bad, mut open) = (0, 0, 0);
    for action in actions.iter().filter(|action| own(action.why)) {
        match &action.state {
            ActionState::Ended(Outcome::Failed { .. } | Outcome::Refused { .. }) => bad += 1,
            ActionState::Ended(_) => good += 1,
            _ => open += 1,
        }
    }
    // Cut from the right on a narrow screen: the worst comes first.
    let counts = [(bad, "FAILED"), (open, "open"), (good, "done")];
    let counts: Vec<_> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    format!("LAST ACTIONS {what}: {}", counts.join(", "))
}

/// What had something done that no cue asked for.
const fn word(why: Why) -> &'static str {
    match why {
        Why::Step { .. } => "cue",
        Why::Start => "show start",
        Why::Safe => "panic",
        Why::Undo => "undo",
        Why::Chase => "go-to",
        Why::Reassert => "put back",
        Why::Operator => "by hand",
        Why::Transport => "stop",
        Why::Inquiry => "question",
    }
}

fn line(screen: &Screen, action: &ActionView, width: usize) -> Row {
    let (sign, word, role) = state(screen, action);
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
