//! Cut at any instant and replayed with the exact marks of the journal: nothing momentary comes twice, no want is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::laws::{begun, config, inputs, rich};
use crate::engine::kit::*;
use crate::engine::open_actions::What;
use crate::engine::*;
use crate::show::*;
use crate::time::{Mono, Span};

/// A line of the journal, or bytes on the wire.
#[derive(Debug, Clone)]
enum Event {
    Input(Mono, Input),
    Sending(Mono, ActionId),
    Left(Command),
}

/// The run as it was: what the journal holds and what left, in order. Every driver sends at once and says so at once.
fn live(inputs: &[(u64, Input)], pace: u64) -> Vec<Event> {
    let mut stage = begun();
    let mut events = Vec::new();
    for (wait, input) in inputs {
        let to = stage.now + Span::ms(*wait);
        while stage.now + Span::ms(pace) < to {
            stage.now += Span::ms(pace);
            perform(&mut stage, Input::Tick, &mut events);
        }
        stage.now = to;
        perform(&mut stage, input.clone(), &mut events);
    }
    events
}

/// As the stage does: record, apply, mark, send; what the driver says is recorded at once and applied after.
fn perform(stage: &mut Stage, input: Input, events: &mut Vec<Event>) {
    let mut waiting = vec![input.clone()];
    if input != Input::Tick {
        events.push(Event::Input(stage.now, input));
    }
    while !waiting.is_empty() {
        let input = waiting.remove(0);
        stage.out.clear();
        stage.give(&input);
        for effect in &stage.out {
            let Effect::Send { device, command } = effect else { continue };
            events.push(Event::Sending(stage.now, command.action));
            events.push(Event::Left(command.clone()));
            let said = Input::Device { device: *device, report: Report::Sent { action: command.action, value: None } };
            events.push(Event::Input(stage.now, said.clone()));
            waiting.push(said);
        }
    }
}

/// What the journal proves at the cut.
struct Cut {
    stage: Stage,
    resumed: Resumed,
    /// Momentary commands of steps that left, counted.
    left: BTreeMap<(CueIx, u16), usize>,
    went: BTreeSet<ActionId>,
    starts: BTreeMap<CueIx, usize>,
}

/// The momentary step that a command is of.
fn momentary(show: &Show, command: &Command) -> Option<(CueIx, u16)> {
    let sets = matches!(command.op, Op::Set { .. }) && matches!(show.prop(command.prop).class, Keeping::Once | Keeping::Guarded);
    match command.why {
        Why::Step { cue, step, .. } if sets => Some((cue, step)),
        _ => None,
    }
}

fn starts(out: &Effects, counts: &mut BTreeMap<CueIx, usize>) {
    for effect in out {
        if let Effect::Note(Note::CueStarted { cue }) = effect {
            *counts.entry(*cue).or_default() += 1;
        }
    }
}

/// Replays what stands in the journal, as the resume does.
fn replay(events: &[Event]) -> Cut {
    let mut stage = begun();
    let (mut left, mut went, mut counts) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
    let (mut open, mut sent) = (BTreeSet::new(), Vec::new());
    for event in events {
        stage.out.clear();
        match event {
            Event::Input(at, input) => {
                stage.now = *at;
                stage.give(input);
                if let Input::Device { report: Report::Sent { action, .. }, .. } = input {
                    open.remove(action);
                    sent.push(*action);
                }
            }
            Event::Sending(at, action) => {
                stage.now = *at;
                stage.give(&Input::Tick);
                open.insert(*action);
            }
            Event::Left(command) => {
                went.insert(command.action);
                if let Some(step) = momentary(&stage.engine.show, command) {
                    *left.entry(step).or_default() += 1;
                }
            }
        }
        starts(&stage.out, &mut counts);
    }
    stage.out.clear();
    let resumed = Resumed { alive_until: stage.now, sent, begun: open.into_iter().collect() };
    Cut { stage, resumed, left, went, starts: counts }
}

/// What an action at the cut must come to.
fn judge_open(cut: &Cut, before: &Engine, after: &Stage) -> Result<(), TestCaseError> {
    let (mut held, mut uncertain) = (0, 0);
    for (id, action) in before.s.actions.iter().filter(|(_, a)| a.sent_at.is_none()) {
        let Some(prop) = action.prop else { continue };
        let ended = after.out.iter().find_map(|e| match e {
            Effect::Note(Note::Action { action, outcome, .. }) if *action == id => Some(outcome.clone()),
            _ => None,
        });
        match before.show.prop(prop).class {
            Keeping::Once | Keeping::Guarded if cut.resumed.begun.contains(&id) => {
                prop_assert_eq!(ended, Some(Outcome::Uncertain), "begun, nobody knows: {:?}", action);
                uncertain += 1;
            }
            Keeping::Once | Keeping::Guarded => {
                prop_assert!(!cut.went.contains(&id), "the journal says of bytes that left that they did not");
                prop_assert_eq!(ended, Some(Outcome::Held), "it never left: {:?}", action);
                held += 1;
            }
            Keeping::Hold | Keeping::Set => {}
        }
    }
    let view = after.view();
    for (kind, count) in [(OfferKind::Held, held), (OfferKind::Uncertain, uncertain)] {
        let offered = view.offers.iter().filter(|o| o.kind == kind).count();
        prop_assert!(offered >= count, "{count} {kind:?} and {offered} offers");
    }
    Ok(())
}

