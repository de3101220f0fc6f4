//! What an argument means at an address that works as a button: one rule for all of them.
//!
//! A button of a controller sends 1 when it is pressed and 0 when it is released, as whatever type its maker chose; a macro sends nothing, or
//! a name. A number that is neither 1 nor 0 could be a cue's number or a controller's own scale: to guess would fire the wrong cue.

use rosc::OscType;

/// One use of a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Press {
    /// It went down.
    Down,
    /// It came up: nothing happens.
    Up,
    /// It went down with a word.
    Named(String),
}

/// Reads the arguments of a button.
///
/// # Errors
/// In words for the sender and the caller, when they are neither a press nor a release.
pub(super) fn press(args: &[OscType]) -> Result<Press, String> {
    let number = |n: f64| match n {
        1.0 => Ok(Press::Down),
        0.0 => Ok(Press::Up),
        _ => Err(format!("{n} is neither 1 (a press) nor 0 (a release); a cue is named by text: \"{n}\"")),
    };
    match args {
        [] | [OscType::Inf] => Ok(Press::Down),
        [OscType::Bool(true)] => Ok(Press::Down),
        [OscType::Bool(false)] => Ok(Press::Up),
        [OscType::Int(n)] => number(f64::from(*n)),
        // Only 0 and 1 count, and those are exact.
        [OscType::Long(n)] => number(*n as f64),
        [OscType::Float(n)] => number(f64::from(*n)),
        [OscType::Double(n)] => number(*n),
        [OscType::String(text)] => Ok(Press::Named(text.clone())),
        [_] => Err("an argument of this type is neither a press (1) nor a release (0)".into()),
        _ => Err(format!("{} arguments: a button sends one at most, 1 (a press) or 0 (a release)", args.len())),
    }
}

/// A switch that is set: on by 1, off by 0; `None` without an argument.
///
/// # Errors
/// In words, when the argument is neither.
pub(super) fn switch(args: &[OscType]) -> Result<Option<bool>, String> {
    match press(args)? {
        Press::Down => Ok((!args.is_empty()).then_some(true)),
        Press::Up => Ok(Some(false)),
        Press::Named(text) => Err(format!("\"{text}\" is neither 1 (on) nor 0 (off)")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ones_are_presses_and_zeros_are_releases_in_every_type() {
        let ones = [OscType::Int(1), OscType::Long(1), OscType::Float(1.0), OscType::Double(1.0), OscType::Bool(true), OscType::Inf];
        let zeros =
            [OscType::Int(0), OscType::Long(0), OscType::Float(0.0), OscType::Float(-0.0), OscType::Double(0.0), OscType::Bool(false)];
        for one in ones {
            assert_eq!(press(std::slice::from_ref(&one)), Ok(Press::Down), "{one:?}");
            assert_eq!(switch(&[one]), Ok(Some(true)));
        }
        for zero in zeros {
            assert_eq!(press(std::slice::from_ref(&zero)), Ok(Press::Up), "{zero:?}");
            assert_eq!(switch(&[zero]), Ok(Some(false)));
        }
        assert_eq!((press(&[]), switch(&[])), (Ok(Press::Down), Ok(None)));
    }

    #[test]
    fn every_other_number_and_type_is_refused() {
        let long = |n| OscType::Long(n);
        let numbers = [OscType::Int(2), OscType::Int(-1), OscType::Int(127), long(i64::MAX), long(1 << 53), OscType::Float(0.5)];
        let odd =
            [OscType::Float(f32::NAN), OscType::Double(1.000_000_1), OscType::Double(f64::INFINITY), OscType::Nil, OscType::Char('1')];
        for argument in numbers.into_iter().chain(odd) {
            assert!(press(std::slice::from_ref(&argument)).is_err(), "{argument:?}");
            assert!(switch(&[argument]).is_err());
        }
        assert!(press(&[OscType::Int(1), OscType::Int(1)]).is_err());
    }

    #[test]
    fn text_is_a_name_whatever_it_reads_like() {
        for text in ["20", "0", "", "walk-on"] {
            assert_eq!(press(&[OscType::String(text.into())]), Ok(Press::Named(text.into())));
            assert!(switch(&[OscType::String(text.into())]).is_err());
        }
    }
}
