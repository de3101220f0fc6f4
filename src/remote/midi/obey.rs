//! What show control and machine control mean to a show caller.

use super::exclusive::{For, Word};
use crate::engine::{Facet, Intent, Level, Phase, Snapshot};
use crate::show::{CueIx, ListIx, Show, Target, TriggerMessage};

/// All devices, all formats.
const ALL: u8 = 0x7F;

/// Whether what is said to `whom` is said to a trigger too.
pub(super) fn is_meant(message: TriggerMessage, whom: For) -> bool {
    let meant = |said: u8, own: Option<u8>| said == ALL || own.is_none_or(|own| own == said);
    match (message, whom) {
        (TriggerMessage::ShowControl { device, format }, For::Show { device: d, format: f }) => meant(d, device) && meant(f, format),
        (TriggerMessage::MachineControl { device }, For::Machine { device: said }) => meant(said, device),
        _ => false,
    }
}

/// The pointer to a cue, and GO.
pub(super) fn go_to(show: &Show, cue: CueIx) -> Vec<Intent> {
    let list = show.cue(cue).list;
    vec![Intent::Standby { list, cue: Some(cue) }, Intent::Go { list, seen: None }]
}

/// What a word asks of a list, or of the whole show; the error says why it is not done.
pub(super) fn intents(show: &Show, snapshot: &Snapshot, obeying: Option<ListIx>, word: &Word) -> Result<Vec<Intent>, String> {
    let list = obeying.unwrap_or(ListIx(0));
    let own = obeying.map_or(Target::All, Target::List);
    let target = |number: &Option<String>| match number {
        Some(number) => cue(show, obeying, number).map(Target::Cue),
        None => Ok(own),
    };
    Ok(match word {
        Word::Go(Some(number)) => go_to(show, cue(show, obeying, number)?),
        Word::Play if paused(show, snapshot, obeying) => vec![Intent::Resume { target: own }],
        Word::Go(None) | Word::Play => vec![Intent::Go { list, seen: None }],
        Word::Pause(number) => vec![Intent::Pause { target: target(number)? }],
        Word::Resume(number) => vec![Intent::Resume { target: target(number)? }],
        Word::Stop(number) => vec![Intent::Stop { target: target(number)? }],
        Word::Standby(number) => {
            let cue = cue(show, obeying, number)?;
            vec![Intent::Standby { list: show.cue(cue).list, cue: Some(cue) }]
        }
        Word::Move(by) => vec![Intent::Move { list, by: *by }],
        Word::Locate(to) => {
            let time = format!("{:02}:{:02}:{:02}:{:02}", to.hours, to.minutes, to.seconds, to.frames);
            return Err(format!("a machine is asked to wind to {time}: nothing moves here, the next cue stays"));
        }
        Word::Other(command) => return Err(format!("command {command:02X} means nothing to a show caller")),
        Word::Broken => return Err("a command came whose data is not as its standard has it".into()),
    })
}

/// The cue of a number. The numbers of two desks may be written differently: 12.50 and 012.5 are 12.5.
fn cue(show: &Show, obeying: Option<ListIx>, number: &str) -> Result<CueIx, String> {
    let in_lists = |cue: &CueIx| show.lists.iter().any(|list| list.cues.contains(cue));
    let same = || {
        let at = show.cues.iter().position(|cue| plain(&cue.number) == plain(number))?;
        u32::try_from(at).ok().map(CueIx)
    };
    let found = show.cue_by_number(number).or_else(same).filter(in_lists);
    let found = found.ok_or_else(|| format!("cue {number} is asked for, but the show has none of that number"))?;
    match obeying.filter(|list| *list != show.cue(found).list) {
        None => Ok(found),
        Some(list) => Err(format!("cue {number} is asked for, but it does not stand in list {}", show.list(list).name)),
    }
}

/// A number without zeros that say nothing.
fn plain(number: &str) -> &str {
    let number = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    let short = number.trim_start_matches('0');
    let one_zero = number.len() - short.len();
    if short.is_empty() || short.starts_with('.') { number.get(one_zero.saturating_sub(1)..).unwrap_or(number) } else { short }
}

fn paused(show: &Show, snapshot: &Snapshot, obeying: Option<ListIx>) -> bool {
    let in_list = |cue: CueIx| obeying.is_none_or(|list| show.cues.get(cue.at()).is_some_and(|cue| cue.list == list));
    snapshot.phase == Phase::Paused || snapshot.running.iter().any(|run| run.paused.is_some() && in_list(run.cue))
}

