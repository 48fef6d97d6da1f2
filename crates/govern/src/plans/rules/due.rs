//! When a task is owed, and whether it is late on a day.

use chrono::{Datelike, NaiveDate, TimeDelta};
use khien_planread::model::{Due, Every};

use crate::plans::model::work;

/// One stretch of time for which a task is owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// "2026", "2026-H1"…; empty where the task is owed once.
    pub key: String,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day on which it is in time; none for standing work.
    pub due: Option<NaiveDate>,
    /// [`ONCE`], [`RECURRING`] or [`STANDING`].
    pub rhythm: &'static str,
}

/// Owed once.
pub const ONCE: &str = "once";
/// Owed again in each period.
pub const RECURRING: &str = "recurring";
/// Goes on without an end.
pub const STANDING: &str = "standing";

/// Periods that one task may have; ten years of months.
const MOST: usize = 120;
/// A deadline is near from so many days before it.
pub const SOON: TimeDelta = TimeDelta::days(30);

/// The periods of a task that have begun by `day`, for a plan in force from `start`.
///
/// A task that is "reached, then maintained" is owed by its day, and after that once in each following year.
pub fn periods(due: Option<&Due>, start: NaiveDate, day: NaiveDate) -> Vec<Period> {
    let once = |from, due| Period { key: String::new(), from, due, rhythm: ONCE };
    match due {
        None => vec![once(None, None)],
        Some(Due::Standing) => vec![Period { rhythm: STANDING, ..once(Some(start), None) }],
        Some(Due::By { date }) => vec![once(None, Some(*date))],
        Some(Due::Window { from, to }) => vec![once(Some(*from), Some(*to))],
        Some(Due::Recurring { every }) => run(*every, start, day.max(start)),
        Some(Due::ReachThenMaintain { date }) => {
            let mut all = vec![once(None, Some(*date))];
            if let Some(next) = first_of_year(date.year() + 1).filter(|next| *next <= day) {
                all.extend(run(Every::Year, next, day));
            }
            all
        }
    }
}

/// The periods from the one with `first` in it to the one with `last` in it.
fn run(every: Every, first: NaiveDate, last: NaiveDate) -> Vec<Period> {
    let mut out = Vec::new();
    let mut at = first;
    while at <= last && out.len() < MOST {
        let Some(period) = period(every, at) else { break };
        let Some(next) = period.due.and_then(|end| end.succ_opt()) else { break };
        out.push(period);
        at = next;
    }
    out
}

/// The period of a rhythm that a day lies in.
pub fn period(every: Every, day: NaiveDate) -> Option<Period> {
    let year = day.year();
    let (months, number) = match every {
        Every::Month => (1, day.month0()),
        Every::Quarter => (3, day.month0() / 3),
        Every::HalfYear => (6, day.month0() / 6),
        Every::Year => (12, 0),
    };
    let from = NaiveDate::from_ymd_opt(year, number * months + 1, 1)?;
    let due = from.checked_add_months(chrono::Months::new(months))?.pred_opt()?;
    let key = match every {
        Every::Month => format!("{year}-{:02}", number + 1),
        Every::Quarter => format!("{year}-Q{}", number + 1),
        Every::HalfYear => format!("{year}-H{}", number + 1),
        Every::Year => year.to_string(),
    };
    Some(Period { key, from: Some(from), due: Some(due), rhythm: RECURRING })
}

fn first_of_year(year: i32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, 1, 1)
}

/// Where an assignment stands on a day: the columns of the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// Its last day has passed.
    Late,
    /// Its last day is within thirty days.
    Soon,
    /// Due later this year.
    Year,
    /// Due in a later year.
    Later,
    /// Standing work, work of a period that is not near its end, work without a deadline.
    Standing,
    /// Done, whether in time or not.
    Done,
}

impl Bucket {
    /// All, in the order of the board.
    pub const ALL: [Self; 6] = [Self::Late, Self::Soon, Self::Year, Self::Later, Self::Standing, Self::Done];

    /// Its name in addresses and texts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Soon => "soon",
            Self::Year => "year",
            Self::Later => "later",
            Self::Standing => "standing",
            Self::Done => "done",
        }
    }

    /// The bucket of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bucket| bucket.name() == name)
    }
}

/// Where an assignment stands on `day`. The store says the same in SQL; a test holds them together.
pub fn bucket(state: &str, rhythm: &str, due_on: Option<NaiveDate>, day: NaiveDate) -> Bucket {
    if state != work::OPEN {
        return Bucket::Done;
    }
    match due_on {
        None => Bucket::Standing,
        Some(due) if due < day => Bucket::Late,
        Some(due) if due <= day + SOON => Bucket::Soon,
        Some(_) if rhythm == RECURRING => Bucket::Standing,
        Some(due) if due.year() <= day.year() => Bucket::Year,
        Some(_) => Bucket::Later,
    }
}

