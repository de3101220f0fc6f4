//! What a rehearsal found: a cue that never fires, actions that are not confirmed, cues that fight, a plan that does not fit.

use std::collections::BTreeSet;

use serde::Serialize;

use super::run::{Run, What};
use crate::engine::{ActionId, Note, Outcome, Why};
use crate::rundown::Rundown;
use crate::show::{CueIx, ListIx, PropIx};
use crate::time::{Mono, Span};

/// A plan is written in minutes: less than one, in nanoseconds, is no finding.
const MINUTE: i64 = 60_000_000_000;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// The show would not run as it is written.
    Error,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// Names the rule: `never_fires`, `not_confirmed`, `fight`, `masked`, `refused`, `plan`, `hard_out`, `stuck`.
    pub code: &'static str,
    /// When, in virtual nanoseconds; `None` where it is about the whole show.
    pub at: Option<Mono>,
    /// Number of the cue.
    pub cue: Option<String>,
    /// What, where, and what to do.
    pub text: String,
}

/// Judges a finished run.
#[must_use]
pub fn judge(run: &Run) -> Vec<Finding> {
    let mut judge = Judge { run, started: BTreeSet::new(), found: Vec::new() };
    for entry in run.log() {
        if let What::Note(note) = &entry.what {
            judge.note(entry.at, note);
        }
    }
    judge.silent_cues();
    judge.plan();
    if run.stuck {
        let text = "a device and its driver talk without end at one instant (report this with the show)".into();
        judge.found.push(Finding { severity: Severity::Error, code: "stuck", at: Some(run.now()), cue: None, text });
    }
    judge.found
}

struct Judge<'a> {
    run: &'a Run,
    started: BTreeSet<CueIx>,
    found: Vec<Finding>,
}

impl Judge<'_> {
    fn note(&mut self, at: Mono, note: &Note) {
        match note {
            Note::CueStarted { cue } => {
                self.started.insert(*cue);
            }
            Note::RefusedIntent { why } => self.find(Severity::Warning, "refused", at, None, format!("GO was refused: {why}")),
            Note::Action { action, prop: Some(prop), said, why, outcome } => self.action(at, (*action, *prop, said), *why, outcome),
            _ => {}
        }
    }

    fn action(&mut self, at: Mono, (action, prop, label): (ActionId, PropIx, &str), why: Why, outcome: &Outcome) {
        let cue = self.cue_of(why);
        let show = self.run.show();
        match outcome {
            Outcome::Failed { why } => self.find(Severity::Error, "not_confirmed", at, cue, format!("{label}: failed, {why}")),
            Outcome::Refused { why } => self.find(Severity::Error, "not_confirmed", at, cue, format!("{label}: refused, {why}")),
            Outcome::Held | Outcome::Uncertain => {
                self.find(Severity::Error, "not_confirmed", at, cue, format!("{label}: not known to have landed"))
            }
            Outcome::Superseded => {
                if let Some(other) = self.winner(at, action, prop).filter(|other| Some(*other) != cue) {
                    let other = &show.cue(other).number;
                    let text =
                        format!("{label}: cue {other} took it before this cue was done with it (give it more time, or take one out)");
                    self.find(Severity::Warning, "fight", at, cue, text);
                }
            }
            Outcome::Confirmed { masked: Some(by) } => {
                self.find(Severity::Warning, "masked", at, cue, format!("{label}: landed without effect, masked by {by}"));
            }
            _ => {}
        }
    }

    /// The cue whose command took a property from an action.
    fn winner(&self, at: Mono, loser: ActionId, prop: PropIx) -> Option<CueIx> {
        let mut commands = self.run.log().iter().filter(|entry| entry.at <= at).filter_map(|entry| match &entry.what {
            What::Command(_, command) if command.prop == prop && command.action > loser => Some(command),
            _ => None,
        });
        commands.next_back().and_then(|command| self.cue_of(command.why))
    }

    const fn cue_of(&self, why: Why) -> Option<CueIx> {
        match why {
            Why::Step { cue, .. } => Some(cue),
            _ => None,
        }
    }

    fn silent_cues(&mut self) {
        let show = self.run.show().clone();
        for list in &show.lists {
            for cue in list.cues.iter().filter(|cue| !self.started.contains(cue) && !show.cue(**cue).skip) {
                let text = format!("\"{}\" never fires: no GO and no follower reaches it", show.cue(*cue).name);
                let number = Some(show.cue(*cue).number.to_string());
                self.found.push(Finding { severity: Severity::Error, code: "never_fires", at: None, cue: number, text });
            }
        }
    }

    /// The plan itself: lengths that do not fit between planned times, and a hard out that comes too early.
    fn plan(&mut self) {
        let show = self.run.show().clone();
        for (list, _) in (0..).map(ListIx).zip(&show.lists) {
            let day = Rundown::as_planned(&show, list);
            let mut before = 0;
            for timed in day.cues.iter().filter(|timed| show.cue(timed.cue).at.is_some()) {
                let late = timed.projected.map_or(0, |at| at.0.saturating_sub(timed.planned.0));
                if late.saturating_sub(before) >= MINUTE {
                    let (planned, late) = (day.time(timed.planned), Span(late.unsigned_abs()));
                    let text = format!("planned at {planned}, but what is before it ends {late} later (correct a time or a length)");
                    let number = Some(show.cue(timed.cue).number.to_string());
                    self.found.push(Finding { severity: Severity::Warning, code: "plan", at: None, cue: number, text });
                }
                before = late;
            }
            if let Some((over, out)) = day.overrun().filter(|over| *over >= MINUTE).zip(day.out) {
                let (out, over) = (day.time(out), Span(over.unsigned_abs()));
                let text = format!("by its plan the show ends {over} after the hard out at {out} (cut something, or ask for the time)");
                self.found.push(Finding { severity: Severity::Warning, code: "hard_out", at: None, cue: None, text });
            }
        }
    }

    fn find(&mut self, severity: Severity, code: &'static str, at: Mono, cue: Option<CueIx>, text: String) {
        let cue = cue.map(|cue| self.run.show().cue(cue).number.to_string());
        self.found.push(Finding { severity, code, at: Some(at), cue, text });
    }
}
