#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use jiff::civil::{date, time};
use proptest::prelude::*;

use super::*;
use crate::show::{Auto, AutoWhen, Cue, Group, GroupMode, List};
use crate::time::Span;

const MAIN: ListIx = ListIx(0);
/// 2026-11-27T00:00:00Z.
const MIDNIGHT: i64 = 1_795_737_600 * SECOND;
const MINUTE: i64 = 60 * SECOND;

fn cue(at: Option<(i8, i8)>, minutes: u64) -> Cue {
    Cue {
        id: "c".into(),
        number: "c".into(),
        name: "c".into(),
        list: MAIN,
        parent: None,
        group: None,
        call: vec![],
        standby: None,
        notes: None,
        at: at.map(|(h, m)| time(h, m, 0, 0)),
        start_at: None,
        planned: (minutes > 0).then(|| Span::secs(minutes * 60)),
        wait: Span::ZERO,
        auto: None,
        armed: true,
        skip: false,
        quick: false,
        sustain: false,
        confirm: false,
        steps: vec![],
        line: 1,
    }
}

fn show(cues: Vec<Cue>) -> Show {
    let list = List { key: "main".into(), name: "main".into(), cues: (0..u32::try_from(cues.len()).unwrap()).map(CueIx).collect() };
    Show { date: Some(date(2026, 11, 27)), cues, lists: vec![list], ..Show::default() }
}

/// What has happened, in minutes after midnight by the wall clock; show clock and wall clock run together.
#[derive(Debug, Clone, Default)]
struct Night {
    now: i64,
    next: Option<u32>,
    last: Option<u32>,
    started: BTreeMap<u32, i64>,
    skipped: Vec<u32>,
    /// The wall clock stands so far ahead of the true one.
    step: i64,
    utc_offset: i32,
}

/// The show clock's minute zero is two days before midnight, so that all is after it.
fn mono(minute: i64) -> Mono {
    Mono(u64::try_from((minute + 2880) * MINUTE).unwrap())
}

impl Night {
    fn rundown(&self, show: &Show) -> Rundown {
        let started = |cue: CueIx| self.started.get(&cue.0).map(|minute| mono(*minute));
        let skipped = |cue: CueIx| self.skipped.contains(&cue.0);
        let wall = Wall(MIDNIGHT + self.now * MINUTE + self.step);
        let clocks = Clocks { now: mono(self.now), wall, utc_offset: self.utc_offset };
        let happened = Happened { next: self.next.map(CueIx), due: None, last: self.last.map(CueIx), started: &started, skipped: &skipped };
        Rundown::of(show, MAIN, clocks, happened)
    }

    /// The first `count` cues started at these minutes; then it is `now`.
    fn after(starts: &[i64], now: i64, cues: usize) -> Self {
        let count = u32::try_from(starts.len()).unwrap();
        Self {
            now,
            next: (starts.len() < cues).then_some(count),
            last: count.checked_sub(1),
            started: (0..count).zip(starts.iter().copied()).collect(),
            ..Self::default()
        }
    }
}

fn minutes(ns: i64) -> i64 {
    assert_eq!(ns % MINUTE, 0, "{ns}");
    ns / MINUTE
}

fn projected(day: &Rundown, cue: u32) -> i64 {
    minutes(day.cue(CueIx(cue)).unwrap().projected.unwrap().0 - MIDNIGHT)
}

fn at(h: i64, m: i64) -> i64 {
    h * 60 + m
}

#[test]
fn a_gap_takes_up_lateness_and_without_lengths_there_is_none() {
    // Five minutes of slack after the second, none known after the third.
    let show =
        show(vec![cue(Some((19, 0)), 10), cue(Some((19, 10)), 15), cue(Some((19, 30)), 0), cue(Some((19, 45)), 0), cue(Some((20, 0)), 20)]);
    let day = Night::after(&[at(19, 8)], at(19, 8), 5).rundown(&show);
    assert_eq!(minutes(day.late.unwrap()), 8);
    let later: Vec<i64> = (1..5).map(|cue| projected(&day, cue)).collect();
    assert_eq!(later, [at(19, 18), at(19, 33), at(19, 48), at(20, 3)]);
    assert_eq!(minutes(day.end.unwrap().0 - MIDNIGHT), at(20, 23));
}

