//! The way of records into the centre: stamped, matched, correlated, alerts recorded, events stored, then answered.
//!
//! The order is what keeps promises. Alerts come before events: a crash between the two leaves alerts (which hold their
//! event whole) and a sender without an answer; it sends again, the alerts are known by rule and content, and the events
//! are stored. Were it the other way round, a crash would leave events that nobody ever matches.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use khien_base::ports::{EventStore, Intake, Whose};
use khien_base::{Clock, Event, Fault, Id, Ids, Record, Result, ids};
use khien_db::Db;
use khien_web::live::{Bus, Live};

use super::find::find;
use super::room::Room;
use crate::alerts;
use crate::parsers::InForce;
use crate::rules::loaded::{Loaded, Rules};
use crate::sources::desk::Desk;
use crate::sources::desk::recent::Glimpse;

/// Events under way at once: beyond it, and beyond its share of it, who brings more waits.
const ROOM: usize = 40_000;
/// Events that are matched and stored together.
const TOGETHER: usize = 5_000;
/// Events that are matched on the thread that brings them.
const INLINE: usize = 20;
/// How long a record is known again when it comes again after a restart.
const KNOWN: TimeDelta = TimeDelta::hours(1);

/// What the pipeline is made of.
#[derive(Clone)]
pub struct Parts {
    /// Where alerts are recorded.
    pub db: Db,
    /// The present.
    pub clock: Clock,
    /// New identities.
    pub ids: Arc<Ids>,
    /// Where events are stored.
    pub events: Arc<dyn EventStore>,
    /// The rules in force.
    pub rules: Arc<Rules>,
    /// Parsers that the centre wrote itself.
    pub parsers: Arc<InForce>,
    /// Counts of what came.
    pub desk: Arc<Desk>,
    /// Who hears of new alerts.
    pub bus: Bus,
}

/// The way of records into the centre.
pub struct Pipeline {
    parts: Parts,
    room: Room,
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipeline").field("room", &self.room.free()).finish_non_exhaustive()
    }
}

impl Pipeline {
    /// A pipeline of these parts.
    pub fn new(parts: Parts) -> Self {
        Self { parts, room: Room::new(ROOM) }
    }

    /// Puts other rules in force: batches under way end with the rules that they began with.
    pub fn set_rules(&self, loaded: Loaded) {
        self.parts.rules.replace(loaded);
    }

    async fn batch(&self, whose: Whose, records: Vec<Record>) -> Result<usize> {
        let _room = self.room.take(whose.source, records.len()).await;
        let now = self.parts.clock.now();
        let events = Arc::new(stamp(&self.parts.ids, whose, records, now));
        let rules = Arc::clone(&self.parts.rules);
        let (mut findings, single) = if events.len() <= INLINE {
            find(&rules, &events)
        } else {
            let events = Arc::clone(&events);
            tokio::task::spawn_blocking(move || find(&rules, &events)).await.map_err(Fault::internal)?
        };
        let new = match alerts::store::record(&self.parts.db, &self.parts.ids, now, &findings).await {
            Ok(new) => new,
            Err(fault) => {
                // The client sends again: single findings are found again, what came together is not.
                self.parts.rules.correlations().owe(findings.split_off(single));
                return Err(fault);
            }
        };
        let (count, glimpse) = (events.len(), Glimpse::of(&events));
        let newest = events.iter().filter_map(|event| event.record.time).max();
        // Nobody else has them now, unless what was owed before kept one.
        drop(findings);
        let events = Arc::unwrap_or_clone(events);
        let stored = self.parts.events.append(events).await;
        if self.parts.desk.standstill.note(&stored, now) {
            self.parts.bus.tell(Live { topic: "sources", permission: crate::sources::READ, unit: None });
        }
        stored?;
        if let Some(newest) = newest {
            self.parts.desk.stats.lagged(whose.source, (now - newest).num_seconds(), now);
        }
        self.parts.desk.stats.came(whose.source, count, now);
        self.parts.desk.rates.events(whose.source, count, now);
        self.parts.desk.recent.note(whose.source, glimpse, now);
        if new > 0 {
            alerts::store::tell(&self.parts.bus, HashSet::from([whose.unit]));
        }
        Ok(count)
    }
}

impl Intake for Pipeline {
    fn take(&self, whose: Whose, records: Vec<Record>) -> BoxFuture<'_, Result<usize>> {
        Box::pin(async move {
            let mut taken = 0;
            let mut rest = self.parts.parsers.read(records).await?;
            while !rest.is_empty() {
                let next = if rest.len() > TOGETHER { rest.split_off(TOGETHER) } else { Vec::new() };
                taken += self.batch(whose, rest).await?;
                rest = next;
            }
            Ok(taken)
        })
    }

    fn keys(&self, source: Id, most: usize) -> BoxFuture<'_, Result<Vec<u64>>> {
        Box::pin(async move {
            let since = self.parts.clock.now() - KNOWN;
            let ids = self.parts.events.received(source, since, most).await?;
            Ok(ids.into_iter().rev().map(ids::key).collect())
        })
    }
}

/// How far a source's clock may be ahead.
const AHEAD: TimeDelta = TimeDelta::days(1);
/// How old a record may be: logs are kept for years, and a file of them may be brought in later.
const BEHIND: TimeDelta = TimeDelta::days(3653);

/// When an event happened: by the source's clock where that makes sense, else when it came. A time far off would make
/// a partition of its own in the store, and never be found by who looks at the present.
fn happened(said: Option<DateTime<Utc>>, received: DateTime<Utc>) -> DateTime<Utc> {
    said.filter(|at| *at <= received + AHEAD && *at >= received - BEHIND).unwrap_or(received)
}

fn stamp(ids: &Ids, whose: Whose, records: Vec<Record>, now: DateTime<Utc>) -> Vec<Event> {
    let event = |record: Record| Event {
        id: record.key.map_or_else(|| ids.next(now), |key| ids::keyed(now, key)),
        time: happened(record.time, now),
        received: now,
        source: whose.source,
        system: whose.system,
        unit: whose.unit,
        record,
    };
    records.into_iter().map(event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_makes_no_sense_is_the_time_of_receipt() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let day = TimeDelta::days(1);
        assert_eq!(happened(None, now), now);
        assert_eq!(happened(Some(now - day), now), now - day);
        assert_eq!(happened(Some(now + day * 2), now), now);
        assert_eq!(happened(Some(DateTime::UNIX_EPOCH), now), now);
        assert_eq!(happened(Some(DateTime::<Utc>::MAX_UTC), now), now);
    }
}
