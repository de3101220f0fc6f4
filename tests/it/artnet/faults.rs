//! A bad cable between driver and simulated node, in virtual time, for many seeds.

use showcall::engine::Report;
use showcall::links::fault::Fault;
use showcall::links::rack::{Rack, Simulate};
use showcall::show::{DeviceIx, Value};
use showcall::time::{Mono, Span};

use super::node::show;

const DEVICE: DeviceIx = DeviceIx(0);

/// Runs all that is due until `end`.
fn run(rack: &mut Rack, now: &mut Mono, end: Mono, reports: &mut Vec<Report>) {
    while let Some(due) = rack.next_due().filter(|due| *due <= end) {
        *now = (*now).max(due);
        rack.tick(*now);
        reports.extend(rack.take_reports().map(|(_, report)| report));
        assert!(rack.next_due().is_none_or(|due| due > *now), "a tick does what is due");
    }
    *now = end;
}

#[test]
fn after_faults_that_heal_the_node_has_the_newest_levels() {
    let seeds = std::env::var("SHOWCALL_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_u64);
    let faults =
        [Fault::Loss(40), Fault::Duplicate(30), Fault::Reorder(30), Fault::Delay(Span::ms(80)), Fault::Cut, Fault::Silent, Fault::Reboot];
    for seed in 0..seeds {
        let mut rack = Rack::build(&show(&[([10, 9, 0, 2], 6454).into()], &[]), &Simulate::All, seed).unwrap();
        let (mut now, mut reports) = (Mono::ZERO, Vec::new());
        let mut level = 0;
        for step in 0..40 {
            // A small walk through the faults, other for every seed.
            let at = (seed.wrapping_mul(0x9e37_79b9).wrapping_add(step * 7919) >> 5) % faults.len() as u64;
            rack.fault(now, DEVICE, faults[usize::try_from(at).unwrap()]);
            for _ in 0..20 {
                level = u8::try_from((u64::from(level) + seed + step) % 256).unwrap();
                rack.frame(now, DEVICE, 0, 1, &[level; 512]);
                rack.frames_done(now, DEVICE);
                let end = now + Span::ms(23);
                run(&mut rack, &mut now, end, &mut reports);
            }
            if step % 3 == 0 {
                rack.fault(now, DEVICE, Fault::Heal);
            }
        }
        rack.fault(now, DEVICE, Fault::Heal);
        let end = now + Span::secs(15);
        run(&mut rack, &mut now, end, &mut reports);
        let is = rack.simulator(DEVICE).unwrap().peek("dmx/1/512");
        assert_eq!(is, Some(Value::Int(level.into())), "seed {seed}: {reports:?}");
        let last = reports.iter().rev().find(|r| matches!(r, Report::Online { .. } | Report::Offline { .. }));
        assert!(matches!(last, Some(Report::Online { .. })), "seed {seed}");
    }
}
