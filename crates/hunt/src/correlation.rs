//! Correlations: events on which rules fired, told to the correlator in the order of time.
//!
//! Threads read files in any order, so events are gathered and sorted first; they may wait on the disk as matches do.

use khien_base::{Record, Result};
use khien_detect::{Correlated, Replay, Seen};
use serde::{Deserialize, Serialize};

use chrono::{DateTime, TimeDelta, Utc};

use crate::found::{Found, Mark, cut, place_of};
use crate::rules::Rules;
use crate::timeline::{Key, Sorted, Timed};

/// An event on which rules fired that correlations refer to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Trace {
    time: DateTime<Utc>,
    file: u32,
    place: u64,
    number: u64,
    fired: Vec<u32>,
    record: Record,
}

impl Trace {
    /// An event; none where it does not say when it happened, for nothing can be before or after it.
    pub(crate) fn new(file: u32, place: u64, number: u64, fired: Vec<u32>, mut record: Record) -> Option<Self> {
        let time = record.time?;
        record.raw = String::new();
        Some(Self { time, file, place, number, fired, record })
    }
}

impl Timed for Trace {
    fn key(&self) -> Key {
        (self.time.timestamp_micros(), self.file, self.place, 0)
    }

    fn weight(&self) -> usize {
        // A map takes about this much for each of its fields, texts aside.
        let fields: usize = self.record.fields.iter().map(|(name, value)| 96 + name.len() + text(value)).sum();
        size_of::<Self>() + fields
    }
}

fn text(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::String(text) => text.len(),
        serde_json::Value::Array(items) => items.iter().map(|item| 32 + text(item)).sum(),
        serde_json::Value::Object(map) => map.iter().map(|(name, value)| 96 + name.len() + text(value)).sum(),
        _ => 0,
    }
}

/// Events of a correlation that are named.
const NAMED: usize = 5;

/// What the correlations that count found among the events, in the order of time.
pub(crate) fn correlated(rules: &Rules, mut traces: Sorted<Trace>) -> Result<Vec<Found>> {
    let set = rules.engine.ruleset();
    let longest = set.correlations().iter().map(|known| known.timespan).max().unwrap_or_default();
    let mut replay = Replay::new(std::sync::Arc::clone(set));
    let (mut found, mut last) = (Vec::new(), None::<DateTime<Utc>>);
    while let Some(trace) = traces.next()? {
        last = Some(trace.time);
        let seen = Seen {
            record: &trace.record,
            time: trace.time,
            arrived: trace.time,
            id: u128::from(trace.file) << 64 | u128::from(trace.number),
            partition: 0,
            fired: &trace.fired,
        };
        tell(rules, replay.see(seen), &mut found);
    }
    let beyond = longest.checked_mul(2).and_then(|twice| twice.checked_add(&TimeDelta::hours(1)));
    if let Some(end) = last.zip(beyond).and_then(|(last, beyond)| last.checked_add_signed(beyond)) {
        tell(rules, replay.pass(end), &mut found);
    }
    Ok(found)
}

fn tell(rules: &Rules, came: Vec<Correlated>, found: &mut Vec<Found>) {
    for one in came {
        let at = rules.of_correlation(one.correlation);
        if rules.uses(at).told {
            let place = found.len() as u64;
            found.push(row(at, place, &one));
        }
    }
}

/// A match of a correlation, as the timeline keeps it.
fn row(rule: u32, place: u64, one: &Correlated) -> Found {
    let named = |id: &u128| (u32::try_from(id >> 64).unwrap_or(u32::MAX), *id as u64);
    let (file, record) = one.events.last().map(named).unwrap_or((u32::MAX, 0));
    let mark = |field: &str, value: &str| Mark { field: field.into(), value: cut(value) };
    let mut marks: Vec<Mark> = one.group.iter().map(|(field, value)| mark(field, value)).collect();
    marks.push(mark("count", &one.count.to_string()));
    if one.value.fract() != 0.0 || one.value != one.count as f64 {
        marks.push(mark("value", &one.value.to_string()));
    }
    marks.push(mark("first", &one.first.to_rfc3339()));
    marks.push(mark("last", &one.last.to_rfc3339()));
    let records: Vec<String> = one.events.iter().rev().take(NAMED).map(|id| format!("#{}", named(id).1)).collect();
    marks.push(mark("records", &records.join(" ")));
    let mut row = Found {
        time: Some(if one.absent { one.at } else { one.last }.timestamp_micros()),
        file,
        place,
        rule,
        record,
        marks,
        ..Found::default()
    };
    for (field, value) in &one.group {
        if let Some(column) = place_of(field).and_then(|at| row.columns.get_mut(at)) {
            *column = Some(cut(value));
        }
    }
    row
}