/// What stands for the operator while the last word of a port could not be followed.
pub(super) fn fact(port: &str, why: Option<&str>) -> Facet {
    let level = if why.is_some() { Level::Warn } else { Level::Good };
    let text = format!("MIDI port \"{port}\": {}", why.unwrap_or("followed")).into();
    Facet { key: format!("midi/{port}/said").into(), level, text }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use super::*;
    use crate::remote::midi::Ears;
    use crate::show::load_text;

    const LIST: Target = Target::List(ListIx(1));

    /// Cues 1 and 12.5 in the first list, 20 in the list "sound".
    fn show(obey: &str) -> Arc<Show> {
        let text = format!(
            "[show]\ntitle = \"t\"\nlooks = \"whole\"\nat_exit = \"leave\"\n[safe]\ntell = \"safe\"\n[[list]]\nkey = \"main\"\nname = \"Main\"\n[[list]]\nkey = \"sound\"\nname = \"Sound\"\n\
             [[trigger]]\nmidi = {{ port = \"desk\", msc = 5 }}\nobey = {obey}\n[[trigger]]\nmidi = {{ port = \"desk\", mmc = true }}\nobey = {obey}\n\
             [[cue]]\nnumber = \"1\"\n[[cue]]\nnumber = \"12.5\"\n[[cue]]\nnumber = \"20\"\nlist = \"sound\"\n"
        );
        let loaded = load_text(&[("show.toml".into(), text)]);
        loaded.show.unwrap_or_else(|| panic!("{:?}", loaded.findings))
    }

    fn said(obey: &str, snapshot: &Snapshot, bytes: &[u8]) -> super::super::Heard {
        let bytes = [&[0xF0, 0x7F], bytes, &[0xF7]].concat();
        Ears::default().hear(&show(obey), snapshot, &"desk".into(), &bytes)
    }

    fn asked(obey: &str, bytes: &[u8]) -> Vec<Intent> {
        said(obey, &Snapshot::default(), bytes).intents
    }

    #[test]
    fn show_control_calls_the_show() {
        let (main, next) = (ListIx(0), Intent::Go { list: ListIx(0), seen: None });
        let number = [Intent::Standby { list: main, cue: Some(CueIx(1)) }, next.clone()];
        assert_eq!(asked("true", b"\x05\x02\x01\x0112.5"), number);
        assert_eq!(asked("true", b"\x7F\x02\x10\x01012.500\x001"), number, "all-call, zeros, a list of the desk");
        assert_eq!(asked("true", &[5, 2, 1, 1]), [next]);
        assert_eq!(asked("true", &[5, 2, 1, 2]), [Intent::Pause { target: Target::All }]);
        assert_eq!(asked("true", &[5, 2, 1, 3]), [Intent::Resume { target: Target::All }]);
        assert_eq!(asked("true", &[5, 2, 1, 8]), [Intent::Stop { target: Target::All }]);
        assert_eq!(asked("true", &[4, 2, 1, 1]), [], "another device");
        assert_eq!(asked("\"sound\"", &[5, 2, 1, 2]), [Intent::Pause { target: LIST }]);
        assert_eq!(asked("\"sound\"", &[5, 2, 1, 1]), [Intent::Go { list: ListIx(1), seen: None }]);
    }

    #[test]
    fn what_cannot_be_followed_is_said_until_something_can() {
        let show = show("\"sound\"");
        let mut ears = Ears::default();
        let mut told = |bytes: &[u8]| ears.hear(&show, &Snapshot::default(), &"desk".into(), bytes).fact.map(|fact| fact.level);
        assert_eq!(told(b"\xF0\x7F\x05\x02\x01\x0199\xF7"), Some(Level::Warn), "no such cue");
        assert_eq!(told(b"\xF0\x7F\x05\x02\x01\x0120\xF7"), Some(Level::Good));
        assert_eq!(told(b"\xF0\x7F\x05\x02\x01\x0120\xF7"), None);
        assert_eq!(told(b"\xF0\x7F\x05\x02\x01\x011\xF7"), Some(Level::Warn), "it stands in another list");
        assert_eq!(told(&[0xF0, 0x7F, 1, 6, 0x44, 6, 1, 0x21, 2, 3, 4, 0, 0xF7]), Some(Level::Warn), "locate is only shown");
    }

    #[test]
    fn machine_control_plays_on_when_paused() {
        let paused = Snapshot { phase: Phase::Paused, ..Snapshot::default() };
        assert_eq!(asked("true", &[9, 6, 2]), [Intent::Go { list: ListIx(0), seen: None }]);
        assert_eq!(said("true", &paused, &[9, 6, 2]).intents, [Intent::Resume { target: Target::All }]);
        assert_eq!(asked("true", &[9, 6, 1]), [Intent::Stop { target: Target::All }]);
    }

    #[test]
    fn zeros_that_say_nothing() {
        for (one, two) in [("012.50", "12.5"), ("7.000", "7"), ("0.5", "00.50"), ("0", "0.0")] {
            assert_eq!(plain(one), plain(two));
        }
        assert_ne!(plain("10"), plain("1"));
    }
}
