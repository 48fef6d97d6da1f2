//! Pieces of work: items of the tasks section, duties by agency, rows of an appendix.

use std::ops::Range;

use crate::agencies;
use crate::due;
use crate::marker::DASH;
use crate::model::{Agency, Due, Origin, Task};
use crate::outline::{Line, Outline, Section};
use crate::words::Words;

/// A task and the line that it came from.
pub(crate) struct Work {
    /// The task.
    pub(crate) task: Task,
    /// Its line; `None` for a table row.
    pub(crate) line: Option<usize>,
    /// Where in the document, to put tasks of lines and of rows in order.
    pub(crate) block: usize,
    /// The text with its stops and its time, as written.
    pub(crate) written: String,
}

/// What a line such as "- Cơ quan chủ trì: Sở Nội vụ;" fills.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Lead,
    Coordinate,
    Time,
    Else,
}

/// Finds the tasks that stand in paragraphs.
pub(crate) fn read(outline: &Outline) -> Vec<Work> {
    let mut out: Vec<Work> = Vec::new();
    // Units above the field lines that follow them.
    let mut waiting: Vec<usize> = Vec::new();
    let mut filled = false;
    let mut folded: Option<usize> = None;
    for (i, line) in outline.lines.iter().enumerate() {
        if let Some((field, value)) = in_tasks(line).then(|| field(line)).flatten() {
            if waiting.is_empty() && !filled {
                waiting.extend(heading_as_unit(outline, i, &mut out));
            }
            filled = true;
            for at in &waiting {
                if let Some(work) = out.get_mut(*at) {
                    fill(&mut work.task, field, value);
                }
            }
            continue;
        }
        if filled || line.heading {
            waiting.clear();
            filled = false;
        }
        if folded.is_some_and(|f| belongs(outline, f, i)) {
            continue;
        }
        folded = None;
        if !is_work(outline, i, line) {
            continue;
        }
        let (text, parts) = whole(outline, i);
        if parts {
            folded = Some(i);
        }
        for range in twice(&text) {
            waiting.push(out.len());
            out.push(work(outline, i, &text, range));
        }
    }
    out
}

fn in_tasks(line: &Line) -> bool {
    matches!(line.section, Section::Tasks | Section::Organisation | Section::Appendix)
}

/// Whether line `i` is one of the parts of the enumeration that line `from` opens.
fn belongs(outline: &Outline, from: usize, i: usize) -> bool {
    let (Some(head), Some(line)) = (outline.line(from), outline.line(i)) else { return false };
    line.above.contains(&from) || head.marker.is_none() && line.above == head.above && dashed(line)
}

fn dashed(line: &Line) -> bool {
    line.marker.as_ref().is_some_and(|m| m.rank >= DASH)
}

/// Whether a line is something to do.
fn is_work(outline: &Outline, i: usize, line: &Line) -> bool {
    let low = line.body.to_lowercase();
    if line.heading || Words::new(&low).len() < 3 {
        return false;
    }
    match line.section {
        Section::Tasks | Section::Organisation => {}
        // An appendix in prose: its numbered and dashed items; its title and notes are none.
        Section::Appendix if line.marker.is_some() && line.above.len() > 1 => {}
        // Elsewhere only a duty that begins with who has it.
        Section::Other if line.marker.is_some() => return opens_with_agency(&line.body) && !money(&low),
        _ => return false,
    }
    let refers = low.contains("phụ lục") && Words::new(&low).len() <= 14;
    let names = line.marker.is_none() && line.body.ends_with(':') && opens_with_agency(&line.body);
    !(money(&low) || refers || names || appeal(&low) || trouble(&low) || only_a_title(outline, i, line))
}

fn opens_with_agency(text: &str) -> bool {
    let words = Words::new(text);
    agencies::end(&words, 0).is_some_and(|to| to < words.len())
}

/// Where the money comes from is no task.
fn money(low: &str) -> bool {
    ["kinh phí ", "nguồn ngân sách", "nguồn kinh phí", "nguồn vốn", "nguồn lực tài chính ", "ngân sách nhà nước bố trí"]
        .iter()
        .any(|m| low.starts_with(m))
}

