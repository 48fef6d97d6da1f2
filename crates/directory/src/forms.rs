//! What the forms of units, people and the audit log share: lines, days, and the mark of what was seen.

use chrono::NaiveDate;
use khien_base::key::nfc;
use khien_base::{Fault, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// One line of a form: composed, single spaces, at most `max` characters. Fault: `code` with `max`.
pub(crate) fn line(text: &str, field: &'static str, max: usize, code: &'static str) -> Result<String> {
    let text = nfc(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    if text.chars().count() > max { Err(Fault::invalid(code).with("max", max).on(field)) } else { Ok(text) }
}

/// A day of a form (`2026-10-01`); an empty one is the given day. Fault: `units.date`.
pub(crate) fn day(text: &str, field: &'static str, otherwise: NaiveDate) -> Result<NaiveDate> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(otherwise);
    }
    let day: NaiveDate = text.parse().map_err(|_| Fault::invalid("units.date").on(field))?;
    // Nothing in the directory is older than the state or planned for the next century.
    let sound = NaiveDate::from_ymd_opt(1945, 9, 2) <= Some(day) && Some(day) < NaiveDate::from_ymd_opt(2100, 1, 1);
    if sound { Ok(day) } else { Err(Fault::invalid("units.date").on(field)) }
}

/// What an edit form carries of the values that were seen, so that two people who edit at once are told apart.
pub(crate) fn version(seen: &Value) -> String {
    let mut hash = hex::encode(Sha256::digest(seen.to_string().as_bytes()));
    hash.truncate(16);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_day() {
        let today: NaiveDate = "2026-10-01".parse().unwrap();
        assert_eq!(day("", "from", today).unwrap(), today);
        assert_eq!(day("01/10/2026", "from", today).unwrap_err().code, "units.date");
        assert_eq!(day("9999-01-01", "from", today).unwrap_err().code, "units.date");
    }

    #[test]
    fn a_line_is_composed_and_has_an_end() {
        assert_eq!(line(" Công  ty\tViễn thông ", "name", 40, "units.long").unwrap(), "Công ty Viễn thông");
        assert_eq!(line("12345", "name", 4, "units.long").unwrap_err().to_string(), "units.long max=4");
    }
}
