//! The time grammar of administrative documents: "Quý I/2026", "trước năm 2028", "2026 - 2027", "Thường xuyên".

use chrono::{Datelike, NaiveDate};

use crate::model::{Due, Every};
use crate::words::Words;

/// A time that was found, and the words that it takes up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The time.
    pub(crate) due: Due,
    /// First word.
    pub(crate) from: usize,
    /// Word after the last.
    pub(crate) to: usize,
}

/// Days from … to ….
type Days = (NaiveDate, NaiveDate);

const STANDING: [&str; 5] = ["thường xuyên", "liên tục", "hằng ngày", "hàng ngày", "lâu dài"];
const YEARLY: [&str; 9] =
    ["hằng năm", "hàng năm", "mỗi năm", "từng năm", "/ năm", "/ 1 năm", "/ 01 năm", "định kỳ năm", "một năm"];
const QUARTERLY: [&str; 6] = ["hằng quý", "hàng quý", "mỗi quý", "/ quý", "từng quý", "định kỳ quý"];
const MONTHLY: [&str; 6] = ["hằng tháng", "hàng tháng", "mỗi tháng", "/ tháng", "từng tháng", "định kỳ tháng"];
const HALF_YEARLY: [&str; 7] =
    ["6 tháng", "06 tháng", "sáu tháng", "nửa năm", "2 lần / năm", "02 lần / năm", "hai lần một năm"];
/// Words that make a point in time a deadline.
const UNTIL: [&str; 16] = [
    "đến hết",
    "đến cuối",
    "đến",
    "tới",
    "hết",
    "cuối",
    "trong",
    "vào",
    "chậm nhất",
    "chậm nhất là",
    "muộn nhất",
    "xong",
    "hoàn thành",
    "trong cả",
    "chậm nhất đến",
    "từ nay đến",
];
const BEFORE: [&str; 1] = ["trước"];
const MAINTAIN: [&str; 6] = [
    "và duy trì",
    "và các năm tiếp theo",
    "duy trì các năm",
    "và những năm tiếp theo",
    "và duy trì hằng năm",
    ", duy trì",
];

/// Reads a cell or field that holds nothing but a time ("Quý IV/2026").
pub(crate) fn read(text: &str) -> Option<Due> {
    let words = Words::new(text);
    let found = scan(&words, true);
    let best = found.iter().find(|f| matches!(f.due, Due::ReachThenMaintain { .. }));
    best.or_else(|| found.first()).map(|f| f.due.clone())
}

/// Finds the times of a sentence that are deadlines or rhythms; dates of cited documents are not.
pub(crate) fn find(text: &str) -> Vec<Found> {
    scan(&Words::new(text), false)
}

/// How often, when the words at `i` say so; with the number of words.
pub(crate) fn rhythm(words: &Words<'_>, i: usize) -> Option<(Every, usize)> {
    let half = words.any(i, &HALF_YEARLY).filter(|n| {
        // "6 tháng đầu năm 2026" is a point in time.
        !matches!(words.low(i + n), "đầu" | "cuối") && words.before(i) != "trong"
    });
    let kinds = [
        (Every::HalfYear, half),
        (Every::Year, words.any(i, &YEARLY)),
        (Every::Quarter, words.any(i, &QUARTERLY)),
        (Every::Month, words.any(i, &MONTHLY)),
    ];
    kinds.into_iter().find_map(|(every, n)| n.map(|n| (every, n)))
}

fn scan(words: &Words<'_>, alone: bool) -> Vec<Found> {
    let mut out = Vec::new();
    let mut i = 0;
    while i < words.len() {
        match one(words, i, alone) {
            Some((due, n)) => {
                out.push(Found { due, from: i, to: i + n.max(1) });
                i += n.max(1);
            }
            None => i += 1,
        }
    }
    out
}

fn one(words: &Words<'_>, i: usize, alone: bool) -> Option<(Due, usize)> {
    if let Some((due, n)) = window(words, i, alone) {
        return Some((due, n));
    }
    if let Some(n) = words.any(i, &BEFORE)
        && let Some(((from, _), m)) = point(words, i + n)
    {
        return Some((Due::By { date: from.pred_opt()? }, n + m));
    }
    if let Some(n) = words.any(i, &UNTIL)
        && let Some(((_, to), m)) = point(words, i + n)
    {
        return Some(held(words, i, n + m, to));
    }
    // A point without such a word counts where nothing else can be meant: alone, or right after a bracket.
    if (alone || words.before(i) == "(" || (i == 0 && words.low(i) == "năm"))
        && let Some(((_, to), n)) = point(words, i)
        && (alone || matches!(words.low(i + n), ")" | "và" | "," | ""))
    {
        return Some(held(words, i, n, to));
    }
    if let Some((every, n)) = rhythm(words, i) {
        return Some((Due::Recurring { every }, n));
    }
    let standing = words.any(i, &STANDING)?;
    (alone || words.before(i) == "(" || words.before(i) == "vụ").then_some((Due::Standing, standing))
}