/// "Yêu cầu các sở, ban, ngành … nghiêm túc triển khai thực hiện Kế hoạch này."
fn appeal(low: &str) -> bool {
    let asks = low.starts_with("yêu cầu ")
        || low.starts_with("đề nghị ")
        || low.contains(", đề nghị ")
        || low.contains(", yêu cầu ");
    let closing =
        ["nghiêm túc", "tổ chức triển khai thực hiện", "triển khai thực hiện kế hoạch này", "tổ chức thực hiện"];
    asks && Words::new(low).len() <= 60 && closing.iter().any(|c| low.contains(c))
}

/// "Trong quá trình thực hiện, nếu có khó khăn, vướng mắc …": a duty to report, no work of its own.
pub(crate) fn trouble(low: &str) -> bool {
    let opens = low.starts_with("trong quá trình") || low.starts_with("quá trình") || low.starts_with("nếu ");
    opens
        && (low.contains(" nếu ") || low.starts_with("nếu ") || low.contains("vướng mắc"))
        && (low.contains("báo cáo") || low.contains("phản ánh") || low.contains("đề xuất"))
}

/// A numbered line without a sentence, over field lines only, is made a unit when the fields come.
fn only_a_title(outline: &Outline, i: usize, line: &Line) -> bool {
    let next_is_field = outline.line(i + 1).is_some_and(|next| field(next).is_some() && next.above.contains(&i));
    line.marker.is_some() && next_is_field && !line.body.ends_with('.')
}

/// The heading right above field lines, when nothing else stands between: it is the work itself.
fn heading_as_unit(outline: &Outline, i: usize, out: &mut Vec<Work>) -> Option<usize> {
    let parent = *outline.line(i)?.above.last()?;
    let text = outline.line(parent)?.text.clone();
    out.push(work(outline, parent, &text, 0..text.len()));
    Some(out.len() - 1)
}

/// Bytes of an item with its parts; the longest real one has 2,000.
const MAX_FOLDED: usize = 40_000;

/// The item with the parts that its colon announces; and whether it has any.
fn whole(outline: &Outline, i: usize) -> (String, bool) {
    let Some(line) = outline.line(i) else { return (String::new(), false) };
    let mut text = line.text.clone();
    if !line.body.ends_with(':') {
        return (text, false);
    }
    let mut any = false;
    for (at, part) in outline.lines.iter().enumerate().skip(i + 1).take_while(|(at, _)| belongs(outline, i, *at)) {
        any |= at > i;
        if text.len() > MAX_FOLDED {
            break;
        }
        text.push(' ');
        text.push_str(&part.text);
    }
    (text, any)
}

/// An item with two times in brackets is two pieces of work: "… (trong tháng 4/2026); … (thường xuyên)."
fn twice(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut from = 0;
    for (at, _) in text.match_indices(')') {
        let rest = text.get(at + 1..).unwrap_or("");
        let more = rest.trim_start_matches([';', '.', ',', ' ']);
        if rest.starts_with([';', '.'])
            && !more.is_empty()
            && bracket(text.get(from..=at).unwrap_or("")).is_some()
            && bracket(more).is_some()
        {
            out.push(from..at + 2);
            from = text.len() - more.len();
        }
    }
    out.push(from..text.len());
    out
}

/// The time in brackets at the end of a text, and the byte where its bracket opens.
fn bracket(text: &str) -> Option<(usize, &str)> {
    let end = text.trim_end_matches(['.', ';', '/', ' ', ',']);
    let inner = end.strip_suffix(')')?;
    // A time is short; looking no further back keeps a long text of brackets cheap.
    let (open, _) = inner.char_indices().rev().take(160).find(|(_, c)| *c == '(')?;
    let inner = inner.get(open + 1..)?.trim();
    (Words::new(inner).len() <= 20 && due::read(inner).is_some()).then_some((open, inner))
}

