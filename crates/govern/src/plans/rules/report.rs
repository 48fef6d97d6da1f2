//! When reports are owed.

use chrono::{Datelike, NaiveDate};
use khien_planread::model::{DayOfYear, Every};

use super::due;

/// Reports that one duty may owe at once; ten years of months.
const MOST: usize = 120;

/// The last day on which a report that is due "trước ngày 10/6" is in time: 9 June. "Trước" leaves the named day
/// itself out, as "trước ngày 20/5/2026" does in a task; who sends it on 10/6 is a day late. 29/2 is read as 28/2 in
/// years without it, before the day is taken off.
pub fn last_timely(year: i32, day: DayOfYear) -> Option<NaiveDate> {
    let named = (0..3).find_map(|less| NaiveDate::from_ymd_opt(year, day.month, day.day.checked_sub(less)?))?;
    named.pred_opt()
}

/// The last timely days of a duty within `from`–`to`, both included. Without days of its own, a duty of each
/// period is owed by the period's end; without either it is owed on demand only.
pub fn days(every: Option<Every>, named: &[DayOfYear], from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
    let mut out: Vec<NaiveDate> = Vec::new();
    if named.is_empty() {
        let Some(every) = every else { return out };
        let mut at = from;
        while let Some(end) = due::period(every, at).and_then(|period| period.due) {
            if end > to || out.len() >= MOST {
                break;
            }
            out.push(end);
            let Some(next) = end.succ_opt() else { break };
            at = next;
        }
        return out;
    }
    // A report due before 1 January is in time on 31 December of the year before.
    for year in from.year()..=to.year().saturating_add(1).min(from.year() + 10) {
        out.extend(named.iter().filter_map(|day| last_timely(year, *day)).filter(|day| (from..=to).contains(day)));
    }
    out.sort_unstable();
    out.dedup();
    out.truncate(MOST);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn before_the_tenth_of_june_is_in_time_on_the_ninth() {
        assert_eq!(last_timely(2026, DayOfYear { day: 10, month: 6 }), Some(day("2026-06-09")));
        assert_eq!(last_timely(2027, DayOfYear { day: 1, month: 1 }), Some(day("2026-12-31")));
        assert_eq!(last_timely(2027, DayOfYear { day: 29, month: 2 }), Some(day("2027-02-27")));
        assert_eq!(last_timely(2027, DayOfYear { day: 40, month: 13 }), None);
    }

    #[test]
    fn named_days_come_again_each_year() {
        let named = [DayOfYear { day: 10, month: 6 }, DayOfYear { day: 30, month: 11 }];
        let found = days(Some(Every::HalfYear), &named, day("2026-06-10"), day("2027-06-09"));
        assert_eq!(found, [day("2026-11-29"), day("2027-06-09")]);
        let new_year = [DayOfYear { day: 1, month: 1 }];
        assert_eq!(days(None, &new_year, day("2026-10-01"), day("2026-12-31")), [day("2026-12-31")]);
    }

    #[test]
    fn without_days_the_end_of_the_period_counts() {
        assert_eq!(
            days(Some(Every::Quarter), &[], day("2026-10-01"), day("2027-03-31")),
            [day("2026-12-31"), day("2027-03-31")]
        );
        assert!(days(None, &[], day("2026-10-01"), day("2030-01-01")).is_empty());
    }
}
