//! `/light/…`: masters, blackout, park, and lights that somebody looks for.

use rosc::OscType;

use super::route::truth;
use crate::engine::{Find, Intent, Lamps, LightOrder};
use crate::show::Show;

/// The intent of an address behind `/light/`; `None`: it is none, or its argument is not what it needs.
pub(super) fn order(parts: &[&str], args: &[OscType], show: &Show) -> Option<Intent> {
    let order = match parts {
        ["grand"] => LightOrder::Grand { level: level(args)? },
        ["blackout"] => LightOrder::Blackout { on: truth(args)? },
        ["master", group] => LightOrder::Master { group: group_of(group, show)?, level: level(args)? },
        ["park", name] => LightOrder::Park { lamps: lamps(name, show)?, on: truth(args).unwrap_or(true) },
        ["unpark"] => LightOrder::Park { lamps: Lamps::All, on: false },
        ["highlight", name] => LightOrder::Find { lamps: lamps(name, show)?, how: truth(args).unwrap_or(true).then_some(Find::Highlight) },
        ["locate", name] => LightOrder::Find { lamps: lamps(name, show)?, how: truth(args).unwrap_or(true).then_some(Find::Locate) },
        ["clear"] => LightOrder::Find { lamps: Lamps::All, how: None },
        _ => return None,
    };
    Some(Intent::Lights { order })
}

/// A fader's place, from 0.0 to 1.0.
fn level(args: &[OscType]) -> Option<u16> {
    let share = match args.first()? {
        OscType::Float(share) => f64::from(*share),
        OscType::Double(share) => *share,
        OscType::Int(share) => f64::from(*share),
        _ => return None,
    };
    (0.0..=1.0).contains(&share).then(|| (share * f64::from(u16::MAX)).round() as u16)
}

fn group_of(name: &str, show: &Show) -> Option<u16> {
    show.rig.groups.iter().position(|group| *group.key == *name).and_then(|at| u16::try_from(at).ok())
}

fn lamps(name: &str, show: &Show) -> Option<Lamps> {
    let fixture = show.rig.fixtures.iter().position(|fixture| *fixture.key == *name).and_then(|at| u32::try_from(at).ok());
    fixture.map(Lamps::Fixture).or_else(|| group_of(name, show).map(Lamps::Group))
}