/// Makes the task of a part of line `i`'s text.
fn work(outline: &Outline, i: usize, text: &str, range: Range<usize>) -> Work {
    let part = text.get(range.clone()).unwrap_or("").trim();
    let line = outline.line(i);
    let marker = line.and_then(|l| l.marker.as_ref());
    let skip = if range.start == 0 { marker.map_or(0, |m| m.body) } else { 0 };
    let mut body = part.get(skip..).unwrap_or(part);
    let (mut lead, run_in) = run_in(body);
    if let Some(after) = run_in {
        body = after;
    }
    let bracketed = bracket(body).map(|(open, time)| (open, time.to_owned()));
    let time = bracketed.as_ref().map(|(_, time)| time.clone());
    let shown = body.get(..bracketed.map_or(body.len(), |b| b.0)).unwrap_or(body);
    if lead.is_empty() {
        lead = self::lead(outline, i, shown, marker.is_some());
    }
    let coordinate = if lead.is_empty() { Vec::new() } else { agencies::partners(shown) };
    let (due, due_text) = match time {
        Some(time) => (due::read(&time), time),
        None => governed(shown).or_else(|| inherited(outline, i)).map_or((None, String::new()), |(d, t)| (Some(d), t)),
    };
    let group = line.and_then(|l| l.above.iter().rev().find_map(|a| outline.line(*a).filter(|l| l.heading)));
    let origin = line.map_or_else(Origin::default, |_| outline.origin(i, part));
    Work {
        block: origin.block,
        line: Some(i),
        written: body.trim().to_owned(),
        task: Task {
            origin,
            group: group.map(|l| l.text.clone()).unwrap_or_default(),
            number: marker.map(|m| m.number.clone()).unwrap_or_default(),
            text: finish(shown),
            lead,
            coordinate,
            due,
            due_text,
        },
    }
}

/// Without the marks at its end ("; ", ".", "./.").
pub(crate) fn finish(text: &str) -> String {
    text.trim().trim_end_matches(['.', ';', '/', ' ', ',']).to_owned()
}

/// "6. Sở Tài chính: Tham mưu …": who, and the rest.
fn run_in(body: &str) -> (Vec<Agency>, Option<&str>) {
    let Some((who, rest)) = body.split_once(':') else { return (Vec::new(), None) };
    let words = Words::new(who);
    let named = agencies::heads(who) && words.len() <= 40 && !rest.trim().is_empty();
    // All of it must be names: "Các cơ quan thực hiện: …" has a verb.
    let all = agencies::end(&words, 0).is_some_and(|to| to == words.len());
    if named && all { (agencies::list(who), Some(rest.trim_start())) } else { (Vec::new(), None) }
}

/// Who leads: whoever a paragraph says "chủ trì" of, else the heading, else whoever opens the item.
fn lead(outline: &Outline, i: usize, body: &str, marked: bool) -> Vec<Agency> {
    let words = Words::new(body);
    let subject = agencies::end(&words, 0);
    let leads = subject.is_some_and(|to| words.at(to, "chủ trì").is_some());
    let above = outline.line(i).map(|l| l.above.as_slice()).unwrap_or_default();
    let heading = || {
        let heads = above.iter().rev().filter_map(|a| outline.line(*a));
        let named = heads.filter(|l| l.section == Section::Organisation && agencies::heads(&l.body));
        named.map(|l| agencies::of_heading(&l.body)).next().unwrap_or_default()
    };
    if leads {
        return agencies::actors(body);
    }
    let heading = heading();
    if !heading.is_empty() {
        return heading;
    }
    if marked || subject.is_some() { agencies::actors(body) } else { Vec::new() }
}

/// A deadline in the sentence; else a rhythm that governs its first duty.
fn governed(body: &str) -> Option<(Due, String)> {
    let words = Words::new(body);
    let found = due::find(body);
    let text = |f: &due::Found| words.span(f.from, f.to).to_owned();
    let deadline = found.iter().find(|f| !matches!(f.due, Due::Recurring { .. } | Due::Standing));
    if let Some(f) = deadline {
        return Some((f.due.clone(), text(f)));
    }
    // Only before the first stop, and not after a noun ("chương trình công tác hằng năm").
    let stop = (0..words.len()).find(|i| matches!(words.low(*i), ";" | "." | ":")).unwrap_or(words.len());
    let agency = agencies::end(&words, 0).unwrap_or(0);
    let opening = |i: usize| i == 0 || words.at(0, "định kỳ") == Some(i) || i == agency;
    let governs = |i: usize| i < stop && (opening(i) || leads_to(&words, i) || follows_verb(&words, i));
    let rhythm = found.into_iter().find(|f| governs(f.from));
    if let Some(f) = rhythm {
        return Some((f.due.clone(), text(&f)));
    }
    let standing = (0..stop).find(|i| words.at(*i, "thường xuyên").is_some() && governs(*i))?;
    Some((Due::Standing, words.span(standing, standing + 2).to_owned()))
}

