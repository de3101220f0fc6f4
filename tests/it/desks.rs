//! Mixing desks from the show's text to the simulated console and back: what masks an unmute, and which faders are microphones.

use std::sync::Arc;

use showcall::engine::{Intent, Note, Outcome};
use showcall::links::rack::{Cabling, Simulate};
use showcall::show::{self, DeviceIx, ListIx, Loaded, Show, Value};
use showcall::stage::rehearsal::{Run, What};
use showcall::time::Span;

const DESK: DeviceIx = DeviceIx(0);
const GO: Intent = Intent::Go { list: ListIx(0), seen: None };

fn text(profile: &str, patch: &str, steps: &str) -> String {
    format!(
        "[show]\ntitle = \"T\"\nat_exit = \"leave\"\n[device.desk]\nprofile = \"{profile}\"\naddress = \"127.0.0.1\"\n{patch}\n\
         [[cue]]\nnumber = \"1\"\nname = \"one\"\ndo = [{steps}]\n"
    )
}

fn loaded(profile: &str, patch: &str, steps: &str) -> Loaded {
    show::load_text(&[("show.toml".to_owned(), text(profile, patch, steps))])
}

fn show(profile: &str, patch: &str, steps: &str) -> Arc<Show> {
    let loaded = loaded(profile, patch, steps);
    loaded.show.unwrap_or_else(|| panic!("{:?}", loaded.findings))
}

/// Pokes the desk, presses GO, and tells how each action of the cue ended.
fn outcomes(profile: &str, pokes: &[(&str, i64)]) -> Vec<(String, Outcome)> {
    let steps = "{ unmute = { on = \"desk\", channel = \"host\" } }, { unmute = { on = \"desk\", channel = \"guest\" } }";
    let show = show(profile, "channels = { host = 1, guest = 2 }", steps);
    let mut run = run(&show);
    for (path, number) in [("ch/01/mix/on", 0), ("ch/02/mix/on", 0)].iter().chain(pokes) {
        let now = run.now();
        assert!(run.rack().poke(now, DESK, path, &Value::Int(*number)), "{path}");
        run.advance(now + Span::secs(1));
    }
    run.want(GO);
    run.advance(run.now() + Span::secs(2));
    ended(&run)
}

/// Two seconds after the desk came.
fn run(show: &Arc<Show>) -> Run {
    let cabling = Cabling { simulate: &Simulate::All, seed: 1, any_port: true, family: showcall::devices::family };
    let mut run = Run::new(show, cabling).unwrap();
    run.advance(run.now() + Span::secs(2));
    run
}

/// Property and outcome of each action that has ended, in order.
fn ended(run: &Run) -> Vec<(String, Outcome)> {
    let show = run.show();
    let ended = run.log().iter().filter_map(|entry| match &entry.what {
        What::Note(Note::Action { prop: Some(prop), outcome, .. }) => Some((show.prop(*prop).label.to_string(), outcome.clone())),
        _ => None,
    });
    ended.collect()
}

fn confirmed(channel: &str, masked: Option<&str>) -> (String, Outcome) {
    (format!("{channel} on"), Outcome::Confirmed { masked: masked.map(Into::into) })
}

#[test]
fn an_unmute_in_a_muted_group_lands_masked_by_it_and_only_there() {
    // Which of the two is read back first is the wire's affair.
    let outcomes = |profile: &str, held: &[(&str, i64)]| {
        let mut seen = outcomes(profile, held);
        seen.sort_by_key(|(name, _)| name != "host on");
        seen
    };
    for profile in ["behringer-x32", "midas-m32", "behringer-xr18"] {
        let seen = outcomes(profile, &[("ch/01/grp/mute", 0b1), ("config/mute/1", 1), ("ch/02/grp/mute", 0b10)]);
        assert_eq!(seen, [confirmed("host", Some("mute group 1")), confirmed("guest", None)], "{profile}");
        let seen = outcomes(profile, &[("ch/02/grp/dca", 0b100), ("dca/3/on", 0)]);
        assert_eq!(seen, [confirmed("host", None), confirmed("guest", Some("the mute of DCA 3"))], "{profile}");
        assert_eq!(outcomes(profile, &[]), [confirmed("host", None), confirmed("guest", None)], "{profile}");
    }
}

/// Slow fades near the bottom of the fader, where one step is half a dB.
#[test]
fn a_fade_that_takes_over_one_in_flight_lands() {
    // Channels that no GO of this test reaches: the quiet sweep over all that the show names takes seconds, as in a real show.
    let all = |form: fn(u8) -> String| (1..=12).map(form).collect::<Vec<_>>().join(", ");
    let inputs = all(|n| format!("in{n} = {n}"));
    let last = all(|n| format!("{{ unmute = {{ on = \"desk\", channel = \"in{n}\" }} }}"));
    let cue = |number: u8, steps: &str| format!("\n[[cue]]\nnumber = \"{number}\"\nname = \"more\"\ndo = [{steps}]\n");
    let patch = format!("dcas = {{ music = 7 }}\nchannels = {{ music = \"aux 5\", {inputs} }}");
    for (name, label) in [("dca", "DCA music fader"), ("channel", "music fader")] {
        let fade = |to, over| format!("{{ fade = {{ on = \"desk\", {name} = \"music\", to = \"{to} dB\", over = \"{over}\" }} }}");
        let cues = [cue(2, &fade(-12, "6s")), cue(3, &fade(-60, "8s")), cue(9, &last)].concat();
        let text = text("behringer-x32", &patch, &fade(-60, "1s")) + &cues;
        let loaded = show::load_text(&[("show.toml".to_owned(), text)]);
        let show = loaded.show.unwrap_or_else(|| panic!("{:?}", loaded.findings));
        for between in [900, 2500, 4000, 5999] {
            let mut run = run(&show);
            for wait in [3000, between, 9000] {
                run.want(GO);
                run.advance(run.now() + Span::ms(wait));
            }
            let landed = (label.to_owned(), Outcome::Confirmed { masked: None });
            assert_eq!(ended(&run), [landed.clone(), (label.to_owned(), Outcome::Superseded), landed], "{label} after {between} ms");
        }
    }
}