/// A device that is not driven gets nothing back: that is another law. What left, the drivers here say themselves.
const fn fits(input: &Input) -> bool {
    !matches!(input, Input::Intent { intent: Intent::Own { .. }, .. } | Input::Device { report: Report::Sent { .. }, .. })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn cut_anywhere_and_resumed_nothing_momentary_comes_twice_and_no_want_is_lost(
        inputs in inputs(), pace in 1_u64..60, at in any::<prop::sample::Index>(), gap in 0_u64..5000,
    ) {
        let inputs: Vec<_> = inputs.into_iter().filter(|(_, input)| fits(input)).collect();
        let events = live(&inputs, pace);
        prop_assume!(!events.is_empty());
        let mut cut = replay(&events[..=at.index(events.len())]);
        let before = Engine::restore(Arc::new(rich()), cut.stage.engine.checkpoint()).unwrap();
        let mut stage = std::mem::replace(&mut cut.stage, begun());
        stage.out.clear();
        stage.now += Span::ms(gap);
        stage.give(&Input::Resumed(cut.resumed.clone()));
        judge_open(&cut, &before, &stage)?;
        for device in [DESK, OTHER] {
            stage.says(device, Report::Online { identity: None });
        }
        // Wants that had not left leave now, unless something newer took the property.
        for (id, action) in before.s.actions.iter().filter(|(_, a)| a.sent_at.is_none()) {
            let (Some(prop), What::Want { value, .. }) = (action.prop, &action.what) else { continue };
            if matches!(before.show.prop(prop).class, Keeping::Hold | Keeping::Set) {
                let again = stage.sets().contains(&(prop, value.clone()));
                let newer = stage.engine.s.props.get(prop).unwrap().newest() != Some(id);
                prop_assert!(again || newer, "the want {prop:?} = {value} is lost");
            }
        }
        stage.wait(60_000);
        starts(&stage.out, &mut cut.starts);
        let show = Arc::clone(&stage.engine.show);
        for command in stage.commands() {
            let Some((cue, step)) = momentary(&show, &command) else { continue };
            prop_assert!(!cut.went.contains(&command.action), "it left before the cut and again: {command:?}");
            let count = cut.left.entry((cue, step)).or_default();
            *count += 1;
            prop_assert!(*count <= cut.starts.get(&cue).copied().unwrap_or(0), "more often than its cue started: {command:?}");
        }
    }

    #[test]
    fn after_a_gap_no_fader_moves_but_from_where_its_device_says_that_it_stands(
        inputs in inputs(), pace in 1_u64..60, at in any::<prop::sample::Index>(), gap in 2001_u64..600_000, hand in -90_000_i32..10_000,
        crash in any::<bool>(),
    ) {
        let inputs: Vec<_> = inputs.into_iter().filter(|(_, input)| fits(input)).collect();
        let events = live(&inputs, pace);
        prop_assume!(!events.is_empty());
        let mut cut = replay(&events[..=at.index(events.len())]);
        let mut stage = std::mem::replace(&mut cut.stage, begun());
        let since = stage.now;
        stage.out.clear();
        stage.now += Span::ms(gap);
        let before = Engine::restore(Arc::new(rich()), stage.engine.checkpoint()).unwrap();
        stage.give(&if crash { Input::Resumed(cut.resumed) } else { Input::Stalled { since } });
        let open: BTreeMap<_, _> = before.s.actions.iter().filter(|(_, a)| matches!(a.what, What::Fade(_)) && a.sent_at.is_none()).collect();
        let moved = |stage: &Stage| -> Vec<Command> {
            stage.commands().into_iter().filter(|c| matches!(c.op, Op::Fade { .. } | Op::Set { .. }) && open.contains_key(&c.action)).collect()
        };
        prop_assert_eq!(moved(&stage), vec![], "before its device has said where it stands");
        stage.says(DESK, Report::Online { identity: None });
        let faders: BTreeSet<_> = open.values().filter_map(|action| action.prop).collect();
        for fader in faders {
            stage.sees(fader, Value::Level(Db(hand)), How::Word);
        }
        for command in moved(&stage) {
            let from = matches!(&command.op, Op::Fade { from: Value::Level(Db(db)), .. } if *db == hand);
            prop_assert!(from, "a fader at {hand} is moved by {command:?}");
            let What::Fade(fade) = &open[&command.action].what else { continue };
            let end = fade.travel.as_ref().map(|travel| travel.start + travel.length);
            let stood = fade.frozen.is_some();
            prop_assert!(stood || end.is_none_or(|end| end > stage.now), "a fade that is over goes on: {command:?}");
        }
    }
}
