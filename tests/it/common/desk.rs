//! One device of a show at our end of a real wire: the driver in the real rack, without engine and journal.

use std::sync::Arc;
use std::time::Duration;

use showcall::devices::family;
use showcall::engine::{ActionId, Command, Op, Priority, Report, Why};
use showcall::links::rack::Cabling;
use showcall::links::sys::boottime;
use showcall::links::{Rack, Simulate};
use showcall::show::{DeviceIx, PropIx, Show, Value, load_text};
use showcall::time::Span;

/// The show's first device.
const DEVICE: DeviceIx = DeviceIx(0);

pub struct Desk {
    show: Arc<Show>,
    rack: Rack,
    action: u64,
    pub seen: Vec<Report>,
}

impl Desk {
    pub fn new(show: &str) -> Self {
        let loaded = load_text(&[("show.toml".into(), show.into())]);
        let show = loaded.show.clone().unwrap_or_else(|| panic!("{:#?}", loaded.findings));
        let rack = Rack::with(&show, Cabling { simulate: &Simulate::None, seed: 1, any_port: true, family }).unwrap();
        Self { show, rack, action: 0, seen: vec![] }
    }

    pub fn prop(&self, path: &str) -> PropIx {
        self.show.prop_by_path(DEVICE, path).unwrap_or_else(|| panic!("no property {path}"))
    }

    /// Runs until a report fits, and says so; `None` after the patience.
    pub fn until(&mut self, seconds: u64, fits: impl Fn(&Report) -> bool) -> Option<Report> {
        let limit = boottime() + Span::secs(seconds);
        while boottime() < limit {
            self.rack.tick(boottime());
            self.rack.poll(boottime()).unwrap();
            let reports: Vec<Report> = self.rack.take_reports().map(|(_, report)| report).collect();
            let found = reports.iter().find(|report| fits(report)).cloned();
            self.seen.extend(reports);
            if found.is_some() {
                return found;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        None
    }

    pub fn command(&mut self, path: &str, op: Op) -> ActionId {
        self.action += 1;
        let action = ActionId(self.action);
        let prop = self.prop(path);
        self.seen.clear();
        let command = Command { action, prop, op, due: boottime(), priority: Priority::Discrete, why: Why::Operator };
        self.rack.command(boottime(), DEVICE, &command);
        action
    }

    /// Commands a value and waits until the device itself tells it.
    pub fn lands(&mut self, path: &str, op: Op, wanted: &Value) {
        self.command(path, op);
        let prop = self.prop(path);
        let told =
            self.until(20, |report| matches!(report, Report::Observed { prop: p, value, .. } if *p == prop && value.same(wanted, 100)));
        assert!(told.is_some(), "{path} never was {wanted}: {:#?}", self.seen);
    }

    /// Commands it and waits for the device's yes.
    pub fn acked(&mut self, path: &str, value: Value) {
        let action = self.command(path, set(value));
        let told = self.until(10, |report| matches!(report, Report::Acked { action: a } if *a == action));
        assert!(told.is_some(), "{path} was never answered: {:#?}", self.seen);
    }

    /// Commands it and gives the words in which it is refused.
    pub fn refused(&mut self, path: &str, op: Op) -> String {
        let action = self.command(path, op);
        let told = self.until(10, |report| matches!(report, Report::Refused { action: a, .. } if *a == action));
        let Some(Report::Refused { why, .. }) = told else { panic!("{path} was never refused: {:#?}", self.seen) };
        why.to_string()
    }

    /// Waits until the device tells this, if it has not yet.
    pub fn becomes(&mut self, path: &str, wanted: &Value) {
        let prop = self.prop(path);
        let fits = |report: &Report| matches!(report, Report::Observed { prop: p, value, .. } if *p == prop && value == wanted);
        assert!(self.seen.iter().any(fits) || self.until(10, fits).is_some(), "{path} never became {wanted}: {:#?}", self.seen);
    }
}

pub fn set(value: Value) -> Op {
    Op::Set { value, transition: None }
}
