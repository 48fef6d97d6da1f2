//! A document as it stands on paper: every text exactly as it is printed, without fonts and places.
//!
//! Made once from a [`Document`] and laid out by both writers, so that the Word file and the PDF never differ in a
//! word. Source of the rules: NĐ 30/2020/NĐ-CP, Phụ lục I, phần I, mục II.

use chrono::{Datelike, NaiveDate};
use khien_base::Result;
use khien_base::ports::{Appendix, Block, Column, Document};
use serde::Serialize;

use crate::clean;
use crate::layout::{Layout, MOTTO, NATION, points};
use crate::width::{self, Face};

/// A line under a text is this part of the text's length; the decree says one third to one half.
const RULE: f64 = 0.42;

/// Words with more characters than this break anywhere, and their paragraphs are not justified.
const LONG_WORD: usize = 23;

/// The printed texts of a document.
#[derive(Debug, Serialize)]
pub(crate) struct Form {
    pub(crate) layout: Layout,
    /// Name of the file inside the PDF: kind and trích yếu.
    pub(crate) title: String,
    /// `yyyy-mm-dd`, for the file's own record.
    pub(crate) day: Option<String>,
    pub(crate) nation: String,
    pub(crate) motto: String,
    /// Length of the line under the motto, in points: as long as the motto.
    pub(crate) motto_rule: f64,
    pub(crate) superior: Vec<String>,
    pub(crate) issuer: Vec<String>,
    pub(crate) issuer_rule: f64,
    pub(crate) number: String,
    /// "V/v …", of a letter, which has no kind.
    pub(crate) about: String,
    pub(crate) place_date: String,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) subject_rule: f64,
    pub(crate) to: Vec<String>,
    /// From the start of "Kính gửi:" to its colon, in points.
    pub(crate) to_colon: f64,
    pub(crate) bases: Vec<String>,
    pub(crate) body: Vec<Part>,
    pub(crate) recipients: Vec<String>,
    pub(crate) authority: Vec<String>,
    pub(crate) post: String,
    pub(crate) signer: String,
    pub(crate) appendixes: Vec<Annex>,
}

/// An appendix.
#[derive(Debug, Serialize)]
pub(crate) struct Annex {
    /// "Phụ lục", with a Roman number when there are two or more.
    pub(crate) head: String,
    pub(crate) title: String,
    pub(crate) attached_to: String,
    pub(crate) body: Vec<Part>,
}

/// A part of the body.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "part")]
pub(crate) enum Part {
    /// A heading; `centred` for Phần and Chương.
    Heading { level: u8, centred: bool, text: String },
    /// A paragraph; `ragged` ones are not justified.
    Paragraph { ragged: bool, text: String },
    /// A label with its colon and a value; an empty value is a dotted line.
    Field { ragged: bool, label: String, value: String },
    /// A table.
    Table { size: f64, columns: Vec<Head>, rows: Vec<Row> },
}

/// A column's heading.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Head {
    pub(crate) title: String,
    /// Part of the table's width; all columns make 1.
    pub(crate) share: f64,
    pub(crate) align: Align,
}

/// Where the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Align {
    Left,
    Center,
    Right,
}

/// A row: one cell per column, or a group heading over all.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "row")]
pub(crate) enum Row {
    /// Over all columns.
    Group { text: String },
    /// Lines of each cell.
    Cells { cells: Vec<Vec<String>> },
}

impl Form {
    /// The form of a document that is within the limits.
    pub(crate) fn of(d: &Document) -> Result<Self> {
        let layout = Layout::NATIONAL;
        let issuer_room = points(layout.issuer_width - 4.0);
        let capitals = |text: &str, face| -> Vec<String> {
            let lines = clean::lines(text);
            lines.iter().flat_map(|l| width::cut(&l.to_uppercase(), face, layout.issuer, issuer_room)).collect()
        };
        let issuer = capitals(&d.issuer, Face::Bold);
        let kind = clean::line(&d.kind).to_uppercase();
        let subject = clean::line(&d.subject);
        let (about, subject) =
            if kind.is_empty() { (letter_subject(&subject), String::new()) } else { (String::new(), subject) };
        let mut body = parts(&d.body);
        close(&mut body);
        let count = d.appendixes.len();
        Ok(Self {
            layout,
            title: [kind.as_str(), subject.as_str(), about.as_str()].join(" ").trim().to_owned(),
            day: d.date.map(|day| day.to_string()),
            nation: NATION.to_owned(),
            motto: MOTTO.to_owned(),
            motto_rule: width::of(MOTTO, Face::Bold, layout.motto),
            superior: capitals(&d.superior, Face::Regular),
            issuer_rule: RULE * widest(&issuer, layout.issuer),
            issuer,
            number: number(&clean::line(&d.number)),
            about,
            place_date: place_date(&clean::line(&d.place), d.date),
            subject_rule: RULE * width::of(&subject, Face::Bold, layout.title).min(points(layout.text_width())),
            kind,
            subject,
            to: addressees(&d.to),
            to_colon: width::of("Kính gửi", Face::Regular, layout.body),
            bases: listed(d.bases.iter().map(|b| clean::without_sign(b)), ""),
            body,
            recipients: listed(d.recipients.iter().map(|r| clean::without_dash(r)), "- "),
            authority: clean::lines(&d.authority.to_uppercase()),
            post: clean::line(&d.post).to_uppercase(),
            signer: clean::line(&d.signer),
            appendixes: d.appendixes.iter().enumerate().map(|(n, a)| annex(a, n, count)).collect(),
        })
    }
}

