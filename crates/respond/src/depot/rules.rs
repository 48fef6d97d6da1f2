//! What is due, and what a hold may say: pure.

use chrono::{DateTime, Months, NaiveDate, Utc};
use khien_base::ports::Share;
use khien_base::{Fault, Result};

/// The first day that stays: events of earlier days are past these months. A month always stays, whatever is asked
/// for.
pub fn first_kept(today: NaiveDate, months: i32) -> NaiveDate {
    let months = u32::try_from(months).unwrap_or(0).max(1);
    today.checked_sub_months(Months::new(months)).unwrap_or(NaiveDate::MIN)
}

/// The months that count: what the level demands, or the centre's own minimum where that is longer.
pub fn months(by_level: i32, least: i32) -> i32 {
    by_level.max(least)
}

/// Whether a day's events of a system are past their time.
pub fn due(share: &Share, today: NaiveDate, months: i32) -> bool {
    share.day < first_kept(today, months)
}

/// The longest own minimum, in months: ten years.
pub const MOST_MONTHS: i32 = 120;

/// Checks the centre's own minimum. Fault: `depot.months` (`from`, `to`).
pub fn least(months: i32) -> Result<i32> {
    if (0..=MOST_MONTHS).contains(&months) {
        return Ok(months);
    }
    Err(Fault::invalid("depot.months").with("from", 0).with("to", MOST_MONTHS).on("least_months"))
}

/// Characters of a reason.
const REASON: usize = 2_000;

/// Checks a reason. Fault: `depot.reason` (`limit`).
pub fn reason(text: &str) -> Result<String> {
    let text = khien_base::key::nfc(text.trim());
    if text.is_empty() || text.chars().count() > REASON {
        return Err(Fault::invalid("depot.reason").with("limit", REASON).on("reason"));
    }
    Ok(text)
}

/// Checks the span of a hold. Fault: `depot.span` when it ends before it starts.
pub fn span(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Result<()> {
    match (from, to) {
        (Some(from), Some(to)) if to <= from => Err(Fault::invalid("depot.span").on("to")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_is_a_month_of_the_calendar() {
        assert_eq!(first_kept(day("2026-03-31"), 1), day("2026-02-28"));
        assert_eq!(first_kept(day("2026-11-22"), 12), day("2025-11-22"));
        // Nothing is deleted at once, whatever is asked for.
        assert_eq!(first_kept(day("2026-11-22"), 0), day("2026-10-22"));
        assert_eq!(first_kept(day("2026-11-22"), -5), day("2026-10-22"));
    }

    #[test]
    fn the_own_minimum_only_lengthens() {
        assert_eq!((months(6, 12), months(12, 0), months(3, 3)), (12, 12, 3));
        assert_eq!(least(121).unwrap_err().code, "depot.months");
        assert_eq!(least(-1).unwrap_err().code, "depot.months");
    }

    #[test]
    fn a_hold_has_a_reason_and_a_span() {
        let at = |s| DateTime::from_timestamp(s, 0);
        assert_eq!(span(at(2), at(2)).unwrap_err().code, "depot.span");
        assert!(span(None, at(0)).is_ok() && span(at(1), at(2)).is_ok());
        assert_eq!(reason("  ").unwrap_err().code, "depot.reason");
        assert_eq!(reason(&"x".repeat(2_001)).unwrap_err().code, "depot.reason");
    }
}
