//! The pixels of an Open Fixture Library fixture: their keys, and the order in which a mode repeats channels for them
//! (OFL `docs/fixture-format.md`, "Matrices").

use serde_json::Value;

use super::Refusal;

/// Pixels of a fixture at the most: 512 slots times 8 universes.
const PIXELS_MAX: u64 = 4096;

/// The pixels of a fixture and the names of groups of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Matrix {
    /// Key and place, in the order x, then y, then z.
    pixels: Vec<(String, [usize; 3])>,
    groups: Vec<String>,
}

impl Matrix {
    /// Reads `matrix`.
    pub(super) fn read(matrix: Option<&Value>) -> Result<Self, Refusal> {
        let Some(matrix) = matrix else { return Ok(Self::default()) };
        let mut made = Self::default();
        if let Some(count) = matrix.get("pixelCount").and_then(Value::as_array) {
            let count: Vec<u64> = count.iter().filter_map(Value::as_u64).collect();
            let [x, y, z] = count.as_slice() else { return Err(refuse("pixelCount is not [x, y, z]")) };
            let total = x.checked_mul(*y).and_then(|n| n.checked_mul(*z)).filter(|n| (1..=PIXELS_MAX).contains(n));
            total.ok_or_else(|| refuse(&format!("it has {x} by {y} by {z} pixels; 1 to {PIXELS_MAX} are possible")))?;
            made.count([*x, *y, *z].map(|n| usize::try_from(n).unwrap_or(1)));
        } else if let Some(keys) = matrix.get("pixelKeys").and_then(Value::as_array) {
            for (z, plane) in keys.iter().enumerate() {
                for (y, row) in plane.as_array().into_iter().flatten().enumerate() {
                    for (x, key) in row.as_array().into_iter().flatten().enumerate() {
                        made.pixels.extend(key.as_str().map(|key| (key.to_owned(), [x, y, z])));
                    }
                }
            }
            if made.pixels.len() as u64 > PIXELS_MAX {
                return Err(refuse(&format!("it has {} pixels; 1 to {PIXELS_MAX} are possible", made.pixels.len())));
            }
        }
        made.groups =
            matrix.get("pixelGroups").and_then(Value::as_object).map(|groups| groups.keys().cloned().collect()).unwrap_or_default();
        Ok(made)
    }

    /// Keys by their place: `3` in one dimension, `(3, 1)` in two, `(3, 1, 2)` in three.
    fn count(&mut self, [xs, ys, zs]: [usize; 3]) {
        let long: Vec<bool> = [xs, ys, zs].iter().map(|n| *n > 1).collect();
        let dimensions = long.iter().filter(|long| **long).count();
        for z in 0..zs {
            for y in 0..ys {
                for x in 0..xs {
                    let place = [x + 1, y + 1, z + 1];
                    let named = place.iter().zip(&long).filter(|(_, long)| **long || dimensions == 0).map(|(n, _)| n.to_string());
                    let named: Vec<String> = named.collect();
                    let key = match dimensions {
                        0 => "1".to_owned(),
                        1 => named.concat(),
                        _ => format!("({})", named.join(", ")),
                    };
                    self.pixels.push((key, [x, y, z]));
                }
            }
        }
    }

    /// Every pixel and group: what `$pixelKey` may stand for.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.pixels.iter().map(|(key, _)| key.as_str()).chain(self.groups.iter().map(String::as_str))
    }

    /// The keys of `repeatFor`.
    pub(super) fn repeat(&self, order: &Value) -> Result<Vec<String>, Refusal> {
        if let Some(keys) = order.as_array() {
            return Ok(keys.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        }
        let order = order.as_str().unwrap_or_default();
        if order == "eachPixelGroup" {
            return Ok(self.groups.clone());
        }
        let mut pixels: Vec<&(String, [usize; 3])> = self.pixels.iter().collect();
        match order.strip_prefix("eachPixel") {
            Some("ABC") => pixels.sort_by_key(|(key, _)| natural(key)),
            Some(axes) if axes.len() == 3 && "XYZ".chars().all(|axis| axes.contains(axis)) => {
                // The first letter moves fastest, so it counts least.
                let places: Vec<usize> = axes.bytes().map(|axis| usize::from(axis - b'X')).collect();
                pixels.sort_by_key(|(_, at)| places.iter().rev().map(|axis| at.get(*axis).copied().unwrap_or(0)).collect::<Vec<_>>());
            }
            _ => return Err(refuse(&format!("repeatFor can not be \"{order}\""))),
        }
        Ok(pixels.into_iter().map(|(key, _)| key.clone()).collect())
    }
}

/// Letters as letters, digits as numbers: `2` before `10`.
fn natural(key: &str) -> Vec<(u64, String)> {
    let mut parts = Vec::new();
    let mut rest = key;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (text, tail) = tail.split_at(letters);
        parts.push((number.parse().unwrap_or(0), text.to_lowercase()));
        rest = tail;
    }
    parts
}

fn refuse(why: &str) -> Refusal {
    Refusal::new("matrix", format!("the matrix cannot be: {why}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn keys(matrix: &Value, order: &str) -> Vec<String> {
        Matrix::read(Some(matrix)).unwrap().repeat(&json!(order)).unwrap()
    }

    #[test]
    fn the_first_letter_moves_fastest() {
        let cube = json!({ "pixelCount": [2, 2, 2] });
        let xyz = keys(&cube, "eachPixelXYZ");
        assert_eq!(xyz[..5], ["(1, 1, 1)", "(2, 1, 1)", "(1, 2, 1)", "(2, 2, 1)", "(1, 1, 2)"]);
        assert_eq!(keys(&cube, "eachPixelZYX")[..3], ["(1, 1, 1)", "(1, 1, 2)", "(1, 2, 1)"]);
        assert_eq!(keys(&cube, "eachPixelYZX")[..3], ["(1, 1, 1)", "(1, 2, 1)", "(1, 1, 2)"]);
        assert_eq!(keys(&json!({ "pixelCount": [1, 11, 1] }), "eachPixelABC")[8..], ["9", "10", "11"]);
        assert_eq!(keys(&json!({ "pixelKeys": [[["b", null], ["c", "a"]]] }), "eachPixelABC"), ["a", "b", "c"]);
    }

    #[test]
    fn a_matrix_of_millions_of_pixels_is_refused() {
        for count in [json!([100_000, 100_000, 100_000]), json!([0, 1, 1]), json!([5000, 1, 1]), json!([1, 2])] {
            assert_eq!(Matrix::read(Some(&json!({ "pixelCount": count }))).unwrap_err().rule, "matrix");
        }
    }
}