fn widest(lines: &[String], size: f64) -> f64 {
    lines.iter().map(|l| width::of(l, Face::Bold, size)).fold(0.0, f64::max)
}

/// "Số: 05/BC-CAT": numbers below 10 have two digits (khoản 3); what is blank leaves room for the clerk's hand.
fn number(text: &str) -> String {
    let text = text.strip_prefix("Số:").unwrap_or(text).trim();
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    match digits {
        0 if text.is_empty() => "Số:          /".to_owned(),
        0 if text.starts_with('/') => format!("Số:          {text}"),
        1 => format!("Số: 0{text}"),
        _ => format!("Số: {text}"),
    }
}

/// "Bắc Ninh, ngày 05 tháng 01 năm 2026": days below 10 and months 1 and 2 have two digits (khoản 4).
fn place_date(place: &str, date: Option<NaiveDate>) -> String {
    let place = if place.is_empty() { "……………" } else { place };
    match date {
        None => format!("{place}, ngày … tháng … năm …"),
        Some(day) => {
            let month = if day.month() <= 2 { format!("{:02}", day.month()) } else { day.month().to_string() };
            format!("{place}, ngày {:02} tháng {month} năm {}", day.day(), day.year())
        }
    }
}

/// Trích yếu of a letter, "V/v …" (khoản 5).
fn letter_subject(subject: &str) -> String {
    match subject {
        "" => String::new(),
        s if s.to_lowercase().starts_with("v/v") => s.to_owned(),
        s => format!("V/v {s}"),
    }
}

/// One addressee stands beside "Kính gửi:"; more stand under each other, with dashes and closing signs (khoản 9).
fn addressees(to: &[String]) -> Vec<String> {
    let names: Vec<String> = to
        .iter()
        .map(|t| clean::without_dash(t))
        .map(|t| t.strip_prefix("Kính gửi").map_or(t.clone(), |rest| rest.trim_start_matches([':', ' ']).to_owned()))
        .filter(|t| !t.is_empty())
        .collect();
    if names.len() > 1 { listed(names.into_iter(), "- ") } else { names }
}

/// Items that end with ";", the last with ".".
fn listed(items: impl Iterator<Item = String>, dash: &str) -> Vec<String> {
    let items: Vec<String> = items.filter(|i| !i.is_empty()).collect();
    let last = items.len().saturating_sub(1);
    items.iter().enumerate().map(|(n, i)| format!("{dash}{i}{}", if n == last { "." } else { ";" })).collect()
}

/// The body ends with "./." when it ends with a sentence, as the samples of Phụ lục III do.
fn close(body: &mut [Part]) {
    if let Some(Part::Paragraph { text, .. }) = body.last_mut()
        && !text.ends_with("./.")
        && text.ends_with(|c: char| c == '.' || c.is_alphanumeric())
    {
        text.truncate(text.trim_end_matches('.').len());
        text.push_str("./.");
    }
}

fn parts(body: &[Block]) -> Vec<Part> {
    let mut out = Vec::with_capacity(body.len());
    for block in body {
        match block {
            Block::Heading { level, text } => out.push(heading(*level, &clean::line(text))),
            Block::Paragraph { text } => out.extend(clean::lines(text).into_iter().map(paragraph)),
            Block::Field { label, value } => {
                let label = clean::line(label);
                let label = format!("{}:", label.trim_end_matches([':', ' ']));
                let mut lines = clean::lines(value).into_iter();
                let value = lines.next().unwrap_or_default();
                out.push(Part::Field { ragged: value.is_empty() || holds_long_word(&value), label, value });
                out.extend(lines.map(paragraph));
            }
            Block::Table { columns, rows } => out.push(table(columns, rows)),
        }
    }
    out
}

fn paragraph(text: String) -> Part {
    Part::Paragraph { ragged: holds_long_word(&text), text }
}

/// Whether a word (a hash, an address) is so long that the line before it would be stretched ugly.
fn holds_long_word(text: &str) -> bool {
    text.split(' ').any(|word| word.chars().nth(LONG_WORD).is_some())
}