/// Days that have passed since the last timely day: 0 while it is in time, and for what has no deadline. What is
/// done stops counting on the day on which it was done.
pub fn days_late(due_on: Option<NaiveDate>, done_on: Option<NaiveDate>, day: NaiveDate) -> i64 {
    due_on.map_or(0, |due| (done_on.unwrap_or(day) - due).num_days().max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn keys(due: &Due, start: &str, on: &str) -> Vec<String> {
        periods(Some(due), day(start), day(on))
            .into_iter()
            .map(|p| format!("{} ≤{}", p.key, p.due.map(|d| d.to_string()).unwrap_or_default()))
            .collect()
    }

    #[test]
    fn a_task_of_each_quarter_gets_a_period_for_each_quarter() {
        let due = Due::Recurring { every: Every::Quarter };
        assert_eq!(keys(&due, "2026-05-20", "2026-05-20"), ["2026-Q2 ≤2026-06-30"]);
        assert_eq!(
            keys(&due, "2026-05-20", "2027-01-01"),
            ["2026-Q2 ≤2026-06-30", "2026-Q3 ≤2026-09-30", "2026-Q4 ≤2026-12-31", "2027-Q1 ≤2027-03-31"]
        );
    }

    #[test]
    fn half_years_months_and_years_end_on_their_last_day() {
        let half = Due::Recurring { every: Every::HalfYear };
        assert_eq!(keys(&half, "2026-10-01", "2027-02-01"), ["2026-H2 ≤2026-12-31", "2027-H1 ≤2027-06-30"]);
        let month = Due::Recurring { every: Every::Month };
        assert_eq!(keys(&month, "2028-02-10", "2028-02-10"), ["2028-02 ≤2028-02-29"]);
        let year = Due::Recurring { every: Every::Year };
        assert_eq!(keys(&year, "2026-12-31", "2027-01-01"), ["2026 ≤2026-12-31", "2027 ≤2027-12-31"]);
    }

    #[test]
    fn reached_by_a_day_and_maintained_in_each_year_after() {
        let due = Due::ReachThenMaintain { date: day("2026-12-31") };
        assert_eq!(keys(&due, "2026-05-01", "2026-12-31"), [" ≤2026-12-31"]);
        assert_eq!(keys(&due, "2026-05-01", "2028-01-01"), [" ≤2026-12-31", "2027 ≤2027-12-31", "2028 ≤2028-12-31"]);
    }

    #[test]
    fn what_is_owed_once_or_always_has_one_period() {
        assert_eq!(keys(&Due::By { date: day("2026-06-09") }, "2026-05-01", "2030-01-01"), [" ≤2026-06-09"]);
        let window = Due::Window { from: day("2026-01-01"), to: day("2027-12-31") };
        assert_eq!(keys(&window, "2026-05-01", "2030-01-01"), [" ≤2027-12-31"]);
        assert_eq!(keys(&Due::Standing, "2026-05-01", "2030-01-01"), [" ≤"]);
        assert_eq!(periods(None, day("2026-05-01"), day("2026-05-01")).len(), 1);
    }

    #[test]
    fn a_task_is_late_from_the_day_after_its_last_day() {
        let due = Some(day("2026-06-09"));
        let on = |text: &str| bucket(work::OPEN, ONCE, due, day(text));
        assert_eq!(on("2026-05-01"), Bucket::Year);
        assert_eq!(on("2026-05-10"), Bucket::Soon);
        assert_eq!(on("2026-06-09"), Bucket::Soon);
        assert_eq!(on("2026-06-10"), Bucket::Late);
        assert_eq!(on("2025-06-10"), Bucket::Later);
        assert_eq!(days_late(due, None, day("2026-06-09")), 0);
        assert_eq!(days_late(due, None, day("2026-06-12")), 3);
        assert_eq!(days_late(due, Some(day("2026-06-10")), day("2027-01-01")), 1);
        assert_eq!(days_late(None, None, day("2027-01-01")), 0);
    }

    #[test]
    fn a_period_is_standing_work_until_its_end_is_near() {
        let due = Some(day("2026-12-31"));
        assert_eq!(bucket(work::OPEN, RECURRING, due, day("2026-10-01")), Bucket::Standing);
        assert_eq!(bucket(work::OPEN, RECURRING, due, day("2026-12-10")), Bucket::Soon);
        assert_eq!(bucket(work::OPEN, RECURRING, due, day("2027-01-01")), Bucket::Late);
        assert_eq!(bucket(work::DONE, RECURRING, due, day("2027-01-01")), Bucket::Done);
        assert_eq!(bucket(work::OPEN, STANDING, None, day("2027-01-01")), Bucket::Standing);
    }
}
