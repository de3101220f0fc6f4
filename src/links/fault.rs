//! What can go wrong with a simulated device, as a faults file and the fault runs say it.

use super::memory::Cable;
use crate::time::{Mono, Span};

/// One fault, or its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// So many percent of the datagrams are lost; a stream is held up instead.
    Loss(u8),
    /// So many percent arrive twice.
    Duplicate(u8),
    /// So many percent arrive behind later ones.
    Reorder(u8),
    /// Each way takes up to this much longer.
    Delay(Span),
    /// The cable is out.
    Cut,
    /// The device says nothing and nobody is told; a stream is half open afterwards.
    Silent,
    /// The device starts anew with its memory gone.
    Reboot,
    /// All is well again.
    Heal,
}

impl Fault {
    /// Reads `loss 20%`, `duplicate 5%`, `reorder 10%`, `delay 50ms`, `cut`, `silent` (or `half-open`), `reboot`, `heal`.
    ///
    /// # Errors
    /// Says which faults there are.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (verb, argument) = text.trim().split_once(' ').map_or((text.trim(), None), |(v, a)| (v, Some(a.trim())));
        let percent = |argument: Option<&str>| {
            let number = argument.and_then(|a| a.strip_suffix('%')?.trim().parse::<u8>().ok()).filter(|n| *n <= 100);
            number.ok_or_else(|| format!("\"{text}\" needs a share in percent (write \"{verb} 20%\")"))
        };
        match (verb, argument) {
            ("loss", a) => percent(a).map(Self::Loss),
            ("duplicate", a) => percent(a).map(Self::Duplicate),
            ("reorder", a) => percent(a).map(Self::Reorder),
            ("delay", Some(a)) => Span::parse(a).map(Self::Delay),
            ("delay", None) => Err("\"delay\" needs a time (write \"delay 50ms\")".into()),
            ("cut", None) => Ok(Self::Cut),
            ("silent" | "half-open", None) => Ok(Self::Silent),
            ("reboot", None) => Ok(Self::Reboot),
            ("heal", None) => Ok(Self::Heal),
            _ => Err(format!("\"{text}\" is not a fault (use loss, duplicate, reorder, delay, cut, silent, reboot or heal)")),
        }
    }

    /// Does it to one cable; a reboot is not a cable's matter.
    pub fn strike(self, now: Mono, cable: &mut Cable) {
        match self {
            Self::Loss(percent) => cable.weather.loss = percent,
            Self::Duplicate(percent) => cable.weather.duplicate = percent,
            Self::Reorder(percent) => cable.weather.reorder = percent,
            Self::Delay(most) => cable.weather.delay = most,
            Self::Cut => cable.cut(now),
            Self::Silent => cable.silence(),
            Self::Heal => cable.heal(now),
            Self::Reboot => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_read_as_people_write_them() {
        for (text, fault) in [
            ("loss 20%", Fault::Loss(20)),
            ("delay 50ms", Fault::Delay(Span::ms(50))),
            (" cut ", Fault::Cut),
            ("half-open", Fault::Silent),
            ("reboot", Fault::Reboot),
        ] {
            assert_eq!(Fault::parse(text), Ok(fault), "{text}");
        }
        for text in ["loss", "loss 120%", "loss 20", "delay", "delay soon", "cut 5%", "fire", ""] {
            assert!(Fault::parse(text).is_err(), "{text}");
        }
    }
}
