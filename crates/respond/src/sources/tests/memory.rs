//! Events in memory, for tests of what stands before the real store.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;

use chrono::{DateTime, NaiveDate, Utc};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use khien_base::filter::{Name, values};
use khien_base::ports::{Bucket, DayFiles, EventFile, EventStore, Found, Held, Holdings, Rows, Search, Share, Values};
use khien_base::{Event, Fault, Id, Kind, Reach, Result};

/// Events in memory, by the port's contract; SQL is left to the real store's own tests.
#[derive(Default)]
pub(crate) struct InMemory(pub(crate) Mutex<Vec<Event>>);

impl InMemory {
    fn matching(&self, query: &Search) -> Vec<Event> {
        let fits = |event: &Event| {
            query.reach.covers(event.unit)
                && query.from.is_none_or(|from| event.time >= from)
                && query.to.is_none_or(|to| event.time < to)
                && query.source.is_none_or(|source| event.source == source)
                && query.system.is_none_or(|system| event.system == system)
                && query.filter.holds(event)
        };
        let mut found: Vec<Event> = self.0.lock().unwrap().iter().filter(|event| fits(event)).cloned().collect();
        found.sort_by_key(|event| std::cmp::Reverse((event.time, event.id)));
        found
    }
}

/// Stands for a Parquet file, which only the real store can write: one identity a line.
struct Lines(std::fs::File);

impl EventFile for Lines {
    fn write(&mut self, events: Vec<Event>) -> Result<()> {
        for event in events {
            writeln!(self.0, "{} {}", event.id, event.record.hot.user.unwrap_or_default()).map_err(Fault::internal)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

impl EventStore for InMemory {
    fn append(&self, batch: Vec<Event>) -> BoxFuture<'_, Result<()>> {
        self.0.lock().unwrap().extend(batch);
        Box::pin(async { Ok(()) })
    }

    fn search(&self, query: Search) -> BoxFuture<'_, Result<Found>> {
        Box::pin(async move {
            if query.limit > 1000 {
                return Err(Fault::new(Kind::TooMany, "lake.page").with("limit", 1000));
            }
            let all = self.matching(&query);
            let total = all.len() as u64;
            Ok(Found { events: all.into_iter().skip(query.offset).take(query.limit).collect(), total })
        })
    }

    fn newest(&self, query: Search, rows: usize) -> BoxStream<'_, Result<Vec<Event>>> {
        let all: Vec<Event> = self.matching(&query).into_iter().take(rows).collect();
        let pages: Vec<Result<Vec<Event>>> = all.chunks(1000).map(|page| Ok(page.to_vec())).collect();
        Box::pin(futures::stream::iter(pages))
    }

