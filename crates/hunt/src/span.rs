//! A span of time, and moments as people write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use khien_base::clock::vietnam;
use khien_base::{Fault, Result};

/// When events must have happened; open where nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// The first moment.
    pub from: Option<DateTime<Utc>>,
    /// The first moment that is too late.
    pub to: Option<DateTime<Utc>>,
}

impl Span {
    /// A span from texts as [`moment`] reads them. Faults: those of `moment`; `hunt.span` when it ends before it begins.
    pub fn new(from: Option<&str>, to: Option<&str>) -> Result<Self> {
        let from = from.map(|text| moment(text, false)).transpose()?;
        let to = to.map(|text| moment(text, true)).transpose()?;
        match (from, to) {
            (Some(from), Some(to)) if to <= from => {
                Err(Fault::invalid("hunt.span").with("from", from.to_rfc3339()).with("to", to.to_rfc3339()))
            }
            _ => Ok(Self { from, to }),
        }
    }

    /// Whether a moment lies in the span; an event without a time lies in the open one only.
    pub fn holds(&self, time: Option<DateTime<Utc>>) -> bool {
        match time {
            Some(time) => self.from.is_none_or(|from| time >= from) && self.to.is_none_or(|to| time < to),
            None => self.from.is_none() && self.to.is_none(),
        }
    }
}

/// A moment written as RFC 3339 (`2026-11-22T07:00:00Z`), as a day (`22/11/2026`, `2026-11-22`) or as a day with the time
/// of day (`22/11/2026 14:00`, `22/11/2026 14:00:30`); without an offset it is Vietnam's time. With `end` a day means its
/// last moment, a minute or second theirs: `--to 22/11/2026` takes the whole day in.
///
/// Fault: `hunt.moment` (`given`).
pub fn moment(text: &str, end: bool) -> Result<DateTime<Utc>> {
    let text = text.trim();
    let wrong = || Fault::invalid("hunt.moment").with("given", text);
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        let time = time.with_timezone(&Utc);
        return if end { later(time, TimeDelta::nanoseconds(1)).ok_or_else(wrong) } else { Ok(time) };
    }
    for format in ["%d/%m/%Y", "%Y-%m-%d"] {
        if let Ok(day) = NaiveDate::parse_from_str(text, format) {
            return in_vietnam(day.and_time(NaiveTime::MIN), end, TimeDelta::days(1)).ok_or_else(wrong);
        }
    }
    let second = ["%d/%m/%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"].map(|f| (f, TimeDelta::seconds(1)));
    let minute = ["%d/%m/%Y %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"].map(|f| (f, TimeDelta::minutes(1)));
    for (format, whole) in second.into_iter().chain(minute) {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
            return in_vietnam(time, end, whole).ok_or_else(wrong);
        }
    }
    Err(wrong())
}

fn in_vietnam(time: NaiveDateTime, end: bool, whole: TimeDelta) -> Option<DateTime<Utc>> {
    let time = time.and_local_timezone(vietnam()).single()?.with_timezone(&Utc);
    if end { later(time, whole) } else { Some(time) }
}

fn later(time: DateTime<Utc>, by: TimeDelta) -> Option<DateTime<Utc>> {
    time.checked_add_signed(by)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str, end: bool) -> String {
        moment(text, end).unwrap().to_rfc3339()
    }

    #[test]
    fn days_and_times_without_an_offset_are_vietnams() {
        assert_eq!(utc("22/11/2026", false), "2026-11-21T17:00:00+00:00");
        assert_eq!(utc("22/11/2026", true), "2026-11-22T17:00:00+00:00");
        assert_eq!(utc("2026-11-22 14:00", false), "2026-11-22T07:00:00+00:00");
        assert_eq!(utc("22/11/2026 14:00", true), "2026-11-22T07:01:00+00:00");
        assert_eq!(utc("2026-11-22T07:00:00Z", false), "2026-11-22T07:00:00+00:00");
        for wrong in ["", "31/02/2026", "yesterday", "22-11-2026", "262142-12-31", "31/12/262142"] {
            assert_eq!(moment(wrong, true).unwrap_err().code, "hunt.moment", "{wrong}");
        }
    }

    #[test]
    fn a_span_takes_its_ends_in_and_refuses_to_run_backwards() {
        let day = Span::new(Some("22/11/2026"), Some("22/11/2026")).unwrap();
        assert!(day.holds(moment("22/11/2026 23:59:59", false).ok()) && day.holds(day.from));
        assert!(!day.holds(day.to) && !day.holds(None));
        assert!(Span::default().holds(None));
        assert_eq!(Span::new(Some("23/11/2026"), Some("22/11/2026")).unwrap_err().code, "hunt.span");
    }
}
