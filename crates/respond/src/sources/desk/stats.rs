//! How much came from each source since the last flush. Nothing is written per event: every few seconds the job
//! `sources.flush` takes what was counted and adds it to the tables.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};

use chrono::{DateTime, Utc};
use khien_base::{Fault, Id};

use crate::sources::rules::slice;

/// Characters of an unreadable line that are kept.
pub const LINE: usize = 500;

/// What came from one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events.
    pub events: i64,
    /// When the last one came.
    pub last_event_at: Option<DateTime<Utc>>,
    /// Records that could not be read.
    pub failures: i64,
    /// The last of them: when, the fault's code, the first characters.
    pub failed: Option<(DateTime<Utc>, String, String)>,
    /// Events and failures by slices of time.
    pub slices: BTreeMap<DateTime<Utc>, (i64, i64)>,
    /// The last batch whose records say their time: when it came, and how many seconds after its newest record.
    pub lag: Option<(DateTime<Utc>, i64)>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.events += other.events;
        self.last_event_at = self.last_event_at.max(other.last_event_at);
        if other.lag.map(|lag| lag.0) >= self.lag.map(|lag| lag.0) {
            self.lag = other.lag.or(self.lag);
        }
        self.failures += other.failures;
        if other.failed.as_ref().map(|f| f.0) > self.failed.as_ref().map(|f| f.0) {
            self.failed = other.failed;
        }
        for (at, (events, failures)) in other.slices {
            let slot = self.slices.entry(at).or_default();
            slot.0 += events;
            slot.1 += failures;
        }
    }
}

/// What came since the last flush, by source: as many entries as there are registered sources at most.
#[derive(Debug, Default)]
pub struct Stats {
    pending: Mutex<HashMap<Id, Tally>>,
}

impl Stats {
    fn pending(&self) -> MutexGuard<'_, HashMap<Id, Tally>> {
        match self.pending.lock() {
            Ok(pending) => pending,
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    /// Notes events that were stored.
    pub fn came(&self, source: Id, events: usize, now: DateTime<Utc>) {
        let events = i64::try_from(events).unwrap_or(i64::MAX);
        let slices = BTreeMap::from([(slice(now), (events, 0))]);
        let tally = Tally { events, last_event_at: Some(now), slices, ..Tally::default() };
        self.pending().entry(source).or_default().add(tally);
    }

    /// Notes how many seconds after the newest of its records a batch came.
    pub fn lagged(&self, source: Id, seconds: i64, now: DateTime<Utc>) {
        let tally = Tally { lag: Some((now, seconds)), ..Tally::default() };
        self.pending().entry(source).or_default().add(tally);
    }

    /// Notes a record that could not be read.
    pub fn failed(&self, source: Id, fault: &Fault, line: &[u8], now: DateTime<Utc>) {
        let failed = Some((now, fault.code.clone().into_owned(), shown(line)));
        let slices = BTreeMap::from([(slice(now), (0, 1))]);
        self.pending().entry(source).or_default().add(Tally { failures: 1, failed, slices, ..Tally::default() });
    }

    /// What was noted of a source since the last flush.
    pub fn of(&self, source: Id) -> Tally {
        self.pending().get(&source).cloned().unwrap_or_default()
    }

    /// Takes everything that was noted.
    pub fn take(&self) -> HashMap<Id, Tally> {
        std::mem::take(&mut *self.pending())
    }

    /// Puts back what could not be written.
    pub fn put_back(&self, tallies: HashMap<Id, Tally>) {
        let mut pending = self.pending();
        for (source, tally) in tallies {
            pending.entry(source).or_default().add(tally);
        }
    }
}

/// The first characters of a line, without what terminals and pages would act on. NUL, which PostgreSQL's text cannot
/// hold, goes with the other control characters.
pub(crate) fn shown(line: &[u8]) -> String {
    let start = line.get(..line.len().min(LINE * 4)).unwrap_or_default();
    let text = String::from_utf8_lossy(start);
    text.chars().take(LINE).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_back_counts_once_with_what_came_since() {
        let stats = Stats::default();
        let (source, now) = (Id::from_u128(1), DateTime::from_timestamp(1_790_000_000, 0).unwrap());
        stats.came(source, 3, now);
        let taken = stats.take();
        assert!(stats.take().is_empty());
        stats.came(source, 2, now + chrono::TimeDelta::minutes(11));
        stats.failed(source, &Fault::invalid("logs.json"), b"{\0bad", now);
        stats.put_back(taken);
        let tally = stats.take().remove(&source).unwrap();
        assert_eq!((tally.events, tally.failures, tally.slices.len()), (5, 1, 2));
        assert_eq!(tally.last_event_at, Some(now + chrono::TimeDelta::minutes(11)));
        assert_eq!(tally.failed.unwrap(), (now, "logs.json".into(), "{ bad".into()));
    }

    #[test]
    fn a_long_line_is_cut_at_a_character() {
        let line = "ạ".repeat(2000);
        assert_eq!(shown(line.as_bytes()).chars().count(), LINE);
    }
}
