//! What the plan wants to reach: items of the goals, and numbers to reach that stand among the tasks.

use std::collections::HashMap;

use crate::due;
use crate::marker::DASH;
use crate::model::{Comparator, Due, Every, Origin, Target};
use crate::numbers::{self, Number};
use crate::outline::{Line, Outline, Section};
use crate::tasks::{Work, finish, heading_time, inherited};
use crate::words::{Words, sentences};

/// Speaks of a share without giving it; a person must set the number.
const SHARES: [&str; 8] =
    ["tăng tỷ lệ", "tăng tỉ lệ", "nâng tỷ lệ", "phần lớn", "đa số", "hầu hết", "tăng tỷ trọng", "giảm tỷ lệ"];
/// Counted things that come again when a clause says "hằng năm".
const EVENTS: [&str; 10] =
    ["cuộc", "chương trình", "lần", "lớp", "khóa", "khoá", "đợt", "buổi", "hội nghị", "chiến dịch"];

/// Finds the targets; `works` are the tasks already read.
pub(crate) fn read(outline: &Outline, works: &[Work]) -> Vec<Target> {
    let mut out: Vec<(usize, Target)> = Vec::new();
    let dated = dated(outline);
    for (i, line) in outline.lines.iter().enumerate() {
        let general = line.section == Section::GeneralAims || general(&dated, i, line);
        if line.heading || line.section != Section::Aims && !general {
            continue;
        }
        let found = of_goal(outline, i, line);
        let numbered = found.iter().any(|t| t.comparator != Comparator::Qualitative);
        if !general || numbered {
            out.extend(found.into_iter().map(|t| (line.block, t)));
        }
    }
    for work in works {
        out.extend(of_task(work).into_iter().map(|t| (work.block, t)));
    }
    out.sort_by_key(|(block, _)| *block);
    out.into_iter().map(|(_, target)| target).collect()
}

/// For each line with others under it, the last of them that is a heading with a time ("… đến năm 2030:").
fn dated(outline: &Outline) -> HashMap<usize, usize> {
    let headings = outline.lines.iter().enumerate().filter(|(_, l)| l.heading && heading_time(&l.body).is_some());
    headings.filter_map(|(i, l)| l.above.last().map(|parent| (*parent, i))).collect()
}

/// An item without a number of its own that stands before "… đến năm 2030:" tells the general aim.
fn general(dated: &HashMap<usize, usize>, i: usize, line: &Line) -> bool {
    let rank = line.marker.as_ref().map_or(0, |m| m.rank);
    let later = line.above.last().and_then(|parent| dated.get(parent)).is_some_and(|last| *last > i);
    line.section == Section::Aims && (rank == 0 || rank >= DASH) && later
}

fn of_goal(outline: &Outline, i: usize, line: &Line) -> Vec<Target> {
    let mut out = Vec::new();
    let body = line.body.as_str();
    for sentence in sentences(body) {
        for clause in clauses(sentence) {
            let share = Words::new(clause).find(0, &SHARES).is_some();
            let numbers = numbers::find(clause);
            if share {
                out.push(target(outline, i, sentence, clause, None));
            }
            out.extend(numbers.into_iter().map(|n| target(outline, i, sentence, clause, Some(n))));
        }
    }
    if out.is_empty() {
        out.push(target(outline, i, body, body, None));
    }
    // An item of one sentence is shown as written, with its mark.
    if sentences(body).len() == 1 {
        for target in &mut out {
            target.origin.sentence.clone_from(&line.text);
        }
    }
    out
}

/// What stands between semicolons.
fn clauses(sentence: &str) -> impl Iterator<Item = &str> {
    sentence.split(';').map(str::trim).filter(|c| !c.is_empty())
}

fn target(outline: &Outline, i: usize, sentence: &str, clause: &str, number: Option<Number>) -> Target {
    let due = own_due(clause, number.as_ref()).or_else(|| inherited(outline, i).map(|(due, _)| due));
    build(outline.origin(i, sentence), sentence, clause, number, due)
}

fn build(origin: Origin, sentence: &str, clause: &str, number: Option<Number>, due: Option<Due>) -> Target {
    let measure = finish(sentence);
    match number {
        None => Target {
            origin,
            measure,
            comparator: Comparator::Qualitative,
            values: Vec::new(),
            unit: String::new(),
            per: None,
            due,
            lead: Vec::new(),
        },
        Some(n) => {
            let event = EVENTS.contains(&n.unit.to_lowercase().as_str());
            let per = n.per.or_else(|| yearly(clause).filter(|_| event));
            Target {
                origin,
                measure,
                comparator: n.comparator,
                values: n.values,
                unit: n.unit,
                per,
                due,
                lead: Vec::new(),
            }
        }
    }
}

/// "Hằng năm, tổ chức …"
fn yearly(clause: &str) -> Option<Every> {
    due::find(clause).into_iter().find_map(|f| match f.due {
        Due::Recurring { every } => Some(every),
        _ => None,
    })
}

/// The time that a clause gives for itself; "/năm" only says how often the number counts.
fn own_due(clause: &str, number: Option<&Number>) -> Option<Due> {
    let words = Words::new(clause);
    let found: Vec<due::Found> = due::find(clause).into_iter().filter(|f| words.low(f.from) != "/").collect();
    let deadline = found.iter().find(|f| !matches!(f.due, Due::Recurring { .. } | Due::Standing));
    // "(thường xuyên hoặc) định kỳ ít nhất 01 lần/năm" says how often, and so does a rhythm after a noun.
    let opens = |f: &due::Found| f.from <= 2 || number.is_none();
    deadline
        .or_else(|| found.iter().find(|f| opens(f) && matches!(f.due, Due::Recurring { .. })))
        .map(|f| f.due.clone())
}

/// Numbers to reach that a task names.
fn of_task(work: &Work) -> Vec<Target> {
    let task = &work.task;
    let mut out = Vec::new();
    let whole = sentences(&work.written);
    for sentence in &whole {
        for clause in clauses(sentence) {
            for number in numbers::find(clause).into_iter().filter(|n| n.sure) {
                let event = EVENTS.contains(&number.unit.to_lowercase().as_str());
                let due = own_due(clause, Some(&number)).or_else(|| task.due.clone());
                let mut origin = task.origin.clone();
                if whole.len() > 1 || work.line.is_none() {
                    origin.sentence = (*sentence).to_owned();
                }
                let mut target = build(origin, sentence, clause, Some(number), due);
                if target.per.is_none()
                    && event
                    && let Some(Due::Recurring { every }) = target.due
                {
                    target.per = Some(every);
                }
                target.lead.clone_from(&task.lead);
                out.push(target);
            }
        }
    }
    out
}