/// Half way in steps from -60 dB to 0 dB the fader is at -17.5 dB, half way in dB it would be at -30 dB.
#[test]
fn a_duck_that_takes_over_a_fade_counts_from_where_the_desk_has_the_fader() {
    let fade = |how: &str, over| format!("{{ fade = {{ on = \"desk\", channel = \"music\", {how}, over = \"{over}\" }} }}");
    let cue = |number: u8, steps: &str| format!("\n[[cue]]\nnumber = \"{number}\"\nname = \"more\"\ndo = [{steps}]\n");
    let cues = cue(2, &fade("to = \"0 dB\"", "10s")) + &cue(3, &fade("by = \"-6 dB\"", "1s"));
    let text = text("behringer-x32", "channels = { music = \"aux 5\" }", &fade("to = \"-60 dB\"", "1s")) + &cues;
    let loaded = show::load_text(&[("show.toml".to_owned(), text)]);
    let show = loaded.show.unwrap_or_else(|| panic!("{:?}", loaded.findings));
    let mut run = run(&show);
    for wait in [3000, 5000, 3000] {
        run.want(GO);
        run.advance(run.now() + Span::ms(wait));
    }
    let held = run.rack().simulator(DESK).unwrap().peek("auxin/05/mix/fader");
    let ducked = Value::Level(show::Db(-23_500));
    assert!(held.as_ref().is_some_and(|held| held.same(&ducked, 600)), "{held:?}");
    assert_eq!(ended(&run).last(), Some(&("music fader".to_owned(), Outcome::Confirmed { masked: None })));
}

#[test]
fn a_mask_may_be_a_path_with_its_places_filled() {
    let profile = "maker = \"M\"\nmodel = \"D\"\nfamily = \"osc\"\nsources = [\"a test\"]\n[names.channel]\n\"1..4\" = \"ch/{}\"\n\
                   [names.group]\n\"1..4\" = \"{}\"\n[property.on]\npath = \"{channel}/on\"\ntype = \"switch\"\n\
                   masked_by = [{ property = \"group/2\", value = true }]\n[property.group]\npath = \"group/{group}\"\n\
                   label = \"group {group}\"\ntype = \"switch\"\n[[verb.unmute]]\nproperty = \"on\"\nvalue = true\n";
    let steps = "{ unmute = { on = \"desk\", channel = \"host\" } }";
    let text = text("desk-of-a-test", "channels = { host = 1 }", steps);
    let sources = |profile: &str| [("show.toml".to_owned(), text.clone()), ("desk-of-a-test.toml".to_owned(), profile.to_owned())];
    let loaded = show::load_text(&sources(profile));
    let show = loaded.show.unwrap_or_else(|| panic!("{:?}", loaded.findings));
    let masks = &show.prop(show.prop_by_path(DESK, "ch/1/on").unwrap()).masked_by;
    let (mask, value) = masks.first().unwrap();
    assert_eq!((&*show.prop(*mask).path, &*show.prop(*mask).label, value), ("group/2", "group 2", &Value::Switch(true)));
    for (wrong, said) in [("group", "can not name"), ("grop/2", "does not have")] {
        let bad = show::load_text(&sources(&profile.replace("\"group/2\"", &format!("\"{wrong}\""))));
        assert!(bad.findings.iter().any(|finding| finding.message.contains(said)), "{wrong}: {:?}", bad.findings);
    }
}

#[test]
fn only_a_microphone_input_is_warned_of_when_it_fades_up() {
    let patches = [
        ("behringer-x32", "channels = { host = 1, tape = \"aux 5\", verb = \"fx 1\" }"),
        ("midas-m32", "channels = { host = 32, tape = \"aux 1\", verb = \"fx 8\" }"),
        ("behringer-xr18", "channels = { host = 16, tape = \"aux\", verb = \"fx 1\" }"),
    ];
    for (profile, patch) in patches {
        for (channel, warned) in [("host", 1), ("tape", 0), ("verb", 0)] {
            let fade = format!("{{ fade = {{ on = \"desk\", channel = \"{channel}\", to = \"-10 dB\", over = \"2s\" }} }}");
            let found = loaded(profile, patch, &fade).findings;
            let warnings = found.iter().filter(|finding| finding.code == "mic-fade").count();
            assert_eq!(warnings, warned, "{profile} {channel}: {found:?}");
        }
    }
}
