//! Lines that stay until acknowledged.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::open_actions::Action;
use super::{Alert, Engine, Level, Outcome};
use crate::show::DeviceIx;

/// All alerts, the newest first. Bounded: the oldest goes. The same line of the same device again is counted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Alerts(VecDeque<Alert>);

impl Alerts {
    /// Alerts that are kept.
    pub(super) const LIMIT: usize = 64;

    /// Adds an alert.
    pub(super) fn add(&mut self, alert: Alert) {
        let same = self.0.iter().position(|known| known.text == alert.text && known.device == alert.device);
        let known = same.and_then(|at| self.0.remove(at));
        self.0.truncate(Self::LIMIT - 1);
        self.0.push_front(match known {
            Some(known) => Alert { at: alert.at, count: known.count.saturating_add(1), ..known },
            None => alert,
        });
    }

    /// One alert has been seen; `None`: all.
    pub(super) fn acknowledge(&mut self, id: Option<u32>) {
        self.0.retain(|alert| id.is_some_and(|id| alert.id != id));
    }

    /// What stands.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Alert> {
        self.0.iter()
    }
}

impl Engine {
    /// A line that stays until acknowledged; the same line again is counted.
    pub(super) fn alert(&mut self, level: Level, text: String, device: Option<DeviceIx>) {
        let spec = device.map(|d| self.show.device(d));
        if device.and_then(|d| self.s.devices.get(d.at())).is_some_and(|d| d.ownership == super::Ownership::Bypassed) {
            return;
        }
        let department = spec.and_then(|d| d.department);
        let text: Arc<str> = match department.and_then(|d| self.show.departments.get(d.at())) {
            Some(d) => format!("{text}; call {}{}", d.name, d.contact.as_ref().map_or_else(String::new, |c| format!(" ({c})"))).into(),
            None => text.into(),
        };
        self.say(level, Arc::clone(&text));
        self.s.next.alert = self.s.next.alert.wrapping_add(1);
        let id = self.s.next.alert;
        self.s.alerts.add(Alert { id, level, text, department, device, at: self.s.now, count: 1 });
    }

    /// An action failed: loud, with whom to call.
    pub(super) fn alert_failure(&mut self, action: &Action, outcome: &Outcome) {
        let device = action.prop.map(|p| self.show.prop(p).device);
        let unreachable = device.and_then(|d| self.s.devices.get(d.at())).and_then(super::devices::DeviceState::unreachable);
        let text = match (outcome, unreachable) {
            (_, Some(why)) => {
                let name = device.map_or_else(String::new, |d| self.show.device(d).name.to_string());
                format!("not sent: {name} is not there ({why})")
            }
            (Outcome::Failed { why }, None) => format!("{}: {why}", self.describe(action)),
            (Outcome::Refused { why }, None) => format!("{}: refused, {why}", self.describe(action)),
            _ => return,
        };
        self.alert(Level::Bad, text, device);
    }

    /// Alerts have been seen.
    pub(super) fn acknowledge(&mut self, alert: Option<u32>) {
        self.s.alerts.acknowledge(alert);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Mono;

    fn alert(id: u32, text: &str, device: Option<DeviceIx>) -> Alert {
        Alert { id, level: Level::Bad, text: text.into(), department: None, device, at: Mono(u64::from(id)), count: 1 }
    }

    #[test]
    fn the_same_line_of_the_same_device_is_counted_and_comes_first() {
        let mut alerts = Alerts::default();
        let (one, two) = (Some(DeviceIx(1)), Some(DeviceIx(2)));
        for new in [alert(1, "a", one), alert(2, "b", one), alert(3, "a", two), alert(4, "a", one)] {
            alerts.add(new);
        }
        let all: Vec<_> = alerts.iter().map(|a| (a.id, a.count, a.at.0)).collect();
        assert_eq!(all, [(1, 2, 4), (3, 1, 3), (2, 1, 2)]);
        alerts.acknowledge(Some(3));
        assert_eq!(alerts.iter().count(), 2);
        alerts.acknowledge(None);
        assert_eq!(alerts.iter().count(), 0);
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let mut alerts = Alerts::default();
        for id in 1..=100 {
            alerts.add(alert(id, &id.to_string(), None));
        }
        let ids: Vec<_> = alerts.iter().map(|a| a.id).collect();
        assert_eq!((ids.len(), ids.first(), ids.last()), (Alerts::LIMIT, Some(&100), Some(&37)));
    }
}