fn held(words: &Words<'_>, i: usize, n: usize, date: NaiveDate) -> (Due, usize) {
    match words.any(i + n, &MAINTAIN) {
        Some(m) => (Due::ReachThenMaintain { date }, n + m),
        None => (Due::By { date }, n),
    }
}

/// "2026 - 2027", "giai đoạn 2026 - 2030", "từ quý I đến quý III/2026".
fn window(words: &Words<'_>, i: usize, alone: bool) -> Option<(Due, usize)> {
    let opened =
        words.any(i, &["từ", "giai đoạn", "trong giai đoạn", "trong các năm", "các năm", "trong"]).unwrap_or(0);
    if opened == 0 && !alone && words.before(i) != "(" {
        return None;
    }
    let start = i + opened;
    let (first, n) = point(words, start).or_else(|| partial(words, start))?;
    let parted = words.any(start + n, &["-", "–", "—", "đến", "tới", "đến hết", "và", "đến cuối", ","])?;
    let (last, m) = point(words, start + n + parted)?;
    let strong = words.low(start + n) != "và" && words.low(start + n) != ",";
    let (from, to) = (first.0, last.1);
    // "2026, 2027" is a window only of like parts; the order must be right.
    (from < to && (strong || n == m || n < m)).then_some((Due::Window { from, to }, opened + n + parted + m))
}

/// A quarter or month whose year comes later: "quý I đến quý III/2026", "Quý I, II/2026".
fn partial(words: &Words<'_>, i: usize) -> Option<(Days, usize)> {
    let year = (i..(i + 12).min(words.len())).find_map(|j| year(words, j))?;
    let (named, n) = match words.low(i) {
        "quý" => (quarter(words.low(i + 1)).map(|q| quarter_days(year, q)), 2),
        "tháng" => (words.number(i + 1).map(|m| month_days(year, m)), 2),
        _ => (None, 0),
    };
    Some((named??, n))
}

/// A day, month, quarter, half or year; with the number of words.
fn point(words: &Words<'_>, i: usize) -> Option<(Days, usize)> {
    let named = words.any(i, &["ngày"]).unwrap_or(0);
    let j = i + named;
    if let Some((day, n)) = date(words, j) {
        return Some(((day, day), named + n));
    }
    if named > 0 {
        return None;
    }
    match words.low(i) {
        "tháng" => {
            let (month, year, n) = of_year(words, i + 1, words.number(i + 1)?)?;
            Some((month_days(year, month)?, n + 1))
        }
        "quý" => {
            let (quarter, year, n) = of_year(words, i + 1, quarter(words.low(i + 1))?)?;
            Some((quarter_days(year, quarter)?, n + 1))
        }
        // "Quý I, II/2026": the second quarter lacks the word.
        low if i > 0 && quarter(low).is_some() && !low.bytes().all(|b| b.is_ascii_digit()) => {
            let (quarter, year, n) = of_year(words, i, quarter(low)?)?;
            Some((quarter_days(year, quarter)?, n))
        }
        "6" | "06" | "sáu" if words.low(i + 1) == "tháng" => half(words, i),
        "năm" => Some((year_days(year(words, i + 1)?)?, 2)),
        // The year of a day or month that does not exist is no year of its own.
        _ if matches!(words.before(i), "/" | ".") => None,
        _ => Some((year_days(year(words, i)?)?, 1)),
    }
}

/// "6 tháng đầu năm 2026"
fn half(words: &Words<'_>, i: usize) -> Option<(Days, usize)> {
    let skipped = usize::from(words.low(i + 3) == "năm");
    let year = year(words, i + 3 + skipped)?;
    let days = match words.low(i + 2) {
        "đầu" => (month_days(year, 1)?.0, month_days(year, 6)?.1),
        "cuối" => (month_days(year, 7)?.0, month_days(year, 12)?.1),
        _ => return None,
    };
    Some((days, 4 + skipped))
}

/// The number at `i`, then "/2026" or "năm 2026".
fn of_year(words: &Words<'_>, i: usize, value: u32) -> Option<(u32, i32, usize)> {
    let parted = words.any(i + 1, &["/", "-", "năm", "của năm", "."])?;
    Some((value, year(words, i + 1 + parted)?, 1 + parted + 1))
}

/// "20/5/2026", "20-5-2026", "20.5.2026", "20 tháng 5 năm 2026".
fn date(words: &Words<'_>, i: usize) -> Option<(NaiveDate, usize)> {
    let (day, month) = (words.number(i)?, words.number(i + 2)?);
    let parts = (words.low(i + 1), words.low(i + 3));
    let whole = matches!(parts, ("/", "/") | ("-", "-") | (".", ".") | ("tháng", "năm") | ("tháng", "/"));
    let date = NaiveDate::from_ymd_opt(year(words, i + 4)?, month, day)?;
    whole.then_some((date, 5))
}