/// Whether the words at `i` stand between the subject with its partners and the first verb.
fn leads_to(words: &Words<'_>, i: usize) -> bool {
    let Some((with, n)) = words.find(0, &["phối hợp"]) else { return false };
    let after = with + n + words.any(with + n, &["với", "cùng"]).unwrap_or(0);
    with < 14 && agencies::end(words, after) == Some(i)
}

/// Work that can be done again and again.
const REPEATED: [&str; 16] = [
    "đánh giá",
    "bồi dưỡng",
    "đào tạo",
    "tập huấn",
    "kiểm tra",
    "giám sát",
    "diễn tập",
    "rà soát",
    "cập nhật",
    "tuyên truyền",
    "huấn luyện",
    "tổ chức",
    "sơ kết",
    "tổng kết",
    "thực hiện",
    "phổ biến",
];
/// Nouns that take a rhythm to themselves: "kế hoạch đào tạo hằng năm" is a yearly plan, not a yearly duty.
const TAKES: [&str; 9] =
    ["kế hoạch", "chương trình", "dự toán", "báo cáo", "công tác", "ngân sách", "kinh phí", "nhiệm vụ", "nhu cầu"];

/// Whether the words at `i` follow the first verb: "Tổ chức đào tạo, bồi dưỡng thường xuyên".
fn follows_verb(words: &Words<'_>, i: usize) -> bool {
    let verb = i >= 2 && words.any(i - 2, &REPEATED) == Some(2);
    verb && words.find(0, &TAKES).is_none_or(|(at, _)| at > i)
}

/// The nearest heading with a time ("II. NHIỆM VỤ TRỌNG TÂM NĂM 2026").
pub(crate) fn inherited(outline: &Outline, i: usize) -> Option<(Due, String)> {
    let above = outline.line(i)?.above.iter().rev();
    above.filter_map(|a| outline.line(*a)).filter(|l| l.heading).find_map(|l| heading_time(&l.body))
}

/// The time that a heading names.
pub(crate) fn heading_time(text: &str) -> Option<(Due, String)> {
    let words = Words::new(text);
    let mut found = due::find(text);
    if found.is_empty() {
        // "NĂM 2026" at the end of a heading needs no "trong".
        let last = words.len().checked_sub(2)?;
        let tail = words.span(last, words.len());
        found = due::read(tail)
            .filter(|_| words.low(last) == "năm")
            .map(|due| due::Found { due, from: last, to: words.len() })
            .into_iter()
            .collect();
    }
    let found = found.into_iter().find(|f| !matches!(f.due, Due::Standing))?;
    Some((found.due.clone(), words.span(found.from, found.to).to_owned()))
}

/// Whether a line is "- Cơ quan chủ trì: …", and what it fills.
fn field(line: &Line) -> Option<(Field, &str)> {
    let (label, value) = line.body.split_once(':')?;
    let words = Words::new(label);
    let opens = [
        "cơ quan",
        "đơn vị",
        "chủ trì",
        "phối hợp",
        "thời gian",
        "tiến độ",
        "thời hạn",
        "lộ trình",
        "sản phẩm",
        "kết quả",
        "kinh phí",
        "đầu mối",
    ];
    if words.len() > 9 || words.any(0, &opens).is_none() || value.trim().is_empty() {
        return None;
    }
    let has = |list: &[&str]| words.find(0, list).is_some();
    let field = if has(&["chủ trì", "tham mưu", "đầu mối"]) {
        Field::Lead
    } else if has(&["phối hợp"]) {
        Field::Coordinate
    } else if has(&["thời gian", "tiến độ", "thời hạn", "lộ trình"]) {
        Field::Time
    } else if has(&["thực hiện"]) {
        Field::Lead
    } else {
        Field::Else
    };
    (field != Field::Else || has(&["sản phẩm", "kết quả", "kinh phí"])).then_some((field, value.trim()))
}

fn fill(task: &mut Task, field: Field, value: &str) {
    match field {
        Field::Lead => task.lead = agencies::list(value),
        Field::Coordinate => task.coordinate = agencies::list(value),
        Field::Time => {
            task.due_text = finish(value);
            task.due = due::read(value);
        }
        Field::Else => {}
    }
}
