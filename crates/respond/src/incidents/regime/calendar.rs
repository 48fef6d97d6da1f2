//! Working days of public bodies (Bộ luật Lao động 2019, Điều 111 và 112).

use chrono::{DateTime, Datelike, NaiveDate, Utc, Weekday};
use khien_base::clock::{day_in_vietnam, end_of_day};
use serde::Deserialize;

/// Days off. Years that the file does not list have only their weekly days off, so that a deadline is shown too
/// early rather than too late.
#[derive(Debug, Clone, Deserialize)]
pub struct Calendar {
    weekly_days_off: Vec<String>,
    days_off: Vec<Day>,
    #[serde(default)]
    working_weekends: Vec<Day>,
}

#[derive(Debug, Clone, Deserialize)]
struct Day {
    day: NaiveDate,
    /// A day that is not sure to be off counts as a working day.
    counted: bool,
}

impl Calendar {
    /// Whether public bodies work on a day.
    pub fn works(&self, day: NaiveDate) -> bool {
        let listed = |days: &[Day]| days.iter().any(|listed| listed.counted && listed.day == day);
        if listed(&self.days_off) {
            return false;
        }
        listed(&self.working_weekends) || !self.weekly_days_off.iter().any(|off| off == name(day.weekday()))
    }

    /// The end of the last of so many working days after the day of `start`; the day itself does not count
    /// (Bộ luật Dân sự 2015, Điều 147 khoản 2).
    pub fn after(&self, start: DateTime<Utc>, working_days: u32) -> DateTime<Utc> {
        let mut day = day_in_vietnam(start);
        let mut left = working_days;
        while left > 0 {
            let Some(next) = day.succ_opt() else { break };
            day = next;
            if self.works(day) {
                left -= 1;
            }
        }
        end_of_day(day)
    }
}

fn name(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "monday",
        Weekday::Tue => "tuesday",
        Weekday::Wed => "wednesday",
        Weekday::Thu => "thursday",
        Weekday::Fri => "friday",
        Weekday::Sat => "saturday",
        Weekday::Sun => "sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::super::Regime;
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn weekends_holidays_and_exchanged_days_are_known() {
        let calendar = &Regime::get().unwrap().calendar;
        assert!(!calendar.works(day("2026-09-02")));
        assert!(!calendar.works(day("2026-08-31")), "exchanged for a Saturday");
        assert!(calendar.works(day("2026-08-22")), "the Saturday that makes up for it");
        assert!(!calendar.works(day("2026-08-23")));
        assert!(calendar.works(day("2026-11-24")), "a day that may be off counts as working");
    }

    #[test]
    fn working_days_pass_over_days_off() {
        let calendar = &Regime::get().unwrap().calendar;
        // Friday 28/8/2026: Monday to Wednesday are off, so the first two working days are 3/9 and 4/9.
        let friday = "2026-08-28T03:00:00Z".parse().unwrap();
        assert_eq!(calendar.after(friday, 2), end_of_day(day("2026-09-04")));
    }
}
