//! Whether a record is what a rule looks for: the plain way, one comparison after another.
//!
//! This is the definition of what a match is. Anything faster is held to it by a test.

use std::cmp::Ordering;
use std::net::IpAddr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike};
use ipnet::IpNet;
use serde::Serialize;
use serde_json::Value;

use crate::condition::Expr;
use crate::detection::{Detection, Selection};
use crate::item::{Expected, Item, Test};
use crate::limits;
use crate::modifier::{Order, TimePart};
use crate::number::Number;
use crate::subject::{Leaf, Subject};

/// One value of a record that made a rule fire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// The search identifier that it belongs to.
    pub selection: String,
    /// The field as the rule names it; for keywords the field in which the word was found, empty for the line
    /// as it came.
    pub field: String,
    /// The value in the record; empty when the field is absent.
    pub value: String,
    /// The value in the rule, as written.
    pub pattern: String,
}

/// Whether any of the conditions holds.
pub(crate) fn holds(detection: &Detection, subject: &Subject<'_>) -> bool {
    detection.conditions.iter().any(|c| expr(c, &detection.selections, subject))
}

fn expr(condition: &Expr, selections: &[Selection], subject: &Subject<'_>) -> bool {
    let named = |index: &usize| selections.get(*index).is_some_and(|s| selection(s, subject));
    match condition {
        Expr::Selection(index) => named(index),
        Expr::Not(inner) => !expr(inner, selections, subject),
        Expr::And(parts) => parts.iter().all(|p| expr(p, selections, subject)),
        Expr::Or(parts) => parts.iter().any(|p| expr(p, selections, subject)),
        Expr::Of(least, members) => members.iter().filter(|m| named(m)).take(*least).count() >= *least,
    }
}

fn selection(selection: &Selection, subject: &Subject<'_>) -> bool {
    selection.alternatives.iter().any(|items| items.iter().all(|i| item(i, subject)))
}

fn item(item: &Item, subject: &Subject<'_>) -> bool {
    let found = |value: &Expected| value.tests.iter().any(|t| test(t, item.field, subject).is_some());
    let any_or_all = if item.all { item.values.iter().all(found) } else { item.values.iter().any(found) };
    any_or_all != item.negated
}

/// Where a test is passed: the field's name and value.
type Place<'a> = (&'a str, &'a str);

/// The first value that passes the test.
fn test<'a>(test: &Test, field: Option<usize>, subject: &'a Subject<'_>) -> Option<Place<'a>> {
    let Some(position) = field else { return anywhere(test, subject) };
    let found = subject.field(position)?;
    let name = subject.name(position);
    match test {
        Test::Null => {
            let null = !found.present || found.leaves.iter().any(|l| l.value.is_null());
            null.then_some((name, ""))
        }
        Test::Exists(wanted) => {
            (found.present == *wanted).then(|| (name, found.leaves.iter().find_map(Leaf::text).unwrap_or_default()))
        }
        Test::Field { field, starts, ends, cased } => {
            let others = &subject.field(*field)?.leaves;
            let same = |leaf: &&Leaf<'_>| others.iter().any(|other| related(leaf, other, *starts, *ends, *cased));
            found.leaves.iter().find(same).map(|leaf| (name, leaf.text().unwrap_or_default()))
        }
        _ => found.leaves.iter().find(|leaf| value(test, leaf)).map(|leaf| (name, leaf.text().unwrap_or_default())),
    }
}

/// The first place of the whole record where a keyword stands.
fn anywhere<'a>(test: &Test, subject: &'a Subject<'_>) -> Option<Place<'a>> {
    if let Some(leaf) = subject.everything().iter().find(|leaf| value(test, leaf)) {
        return Some((&leaf.path, leaf.text().unwrap_or_default()));
    }
    let (raw, folded) = subject.line()?;
    let fits = match test {
        Test::Text(pattern) => pattern.matches(if pattern.cased { raw } else { folded }),
        Test::Regex(regex) => regex.is_match(raw),
        _ => false,
    };
    fits.then_some(("", raw))
}

/// Whether one value passes a test that is about values.
pub(crate) fn value(test: &Test, leaf: &Leaf<'_>) -> bool {
    let text = leaf.text();
    match test {
        Test::Text(pattern) => (if pattern.cased { text } else { leaf.folded() }).is_some_and(|t| pattern.matches(t)),
        Test::Number(number) => compared(leaf, *number) == Some(Ordering::Equal),
        Test::Bool(flag) => leaf.folded() == Some(if *flag { "true" } else { "false" }),
        Test::Regex(regex) => text.is_some_and(|t| regex.is_match(t)),
        Test::Network(network) => text.is_some_and(|t| in_network(network, t)),
        Test::Order(order, number) => compared(leaf, *number).is_some_and(|o| order.allows(o)),
        Test::Time(part, order, wanted) => part.of(leaf.value).is_some_and(|found| {
            let compared = found.cmp(wanted);
            order.map_or(compared == Ordering::Equal, |order| order.allows(compared))
        }),
        Test::Null | Test::Exists(_) | Test::Field { .. } => false,
    }
}

