//! What arrives at this moment, for who sets a source up: the last lines, how many a second, how far its clock is off.
//! Kept in memory since the server started; nothing of it is needed for anything else.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use khien_base::{Event, Id};

use super::stats::shown;

/// Lines that are kept of each source.
const LINES: usize = 5;
/// Clock differences that the median is taken of.
const SKEWS: usize = 51;
/// Seconds that a rate is taken over.
const SECONDS: i64 = 10;
/// Differences that are noted of one batch: a batch of thousands would otherwise be all that the median sees.
const OF_A_BATCH: usize = 5;

/// What arrived of a batch, taken before the store has it.
#[derive(Debug, Clone, Default)]
pub struct Glimpse {
    events: usize,
    lines: Vec<String>,
    skews: Vec<i64>,
}

impl Glimpse {
    /// The last events of a batch.
    pub fn of(events: &[Event]) -> Self {
        let last = events.iter().rev();
        let lines = last.clone().take(LINES).map(|event| shown(event.record.raw.as_bytes())).collect();
        let skew = |event: &Event| event.record.time.map(|time| (event.received - time).num_milliseconds());
        Self { events: events.len(), lines, skews: last.filter_map(skew).take(OF_A_BATCH).collect() }
    }
}

#[derive(Debug, Default)]
struct Seen {
    lines: VecDeque<(DateTime<Utc>, String)>,
    skews: VecDeque<i64>,
    seconds: VecDeque<(i64, usize)>,
}

/// What is arriving from a source.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Arriving {
    /// The first characters of the last lines, the newest first, with when they came.
    pub lines: Vec<(DateTime<Utc>, String)>,
    /// Events a second over the last ten seconds.
    pub per_second: f64,
    /// Median of received time less event time of recent events, in milliseconds: a positive one is a source whose clock
    /// is behind, or that sends late.
    pub skew_ms: Option<i64>,
}

/// What arrives, by source: as many entries as there are registered sources.
#[derive(Debug, Default)]
pub struct Recent {
    seen: Mutex<HashMap<Id, Seen>>,
}

impl Recent {
    fn seen(&self) -> MutexGuard<'_, HashMap<Id, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a batch that was stored.
    pub fn note(&self, source: Id, glimpse: Glimpse, now: DateTime<Utc>) {
        let mut all = self.seen();
        let seen = all.entry(source).or_default();
        for line in glimpse.lines.into_iter().rev() {
            seen.lines.push_front((now, line));
        }
        seen.lines.truncate(LINES);
        seen.skews.extend(glimpse.skews);
        let old = seen.skews.len().saturating_sub(SKEWS);
        seen.skews.drain(..old);
        let second = now.timestamp();
        match seen.seconds.back_mut() {
            Some((at, events)) if *at == second => *events += glimpse.events,
            _ => seen.seconds.push_back((second, glimpse.events)),
        }
        while seen.seconds.front().is_some_and(|(at, _)| *at <= second - SECONDS) {
            seen.seconds.pop_front();
        }
    }

    /// What is arriving from a source.
    #[expect(clippy::cast_precision_loss, reason = "events of ten seconds stay far below 2^52")]
    pub fn of(&self, source: Id, now: DateTime<Utc>) -> Arriving {
        let all = self.seen();
        let Some(seen) = all.get(&source) else { return Arriving::default() };
        let since = now.timestamp() - SECONDS;
        let events: usize = seen.seconds.iter().filter(|(at, _)| *at > since).map(|(_, events)| events).sum();
        let mut skews: Vec<i64> = seen.skews.iter().copied().collect();
        skews.sort_unstable();
        Arriving {
            lines: seen.lines.iter().cloned().collect(),
            per_second: events as f64 / SECONDS as f64,
            skew_ms: skews.get(skews.len() / 2).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_the_rate_and_the_median_of_the_clock() {
        let recent = Recent::default();
        let (source, now) = (Id::from_u128(1), DateTime::from_timestamp(1_790_000_000, 0).unwrap());
        let second = |n: i64| now + chrono::TimeDelta::seconds(n);
        for n in 0..8 {
            let skews = vec![if n == 3 { 999_000_000 } else { 25_200_000 }];
            recent.note(source, Glimpse { events: 10, lines: vec![format!("line {n}")], skews }, second(n));
        }
        let arriving = recent.of(source, second(7));
        let lines: Vec<&str> = arriving.lines.iter().map(|(_, line)| line.as_str()).collect();
        assert_eq!(lines, ["line 7", "line 6", "line 5", "line 4", "line 3"]);
        assert_eq!((arriving.per_second, arriving.skew_ms), (8.0, Some(25_200_000)));
        assert_eq!(recent.of(source, second(60)).per_second, 0.0);
        assert_eq!(recent.of(Id::from_u128(2), now), Arriving::default());
    }
}
