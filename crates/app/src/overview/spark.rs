//! A way as small as a line of a table: drawn by the server, so that it needs no script and prints as it is.

use std::fmt::Write as _;

use chrono::NaiveDate;
use khien_govern::plans::rules::trajectory::Step;
use schemars::JsonSchema;
use serde::Serialize;

/// Width of the drawing in its own units.
const WIDTH: f64 = 120.0;
/// Height of the drawing.
const HEIGHT: f64 = 32.0;
/// Room for the ends of lines.
const EDGE: f64 = 3.0;

/// The lines of a drawing of 120 by 32, as the `d` of SVG paths.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Spark {
    /// What was reached.
    pub reached: String,
    /// The straight way to the goal; empty where the target has no day.
    pub way: String,
    /// Where the last figure is, from the left.
    pub x: f64,
    /// Where it is, from the top.
    pub y: f64,
}

/// Draws a way. Heights begin at zero, so that no drawing makes a small step look large.
pub(super) fn spark(way: &[Step]) -> Option<Spark> {
    let (first, last) = (way.first()?.day, way.last()?.day);
    let top = way.iter().flat_map(|step| [step.reached, step.expected]).flatten().fold(0.0_f64, f64::max);
    let at = |day: NaiveDate, value: f64| (across(first, last, day), up(value, top));
    let reached: Vec<_> = way.iter().filter_map(|step| Some(at(step.day, step.reached?))).collect();
    let expected: Vec<_> = way.iter().filter_map(|step| Some(at(step.day, step.expected?))).collect();
    let &(x, y) = reached.last()?;
    Some(Spark { reached: path(&reached), way: path(&expected), x: tenth(x), y: tenth(y) })
}

#[expect(clippy::cast_precision_loss, reason = "days between two dates stay far below 2^52")]
fn across(first: NaiveDate, last: NaiveDate, day: NaiveDate) -> f64 {
    let whole = (last - first).num_days().max(1) as f64;
    EDGE + (WIDTH - 2.0 * EDGE) * (day - first).num_days() as f64 / whole
}

fn up(value: f64, top: f64) -> f64 {
    let share = if top > 0.0 { value / top } else { 0.0 };
    HEIGHT - EDGE - (HEIGHT - 2.0 * EDGE) * share
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn path(points: &[(f64, f64)]) -> String {
    let mut out = String::new();
    for (n, (x, y)) in points.iter().enumerate() {
        // Writing into a string cannot fail.
        let _ = write!(out, "{}{} {}", if n == 0 { "M" } else { "L" }, tenth(*x), tenth(*y));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(day: &str, reached: Option<f64>, expected: Option<f64>) -> Step {
        Step { day: day.parse().unwrap(), reached, expected }
    }

    #[test]
    fn days_are_true_to_scale_and_heights_begin_at_zero() {
        let way = [
            step("2026-01-01", Some(0.0), Some(0.0)),
            step("2026-01-11", Some(20.0), Some(10.0)),
            step("2026-02-10", None, Some(40.0)),
        ];
        let drawn = spark(&way).unwrap();
        assert_eq!(drawn.reached, "M3 29L31.5 16");
        assert_eq!(drawn.way, "M3 29L31.5 22.5L117 3", "ten of forty days are a quarter of the width");
        assert_eq!((drawn.x, drawn.y), (31.5, 16.0));
    }

    #[test]
    fn a_way_of_nothing_lies_on_the_ground() {
        let way = [step("2026-01-01", Some(0.0), None), step("2026-01-11", Some(0.0), None)];
        let drawn = spark(&way).unwrap();
        assert_eq!((drawn.reached.as_str(), drawn.way.as_str()), ("M3 29L117 29", ""));
        assert_eq!(spark(&way[..0]), None);
    }
}
