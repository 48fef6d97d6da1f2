//! Duties to report: each period, on demand, on an incident, when trouble arises.

use std::collections::HashMap;

use crate::agencies;
use crate::due;
use crate::model::{Agency, DayOfYear, Every, Obligation, Origin};
use crate::outline::{Outline, Section};
use crate::tasks::{Work, finish, trouble};
use crate::words::{Words, sentences};

const REPORT: [&str; 4] = ["báo cáo", "phản ánh", "trao đổi", "kiến nghị"];
/// Where the thing reported ends.
const ENDS: [&str; 16] = [
    ",",
    ";",
    ".",
    "(",
    ")",
    "về",
    "cho",
    "gửi",
    "theo quy định",
    "trong vòng",
    "nếu",
    "để",
    "trước",
    "của các",
    "qua",
    "với",
];

/// Finds the duties in the tasks read and in the paragraphs that are nothing but such a duty.
pub(crate) fn read(outline: &Outline, works: &[Work]) -> Vec<Obligation> {
    let mut of_line: HashMap<usize, Vec<&Work>> = HashMap::new();
    for work in works {
        if let Some(line) = work.line {
            of_line.entry(line).or_default().push(work);
        }
    }
    let mut out: Vec<Obligation> = Vec::new();
    for (i, line) in outline.lines.iter().enumerate() {
        if line.heading || !matches!(line.section, Section::Tasks | Section::Organisation | Section::Other) {
            continue;
        }
        if trouble(&line.body.to_lowercase()) {
            let origin = outline.origin(i, &line.text);
            out.extend(sentences(&line.body).into_iter().filter_map(|s| of_trouble(s, &origin)));
            continue;
        }
        for work in of_line.get(&i).into_iter().flatten() {
            out.extend(of_work(work));
        }
    }
    out
}

fn of_work(work: &Work) -> Vec<Obligation> {
    let mut out = Vec::new();
    let text = work.task.text.as_str();
    for sentence in sentences(text) {
        if trouble(&sentence.to_lowercase()) {
            out.extend(of_trouble(sentence, &work.task.origin));
            continue;
        }
        for clause in sentence.split(';') {
            out.extend(of_clause(clause.trim(), text, work));
        }
    }
    out
}

/// "…, nếu có khó khăn, vướng mắc, các cơ quan báo cáo về UBND phường (qua Công an phường) …"
fn of_trouble(sentence: &str, origin: &Origin) -> Option<Obligation> {
    let words = Words::new(sentence);
    let (condition, n) = words
        .find(0, &["nếu có", "nếu phát sinh", "nếu gặp", "nếu thấy cần", "nếu cần", "nếu thấy", "nếu", "có", "gặp"])?;
    // The subject begins after the last comma before the verb.
    let (who, to) = (condition + n..words.len()).filter(|i| words.before(*i) == ",").find_map(|i| {
        let to = agencies::end(&words, i)?;
        Some((i, to))
    })?;
    let subject = words.span(condition + n, who).trim_end_matches(',').trim().to_owned();
    let verb = (to..words.len()).find_map(|i| {
        let n = words.any(i, &REPORT)?;
        let receiver = i + n + words.any(i + n, &["về", "với", "cho", "tới", "đến", "lên"]).unwrap_or(0);
        agencies::end(&words, receiver).map(|end| (receiver, end))
    })?;
    Some(Obligation {
        origin: origin.clone(),
        subject,
        from: agencies::list(words.span(who, to)),
        to: agencies::list(words.span(verb.0, verb.1)),
        via: via(&words, verb.1),
        every: None,
        due: Vec::new(),
        on_demand: false,
        within_hours: None,
    })
}

/// A clause that says to report, and when.
fn of_clause(clause: &str, item: &str, work: &Work) -> Vec<Obligation> {
    let words = Words::new(clause);
    let Some((verb, n)) = words.find(0, &["báo cáo"]) else { return Vec::new() };
    let periods = periods(&words);
    let on_demand = words.find(0, &["đột xuất", "khi có yêu cầu", "theo yêu cầu"]).is_some();
    let regular = words.find(0, &["định kỳ", "thường kỳ"]).is_some();
    let within_hours = hours(&words);
    if periods.is_empty() && !on_demand && !regular && within_hours.is_none() {
        return Vec::new();
    }
    let after = verb + n;
    let (to_from, to_end) = receiver(&words, after);
    let one = |every: Option<Every>, due: Vec<DayOfYear>| Obligation {
        origin: work.task.origin.clone(),
        subject: subject(&words, verb, after, to_end, item),
        from: reporter(&words, verb).unwrap_or_else(|| work.task.lead.clone()),
        to: to_from.map(|from| agencies::list(words.span(from, to_end))).unwrap_or_default(),
        via: via(&words, to_end),
        every,
        due,
        on_demand,
        within_hours,
    };
    if periods.is_empty() { vec![one(None, Vec::new())] } else { periods.into_iter().map(|(e, d)| one(e, d)).collect() }
}

/// "tham mưu UBND tỉnh báo cáo Chính phủ": who is advised reports.
fn reporter(words: &Words<'_>, verb: usize) -> Option<Vec<Agency>> {
    let (advise, n) = words.find(0, &["tham mưu", "tham mưu cho", "giúp"])?;
    let to = agencies::end(words, advise + n)?;
    (to == verb).then(|| agencies::list(words.span(advise + n, to)))
}