#[test]
fn a_length_that_runs_past_the_next_time_is_late_before_it_happens() {
    let show = show(vec![cue(Some((19, 0)), 2), cue(None, 12), cue(None, 0), cue(Some((19, 15)), 5)]);
    let day = Night::after(&[at(19, 0), at(19, 9)], at(19, 10), 4).rundown(&show);
    assert_eq!(day.cue(CueIx(1)).unwrap().planned, Wall(MIDNIGHT + at(19, 2) * MINUTE), "the end of what is before it");
    assert!(day.cue(CueIx(2)).is_some() && projected(&day, 3) == at(19, 21));
    assert_eq!(minutes(day.late.unwrap()), 7, "its own start is worse than the six minutes to come");
    let overdue = Night::after(&[at(19, 0), at(19, 2)], at(19, 30), 4).rundown(&show);
    assert_eq!(minutes(overdue.late.unwrap()), 15, "NEXT but one is overdue");
    let early = Night::after(&[at(18, 57)], at(18, 58), 4).rundown(&show);
    assert_eq!((minutes(early.late.unwrap()), projected(&early, 3)), (-3, at(19, 15)), "being early makes nothing earlier than planned");
}

#[test]
fn lateness_is_told_while_cues_without_a_plan_run() {
    let show = show(vec![cue(Some((19, 0)), 0), cue(None, 0), cue(None, 0), cue(Some((20, 0)), 0)]);
    let day = Night::after(&[at(19, 4), at(19, 20), at(19, 30)], at(19, 40), 4).rundown(&show);
    assert_eq!(minutes(day.late.unwrap()), 4);
}

#[test]
fn skipping_gives_its_time_back() {
    let show = show(vec![cue(Some((19, 0)), 30), cue(Some((19, 30)), 15), cue(Some((19, 45)), 10)]);
    let mut night = Night::after(&[at(19, 10)], at(19, 10), 3);
    assert_eq!(projected(&night.rundown(&show), 2), at(19, 55));
    night.skipped = vec![1];
    let day = night.rundown(&show);
    assert_eq!((projected(&day, 2), day.cue(CueIx(1)).unwrap().projected), (at(19, 45), None));
}

#[test]
fn groups_and_followers_have_their_place() {
    let mut cues = vec![cue(Some((19, 0)), 0), cue(None, 3), cue(None, 5), cue(None, 0), cue(Some((19, 10)), 0)];
    cues[0].group = Some(Group { mode: GroupMode::Together, children: vec![CueIx(1), CueIx(2)] });
    cues[1].parent = Some(CueIx(0));
    cues[2].parent = Some(CueIx(0));
    cues[3].auto = Some(Auto { when: AutoWhen::AfterStart, wait: Span::secs(240), at_most: Span::secs(60) });
    let show = show(cues);
    let day = Night::after(&[], at(18, 50), 5).rundown(&show);
    let none = Night { next: Some(0), ..Night::after(&[], at(18, 50), 5) }.rundown(&show);
    assert_eq!(day.late, None);
    assert_eq!((1..5).map(|cue| projected(&none, cue)).collect::<Vec<_>>(), [at(19, 0), at(19, 0), at(19, 4), at(19, 10)]);
    let late = Night { next: Some(4), last: Some(0), ..Night::after(&[at(19, 2), at(19, 2), at(19, 2), at(19, 6)], at(19, 6), 5) };
    let late = late.rundown(&show);
    assert_eq!((minutes(late.late.unwrap()), projected(&late, 4)), (2, at(19, 10)));
}

