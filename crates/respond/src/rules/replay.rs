//! Correlations of a trial: the events that they ask for, put in the order of time and told one after the other.
//!
//! The store gives the events of a span in no order. A span is cut until no more than [`MOST`] of its events concern
//! correlations, so that these can wait together.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::Event;
use khien_detect::{Correlated, Replay, Ruleset, Seen};
use serde_json::{Value, json};

use crate::intake::correlations::{Known, mark};

/// Events that wait for their order at a time.
pub(super) const MOST: usize = if cfg!(test) { 5 } else { 20_000 };
/// The first span that is tried.
pub(super) const SPAN: TimeDelta = TimeDelta::hours(1);
/// A span that is not cut any more.
pub(super) const SHORTEST: TimeDelta = TimeDelta::seconds(1);

/// An event on which rules fired that correlations refer to.
#[derive(Debug)]
pub(super) struct Trace {
    event: Event,
    mark: Option<u64>,
    fired: Vec<u32>,
}

impl Trace {
    pub(super) fn new(event: &Event, fired: Vec<u32>) -> Self {
        let mut event = event.clone();
        let mark = mark(&event);
        event.record.raw = String::new();
        Self { event, mark, fired }
    }

    /// When it happened; a clock that was ahead counts as when it came.
    fn time(&self) -> DateTime<Utc> {
        self.event.time.min(self.event.received)
    }
}

/// A match: when, and how a trial keeps it.
pub(super) type Found = (DateTime<Utc>, Value);

/// The correlations of a trial, with what they know of the spans before.
#[derive(Debug)]
pub(super) struct Correlations {
    set: Arc<Ruleset>,
    replay: Replay,
    known: Known,
}

impl Correlations {
    /// `None` where a rule set has none.
    pub(super) fn of(set: &Arc<Ruleset>) -> Option<Self> {
        let replay = || Replay::new(Arc::clone(set));
        (!set.correlations().is_empty()).then(|| Self {
            set: Arc::clone(set),
            replay: replay(),
            known: Known::default(),
        })
    }

    /// What matches in a span that ends at `end`.
    pub(super) fn see(&mut self, mut traces: Vec<Trace>, end: DateTime<Utc>) -> Vec<Found> {
        traces.sort_by_key(|trace| (trace.time(), trace.event.id));
        let mut found = Vec::new();
        for trace in traces.iter().filter(|trace| self.known.is_new(trace.mark)) {
            let time = trace.time();
            let seen = Seen {
                record: &trace.event.record,
                time,
                arrived: time,
                id: trace.event.id.as_u128(),
                partition: trace.event.unit.as_u128(),
                fired: &trace.fired,
            };
            let host = trace.event.record.hot.host.as_deref();
            found.extend(self.replay.see(seen).iter().filter_map(|one| told(&self.set, one, host)));
        }
        found.extend(self.replay.pass(end).iter().filter_map(|one| told(&self.set, one, None)));
        found
    }
}

/// A match as a trial keeps it; none for what is only a step of another correlation.
fn told(set: &Ruleset, one: &Correlated, host: Option<&str>) -> Option<Found> {
    if set.correlations().get(one.correlation)?.quiet {
        return None;
    }
    let at = if one.absent { one.at } else { one.last };
    let value = |field: &str, value: &str| {
        let value: String = value.chars().take(200).collect();
        json!({"field": field, "value": value})
    };
    let mut values: Vec<Value> = one.group.iter().map(|(field, text)| value(field, text)).collect();
    values.push(value("count", &one.count.to_string()));
    let id = one.events.last().copied().map(khien_base::Id::from_u128).unwrap_or_default();
    let host = host.filter(|_| !one.absent).unwrap_or_default();
    Some((at, json!({"id": id, "at": at, "host": host, "values": values})))
}
