//! Samples and their percentiles.

use serde_json::{Value as Json, json};

/// Samples in nanoseconds; negative when something came early.
#[derive(Debug, Default)]
pub(super) struct Samples {
    ns: Vec<i64>,
    /// How many were expected and did not come.
    pub missing: u32,
}

impl Samples {
    pub fn add(&mut self, ns: i64) {
        self.ns.push(ns);
    }

    /// Takes those of another run too.
    pub fn absorb(&mut self, other: Self) {
        self.ns.extend(other.ns);
        self.missing += other.missing;
    }

    /// Nearest-rank percentile in nanoseconds; 0 of none.
    pub fn percentile(&mut self, percent: u32) -> i64 {
        self.ns.sort_unstable();
        let rank = (self.ns.len() * percent as usize).div_ceil(100).max(1);
        self.ns.get(rank - 1).copied().unwrap_or(0)
    }

    /// In microseconds: n, missing, min, p50, p90, p99, max.
    pub fn json(&mut self) -> Json {
        let us = |ns: i64| (ns as f64 / 100.0).round() / 10.0;
        json!({
            "n": self.ns.len(), "missing": self.missing, "unit": "us", "min": us(self.percentile(0)), "p50": us(self.percentile(50)),
            "p90": us(self.percentile(90)), "p99": us(self.percentile(99)), "max": us(self.percentile(100)),
        })
    }
}

/// Takes a figure several times and keeps the one with the best median, fewest missing first.
pub(super) fn best_of(runs: u32, mut take: impl FnMut() -> Result<Samples, String>) -> Result<Samples, String> {
    let mut best: Option<Samples> = None;
    for _ in 0..runs {
        let mut samples = take()?;
        let key = (samples.missing, samples.percentile(50));
        if best.as_mut().is_none_or(|best| key < (best.missing, best.percentile(50))) {
            best = Some(samples);
        }
    }
    best.ok_or_else(|| "no run was made".into())
}

#[cfg(test)]
mod tests {
    use super::Samples;

    #[test]
    fn percentiles_are_nearest_rank() {
        let mut samples = Samples::default();
        (1..=200).rev().for_each(|n| samples.add(n));
        assert_eq!([0, 50, 99, 100].map(|p| samples.percentile(p)), [1, 100, 198, 200]);
        assert_eq!(Samples::default().percentile(50), 0);
    }
}
