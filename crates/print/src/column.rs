//! What the cells of a worksheet's column are: a column of nothing but numbers can be summed, one of nothing but days
//! can be sorted. One other cell makes all of them text, so that a code such as `007` is never rewritten.

use rust_xlsxwriter::ExcelDateTime;

/// Digits of a number that Excel keeps exactly (IEEE 754 double).
const EXACT_DIGITS: usize = 15;

/// What all filled cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Anything, and a column without a filled cell.
    Text,
    /// Whole numbers without leading zeros, at most 15 digits.
    Whole,
    /// Days, `dd/mm/yyyy`.
    Day,
    /// Minutes, `hh:mm dd/mm/yyyy`.
    Minute,
}

impl Kind {
    /// The kind that all filled cells of a column share.
    pub(crate) fn of<'a>(cells: impl Iterator<Item = &'a str>) -> Self {
        let mut found = None;
        for cell in cells.filter(|cell| !cell.is_empty()) {
            let kind = Self::of_cell(cell);
            if kind == Self::Text || found.is_some_and(|before| before != kind) {
                return Self::Text;
            }
            found = Some(kind);
        }
        found.unwrap_or(Self::Text)
    }

    fn of_cell(cell: &str) -> Self {
        if whole(cell).is_some() {
            Self::Whole
        } else if day(cell).is_some() {
            Self::Day
        } else if minute(cell).is_some() {
            Self::Minute
        } else {
            Self::Text
        }
    }

    /// The number format of the column's cells (ECMA-376 §18.8.31). Whole numbers have no separators: they may be codes.
    pub(crate) fn format(self) -> &'static str {
        match self {
            Self::Text => "@",
            Self::Whole => "0",
            Self::Day => "dd/mm/yyyy",
            Self::Minute => "hh:mm dd/mm/yyyy",
        }
    }
}

/// A whole number that Excel keeps as it is written.
pub(crate) fn whole(cell: &str) -> Option<f64> {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let plain = !digits.is_empty() && digits.len() <= EXACT_DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
    if !plain || cell == "-0" || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    cell.parse().ok()
}

/// A day as Khiên writes it; Excel counts from 1900.
pub(crate) fn day(cell: &str) -> Option<ExcelDateTime> {
    let shape = cell.len() == 10
        && cell.bytes().enumerate().all(|(n, b)| match n {
            2 | 5 => b == b'/',
            _ => b.is_ascii_digit(),
        });
    let (day, month, year) = (cell.get(..2)?, cell.get(3..5)?, cell.get(6..)?);
    if !shape {
        return None;
    }
    ExcelDateTime::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// A minute as Khiên writes it.
pub(crate) fn minute(cell: &str) -> Option<ExcelDateTime> {
    let (time, date) = cell.split_once(' ')?;
    let (hour, minute) = time.split_once(':')?;
    if hour.len() != 2 || minute.len() != 2 {
        return None;
    }
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    // Excel counts durations of more hours than a day has.
    let hour = digits(hour).filter(|hour| *hour < 24)?;
    day(date)?.and_hms(hour, u8::try_from(digits(minute)?).ok()?, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(cells: &[&str]) -> Kind {
        Kind::of(cells.iter().copied())
    }

    #[test]
    fn a_column_is_what_all_its_filled_cells_are() {
        assert_eq!(kind(&["40", "", "0", "-3"]), Kind::Whole);
        assert_eq!(kind(&["01/07/2025", ""]), Kind::Day);
        assert_eq!(kind(&["10:50 22/11/2026"]), Kind::Minute);
        assert_eq!(kind(&["24", "07210"]), Kind::Text, "a code with a leading zero keeps all of them as they are");
        assert_eq!(kind(&["1", "01/07/2025"]), Kind::Text);
        assert_eq!(kind(&["", ""]), Kind::Text);
    }

    #[test]
    fn what_excel_would_change_stays_text() {
        for cell in [
            "1234567890123456",
            "-0",
            "1,5",
            "1e5",
            "+84",
            " 1",
            "31/02/2026",
            "1/7/2025",
            "22/11/2026 ",
            "25:00 22/11/2026",
            "+1:00 22/11/2026",
            "١٢",
            "2026-11-22",
        ] {
            assert_eq!(kind(&[cell]), Kind::Text, "{cell}");
        }
    }
}
