//! What stands at the head and the foot of a document: number, day, kind, title, issuer, signer.
//!
//! The places of these parts are fixed by NĐ 30/2020/NĐ-CP, Phụ lục I.

use chrono::NaiveDate;
use khien_base::key::key;

use crate::model::Heading;
use crate::outline::{Line, Outline, Section};
use crate::words::{Words, sentences};

/// Kinds of documents that can carry a plan, and how they are written in a sentence.
const KINDS: [&str; 9] = [
    "Kế hoạch",
    "Chương trình hành động",
    "Chương trình",
    "Đề án",
    "Phương án",
    "Quyết định",
    "Chỉ thị",
    "Nghị quyết",
    "Hướng dẫn",
];

/// Reads them; what the document lacks stays empty.
pub(crate) fn read(outline: &Outline) -> Heading {
    let mut out = Heading::default();
    let opening: Vec<&Line> = outline.lines.iter().take_while(|l| !opens_body(l)).collect();
    let kind = opening.iter().position(|l| kind(&l.text).is_some());
    for line in opening.iter().take(kind.unwrap_or(opening.len())) {
        if out.number.is_empty()
            && let Some(number) = number(&line.text)
        {
            out.number = number;
        }
        if out.place.is_empty()
            && let Some((place, month, day)) = place_and_day(&line.text)
        {
            (out.place, out.issued_month, out.issued) = (place, month, day);
        }
    }
    let Some(at) = kind else { return out };
    out.kind = opening.get(at).and_then(|l| self::kind(&l.text)).unwrap_or_default().to_owned();
    let title: Vec<&str> =
        opening.iter().skip(at + 1).map(|l| l.text.as_str()).take_while(|t| !t.ends_with([':', ';', '.'])).collect();
    out.title = title.join(" ");
    let grounds = opening.iter().skip(at + 1 + title.len());
    out.issuer = grounds.flat_map(|l| sentences(&l.text)).find_map(issuer).unwrap_or_default();
    out.signer = signer(outline);
    out
}

/// Whether the first section begins here.
fn opens_body(line: &Line) -> bool {
    line.heading && (!line.above.is_empty() || line.section != Section::Opening) || line.section == Section::Closing
}

/// The kind that a line alone names ("KẾ HOẠCH").
pub(crate) fn kind(text: &str) -> Option<&'static str> {
    if text.len() > 60 {
        return None;
    }
    let said = key(text);
    KINDS.into_iter().find(|k| key(k) == said)
}

/// "Số: 355 /KH-UBND"
fn number(text: &str) -> Option<String> {
    let rest = text.strip_prefix("Số").or_else(|| text.strip_prefix("SỐ"))?;
    let rest = rest.trim_start().trim_start_matches(':');
    let tight: String = rest.chars().filter(|c| !c.is_whitespace() && !matches!(c, '…' | '_')).collect();
    let tight = tight.trim_matches('.').replace("...", "");
    tight.contains('/').then_some(tight)
}

/// Where, in which month, on which day.
type PlaceAndDay = (String, Option<(i32, u32)>, Option<NaiveDate>);

/// "Huế, ngày 22 tháng 6 năm 2026"; drafts leave the day blank ("ngày tháng 5 năm 2026").
fn place_and_day(text: &str) -> Option<PlaceAndDay> {
    let (place, rest) = text.split_once(',')?;
    let words = Words::new(rest);
    if words.low(0) != "ngày" || words.len() > 14 {
        return None;
    }
    let (month, _) = words.find(0, &["tháng"])?;
    let (year, _) = words.find(0, &["năm"])?;
    let day = words.number(1).filter(|_| month == 2);
    let (month, year) = (words.number(month + 1), words.number(year + 1).and_then(|y| i32::try_from(y).ok()));
    let month = month.filter(|m| (1..=12).contains(m));
    let whole = year.zip(month).zip(day).and_then(|((y, m), d)| NaiveDate::from_ymd_opt(y, m, d));
    Some((place.trim().to_owned(), year.zip(month), whole))
}

/// The subject of "… ban hành kế hoạch …".
fn issuer(sentence: &str) -> Option<String> {
    let low = sentence.to_lowercase();
    // Lower case may change the length of a few letters; then the place in the text is not known.
    if low.len() != sentence.len() {
        return None;
    }
    let verb = KINDS.iter().find_map(|k| low.rfind(&format!(" ban hành {}", k.to_lowercase())))?;
    let before = sentence.get(..verb)?;
    let subject = before.rsplit([',', ';', ')']).next().unwrap_or(before).trim();
    (!subject.is_empty()).then(|| subject.to_owned())
}

/// The last name under the signature: not in capitals, not a recipient.
fn signer(outline: &Outline) -> String {
    let foot = outline.lines.iter().filter(|l| l.section == Section::Closing);
    let mut names = foot.filter(|l| {
        let words = Words::new(&l.text);
        let lower = l.text.chars().any(char::is_lowercase);
        let plain = l.text.chars().all(|c| c.is_alphabetic() || c == ' ' || c == '.');
        lower
            && plain
            && (2..=8).contains(&words.len())
            && (0..words.len()).all(|i| words.capital(i) || words.low(i) == ".")
    });
    names.next_back().map(|l| l.text.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_and_day_as_written() {
        assert_eq!(number("Số: 355 /KH-UBND").as_deref(), Some("355/KH-UBND"));
        assert_eq!(number("Số:      /KH-UBND").as_deref(), Some("/KH-UBND"));
        assert_eq!(number("Số:....../KH-UBND").as_deref(), Some("/KH-UBND"));
        let day = NaiveDate::from_ymd_opt(2026, 6, 22);
        assert_eq!(place_and_day("Huế, ngày 22 tháng 6 năm 2026"), Some(("Huế".into(), Some((2026, 6)), day)));
        assert_eq!(place_and_day("Bắc Ninh, ngày tháng 5 năm 2026"), Some(("Bắc Ninh".into(), Some((2026, 5)), None)));
        assert_eq!(place_and_day("Căn cứ Luật, ngày mai"), None);
    }

    #[test]
    fn the_issuer_is_who_issues() {
        let text = "(gọi tắt là Đề án), UBND thành phố Huế ban hành kế hoạch triển khai như sau:";
        assert_eq!(issuer(text).as_deref(), Some("UBND thành phố Huế"));
    }
}
