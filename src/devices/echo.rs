//! Tells an echo of our own sends from a hand on the desk.

use std::collections::VecDeque;

use crate::device_api::How;
use crate::show::{PropIx, Value};
use crate::time::{Mono, Span};

/// The values sent within the echo window, fade steps included. Never holds more than its limit: the oldest is forgotten first.
#[derive(Debug)]
pub struct EchoWindow {
    window: Span,
    tolerance: u32,
    sent: VecDeque<(Mono, PropIx, Value)>,
}

impl EchoWindow {
    /// How many values it remembers at the most.
    pub const LIMIT: usize = 4096;

    /// Remembers for `window`; values within `tolerance` are the same.
    #[must_use]
    pub fn new(window: Span, tolerance: u32) -> Self {
        Self { window, tolerance, sent: VecDeque::new() }
    }

    /// We send this now.
    pub fn sent(&mut self, now: Mono, prop: PropIx, value: Value) {
        self.forget(now);
        if self.sent.len() == Self::LIMIT {
            self.sent.pop_front();
        }
        self.sent.push_back((now, prop, value));
    }

    /// Whether an observation is ours.
    pub fn judge(&mut self, now: Mono, prop: PropIx, value: &Value) -> How {
        self.forget(now);
        let ours = self.sent.iter().any(|(_, p, v)| *p == prop && v.same(value, self.tolerance));
        if ours { How::Echo } else { How::Word }
    }

    /// What was sent explains nothing any more: the device was lost.
    pub fn clear(&mut self) {
        self.sent.clear();
    }

    fn forget(&mut self, now: Mono) {
        while self.sent.front().is_some_and(|(at, _, _)| now.since(*at) > self.window) {
            self.sent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::Db;

    #[test]
    fn a_fade_step_is_ours_until_the_window_closes() {
        let mut echo = EchoWindow::new(Span::ms(500), 50);
        let prop = PropIx(3);
        echo.sent(Mono(0), prop, Value::Level(Db(-10_000)));
        assert_eq!(echo.judge(Mono(1), prop, &Value::Level(Db(-10_030))), How::Echo);
        assert_eq!(echo.judge(Mono(1), prop, &Value::Level(Db(-20_000))), How::Word);
        assert_eq!(echo.judge(Mono(1), PropIx(4), &Value::Level(Db(-10_000))), How::Word);
        assert_eq!(echo.judge(Mono(600_000_000), prop, &Value::Level(Db(-10_000))), How::Word);
    }
}