fn compared(leaf: &Leaf<'_>, number: Number) -> Option<Ordering> {
    Number::of(leaf.value)?.compare(number)
}

pub(crate) fn related(leaf: &Leaf<'_>, other: &Leaf<'_>, starts: bool, ends: bool, cased: bool) -> bool {
    let pair = if cased { (leaf.text(), other.text()) } else { (leaf.folded(), other.folded()) };
    let (Some(own), Some(other)) = pair else { return false };
    match (starts, ends) {
        (true, true) => own.contains(other),
        (true, false) => own.starts_with(other),
        (false, true) => own.ends_with(other),
        (false, false) => own == other,
    }
}

/// Whether text is an address of the network; an IPv4 address may be written as an IPv6 one (`::ffff:10.0.0.1`).
pub(crate) fn in_network(network: &IpNet, text: &str) -> bool {
    let Ok(address) = text.trim().parse::<IpAddr>() else { return false };
    network.contains(&address) || network.contains(&address.to_canonical())
}

impl Order {
    fn allows(self, found: Ordering) -> bool {
        match self {
            Self::Less => found == Ordering::Less,
            Self::LessOrEqual => found != Ordering::Greater,
            Self::Greater => found == Ordering::Greater,
            Self::GreaterOrEqual => found != Ordering::Less,
        }
    }
}

impl TimePart {
    /// The part of a time, as the source wrote it: "not designed to handle timezone conversions".
    fn of(self, value: &Value) -> Option<i64> {
        let time = match value {
            Value::String(text) => written_time(text.trim())?,
            Value::Number(number) => {
                let number = number.as_i64()?;
                // Numbers of twelve digits and more are milliseconds: as seconds they lie 3,000 years ahead.
                let time = if number.unsigned_abs() < 100_000_000_000 {
                    DateTime::from_timestamp(number, 0)
                } else {
                    DateTime::from_timestamp_millis(number)
                };
                time?.naive_utc()
            }
            _ => return None,
        };
        Some(match self {
            Self::Minute => time.minute().into(),
            Self::Hour => time.hour().into(),
            Self::Day => time.day().into(),
            Self::Week => time.iso_week().week().into(),
            Self::Month => time.month().into(),
            Self::Year => time.year().into(),
        })
    }
}

fn written_time(text: &str) -> Option<NaiveDateTime> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.naive_local());
    }
    let formats = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f %Z"];
    let time = formats.iter().find_map(|f| NaiveDateTime::parse_from_str(text, f).ok());
    time.or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))
}

/// The values that made the conditions hold: those of every search identifier that matched and is not negated.
pub(crate) fn hits(detection: &Detection, subject: &Subject<'_>) -> Vec<Hit> {
    let mut told = vec![false; detection.selections.len()];
    for condition in &detection.conditions {
        if expr(condition, &detection.selections, subject) {
            mark(condition, &mut told);
        }
    }
    let mut found = Vec::new();
    for (one, _) in detection.selections.iter().zip(told).filter(|(_, told)| *told) {
        for items in &one.alternatives {
            if items.iter().all(|i| item(i, subject)) {
                items.iter().filter(|i| !i.negated).for_each(|i| item_hits(&one.name, i, subject, &mut found));
            }
        }
    }
    found.truncate(limits::HITS);
    found
}

/// Marks the search identifiers that speak for a match.
fn mark(condition: &Expr, told: &mut [bool]) {
    let mut one = |index: &usize| {
        if let Some(told) = told.get_mut(*index) {
            *told = true;
        }
    };
    match condition {
        Expr::Selection(index) => one(index),
        Expr::Not(_) => {}
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|p| mark(p, told)),
        Expr::Of(_, members) => members.iter().for_each(one),
    }
}

fn item_hits(selection: &str, item: &Item, subject: &Subject<'_>, found: &mut Vec<Hit>) {
    for expected in &item.values {
        if found.len() >= limits::HITS {
            return;
        }
        let place = expected.tests.iter().find_map(|t| test(t, item.field, subject));
        if let Some((field, value)) = place {
            found.push(Hit {
                selection: selection.to_owned(),
                field: field.to_owned(),
                value: value.to_owned(),
                pattern: expected.written.clone(),
            });
        }
    }
}
