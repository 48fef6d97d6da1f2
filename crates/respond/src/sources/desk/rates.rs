//! How often each source came this minute.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use chrono::{DateTime, Utc};
use khien_base::{Fault, Id, Kind, Result};

#[derive(Debug, Clone, Copy, Default)]
struct Minute {
    number: i64,
    requests: u32,
    events: u32,
}

/// Counts requests and events of each source by minute: as many entries as there are sources.
#[derive(Debug)]
pub struct Rates {
    requests: u32,
    events: u32,
    seen: Mutex<HashMap<Id, Minute>>,
}

impl Rates {
    /// Limits of one source for one minute.
    pub fn new(requests: u32, events: u32) -> Self {
        Self { requests, events, seen: Mutex::new(HashMap::new()) }
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<Id, Minute>> {
        match self.seen.lock() {
            Ok(seen) => seen,
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    fn change<T>(&self, source: Id, now: DateTime<Utc>, change: impl FnOnce(&mut Minute) -> T) -> T {
        let number = now.timestamp().div_euclid(60);
        let mut seen = self.seen();
        let minute = seen.entry(source).or_default();
        if minute.number != number {
            *minute = Minute { number, ..Minute::default() };
        }
        change(minute)
    }

    /// Counts a request. A source that used up its requests, or its events by the limit of all or by its own quota (events
    /// a second), waits for the next minute: `sources.too-many` with `seconds`.
    pub fn request(&self, source: Id, quota: Option<u32>, now: DateTime<Utc>) -> Result<()> {
        let events = quota.map_or(self.events, |quota| self.events.min(quota.saturating_mul(60)));
        let over = self.change(source, now, |minute| {
            minute.requests = minute.requests.saturating_add(1);
            minute.requests > self.requests || minute.events >= events
        });
        let wait = 60 - now.timestamp().rem_euclid(60);
        if over { Err(Fault::new(Kind::TooMany, "sources.too-many").with("seconds", wait)) } else { Ok(()) }
    }

    /// Counts events of a request that was let in.
    pub fn events(&self, source: Id, events: usize, now: DateTime<Utc>) {
        let events = u32::try_from(events).unwrap_or(u32::MAX);
        self.change(source, now, |minute| minute.events = minute.events.saturating_add(events));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_used_up_requests_or_events_waits_for_the_next_minute() {
        let rates = Rates::new(2, 100);
        let (a, b) = (Id::from_u128(1), Id::from_u128(2));
        let now = DateTime::from_timestamp(1_790_000_010, 0).unwrap();
        assert!(rates.request(a, None, now).is_ok() && rates.request(a, None, now).is_ok());
        let fault = rates.request(a, None, now).unwrap_err();
        assert_eq!(fault.to_string(), "sources.too-many seconds=30");
        assert!(rates.request(b, None, now).is_ok());
        rates.events(b, 100, now);
        assert!(rates.request(b, None, now).is_err());
        assert!(rates.request(b, None, now + chrono::TimeDelta::minutes(1)).is_ok());
        let c = Id::from_u128(3);
        rates.events(c, 60, now);
        assert!(rates.request(c, Some(1), now).is_err(), "its own quota");
    }
}