    fn each(&self, query: Search) -> BoxStream<'_, Result<Vec<Event>>> {
        self.newest(query, usize::MAX)
    }

    fn values(&self, query: Search, of: Name, most: usize) -> BoxFuture<'_, Result<Values>> {
        let all = self.matching(&query);
        let value = |event: &Event| match &of {
            Name::Column(column) => column.value(event),
            Name::Field(name) => values(&event.record.fields, name).into_iter().next(),
        };
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for value in all.iter().filter_map(value).filter(|value| !value.is_empty()) {
            *counts.entry(value).or_default() += 1;
        }
        let having = counts.values().sum();
        let mut rows: Vec<(String, u64)> = counts.into_iter().collect();
        rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        rows.truncate(most);
        Box::pin(async move { Ok(Values { rows, having, total: all.len() as u64 }) })
    }

    fn parquet(&self, to: std::fs::File) -> Result<Box<dyn EventFile>> {
        Ok(Box::new(Lines(to)))
    }

    fn received(&self, source: Id, since: DateTime<Utc>, most: usize) -> BoxFuture<'_, Result<Vec<Id>>> {
        let all = self.0.lock().unwrap();
        let own = all.iter().filter(|event| event.source == source && event.received >= since);
        let mut ids: Vec<Id> = own.map(|event| event.id).collect();
        ids.sort_by_key(|id| std::cmp::Reverse(*id));
        ids.truncate(most);
        Box::pin(async move { Ok(ids) })
    }

    fn event(&self, id: Id, reach: Reach) -> BoxFuture<'_, Result<Option<Event>>> {
        let found = self.0.lock().unwrap().iter().find(|e| e.id == id && reach.covers(e.unit)).cloned();
        Box::pin(async move { Ok(found) })
    }

    fn histogram(&self, query: Search, slices: usize) -> BoxFuture<'_, Result<Vec<Bucket>>> {
        let all = self.matching(&query);
        Box::pin(async move {
            let (Some(from), Some(to)) = (query.from, query.to) else { return Ok(Vec::new()) };
            let step = (to - from) / i32::try_from(slices).unwrap();
            let starts = (0..i32::try_from(slices).unwrap()).map(|n| from + step * n);
            let count = |at: DateTime<Utc>| all.iter().filter(|e| e.time >= at && e.time < at + step).count() as u64;
            Ok(starts.map(|at| Bucket { at, count: count(at) }).collect())
        })
    }

    fn sql(&self, statement: String, _: Reach, _: usize) -> BoxFuture<'_, Result<Rows>> {
        Box::pin(async move {
            if statement.contains("wait") {
                std::future::pending::<()>().await;
            }
            Err(Fault::invalid("lake.sql").with("message", "no such column: x").on("sql"))
        })
    }

    fn holdings(&self) -> BoxFuture<'_, Result<Holdings>> {
        Box::pin(async { Ok(Holdings { events: self.0.lock().unwrap().len() as u64, ..Holdings::default() }) })
    }

    fn days(&self) -> BoxFuture<'_, Result<Vec<DayFiles>>> {
        Box::pin(async {
            let mut days: BTreeMap<NaiveDate, u64> = BTreeMap::new();
            for event in self.0.lock().unwrap().iter() {
                *days.entry(event.time.date_naive()).or_default() += 1;
            }
            let files = |(day, events)| DayFiles { day, files: 1, small: 1, bytes: events * 100, events };
            Ok(days.into_iter().map(files).collect())
        })
    }

    fn shares(&self) -> BoxFuture<'_, Result<Vec<Share>>> {
        Box::pin(async {
            let mut shares: BTreeMap<(NaiveDate, Id, Id), u64> = BTreeMap::new();
            for event in self.0.lock().unwrap().iter() {
                *shares.entry((event.time.date_naive(), event.unit, event.system)).or_default() += 1;
            }
            let share = |((day, unit, system), events)| Share { day, unit, system, events, bytes: events * 100 };
            Ok(shares.into_iter().map(share).collect())
        })
    }

    fn forget(&self, day: NaiveDate, systems: Vec<Id>, holds: Vec<Held>) -> BoxFuture<'_, Result<Vec<(Id, u64)>>> {
        let gone = self.doomed(day, &systems, &holds);
        self.0.lock().unwrap().retain(|event| !gone.iter().any(|it| it.id == event.id));
        Box::pin(async move { Ok(by_system(&gone)) })
    }

    fn forgettable(&self, day: NaiveDate, systems: Vec<Id>, holds: Vec<Held>) -> BoxFuture<'_, Result<Vec<(Id, u64)>>> {
        let gone = self.doomed(day, &systems, &holds);
        Box::pin(async move { Ok(by_system(&gone)) })
    }

    fn tidy(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

fn by_system(events: &[Event]) -> Vec<(Id, u64)> {
    let mut sums: BTreeMap<Id, u64> = BTreeMap::new();
    events.iter().for_each(|event| *sums.entry(event.system).or_default() += 1);
    sums.into_iter().collect()
}

impl InMemory {
    fn doomed(&self, day: NaiveDate, systems: &[Id], holds: &[Held]) -> Vec<Event> {
        let held = |event: &Event| {
            holds.iter().any(|hold| {
                hold.system.is_none_or(|system| system == event.system)
                    && hold.from.is_none_or(|from| event.time >= from)
                    && hold.to.is_none_or(|to| event.time < to)
            })
        };
        let of_day = |event: &&Event| event.time.date_naive() == day && systems.contains(&event.system);
        self.0.lock().unwrap().iter().filter(of_day).filter(|event| !held(event)).cloned().collect()
    }
}