fn heading(level: u8, text: &str) -> Part {
    let text = if level == 1 { text.to_uppercase() } else { text.to_owned() };
    let centred = level == 1 && (text.starts_with("PHẦN ") || text.starts_with("CHƯƠNG "));
    Part::Heading { level, centred, text }
}

fn table(columns: &[Column], rows: &[Vec<String>]) -> Part {
    let all: f64 = columns.iter().map(|c| f64::from(c.width.max(1))).sum();
    let head = |c: &Column| {
        let title = clean::line(&c.title);
        let ordinal = matches!(title.to_uppercase().as_str(), "STT" | "TT" | "SỐ TT");
        let align = match (ordinal, c.number) {
            (true, _) => Align::Center,
            (false, true) => Align::Right,
            (false, false) => Align::Left,
        };
        Head { title, share: f64::from(c.width.max(1)) / all, align }
    };
    let row = |cells: &Vec<String>| match cells.as_slice() {
        [text] if columns.len() > 1 => Row::Group { text: clean::line(text) },
        cells => Row::Cells { cells: cells.iter().map(|c| clean::lines(c)).collect() },
    };
    let l = Layout::NATIONAL;
    Part::Table {
        size: if columns.len() > Layout::WIDE { l.wide_table } else { l.table },
        columns: columns.iter().map(head).collect(),
        rows: rows.iter().map(row).collect(),
    }
}

fn annex(a: &Appendix, n: usize, count: usize) -> Annex {
    let attached = clean::line(&a.attached_to);
    let attached = if attached.is_empty() || attached.starts_with('(') { attached } else { format!("({attached})") };
    Annex {
        head: if count > 1 { format!("Phụ lục {}", roman(n + 1)) } else { "Phụ lục".to_owned() },
        title: clean::line(&a.title).to_uppercase(),
        attached_to: attached,
        body: parts(&a.body),
    }
}

fn roman(mut n: usize) -> String {
    const SIGNS: [(usize, &str); 9] =
        [(100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")];
    let mut out = String::new();
    for (value, sign) in SIGNS {
        while n >= value {
            out.push_str(sign);
            n -= value;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(y: i32, m: u32, d: u32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(y, m, d)
    }

    #[test]
    fn days_below_ten_and_the_first_two_months_have_two_digits() {
        assert_eq!(place_date("Bắc Ninh", day(2026, 1, 5)), "Bắc Ninh, ngày 05 tháng 01 năm 2026");
        assert_eq!(place_date("Huế", day(2026, 2, 28)), "Huế, ngày 28 tháng 02 năm 2026");
        assert_eq!(place_date("Huế", day(2026, 3, 9)), "Huế, ngày 09 tháng 3 năm 2026");
        assert_eq!(place_date("Huế", day(2026, 12, 10)), "Huế, ngày 10 tháng 12 năm 2026");
        assert_eq!(place_date("Huế", None), "Huế, ngày … tháng … năm …");
    }

    #[test]
    fn numbers_below_ten_have_two_digits_and_a_blank_leaves_room() {
        assert_eq!(number("5/BC-CAT"), "Số: 05/BC-CAT");
        assert_eq!(number("125/BC-CAT"), "Số: 125/BC-CAT");
        assert_eq!(number("/BC-CAT"), "Số:          /BC-CAT");
    }

    #[test]
    fn lists_get_their_closing_signs_once() {
        let bases = ["Luật An ninh mạng;".to_owned(), "Nghị định số 331/2026/NĐ-CP.".to_owned()];
        let printed = listed(bases.iter().map(|b| clean::without_sign(b)), "");
        assert_eq!(printed, ["Luật An ninh mạng;", "Nghị định số 331/2026/NĐ-CP."]);
    }

    #[test]
    fn one_addressee_stands_in_line_and_two_in_a_list() {
        assert_eq!(addressees(&["Kính gửi: Bộ Công an.".to_owned()]), ["Bộ Công an"]);
        assert_eq!(addressees(&["A".to_owned(), "- B;".to_owned()]), ["- A;", "- B."]);
    }

    #[test]
    fn the_body_closes_with_its_sign_once() {
        for (text, printed) in [("Xin báo cáo.", "Xin báo cáo./."), ("Hết./.", "Hết./."), ("Gồm:", "Gồm:")]
        {
            let mut body = vec![paragraph(text.to_owned())];
            close(&mut body);
            assert_eq!(body, [paragraph(printed.to_owned())]);
        }
    }

    #[test]
    fn appendixes_have_roman_numbers() {
        assert_eq!([1, 4, 9, 14, 40].map(roman), ["I", "IV", "IX", "XIV", "XL"]);
    }
}
