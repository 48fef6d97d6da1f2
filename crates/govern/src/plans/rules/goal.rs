//! Whether a target is met, on its way, or behind.

use chrono::NaiveDate;

/// How a target stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The figure is where the plan wants it.
    Met,
    /// Not there yet, but on or above the way to it.
    OnTrack,
    /// Below the way to it, or its day has passed.
    Behind,
    /// No measure is bound, or there is nothing to count yet.
    NoFigure,
    /// The plan gives no number.
    Qualitative,
}

impl Standing {
    /// Its name in texts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::OnTrack => "on_track",
            Self::Behind => "behind",
            Self::NoFigure => "no_figure",
            Self::Qualitative => "qualitative",
        }
    }

    /// The tone of its badge.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Met => "ok",
            Self::OnTrack => "info",
            Self::Behind => "bad",
            Self::NoFigure | Self::Qualitative => "idle",
        }
    }
}

/// What a target wants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal<'a> {
    /// One of [`crate::plans::model::COMPARATORS`].
    pub comparator: &'a str,
    /// The value, or the lower one of two.
    pub low: Option<f64>,
    /// The last day for reaching it.
    pub due: Option<NaiveDate>,
}

/// A figure on a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The day.
    pub day: NaiveDate,
    /// The value.
    pub value: f64,
}

/// Whether a value is where the goal wants it.
///
/// "100 %" and "đạt 90 %" are reached from that value up: nobody who plans for 90 % calls 92 % a failure. A range
/// ("50 - 100 chuyên gia") is reached from its lower end for the same reason.
pub fn met(goal: &Goal<'_>, value: f64) -> bool {
    const EXACT: f64 = 1e-9;
    let Some(low) = goal.low else { return false };
    match goal.comparator {
        "more_than" => value > low + EXACT,
        "at_most" => value <= low + EXACT,
        "less_than" => value < low - EXACT,
        _ => value >= low - EXACT,
    }
}

/// The value that a target should have on a day: a straight line from where it began to its goal at its due day.
/// After the due day, the goal itself; a ceiling ("tối đa", "dưới") is wanted on every day.
#[expect(clippy::cast_precision_loss, reason = "days between two dates stay far below 2^52")]
pub fn expected(goal: &Goal<'_>, began: Point, day: NaiveDate) -> Option<f64> {
    if ceiling(goal) {
        return goal.low;
    }
    let (low, due) = (goal.low?, goal.due?);
    let whole = (due - began.day).num_days();
    if whole <= 0 || day >= due {
        return Some(low);
    }
    let gone = (day - began.day).num_days().clamp(0, whole);
    Some(began.value + (low - began.value) * gone as f64 / whole as f64)
}

fn ceiling(goal: &Goal<'_>) -> bool {
    matches!(goal.comparator, "at_most" | "less_than")
}

/// How a target stands on a day with its figure and where it began.
///
/// A ceiling is kept or broken; it has no way to it. A target without a day is behind until met.
pub fn standing(goal: &Goal<'_>, figure: Option<f64>, began: Option<Point>, day: NaiveDate) -> Standing {
    if goal.comparator == "qualitative" || goal.low.is_none() {
        return Standing::Qualitative;
    }
    let Some(value) = figure else { return Standing::NoFigure };
    if met(goal, value) {
        return Standing::Met;
    }
    let passed = goal.due.is_none_or(|due| due < day);
    if ceiling(goal) || passed {
        return Standing::Behind;
    }
    let began = began.unwrap_or(Point { day, value });
    match expected(goal, began, day) {
        Some(way) if value + 1e-9 < way => Standing::Behind,
        _ => Standing::OnTrack,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn goal(comparator: &str) -> Goal<'_> {
        Goal { comparator, low: Some(100.0), due: Some(day("2026-12-31")) }
    }

    #[test]
    fn each_comparator_says_when_it_is_met() {
        let is = |comparator, value| met(&goal(comparator), value);
        assert!(is("at_least", 100.0) && !is("at_least", 99.9));
        assert!(is("more_than", 100.1) && !is("more_than", 100.0));
        assert!(is("at_most", 100.0) && !is("at_most", 100.1));
        assert!(is("less_than", 99.0) && !is("less_than", 100.0));
        assert!(is("equal", 100.0) && is("equal", 120.0) && !is("equal", 99.0));
        assert!(is("between", 130.0));
    }

    #[test]
    fn the_way_is_a_straight_line_to_the_due_day() {
        let began = Point { day: day("2026-01-01"), value: 20.0 };
        let at = |text: &str| expected(&goal("equal"), began, day(text)).unwrap();
        assert!((at("2026-01-01") - 20.0).abs() < 1e-9);
        assert!((at("2026-07-02") - 60.0).abs() < 0.2);
        assert!((at("2027-05-01") - 100.0).abs() < 1e-9);
    }

    #[test]
    fn a_target_is_behind_below_its_way_and_after_its_day() {
        let began = Some(Point { day: day("2026-01-01"), value: 20.0 });
        let on = |value, text: &str| standing(&goal("equal"), value, began, day(text));
        assert_eq!(on(Some(70.0), "2026-07-02"), Standing::OnTrack);
        assert_eq!(on(Some(50.0), "2026-07-02"), Standing::Behind);
        assert_eq!(on(Some(99.0), "2027-01-01"), Standing::Behind);
        assert_eq!(on(Some(100.0), "2027-01-01"), Standing::Met);
        assert_eq!(on(None, "2026-07-02"), Standing::NoFigure);
        assert_eq!(
            standing(&Goal { low: None, ..goal("qualitative") }, None, None, day("2026-07-02")).name(),
            "qualitative"
        );
        assert_eq!(standing(&goal("at_most"), Some(101.0), began, day("2026-02-01")), Standing::Behind);
    }
}
