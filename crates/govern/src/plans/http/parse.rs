//! What people type: days, numbers, lists of days and of names.

use chrono::{Datelike, NaiveDate};
use khien_base::{Fault, Id, Result};
use khien_planread::model::{Agency, DayOfYear};

use crate::plans::model::{COMPARATORS, DUES, EVERY};
use crate::plans::views::DueView;

/// Characters that a name or title may have.
const MAX_NAME: usize = 500;
/// Characters that a text may have: as long as the longest paragraph that is read.
const MAX_TEXT: usize = khien_planread::MAX_PARAGRAPH;
/// Names that one field may have.
const MAX_NAMES: usize = 60;

/// A day as `2026-06-09` or `9/6/2026`; nothing for an empty field.
pub(in crate::plans) fn day(text: &str, field: &'static str) -> Result<Option<NaiveDate>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let iso = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let day = iso.or_else(|| NaiveDate::parse_from_str(text, "%d/%m/%Y").ok());
    // A plan of the year 20026 is a slip of the finger.
    day.filter(|day| (1990..=2199).contains(&day.year()))
        .map(Some)
        .ok_or_else(|| Fault::invalid("plans.day").on(field).with("text", short(text)))
}

/// A number as `1.234,5`, `1234,5` or `1234.5`; nothing for an empty field.
pub(in crate::plans) fn number(text: &str, field: &'static str) -> Result<Option<f64>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let plain = if text.contains(',') { text.replace('.', "").replace(',', ".") } else { text.to_owned() };
    plain
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite() && number.abs() < 1e12)
        .map(Some)
        .ok_or_else(|| Fault::invalid("plans.number").on(field).with("text", short(text)))
}

/// "10/6, 30/11"
pub(in crate::plans) fn days_of_year(text: &str) -> Result<Vec<DayOfYear>> {
    let mut out = Vec::new();
    for part in text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
        let wrong = || Fault::invalid("plans.days").on("days").with("text", short(part));
        let (day, month) = part.split_once('/').ok_or_else(wrong)?;
        let day: u32 = day.trim().parse().map_err(|_| wrong())?;
        let month: u32 = month.trim().parse().map_err(|_| wrong())?;
        // 2028 has a 29 February.
        NaiveDate::from_ymd_opt(2028, month, day).ok_or_else(wrong)?;
        if out.len() >= 12 {
            return Err(wrong());
        }
        out.push(DayOfYear { day, month });
    }
    Ok(out)
}

/// Names, one a line.
pub(in crate::plans) fn names(text: &str, field: &'static str) -> Result<Vec<Agency>> {
    let mut out: Vec<Agency> = Vec::new();
    for name in text.lines().map(str::trim).filter(|name| !name.is_empty()) {
        if out.len() >= MAX_NAMES || name.chars().count() > MAX_NAME {
            return Err(Fault::invalid("plans.names").on(field).with("limit", MAX_NAMES));
        }
        let name = khien_base::key::nfc(name);
        if !out.iter().any(|known| known.name == name) {
            out.push(Agency { name, collective: false });
        }
    }
    Ok(out)
}

/// A text that must be there.
pub(in crate::plans) fn text(text: &str, field: &'static str) -> Result<String> {
    let text = khien_base::key::nfc(text.trim());
    if text.is_empty() {
        return Err(Fault::invalid("plans.text-missing").on(field));
    }
    line(&text, field)
}

/// A text that may be empty.
pub(in crate::plans) fn line(text: &str, field: &'static str) -> Result<String> {
    if text.chars().count() > MAX_TEXT {
        return Err(Fault::invalid("plans.text-long").on(field).with("limit", MAX_TEXT));
    }
    Ok(khien_base::key::nfc(text.trim()))
}

/// One of a few words; nothing for an empty field.
pub(in crate::plans) fn one_of(text: &str, words: &[&str], field: &'static str) -> Result<Option<String>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    words
        .contains(&text)
        .then(|| Some(text.to_owned()))
        .ok_or_else(|| Fault::invalid("plans.choice").on(field).with("text", short(text)))
}

/// How a value compares.
pub(in crate::plans) fn comparator(text: &str) -> Result<String> {
    one_of(text, &COMPARATORS, "comparator")?.ok_or_else(|| Fault::invalid("plans.text-missing").on("comparator"))
}

/// A period; nothing for an empty field.
pub(in crate::plans) fn every(text: &str, field: &'static str) -> Result<Option<String>> {
    one_of(text, &EVERY, field)
}

/// An identity in a form; nothing for an empty field.
pub(in crate::plans) fn id(text: &str, field: &'static str) -> Result<Option<Id>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Fault::invalid("plans.choice").on(field).with("text", short(text)))
}

/// A deadline: its kind says which of the other fields it needs.
pub(in crate::plans) fn due(kind: &str, from: &str, to: &str, every_text: &str) -> Result<DueView> {
    let Some(kind) = one_of(kind, &DUES, "due_kind")? else { return Ok(DueView::default()) };
    let missing = |field: &'static str| Fault::invalid("plans.text-missing").on(field);
    let end = || day(to, "due_to")?.ok_or_else(|| missing("due_to"));
    let mut out = DueView { kind: kind.clone(), ..DueView::default() };
    match kind.as_str() {
        "recurring" => out.every = every(every_text, "due_every")?.ok_or_else(|| missing("due_every"))?,
        "window" => {
            let (first, last) = (day(from, "due_from")?.ok_or_else(|| missing("due_from"))?, end()?);
            if first > last {
                return Err(Fault::invalid("plans.window").on("due_to"));
            }
            (out.from, out.to) = (Some(first), Some(last));
        }
        "by" | "reach_then_maintain" => out.to = Some(end()?),
        _ => {}
    }
    Ok(out)
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_numbers_as_people_type_them() {
        assert_eq!(day("9/6/2026", "x").unwrap(), day("2026-06-09", "x").unwrap());
        assert_eq!(day(" ", "x").unwrap(), None);
        assert_eq!(day("31/02/2026", "due_to").unwrap_err().field.as_deref(), Some("due_to"));
        assert_eq!(day("9/6/20026", "x").unwrap_err().code, "plans.day");
        assert_eq!(number("1.234,5", "low").unwrap(), Some(1234.5));
        assert_eq!(number("90.5", "low").unwrap(), Some(90.5));
        assert_eq!(number("nhiều", "low").unwrap_err().code, "plans.number");
        assert_eq!(number("1e99", "low").unwrap_err().code, "plans.number");
        assert_eq!(days_of_year("10/6, 30/11").unwrap().len(), 2);
        assert_eq!(days_of_year("31/6").unwrap_err().code, "plans.days");
        assert_eq!(names("Sở Y tế\n\n Sở Y tế \nCông an tỉnh", "lead").unwrap().len(), 2);
    }

    #[test]
    fn a_deadline_needs_its_days() {
        assert_eq!(due("", "", "", "").unwrap(), DueView::default());
        assert_eq!(due("by", "", "", "").unwrap_err().field.as_deref(), Some("due_to"));
        assert_eq!(due("recurring", "", "", "").unwrap_err().field.as_deref(), Some("due_every"));
        assert_eq!(due("window", "2027-01-01", "2026-01-01", "").unwrap_err().code, "plans.window");
        assert_eq!(due("someday", "", "", "").unwrap_err().code, "plans.choice");
        let window = due("window", "2026-01-01", "2027-12-31", "").unwrap();
        assert!(window.from.is_some() && window.to.is_some());
    }
}