#[test]
fn a_show_ends_after_midnight() {
    let mut show = show(vec![cue(Some((22, 0)), 90), cue(Some((23, 30)), 60), cue(Some((0, 30)), 20)]);
    show.hard_out = Some(time(1, 0, 0, 0));
    for date in [show.date, None] {
        show.date = date;
        let day = Night::after(&[at(22, 0), at(23, 45)], at(24, 10), 3).rundown(&show);
        assert_eq!(minutes(day.late.unwrap()), 15, "{date:?}");
        assert_eq!((projected(&day, 2), day.time(day.cue(CueIx(2)).unwrap().projected.unwrap())), (at(24, 45), time(0, 45, 0, 0)));
        assert_eq!(minutes(day.out.unwrap().0 - MIDNIGHT), at(25, 0));
        assert_eq!(minutes(day.overrun().unwrap()), 5);
    }
}

#[test]
fn the_hard_out_is_the_first_one_after_the_plan_begins() {
    let mut show = show(vec![cue(Some((19, 0)), 30)]);
    show.hard_out = Some(time(22, 0, 0, 0));
    let out = |show: &Show, now: i64| Night { next: Some(0), ..Night::after(&[], now, 1) }.rundown(show).out;
    assert_eq!(out(&show, at(8, 0)).map(|out| minutes(out.0 - MIDNIGHT)), Some(at(22, 0)), "in the morning it is ahead, not behind");
    assert_eq!(out(&show, at(-16, 0)), None, "the day before");
    assert_eq!(out(&show, at(34, 0)), None, "the day after");
    show.cues[0].at = None;
    assert_eq!(out(&show, at(20, 0)).map(|out| minutes(out.0 - MIDNIGHT)), Some(at(22, 0)), "without planned times too");
}

#[test]
fn a_rehearsal_is_counted_from_its_first_cue() {
    let mut show = show(vec![cue(Some((19, 0)), 30), cue(Some((19, 30)), 30), cue(Some((20, 0)), 0)]);
    show.hard_out = Some(time(20, 30, 0, 0));
    for day in [-1, 0, 3] {
        let start = day * 1440 + at(14, 0);
        let rehearsal = Night::after(&[start, start + 33], start + 40, 3).rundown(&show);
        assert_eq!(rehearsal.counted, Counted::Since(CueIx(0)));
        assert_eq!((minutes(rehearsal.late.unwrap()), projected(&rehearsal, 2)), (3, start + 63));
        assert_eq!((rehearsal.out, rehearsal.overrun()), (None, None));
    }
    // Setting up early is no rehearsal of what comes in time.
    let evening = Night::after(&[at(17, 0), at(19, 31)], at(19, 31), 3).rundown(&show);
    assert_eq!((evening.counted, minutes(evening.late.unwrap())), (Counted::ByClock, 1));
}

#[test]
fn a_night_on_which_the_clocks_change_has_its_true_length() {
    // In London the clocks go from 01:00 to 02:00 on 2026-03-29, and from 02:00 to 01:00 on 2026-10-25.
    for (day, hours, offset) in [(date(2026, 3, 28), 3, 0), (date(2026, 10, 24), 5, 3600)] {
        let mut show = show(vec![cue(Some((23, 30)), 30), cue(Some((3, 30)), 0)]);
        (show.date, show.timezone) = (Some(day), Some("Europe/London".into()));
        let started = day.at(23, 30, 0, 0).to_zoned(jiff::tz::TimeZone::get("Europe/London").unwrap()).unwrap().timestamp();
        let wall = Wall(i64::try_from(started.as_nanosecond()).unwrap() + 5 * MINUTE);
        let clocks = Clocks { now: mono(0), wall, utc_offset: offset };
        let start = |cue: CueIx| (cue.0 == 0).then(|| mono(-5));
        let happened = Happened { next: Some(CueIx(1)), due: None, last: Some(CueIx(0)), started: &start, skipped: &|_| false };
        let rundown = Rundown::of(&show, MAIN, clocks, happened);
        let next = rundown.cue(CueIx(1)).unwrap().projected.unwrap();
        assert_eq!((rundown.late, minutes(rundown.until(next))), (Some(0), hours * 60 - 5), "{day}");
        assert_eq!(rundown.time(next), time(3, 30, 0, 0));
    }
}

