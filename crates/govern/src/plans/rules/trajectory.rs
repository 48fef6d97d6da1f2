//! The way of a target over time: what was reached day by day, and the straight way to its goal.

use chrono::{Days, NaiveDate};

use super::goal::{Goal, Point, expected};

/// Steps of the way that lies ahead, the last one on its last day.
const AHEAD: u64 = 8;
/// A way ahead that is cut short is still this long, in days.
const SHORTEST: i64 = 30;

/// A day on the way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The day.
    pub day: NaiveDate,
    /// What was reached; none on days to come.
    pub reached: Option<f64>,
    /// What the straight way wants; none where the target has no day.
    pub expected: Option<f64>,
}

/// How far ahead the way is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ahead {
    /// To the goal at its day.
    Goal,
    /// As far as it goes back, at most to the goal's day: small drawings stay readable where the day is years away.
    AsFarAsBack,
}

/// The way of a target, oldest day first, from its first figure on: at least two days.
///
/// `kept` are its figures, oldest first; `live` is today's, which takes the place of one kept today. Of many figures
/// about `most` are taken at even distances, the first and the last among them. None where no figure was kept.
pub fn trajectory(
    goal: &Goal<'_>,
    kept: &[Point],
    (today, live): (NaiveDate, Option<f64>),
    most: usize,
    ahead: Ahead,
) -> Option<Vec<Step>> {
    let began = *kept.first()?;
    let mut known: Vec<Point> = kept.iter().filter(|point| live.is_none() || point.day < today).copied().collect();
    known.extend(live.map(|value| Point { day: today, value }));
    let last = known.len().checked_sub(1)?;
    let apart = known.len().div_ceil(most.max(1));
    let mut steps: Vec<Step> = known
        .iter()
        .enumerate()
        .filter(|(n, _)| n % apart == 0 || *n == last)
        .map(|(_, point)| Step {
            day: point.day,
            reached: Some(point.value),
            expected: expected(goal, began, point.day),
        })
        .collect();
    let from = steps.last()?.day;
    if let Some(end) = goal.due.map(|due| end(due, began.day, from, ahead)).filter(|end| *end > from) {
        let days = u64::try_from((end - from).num_days()).unwrap_or(0);
        let to_come = (1..=AHEAD).filter_map(|n| from.checked_add_days(Days::new(days * n / AHEAD)));
        steps.extend(to_come.map(|day| Step { day, reached: None, expected: expected(goal, began, day) }));
        steps.dedup_by_key(|step| step.day);
    }
    (steps.len() > 1).then_some(steps)
}

fn end(due: NaiveDate, began: NaiveDate, from: NaiveDate, ahead: Ahead) -> NaiveDate {
    match ahead {
        Ahead::Goal => due,
        Ahead::AsFarAsBack => {
            let back = (from - began).num_days().max(SHORTEST);
            due.min(from + chrono::TimeDelta::days(back))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn goal() -> Goal<'static> {
        Goal { comparator: "equal", low: Some(100.0), due: Some(day("2026-12-31")) }
    }

    fn points(all: &[(&str, f64)]) -> Vec<Point> {
        all.iter().map(|(text, value)| Point { day: day(text), value: *value }).collect()
    }

    #[test]
    fn what_was_reached_ends_today_and_the_way_ends_at_the_goal() {
        let kept = points(&[("2026-01-01", 20.0), ("2026-04-01", 40.0), ("2026-07-02", 50.0)]);
        let way = trajectory(&goal(), &kept, (day("2026-07-02"), Some(55.0)), 60, Ahead::Goal).unwrap();
        let reached: Vec<_> = way.iter().filter_map(|step| step.reached).collect();
        assert_eq!(reached, [20.0, 40.0, 55.0], "the live figure takes the place of the one kept today");
        assert_eq!(way.len(), 3 + 8);
        assert_eq!((way[0].day, way[0].expected), (day("2026-01-01"), Some(20.0)));
        assert!((way[2].expected.unwrap() - 60.0).abs() < 0.2, "half of the time, half of the way");
        let last = way.last().unwrap();
        assert_eq!((last.day, last.reached, last.expected), (day("2026-12-31"), None, Some(100.0)));
    }

    #[test]
    fn a_far_goal_is_cut_where_as_much_lies_ahead_as_behind() {
        let far = Goal { due: Some(day("2030-12-31")), ..goal() };
        let kept = points(&[("2026-01-01", 20.0), ("2026-04-11", 30.0)]);
        let way = trajectory(&far, &kept, (day("2026-04-11"), None), 60, Ahead::AsFarAsBack).unwrap();
        let last = way.last().unwrap();
        assert_eq!((last.day, way[1].reached), (day("2026-07-20"), Some(30.0)));
        assert!(last.expected.unwrap() < 30.0, "200 of 1,825 days");
        let near = trajectory(&goal(), &kept, (day("2026-12-01"), Some(90.0)), 60, Ahead::AsFarAsBack).unwrap();
        assert_eq!(near.last().unwrap().day, day("2026-12-31"), "never beyond the goal's day");
        let fresh = trajectory(&far, &kept[..1], (day("2026-01-01"), Some(20.0)), 60, Ahead::AsFarAsBack).unwrap();
        assert_eq!(fresh.last().unwrap().day, day("2026-01-31"), "a first figure has a month ahead");
    }

    #[test]
    fn of_many_days_the_first_and_the_last_are_kept() {
        let start = day("2026-01-01");
        let kept: Vec<Point> = (0..300)
            .map(|n| Point { day: start + Days::new(n), value: f64::from(u32::try_from(n).unwrap()) })
            .collect();
        let way = trajectory(&goal(), &kept, (kept[299].day, None), 40, Ahead::Goal).unwrap();
        let reached: Vec<_> = way.iter().filter_map(|step| step.reached).collect();
        assert!(reached.len() <= 41, "{}", reached.len());
        assert_eq!((reached.first(), reached.last()), (Some(&0.0), Some(&299.0)));
        assert!(way.windows(2).all(|pair| pair[0].day < pair[1].day));
    }

    #[test]
    fn without_figures_there_is_no_way_and_without_a_day_none_ahead() {
        assert_eq!(trajectory(&goal(), &[], (day("2026-02-01"), Some(5.0)), 60, Ahead::Goal), None);
        let kept = points(&[("2026-01-01", 20.0)]);
        let open = Goal { due: None, ..goal() };
        assert_eq!(trajectory(&open, &kept, (day("2026-01-01"), Some(20.0)), 60, Ahead::Goal), None, "one day only");
        let way = trajectory(&open, &kept, (day("2026-02-01"), Some(30.0)), 60, Ahead::Goal).unwrap();
        assert!(way.len() == 2 && way.iter().all(|step| step.expected.is_none()));
        let passed = trajectory(&goal(), &kept, (day("2027-02-01"), Some(30.0)), 60, Ahead::Goal).unwrap();
        assert_eq!((passed.len(), passed[1].expected), (2, Some(100.0)), "after its day the goal itself is wanted");
    }

    #[test]
    fn a_ceiling_is_wanted_on_every_day() {
        let ceiling = Goal { comparator: "at_most", low: Some(5.0), due: Some(day("2026-12-31")) };
        let kept = points(&[("2026-01-01", 9.0)]);
        let way = trajectory(&ceiling, &kept, (day("2026-06-01"), Some(7.0)), 60, Ahead::Goal).unwrap();
        assert!(way.iter().all(|step| step.expected == Some(5.0)), "{way:?}");
    }
}
