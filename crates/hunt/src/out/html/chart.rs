//! Matches over time, as bars of an inline picture.

use chrono::DateTime;
use serde::Serialize;

use crate::out::local;
use crate::tally::{self, Tally};
use crate::words::Lang;

/// Bars at most.
const BARS: i64 = 120;
/// Width of a bar with its gap, height of the picture, in its own units.
const STEP: u64 = 10;
const HEIGHT: u64 = 160;

/// The picture: rectangles in the units of its view box.
#[derive(Debug, Serialize)]
pub(super) struct Chart {
    width: u64,
    height: u64,
    bars: Vec<Bar>,
    from: String,
    to: String,
    most: String,
    /// Hours of a bar.
    hours: String,
}

/// A part of a bar: the matches of one level.
#[derive(Debug, Serialize)]
struct Bar {
    x: u64,
    y: u64,
    width: u64,
    height: u64,
    level: &'static str,
    title: String,
}

/// Draws the picture; none where no match has a time.
pub(super) fn draw(tally: &Tally, lang: Lang) -> Option<Chart> {
    let (first, last) = (*tally.hours.first_key_value()?.0, *tally.hours.last_key_value()?.0);
    let wide = ((last - first + BARS) / BARS).max(1);
    let mut sums = std::collections::BTreeMap::<i64, tally::ByLevel>::new();
    for (hour, counts) in &tally.hours {
        for (sum, count) in sums.entry((hour - first) / wide).or_default().iter_mut().zip(counts) {
            *sum += count;
        }
    }
    let most = sums.values().map(|counts| counts.iter().sum::<u64>()).max().unwrap_or(1).max(1);
    let moment = |hour: i64| local(DateTime::from_timestamp(hour.saturating_mul(3600), 0));
    let mut bars = Vec::new();
    for (at, counts) in &sums {
        let mut top = HEIGHT;
        // The worst level stands at the bottom, where the eye compares best.
        for (level, count) in tally::LEVELS.iter().zip(counts).filter(|(_, count)| **count > 0) {
            let height = (count * HEIGHT / most).max(2).min(top);
            top -= height;
            let name = lang.say(&format!("level.{}", tally::name(*level)), &[]);
            let title = format!("{}: {} {}", moment(first + at * wide), lang.number(*count), name.to_lowercase());
            let x = u64::try_from(*at).unwrap_or_default() * STEP;
            bars.push(Bar { x, y: top, width: STEP - 1, height, level: tally::name(*level), title });
        }
    }
    let width = (u64::try_from((last - first) / wide).unwrap_or_default() + 1) * STEP;
    Some(Chart {
        width,
        height: HEIGHT,
        bars,
        from: moment(first),
        to: moment(last + 1),
        most: lang.number(most),
        hours: lang.number(u64::try_from(wide).unwrap_or_default()),
    })
}
