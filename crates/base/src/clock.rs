//! The time of day, given and never taken: rules get `now` as a parameter, and only `app` makes the real clock.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta, Utc};

/// Vietnam keeps UTC+7 all year (Asia/Ho_Chi_Minh, no daylight saving since 1975).
pub fn vietnam() -> FixedOffset {
    const VIETNAM: Option<FixedOffset> = FixedOffset::east_opt(7 * 3600);
    const { VIETNAM.expect("7 hours are less than a day") }
}

/// The day in Vietnam at this moment.
pub fn day_in_vietnam(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&vietnam()).date_naive()
}

/// The last moment of a day in Vietnam (the next midnight), when a deadline "on that day" has passed.
pub fn end_of_day(day: NaiveDate) -> DateTime<Utc> {
    let next = day.succ_opt().unwrap_or(day);
    next.and_time(chrono::NaiveTime::MIN)
        .and_local_timezone(vietnam())
        .single()
        .map_or_else(DateTime::<Utc>::default, |t| t.with_timezone(&Utc))
}

/// A moment typed in Vietnam's time in one of these forms ([`chrono::format::strftime`]).
pub fn typed_in_vietnam(text: &str, forms: &[&str]) -> Option<DateTime<Utc>> {
    let typed = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Some(typed.and_local_timezone(vietnam()).single()?.with_timezone(&Utc))
}

/// `dd/mm/yyyy`, as Vietnamese documents write a day.
pub fn vn_date(day: NaiveDate) -> String {
    format!("{:02}/{:02}/{}", day.day(), day.month(), day.year())
}

/// `HH:MM dd/mm/yyyy` in Vietnam's time.
pub fn vn_time(at: DateTime<Utc>) -> String {
    at.with_timezone(&vietnam()).format("%H:%M %d/%m/%Y").to_string()
}

/// `HH:MM:SS dd/mm/yyyy` in Vietnam's time: where the order of things within a minute counts.
pub fn vn_second(at: DateTime<Utc>) -> String {
    at.with_timezone(&vietnam()).format("%H:%M:%S %d/%m/%Y").to_string()
}

/// A source of the present moment.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until a test moves it.
    Fixed(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// A clock that stands at `at`.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(Mutex::new(at)))
    }

    /// The present moment.
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
            Self::System => Utc::now(),
            Self::Fixed(at) => match at.lock() {
                Ok(at) => *at,
                Err(poisoned) => *poisoned.into_inner(),
            },
        }
    }

    /// Moves a fixed clock forward; the machine's clock is left alone.
    pub fn advance(&self, by: TimeDelta) {
        if let Self::Fixed(at) = self {
            let mut at = match at.lock() {
                Ok(at) => at,
                Err(poisoned) => poisoned.into_inner(),
            };
            *at += by;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_in_vietnam_ends_at_17_utc() {
        let day = NaiveDate::from_ymd_opt(2026, 6, 10).unwrap();
        assert_eq!(end_of_day(day).to_rfc3339(), "2026-06-10T17:00:00+00:00");
        assert_eq!(vn_date(day), "10/06/2026");
        assert_eq!(vn_time(end_of_day(day)), "00:00 11/06/2026");
    }

    #[test]
    fn a_fixed_clock_moves_only_when_told() {
        let clock = Clock::fixed(DateTime::from_timestamp(0, 0).unwrap());
        let other = clock.clone();
        clock.advance(TimeDelta::hours(24));
        assert_eq!(other.now().timestamp(), 86_400);
    }
}
