//! Presses GO without a caller: the demo's own hand.

use std::thread;
use std::time::Duration;

use crate::engine::{ActionState, By, Intent, Phase, Prompt, Snapshot, Why};
use crate::show::{ListIx, Show};
use crate::stage::Handle;
use crate::time::Span;

/// How often it looks.
const LOOK: Duration = Duration::from_millis(50);
/// Before its first look.
const FIRST: Duration = Duration::from_millis(500);
/// Between two GOs at least, so that one can be seen.
const PAUSE: Span = Span::ms(500);
/// A cue that runs longer is not waited for.
const PATIENCE: Span = Span::secs(3);
/// A follower further away than this is taken at once.
const FOLLOWER: Span = Span::secs(2);

/// Starts the hand. It ends with the run.
pub fn start(handle: Handle) {
    thread::spawn(move || {
        let show = handle.show();
        // The first picture is from before the show's start.
        thread::sleep(FIRST);
        while !handle.over() {
            // A busy stage gets the same wish at the next look.
            let _ = match wish(&show, &handle.snapshot()) {
                Wish::Wait => Ok(()),
                Wish::Press(intent) => handle.send(intent, By::Show),
                Wish::End => handle.end("played to its end"),
            };
            thread::sleep(LOOK);
        }
    });
}

/// What it wants to do now.
#[derive(Debug, PartialEq, Eq)]
enum Wish {
    Wait,
    Press(Intent),
    End,
}

fn wish(show: &Show, snapshot: &Snapshot) -> Wish {
    if let Some(Prompt::Confirm { list, .. }) = snapshot.prompt {
        return Wish::Press(Intent::GoConfirm { list });
    }
    let Some(view) = snapshot.lists.first().filter(|_| snapshot.phase == Phase::Running) else { return Wish::Wait };
    let busy = snapshot.running.iter().filter(|run| show.cues.get(run.cue.at()).is_some_and(|cue| !cue.sustain)).count() > 0;
    let since = view.last.map(|(_, at)| snapshot.now.since(at));
    let Some(next) = view.next else {
        return if busy && since.is_none_or(|since| since < Span::secs(30)) { Wish::Wait } else { Wish::End };
    };
    let follows = view.auto.is_some_and(|auto| !auto.held && auto.due.is_some_and(|due| due.since(snapshot.now) < FOLLOWER));
    let soon = since.is_some_and(|since| since < PAUSE || (busy && since < PATIENCE));
    let guarded = view.guard_until.is_some_and(|until| until > snapshot.now);
    // What the show's start sends comes first; each of them ends by itself, proven or not.
    let starting = since.is_none() && snapshot.actions.iter().any(|a| a.why == Why::Start && !matches!(a.state, ActionState::Ended(_)));
    if follows || soon || guarded || starting { Wish::Wait } else { Wish::Press(Intent::Go { list: ListIx(0), seen: Some(next) }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{ActionId, ActionView, ListView, Outcome};
    use crate::show::CueIx;
    use crate::time::Mono;

    #[test]
    fn it_goes_when_nothing_speaks_against_it_and_ends_after_the_last_cue() {
        let show = Show::default();
        let view = ListView { next: Some(CueIx(0)), ..ListView::default() };
        let mut snapshot = Snapshot { lists: vec![view], now: Mono(10_000_000_000), ..Snapshot::default() };
        let go = Wish::Press(Intent::Go { list: ListIx(0), seen: Some(CueIx(0)) });
        assert_eq!(wish(&show, &snapshot), go);
        snapshot.lists[0].guard_until = Some(Mono(10_100_000_000));
        assert_eq!(wish(&show, &snapshot), Wish::Wait);
        snapshot.lists[0].guard_until = None;
        let mute = |state| ActionView {
            action: ActionId(1),
            why: Why::Start,
            device: None,
            prop: None,
            text: "desk host on: off".into(),
            due: Mono::ZERO,
            state,
            sent_at: None,
            ended_at: None,
        };
        snapshot.actions = vec![mute(ActionState::Open)];
        assert_eq!(wish(&show, &snapshot), Wish::Wait, "the show's start is still on its way");
        snapshot.actions = vec![mute(ActionState::Ended(Outcome::Sent))];
        assert_eq!(wish(&show, &snapshot), go);
        snapshot.lists[0] = ListView { last: Some((CueIx(0), Mono(9_000_000_000))), ..ListView::default() };
        assert_eq!(wish(&show, &snapshot), Wish::End);
        snapshot.phase = Phase::Paused;
        assert_eq!(wish(&show, &snapshot), Wish::Wait);
    }
}
