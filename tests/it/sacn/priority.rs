//! Another real source of our universe: olad follows the higher priority, and our driver says who it is.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use showcall::engine::{Level, Report};
use showcall::links::rack::{Rack, Simulate};
use showcall::links::sys::boottime;
use showcall::show::{DeviceIx, Show, load_text};

use super::peers::E131;
use crate::common::lan::{Lan, inside};
use crate::common::olad::Olad;
use crate::common::script::Script;

const SHOW: &str = r#"
[show]
title = "Priority"
looks = "whole"
at_exit = "leave"
[safe]
tell = "safe"
[device.stage]
profile = "sacn"
interface = "10.9.0.1"
[universe.1]
on = "stage"
priority = 120
[[cue]]
number = "1"
"#;

/// Our driver on real sockets.
struct Desk {
    rack: Rack,
    reports: Vec<Report>,
}

impl Desk {
    fn new(show: &Arc<Show>) -> Self {
        Self { rack: Rack::build(show, &Simulate::None, 1).unwrap(), reports: Vec::new() }
    }

    fn until(&mut self, what: &str, mut so: impl FnMut(&mut Self) -> bool) {
        let patience = Instant::now() + Duration::from_secs(20);
        while !so(self) {
            assert!(Instant::now() < patience, "{what}: {:?}", self.reports);
            self.rack.poll(boottime()).unwrap();
            self.rack.tick(boottime());
            self.reports.extend(self.rack.take_reports().map(|(_, report)| report));
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// How universe 1 stands with other sources, as of the last report.
    fn foreign(&self) -> Option<(Level, String)> {
        let facets = self.reports.iter().rev().filter_map(|report| if let Report::Health(facet) = report { Some(facet) } else { None });
        facets.into_iter().find(|facet| &*facet.key == "foreign/1").map(|facet| (facet.level, facet.text.to_string()))
    }
}

#[test]
#[ignore = "needs olad and sacn (Python)"]
fn of_two_real_sources_the_higher_priority_wins_and_is_named() {
    inside(of_two_real_sources_the_higher_priority_wins_and_is_named, || {
        let lan = Lan::up();
        let olad = Olad::start(&lan, "e131", E131);
        olad.patch(&lan, 1, true);
        let show = load_text(&[("show.toml".into(), SHOW.into())]);
        let mut desk = Desk::new(show.show.as_ref().unwrap());
        desk.until("it is online", |desk| desk.reports.iter().any(|report| matches!(report, Report::Online { .. })));
        desk.rack.frame(boottime(), DeviceIx(0), 0, 1, &[50; 512]);
        desk.rack.frames_done(boottime(), DeviceIx(0));
        desk.until("olad has our level", |_| olad.levels(1).first() == Some(&50));

        let mut higher = Script::python(&lan, "sacn", "sacn_sender.py", &["10.9.0.2", "1", "150", "77"]);
        desk.until("olad follows the higher priority", |_| olad.levels(1).first() == Some(&77));
        desk.until("it is told", |desk| matches!(desk.foreign(), Some((Level::Bad, text)) if text.contains("Python desk (10.9.0.2)")));
        higher.child.stdin.take().unwrap().write_all(b"end\n").unwrap();
        desk.until("olad is back with us", |_| olad.levels(1).first() == Some(&50));
        desk.until("it is good again", |desk| matches!(desk.foreign(), Some((Level::Good, _))));

        let _lower = Script::python(&lan, "sacn", "sacn_sender.py", &["10.9.0.2", "1", "60", "99"]);
        desk.until("it stands by", |desk| matches!(desk.foreign(), Some((Level::Notice, _))));
        assert_eq!(olad.levels(1).first(), Some(&50), "a lower priority changes nothing");
        desk.rack.last_call(boottime());
        desk.until("our end hands over to it", |_| olad.levels(1).first() == Some(&99));
    });
}