#[test]
fn what_was_fired_out_of_order_says_nothing() {
    let show = show(vec![cue(Some((19, 0)), 0), cue(Some((19, 10)), 0), cue(Some((19, 20)), 0), cue(Some((19, 30)), 0)]);
    let mut night = Night::after(&[at(19, 0), at(19, 10)], at(19, 15), 4);
    night.started.insert(0, at(19, 14));
    night.started.insert(3, at(19, 14));
    let day = night.rundown(&show);
    assert_eq!((day.late, projected(&day, 3)), (Some(0), at(19, 30)));
}

#[test]
fn the_standby_is_given_before_the_projected_start() {
    let mut show = show(vec![cue(Some((19, 0)), 30), cue(Some((19, 30)), 0), cue(None, 0)]);
    show.cues[1].standby = Some(Span::secs(60));
    show.cues[2].standby = Some(Span::secs(60));
    let day = Night::after(&[at(19, 4)], at(19, 10), 3).rundown(&show);
    assert_eq!(minutes(day.standby.unwrap().0 - MIDNIGHT), at(19, 33));
    assert_eq!(Night::after(&[at(19, 4), at(19, 34)], at(19, 40), 3).rundown(&show).standby, None, "nobody planned it");
}

#[test]
fn the_plan_alone_shows_what_does_not_fit() {
    let mut show = show(vec![cue(Some((19, 0)), 2), cue(None, 15), cue(Some((19, 15)), 10)]);
    show.hard_out = Some(time(19, 25, 0, 0));
    let plan = Rundown::as_planned(&show, MAIN);
    let timed = plan.cue(CueIx(2)).unwrap();
    assert_eq!(minutes(timed.projected.unwrap().0 - timed.planned.0), 2);
    assert_eq!(minutes(plan.overrun().unwrap()), 2);
}

#[test]
fn as_run_stands_beside_the_plan() {
    let show = show(vec![cue(Some((19, 0)), 30), cue(Some((19, 30)), 0), cue(None, 0)]);
    let start = |cue: u32, minute: i64| (CueIx(cue), Wall(MIDNIGHT + minute * MINUTE));
    let (counted, kept) = as_run(&show, MAIN, 0, &[start(0, at(19, 1)), start(2, at(19, 20)), start(1, at(19, 29))]);
    let late: Vec<_> = kept.iter().map(|kept| kept.map(|kept| minutes(kept.late.unwrap()))).collect();
    assert_eq!((counted, late), (Counted::ByClock, vec![Some(1), None, Some(-1)]));
    let (counted, kept) = as_run(&show, MAIN, 0, &[start(0, at(9, 0)), start(1, at(9, 33))]);
    assert_eq!((counted, minutes(kept[1].unwrap().late.unwrap())), (Counted::Since(CueIx(0)), 3));
}

/// A plan of a few hours whose times do not go back, and a night in which some of it has started in order.
fn nights() -> impl Strategy<Value = (Show, Night)> {
    let cues = proptest::collection::vec((prop::option::of(0_i64..40), 0_u64..30), 1..12);
    (cues, 0_usize..12, proptest::collection::vec(0_i64..40, 12), 0_i64..30).prop_map(|(plan, count, steps, since)| {
        let mut clock = at(18, 0);
        let cues = plan.iter().map(|(step, length)| {
            clock += step.unwrap_or(0);
            let time = step.map(|_| (i8::try_from(clock / 60 % 24).unwrap(), i8::try_from(clock % 60).unwrap()));
            cue(time, *length)
        });
        let mut show = show(cues.collect());
        show.hard_out = Some(time(23, 30, 0, 0));
        let mut clock = at(17, 50);
        let starts = steps.iter().take(count.min(plan.len())).map(|step| {
            clock += step;
            clock
        });
        let starts: Vec<i64> = starts.collect();
        let now = starts.last().copied().unwrap_or(at(17, 50)) + since;
        let night = Night::after(&starts, now, plan.len());
        (show, night)
    })
}

