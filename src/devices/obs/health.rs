//! How OBS and its stream are, judged over the last ten seconds: told when a level changes, and as figures now and then.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value as Json;

use super::codec::{Answer, DONE, thousandths};
use super::events::facet;
use crate::device_api::Level;
use crate::devices::Out;
use crate::time::{Mono, Span};

/// What is judged looks back this long.
const WINDOW: Span = Span::secs(10);
/// A figure that moved is told again after this.
const FIGURES_EVERY: Span = Span::secs(30);
/// Fewer frames than this say nothing.
const FRAMES_MIN: u64 = 30;

/// Counters at an instant.
#[derive(Debug, Clone, Copy, Default)]
struct Sample {
    rendered: u64,
    render_skipped: u64,
    encoded: u64,
    encode_skipped: u64,
    /// Of the stream; `None` while it does not run.
    stream: Option<Stream>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Stream {
    frames: u64,
    dropped: u64,
    bytes: u64,
}

/// The figures of one OBS.
#[derive(Debug, Default)]
pub struct Health {
    samples: VecDeque<(Mono, Sample)>,
    told: BTreeMap<&'static str, Told>,
    now: Mono,
}

/// What was told of a fact, and when.
#[derive(Debug)]
struct Told {
    level: Level,
    text: String,
    at: Mono,
}

impl Health {
    /// OBS is gone: its counters start anew when it comes back.
    pub fn forget(&mut self) {
        self.samples.clear();
        self.told.clear();
    }

    /// The stream lost its server, or has it again.
    pub fn reconnecting(&mut self, lost: bool, out: &mut Out) {
        let (level, text) =
            if lost { (Level::Bad, "the stream lost its server and connects again: look at the network") } else { (Level::Good, "") };
        self.tell("reconnecting", level, text, out);
    }

    /// The answers to GetStats and GetStreamStatus.
    pub(super) fn stats(&mut self, now: Mono, results: &[Answer], out: &mut Out) {
        self.now = now;
        let mut sample = Sample::default();
        for answer in results.iter().filter(|answer| answer.code == DONE) {
            match answer.kind.as_str() {
                "GetStats" => self.program(&answer.data, &mut sample, out),
                "GetStreamStatus" => self.stream(&answer.data, &mut sample, out),
                _ => {}
            }
        }
        while self.samples.front().is_some_and(|(at, _)| now.since(*at) > WINDOW) {
            self.samples.pop_front();
        }
        if let Some((since, first)) = self.samples.front().copied() {
            self.judge(now.since(since), first, sample, out);
        }
        self.samples.push_back((now, sample));
    }

    fn program(&mut self, data: &Json, sample: &mut Sample, out: &mut Out) {
        let count = |key: &str| data.get(key).and_then(Json::as_u64).unwrap_or(0);
        sample.rendered = count("renderTotalFrames");
        sample.render_skipped = count("renderSkippedFrames");
        sample.encoded = count("outputTotalFrames");
        sample.encode_skipped = count("outputSkippedFrames");
        if let Some(cpu) = data.get("cpuUsage").and_then(thousandths) {
            let percent = cpu / 1000;
            let level = limits(percent, 80, 95);
            self.tell("cpu", level, &format!("obs takes {} % of the processor", (percent + 2) / 5 * 5), out);
        }
        if let Some(free) = data.get("availableDiskSpace").and_then(thousandths) {
            let (mb, gb) = (free / 1000, free / 1_000_000);
            let level = if mb < 1000 { Level::Bad } else { limits(-gb, -9, -1) };
            self.tell("disk", level, &format!("{gb} GB are free for recordings"), out);
        }
    }

    fn stream(&mut self, data: &Json, sample: &mut Sample, out: &mut Out) {
        if data.get("outputActive").and_then(Json::as_bool) != Some(true) {
            for key in ["reconnecting", "congestion"] {
                self.tell(key, Level::Good, "", out);
            }
            return;
        }
        let count = |key: &str| data.get(key).and_then(Json::as_u64).unwrap_or(0);
        sample.stream =
            Some(Stream { frames: count("outputTotalFrames"), dropped: count("outputSkippedFrames"), bytes: count("outputBytes") });
        self.reconnecting(data.get("outputReconnecting").and_then(Json::as_bool).unwrap_or(false), out);
        if let Some(congestion) = data.get("outputCongestion").and_then(thousandths) {
            let percent = (congestion / 10 + 5) / 10 * 10;
            self.tell("congestion", limits(percent, 50, 90), &format!("the way to the stream's server is {percent} % congested"), out);
        }
    }

    fn judge(&mut self, span: Span, first: Sample, last: Sample, out: &mut Out) {
        let render = share(first.render_skipped, last.render_skipped, first.rendered, last.rendered);
        self.tell_share("render", render, "of the picture's frames are not drawn in time: the graphics card is too busy", out);
        let encode = share(first.encode_skipped, last.encode_skipped, first.encoded, last.encoded);
        self.tell_share("encoder", encode, "of the frames are skipped by the encoder: choose a lighter preset", out);
        let (Some(a), Some(b)) = (first.stream, last.stream) else {
            for key in ["dropped", "bitrate"] {
                self.tell(key, Level::Good, "", out);
            }
            return;
        };
        let dropped = share(a.dropped, b.dropped, a.frames, b.frames);
        self.tell_share("dropped", dropped, "of the stream's frames are dropped: the network does not carry the bitrate", out);
        let ms = span.0 / 1_000_000;
        if let Some(bytes) = b.bytes.checked_sub(a.bytes)
            && ms >= 3000
        {
            let kilobits = bytes.saturating_mul(8) / ms;
            let (level, text) = if bytes == 0 {
                (Level::Bad, "the stream runs and nothing leaves: look at the network".to_owned())
            } else {
                (Level::Good, format!("the stream leaves at {} kbit/s", (kilobits + 50) / 100 * 100))
            };
            self.tell("bitrate", level, &text, out);
        }
    }

    fn tell_share(&mut self, key: &'static str, share: Option<u64>, text: &str, out: &mut Out) {
        if let Some(permille) = share {
            let level = limits(i64::try_from(permille).unwrap_or(i64::MAX), 9, 49);
            // What to do about it stands behind the colon.
            let text = if level == Level::Good { text.split(':').next().unwrap_or(text) } else { text };
            self.tell(key, level, &format!("{}.{} % {text}", permille / 10, permille % 10), out);
        }
    }

    fn tell(&mut self, key: &'static str, level: Level, text: &str, out: &mut Out) {
        let news = match self.told.get(key) {
            None => level > Level::Good || !text.is_empty(),
            Some(told) if told.level != level || text.is_empty() != told.text.is_empty() => true,
            Some(told) => told.text != text && self.now.since(told.at) >= FIGURES_EVERY,
        };
        if news {
            self.told.insert(key, Told { level, text: text.to_owned(), at: self.now });
            out.report(facet(key, level, text));
        }
    }
}

/// Above the first number a warning, above the second bad.
fn limits(value: i64, warn: i64, bad: i64) -> Level {
    match value {
        value if value > bad => Level::Bad,
        value if value > warn => Level::Warn,
        _ => Level::Good,
    }
}

/// Skipped frames of all, in thousandths; `None` when there are too few, or the counters started anew.
fn share(skipped_then: u64, skipped: u64, total_then: u64, total: u64) -> Option<u64> {
    let total = total.checked_sub(total_then).filter(|total| *total >= FRAMES_MIN)?;
    Some(skipped.checked_sub(skipped_then)?.saturating_mul(1000) / total)
}
