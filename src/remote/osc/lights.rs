//! `/light/…`: masters, blackout, park, and lights that somebody looks for.

use rosc::OscType;

use super::press::{Press, press, switch};
use crate::engine::{Find, Intent, Lamps, LightOrder};
use crate::show::Show;

/// The intent of an address behind `/light/`; `None`: it is no such address. Nothing is done when a button comes up.
///
/// # Errors
/// In words, when the argument is not what the address needs, or nothing has that name.
pub(super) fn order(parts: &[&str], args: &[OscType], show: &Show) -> Option<Result<Option<Intent>, String>> {
    let order = match parts {
        ["grand"] => level(args).map(|level| LightOrder::Grand { level }),
        ["blackout"] => {
            switch(args).and_then(|on| on.ok_or_else(|| "needs 1 (on) or 0 (off)".into())).map(|on| LightOrder::Blackout { on })
        }
        ["master", group] => group_of(group, show)
            .ok_or_else(|| format!("the show has no group \"{group}\""))
            .and_then(|group| level(args).map(|level| LightOrder::Master { group, level })),
        ["park", name] => switched(name, args, show).map(|(lamps, on)| LightOrder::Park { lamps, on }),
        ["highlight", name] => switched(name, args, show).map(|(lamps, on)| LightOrder::Find { lamps, how: on.then_some(Find::Highlight) }),
        ["locate", name] => switched(name, args, show).map(|(lamps, on)| LightOrder::Find { lamps, how: on.then_some(Find::Locate) }),
        ["unpark"] => return Some(pressed(args, LightOrder::Park { lamps: Lamps::All, on: false })),
        ["clear"] => return Some(pressed(args, LightOrder::Find { lamps: Lamps::All, how: None })),
        _ => return None,
    };
    Some(order.map(|order| Some(Intent::Lights { order })))
}

fn pressed(args: &[OscType], order: LightOrder) -> Result<Option<Intent>, String> {
    match press(args)? {
        Press::Down => Ok(Some(Intent::Lights { order })),
        Press::Up => Ok(None),
        Press::Named(text) => Err(format!("takes no name, and \"{text}\" came with it")),
    }
}

fn switched(name: &str, args: &[OscType], show: &Show) -> Result<(Lamps, bool), String> {
    let lamps = lamps(name, show).ok_or_else(|| format!("the show has no fixture or group \"{name}\""))?;
    Ok((lamps, switch(args)?.unwrap_or(true)))
}

/// A fader's place, from 0.0 to 1.0.
fn level(args: &[OscType]) -> Result<u16, String> {
    let share = match args.first() {
        Some(OscType::Float(share)) => f64::from(*share),
        Some(OscType::Double(share)) => *share,
        Some(OscType::Int(share)) => f64::from(*share),
        _ => f64::NAN,
    };
    let inside = (0.0..=1.0).contains(&share);
    inside.then(|| (share * f64::from(u16::MAX)).round() as u16).ok_or_else(|| "needs a number from 0.0 to 1.0".into())
}

fn group_of(name: &str, show: &Show) -> Option<u16> {
    show.rig.groups.iter().position(|group| *group.key == *name).and_then(|at| u16::try_from(at).ok())
}

fn lamps(name: &str, show: &Show) -> Option<Lamps> {
    let fixture = show.rig.fixtures.iter().position(|fixture| *fixture.key == *name).and_then(|at| u32::try_from(at).ok());
    fixture.map(Lamps::Fixture).or_else(|| group_of(name, show).map(Lamps::Group))
}