fn all_projected(day: &Rundown) -> Vec<(CueIx, Wall)> {
    day.cues.iter().filter_map(|timed| Some((timed.cue, timed.projected?))).collect()
}

proptest! {
    #[test]
    fn nothing_to_come_is_before_now_or_its_own_time_or_what_is_before_it((show, night) in nights()) {
        let day = night.rundown(&show);
        let mut before = day.now;
        for timed in &day.cues {
            let Some(projected) = timed.projected else { continue };
            prop_assert!(projected >= before);
            let fixed = show.cue(timed.cue).at.is_some();
            prop_assert!(!fixed || projected >= timed.planned);
            before = projected;
        }
        prop_assert!(day.end.is_none_or(|end| end >= before || all_projected(&day).is_empty()));
    }

    #[test]
    fn waiting_never_helps((show, night) in nights(), wait in 0_i64..60) {
        let later = Night { now: night.now + wait, ..night.clone() };
        let (a, b) = (night.rundown(&show), later.rundown(&show));
        prop_assert!(a.late <= b.late);
        prop_assert!(a.end <= b.end);
        for ((_, a), (_, b)) in all_projected(&a).iter().zip(all_projected(&b)) {
            prop_assert!(*a <= b);
        }
    }

    #[test]
    fn a_show_on_time_is_on_time((mut show, _) in nights(), count in 0_usize..12) {
        // Lengths that fit: none at all.
        show.cues.iter_mut().for_each(|cue| cue.planned = None);
        show.cues[0].at = Some(time(18, 0, 0, 0));
        let plan = Rundown::as_planned(&show, MAIN);
        prop_assert!(plan.cues.iter().all(|timed| timed.projected == Some(timed.planned)));
        let mut clock = at(18, 0);
        let starts = show.cues.iter().take(count).map(|cue| {
            clock = cue.at.map_or(clock, |time| at(time.hour().into(), time.minute().into()));
            clock
        });
        let starts: Vec<i64> = starts.collect();
        let day = Night::after(&starts, starts.last().copied().unwrap_or(at(18, 0)), show.cues.len()).rundown(&show);
        prop_assert_eq!(day.late.unwrap_or(0), 0);
        prop_assert!(day.cues.iter().all(|timed| timed.projected.is_none_or(|at| at == timed.planned)));
        prop_assert_eq!(day.overrun(), None);
    }

    #[test]
    fn a_gap_never_makes_a_delay_longer((show, night) in nights()) {
        // Where every cue has its own time and its length fits, lateness only gets less down the list.
        let mut show = show;
        let mut clock = at(18, 0);
        for cue in &mut show.cues {
            let length = cue.planned.map_or(0, |span| i64::try_from(span.as_ms() / 60_000).unwrap());
            cue.at = Some(time(i8::try_from(clock / 60 % 24).unwrap(), i8::try_from(clock % 60).unwrap(), 0, 0));
            clock += length + 3;
        }
        let day = night.rundown(&show);
        let delays = day.cues.iter().filter_map(|timed| Some(timed.projected?.0 - timed.planned.0));
        let delays: Vec<i64> = delays.collect();
        prop_assert!(delays.windows(2).all(|pair| pair[1] <= pair[0]), "{:?}", delays);
    }

    #[test]
    fn skipping_makes_nothing_later((show, night) in nights(), skip in 0_u32..12) {
        let cut = Night { skipped: vec![skip], ..night.clone() };
        let (a, b) = (night.rundown(&show), cut.rundown(&show));
        for (cue, at) in all_projected(&b) {
            prop_assert!(a.cue(cue).unwrap().projected.unwrap() >= at);
        }
        prop_assert!(b.end <= a.end);
    }

    #[test]
    fn midnight_changes_nothing((show, night) in nights(), hours in 0_i64..24) {
        // The whole evening some hours later: the same, only later. The date stays that of the first time.
        let mut moved = show.clone();
        let first = show.cues.iter().find_map(|cue| cue.at).map_or(0, |at| i64::from(at.hour()));
        let over = (first + hours).div_euclid(24);
        let later = |at: jiff::civil::Time| time(i8::try_from((i64::from(at.hour()) + hours) % 24).unwrap(), at.minute(), 0, 0);
        moved.cues.iter_mut().for_each(|cue| cue.at = cue.at.map(later));
        moved.hard_out = moved.hard_out.map(later);
        moved.date = show.date.map(|date| date.checked_add(jiff::Span::new().days(over)).unwrap());
        let starts = night.started.iter().map(|(cue, minute)| (*cue, minute + hours * 60)).collect();
        let (a, b) = (night.rundown(&show), Night { now: night.now + hours * 60, started: starts, ..night.clone() }.rundown(&moved));
        prop_assert_eq!((a.late, a.overrun()), (b.late, b.overrun()));
        let by = hours * 60 * MINUTE;
        let moved: Vec<_> = all_projected(&a).into_iter().map(|(cue, at)| (cue, Wall(at.0 + by))).collect();
        prop_assert_eq!(moved, all_projected(&b));
    }

    #[test]
    fn the_venues_clock_rules((show, night) in nights(), hours in -11_i32..12) {
        // The same local time with another offset from UTC is the same day.
        let away = Night { step: -i64::from(hours) * 60 * MINUTE, utc_offset: hours * 3600, ..night.clone() };
        let (a, b) = (night.rundown(&show), away.rundown(&show));
        prop_assert_eq!((a.late, a.overrun(), a.counted), (b.late, b.overrun(), b.counted));
        let times = |day: &Rundown| day.cues.iter().map(|t| (day.time(t.planned), t.projected.map(|at| day.time(at)))).collect::<Vec<_>>();
        prop_assert_eq!(times(&a), times(&b));
    }

    #[test]
    fn a_step_of_the_wall_clock_moves_what_has_started_with_it((show, night) in nights(), step in -20_i64..20) {
        let (a, b) = (night.rundown(&show), Night { step: step * MINUTE, ..night.clone() }.rundown(&show));
        prop_assume!(a.counted == Counted::ByClock && b.counted == Counted::ByClock);
        for (a, b) in a.cues.iter().zip(&b.cues) {
            prop_assert_eq!(a.planned, b.planned);
            prop_assert_eq!(a.started.map(|at| at.0 + step * MINUTE), b.started.map(|at| at.0));
        }
        prop_assert_eq!(a.cues.len(), b.cues.len());
    }

    #[test]
    fn any_clock_and_any_cue_are_taken((show, night) in nights(), wall in any::<i64>(), now in any::<u64>(), offset in any::<i32>(), wild in any::<u32>()) {
        let clocks = Clocks { now: Mono(now), wall: Wall(wall), utc_offset: offset };
        let started = |cue: CueIx| night.started.get(&cue.0).map(|minute| mono(*minute));
        for ix in [CueIx(wild), CueIx(wild % 12)] {
            let happened = Happened { next: Some(ix), due: Some(Mono(u64::from(wild))), last: Some(ix), started: &started, skipped: &|_| false };
            let _ = Rundown::of(&show, MAIN, clocks, happened).overrun();
            let _ = Rundown::of(&show, ListIx(9), clocks, happened).overrun();
            let _ = as_run(&show, MAIN, offset, &[(ix, Wall(wall))]);
        }
    }
}