/// The agencies after "báo cáo (… về)": first word if any, and the word after the last.
fn receiver(words: &Words<'_>, after: usize) -> (Option<usize>, usize) {
    if let Some(end) = agencies::end(words, after) {
        return (Some(after), end);
    }
    let stop = words.find(after, &["để", ";"]).map_or(words.len(), |f| f.0);
    let named = (after..stop).find_map(|i| {
        let n = words.any(i, &["về", "cho", "gửi", "gửi về", "tới", "lên", "với"])?;
        agencies::end(words, i + n).map(|end| (i + n, end))
    });
    named.map_or((None, after), |(from, end)| (Some(from), end))
}

/// "(qua Công an tỉnh)", "thông qua Công an tỉnh"
fn via(words: &Words<'_>, from: usize) -> Vec<Agency> {
    let near = (from..(from + 3).min(words.len())).find_map(|i| words.any(i, &["qua", "thông qua"]).map(|n| i + n));
    near.and_then(|i| agencies::end(words, i).map(|to| agencies::list(words.span(i, to)))).unwrap_or_default()
}

/// What is reported: after the verb, after "về", after "tổng hợp", else what the item speaks of.
fn subject(words: &Words<'_>, verb: usize, after: usize, to_end: usize, item: &str) -> String {
    let phrase = |words: &Words<'_>, from: usize| {
        let end = (from..words.len()).find(|i| words.any(*i, &ENDS).is_some()).unwrap_or(words.len());
        words.span(from, end).to_owned()
    };
    if agencies::end(words, after).is_none() {
        let about = usize::from(words.low(after) == "về");
        let said = phrase(words, after + about);
        if !said.is_empty() && words.low(after) != "," {
            return finish(&said);
        }
    }
    // "báo cáo Công an xã các vụ việc …": the thing right after the receiver.
    if to_end > after && matches!(words.low(to_end), "các" | "những" | "kết" | "tình" | "tiến" | "danh" | "số")
    {
        return finish(&phrase(words, to_end));
    }
    if let Some((i, n)) = words.find(to_end, &["về"])
        && agencies::end(words, i + n).is_none()
    {
        return finish(&phrase(words, i + n));
    }
    if let Some((i, n)) = words.find(0, &["tổng hợp"])
        && i < verb
        && words.low(i + n) != ","
    {
        let listed = words.find(i + n, &[", báo cáo", ", đề xuất", "của các", "và tham mưu", ", trình", "để báo cáo"]);
        let end = listed.map_or(verb, |f| f.0);
        return finish(words.span(i + n, end));
    }
    let whole = Words::new(item);
    let thing =
        whole.find(0, &["kết quả", "tình hình", "việc thực hiện", "việc triển khai", "tiến độ", "thực hiện kế hoạch"]);
    thing.map(|(i, _)| finish(&phrase(&whole, i))).unwrap_or_default()
}

/// Each period with its days: "6 tháng (trước ngày 10/6) và hằng năm (trước ngày 30/11)".
fn periods(words: &Words<'_>) -> Vec<(Option<Every>, Vec<DayOfYear>)> {
    let mut out: Vec<(Option<Every>, Vec<DayOfYear>)> = Vec::new();
    let mut i = 0;
    while i < words.len() {
        if let Some((every, n)) = due::rhythm(words, i) {
            let known = out.iter().any(|p| p.0 == Some(every));
            match out.last_mut() {
                // "trước ngày 05/6 và trước ngày 20/11 hằng năm": the days come first.
                Some(period) if period.0.is_none() => period.0 = Some(every),
                _ if known => {}
                _ => out.push((Some(every), Vec::new())),
            }
            i += n;
        } else if let Some(day) = day_of_year(words, i) {
            match out.last_mut() {
                Some(period) => period.1.push(day),
                None => out.push((None, vec![day])),
            }
            i += 4;
        } else {
            i += 1;
        }
    }
    out
}

/// "ngày 10/6", "ngày 05 tháng 12"; a day with its year comes once only.
fn day_of_year(words: &Words<'_>, i: usize) -> Option<DayOfYear> {
    if words.low(i) != "ngày" || !matches!(words.low(i + 2), "/" | "tháng" | "-") {
        return None;
    }
    let (day, month) = (words.number(i + 1)?, words.number(i + 3)?);
    let once = matches!(words.low(i + 4), "/" | "-") || words.low(i + 4) == "năm" && words.number(i + 5).is_some();
    // Every day that some year has; 29/2 among them.
    let real = chrono::NaiveDate::from_ymd_opt(2024, month, day).is_some();
    (real && !once).then_some(DayOfYear { day, month })
}

/// "trong vòng 24 giờ", "chậm nhất 24 giờ"
fn hours(words: &Words<'_>) -> Option<u32> {
    (0..words.len()).find_map(|i| {
        let hours = words.number(i)?;
        matches!(words.low(i + 1), "giờ" | "h" | "tiếng").then_some(hours).filter(|h| (1..=720).contains(h))
    })
}
