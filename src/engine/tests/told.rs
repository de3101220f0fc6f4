//! What the caller is told of devices and of this machine, at once and once.

use crate::engine::kit::*;
use crate::engine::*;
use crate::show::DeviceIx;
use crate::time::{Mono, Span};

fn news(stage: &Stage) -> Vec<(DeviceIx, Link)> {
    let of = |effect: &Effect| if let Effect::Note(Note::Device { device, news }) = effect { Some((*device, news.clone())) } else { None };
    stage.out.iter().filter_map(of).collect()
}

#[test]
fn a_device_that_has_said_nothing_is_told_once_and_so_is_its_first_word() {
    let mut stage = Stage::cold(show());
    stage.says(OTHER, Report::Online { identity: None });
    stage.wait(60_000);
    assert_eq!(news(&stage), [(OTHER, Link::Online), (DESK, Link::Silent)]);
    assert_eq!(stage.view().alerts.len(), 1);
    stage.out.clear();
    stage.wait(600_000);
    stage.says(DESK, Report::Online { identity: None });
    assert_eq!(news(&stage), [(DESK, Link::Online)]);
}

#[test]
fn an_outage_begins_with_the_last_word() {
    let mut stage = Stage::new(show());
    let at = stage.now + Span::ms(700);
    stage.wait(6000);
    stage.give(&Input::Heard { device: DESK, at });
    stage.give(&Input::Heard { device: DESK, at: Mono::ZERO });
    stage.out.clear();
    stage.says(DESK, Report::Offline { why: "no answer for 5s".into() });
    assert_eq!(news(&stage), [(DESK, Link::Offline { since: Some(at), why: "no answer for 5s".into() })]);
}

#[test]
fn a_full_disk_is_told_when_it_is_full_and_when_it_no_longer_is() {
    let mut stage = Stage::new(show());
    let fact = |level, text: &str| Input::Machine(Facet { key: "journal".into(), level, text: text.into() });
    let told = |stage: &Stage| {
        let of = |effect: &Effect| if let Effect::Note(Note::Machine { level, .. }) = effect { Some(*level) } else { None };
        stage.out.iter().filter_map(of).collect::<Vec<_>>()
    };
    stage.give(&fact(Level::Bad, "the journal cannot be written (ring 3 % full)"));
    stage.give(&fact(Level::Bad, "the journal cannot be written (ring 4 % full)"));
    assert_eq!((told(&stage), stage.view().alerts.len()), (vec![Level::Bad], 1));
    stage.give(&fact(Level::Good, "the journal is written again"));
    assert_eq!((told(&stage), stage.view().alerts.len()), (vec![Level::Bad, Level::Good], 1));
    assert!(stage.view().line.is_some_and(|line| line.text.contains("again")));
}