fn year(words: &Words<'_>, i: usize) -> Option<i32> {
    let year: i32 = words.low(i).parse().ok()?;
    (2000..=2100).contains(&year).then_some(year)
}

fn quarter(text: &str) -> Option<u32> {
    match text {
        "i" | "1" | "01" | "một" => Some(1),
        "ii" | "2" | "02" | "hai" => Some(2),
        "iii" | "3" | "03" | "ba" => Some(3),
        "iv" | "4" | "04" | "bốn" | "tư" => Some(4),
        _ => None,
    }
}

fn year_days(year: i32) -> Option<Days> {
    Some((NaiveDate::from_ymd_opt(year, 1, 1)?, NaiveDate::from_ymd_opt(year, 12, 31)?))
}

fn quarter_days(year: i32, quarter: u32) -> Option<Days> {
    let last = quarter.checked_mul(3)?;
    Some((month_days(year, last.checked_sub(2)?)?.0, month_days(year, last)?.1))
}

fn month_days(year: i32, month: u32) -> Option<Days> {
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    let next = if month == 12 { NaiveDate::from_ymd_opt(year + 1, 1, 1)? } else { first.with_month(month + 1)? };
    Some((first, next.pred_opt()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn by(text: &str) -> Option<Due> {
        Some(Due::By { date: day(text) })
    }

    fn window(from: &str, to: &str) -> Option<Due> {
        Some(Due::Window { from: day(from), to: day(to) })
    }

    #[test]
    fn deadlines() {
        assert_eq!(read("Quý I/2026"), by("2026-03-31"));
        assert_eq!(read("Quý 2 năm 2026"), by("2026-06-30"));
        assert_eq!(read("hoàn thành trong quý IV/2026"), by("2026-12-31"));
        assert_eq!(read("Hoàn thành trong tháng 4/2026"), by("2026-04-30"));
        assert_eq!(read("tháng 02 năm 2028"), by("2028-02-29"));
        assert_eq!(read("trước ngày 20/5/2026"), by("2026-05-19"));
        assert_eq!(read("trước ngày 01 tháng 3 năm 2027"), by("2027-02-28"));
        assert_eq!(read("trước năm 2028"), by("2027-12-31"));
        assert_eq!(read("đến năm 2030"), by("2030-12-31"));
        assert_eq!(read("chậm nhất ngày 15-6-2026"), by("2026-06-15"));
        assert_eq!(read("6 tháng đầu năm 2027"), by("2027-06-30"));
        assert_eq!(read("2026"), by("2026-12-31"));
        assert_eq!(read("Năm 2026"), by("2026-12-31"));
    }

    #[test]
    fn windows_and_rhythms() {
        assert_eq!(read("2026 - 2027"), window("2026-01-01", "2027-12-31"));
        assert_eq!(read("Giai đoạn 2026–2030"), window("2026-01-01", "2030-12-31"));
        assert_eq!(read("từ năm 2026 đến năm 2028"), window("2026-01-01", "2028-12-31"));
        assert_eq!(read("Quý I - Quý III/2026"), window("2026-01-01", "2026-09-30"));
        assert_eq!(read("Quý II, III/2026"), window("2026-04-01", "2026-09-30"));
        assert_eq!(read("tháng 3/2026 đến tháng 6/2027"), window("2026-03-01", "2027-06-30"));
        assert_eq!(read("Thường xuyên"), Some(Due::Standing));
        for (text, every) in [
            ("Hàng năm", Every::Year),
            ("hằng quý", Every::Quarter),
            ("Hằng tháng", Every::Month),
            ("định kỳ 6 tháng", Every::HalfYear),
        ] {
            assert_eq!(read(text), Some(Due::Recurring { every }), "{text}");
        }
    }

    #[test]
    fn reached_then_held() {
        let held = Some(Due::ReachThenMaintain { date: day("2026-12-31") });
        assert_eq!(read("năm 2026 và duy trì các năm tiếp theo"), held);
        assert_eq!(find("định kỳ (năm 2026 và duy trì các năm tiếp theo).").last().map(|f| f.due.clone()), held);
    }

    #[test]
    fn dates_of_cited_documents_are_no_deadlines() {
        assert_eq!(find("Thực hiện Quyết định số 515/QĐ-TTg ngày 30/3/2026 của Thủ tướng"), []);
        assert_eq!(find("Công ước của Liên hợp quốc về chống tội phạm mạng năm 2025"), []);
        assert_eq!(find("hoàn thành trước ngày 20/5/2026; định kỳ").first().map(|f| f.due.clone()), by("2026-05-19"));
    }

    #[test]
    fn nonsense_has_no_time() {
        for text in ["", "31/02/2026", "tháng 13/2026", "quý V/2026", "ngày", "cấp độ 3", "theo quy định", "năm 1999"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
