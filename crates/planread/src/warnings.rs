//! What a reviewer should look at: deadlines before the document's own day, contradictions, gaps.

use std::collections::HashSet;

use chrono::NaiveDate;

use crate::model::{Comparator, Due, Heading, Origin, Reading, Target, Warning};
use crate::numbers;
use crate::words::Words;

/// Looks at everything read.
pub(crate) fn read(reading: &Reading) -> Vec<Warning> {
    let mut out = Vec::new();
    let heading = &reading.heading;
    if heading.issued.is_none() || heading.number.is_empty() || heading.number.starts_with('/') {
        out.push(Warning::Undated);
    }
    if let Some(issued) = issued(heading) {
        out.extend(reading.tasks.iter().filter_map(|t| early(&t.origin, t.due.as_ref(), issued)));
        // A target inside a task has the task's time: said once.
        let of_tasks: HashSet<usize> = reading.tasks.iter().map(|t| t.origin.block).collect();
        let targets = reading.targets.iter().filter(|t| !of_tasks.contains(&t.origin.block));
        out.extend(targets.filter_map(|t| early(&t.origin, t.due.as_ref(), issued)));
    }
    out.extend(contradictions(&reading.targets));
    out.extend(
        reading
            .targets
            .iter()
            .filter(|t| t.comparator == Comparator::Qualitative)
            .map(|t| Warning::NoNumber { origin: t.origin.clone() }),
    );
    out.extend(
        reading.tasks.iter().filter(|t| t.lead.is_empty()).map(|t| Warning::NoLead { origin: t.origin.clone() }),
    );
    out
}

/// The document's day; the first of the month when it gives only the month.
fn issued(heading: &Heading) -> Option<NaiveDate> {
    heading.issued.or_else(|| heading.issued_month.and_then(|(y, m)| NaiveDate::from_ymd_opt(y, m, 1)))
}

fn early(origin: &Origin, due: Option<&Due>, issued: NaiveDate) -> Option<Warning> {
    let date = match due? {
        Due::By { date } | Due::ReachThenMaintain { date } => *date,
        Due::Window { to, .. } => *to,
        Due::Standing | Due::Recurring { .. } => return None,
    };
    (date < issued).then(|| Warning::DueBeforeIssue { origin: origin.clone(), due: date, issued })
}

/// Every two targets are compared; plans have about 20.
const MAX_COMPARED: usize = 500;

/// Two numbers for the same thing: same kind of unit, same period, same share or same thing counted, other value.
fn contradictions(targets: &[Target]) -> Vec<Warning> {
    let mut out = Vec::new();
    let numbered: Vec<&Target> = targets.iter().filter(|t| !t.values.is_empty()).take(MAX_COMPARED).collect();
    for (i, first) in numbered.iter().enumerate() {
        for second in numbered.iter().skip(i + 1) {
            if let Some(subject) = conflict(first, second) {
                out.push(Warning::Contradiction {
                    first: first.origin.clone(),
                    second: second.origin.clone(),
                    subject,
                    first_value: written(first),
                    second_value: written(second),
                });
            }
        }
    }
    out
}

/// Events are counted in several words: "01 chương trình diễn tập" and "02 cuộc diễn tập" are the same thing.
const EVENT: [&str; 6] = ["cuộc", "chương trình", "lần", "đợt", "buổi", "kỳ"];

fn conflict(first: &Target, second: &Target) -> Option<String> {
    let same_time = match (first.per, second.per) {
        (None, None) => first.due == second.due,
        (a, b) => a == b,
    };
    // "70% …; 100% …" in one sentence are two aims.
    let apart = first.origin.block != second.origin.block;
    let numbered = apart && !first.values.is_empty() && first.values.len() == second.values.len();
    let both_bound = first.comparator == second.comparator;
    if !numbered || !both_bound || !same_time || first.values == second.values {
        return None;
    }
    let event = |t: &Target| EVENT.contains(&t.unit.to_lowercase().as_str());
    if event(first) && event(second) && first.per.is_some() {
        let (a, b) = (counted(first)?, counted(second)?);
        return (a == b).then(|| format!("{} {b}", second.unit));
    }
    // A share or a number of things: nearly the same words but for the number.
    let (a, b) = (vocabulary(first), vocabulary(second));
    let shared = a.intersection(&b).count() * 10;
    let close = first.unit == second.unit && shared >= a.len().max(b.len()) * 8 && a.len() > 3;
    close.then(|| counted(second).unwrap_or_else(|| second.unit.clone()))
}

/// The two words after the unit: what is counted ("diễn tập").
fn counted(target: &Target) -> Option<String> {
    let words = Words::new(&target.measure);
    let at = (0..words.len()).find(|i| {
        let value = words.number(*i).map(f64::from);
        value.is_some()
            && value == target.values.first().copied()
            && words.any(i + 1, &[target.unit.to_lowercase().as_str()]).is_some()
    })?;
    let n = target.unit.split(' ').count();
    let thing = words.span(at + 1 + n, at + 3 + n);
    (!thing.is_empty() && thing.chars().all(|c| c.is_alphabetic() || c == ' ')).then(|| thing.to_lowercase())
}

fn vocabulary(target: &Target) -> HashSet<String> {
    let words = Words::new(&target.measure);
    (0..words.len()).map(|i| words.low(i).to_owned()).filter(|w| w.chars().all(char::is_alphabetic)).collect()
}

/// The number as the document writes it ("01").
fn written(target: &Target) -> String {
    let found = numbers::find(&target.measure).into_iter().find(|n| n.values == target.values && n.unit == target.unit);
    found.map(|n| n.written).unwrap_or_else(|| target.values.first().map(f64::to_string).unwrap_or_default())
}
