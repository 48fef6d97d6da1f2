//! The lake as its callers use it: a folder, real files, a real engine.

mod bucket;
mod conditions;
mod crash;
mod evolve;
mod forget;
mod journal;
mod keep;
mod layout;
mod measure;
mod reach;
mod room;
mod round_trip;
mod sql;

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::event::Hot;
use khien_base::ports::{EventStore, Search};
use khien_base::{Clock, Event, Filter, Id, Ids, LogSource, Reach, Record};
use serde_json::json;

use crate::{Lake, Settings};

/// 08:00 UTC on 10/06/2026.
pub(crate) fn noon() -> DateTime<Utc> {
    "2026-06-10T08:00:00Z".parse().unwrap()
}

pub(crate) fn unit(n: u128) -> Id {
    Id::from_u128(0xA000 + n)
}

/// Nothing becomes a file of the table before a test says so.
pub(crate) fn quick() -> Settings {
    Settings { flush_after: Duration::from_secs(3_600), ..Settings::default() }
}

/// Stores events and puts them into the table.
pub(crate) async fn commit(lake: &Lake, events: Vec<Event>) {
    lake.append(events).await.unwrap();
    lake.flush().await.unwrap();
}

pub(crate) async fn open(dir: &Path) -> Lake {
    Lake::open_with(dir, Clock::fixed(noon()), quick()).await.unwrap()
}

/// Makes events that differ: identities and times count up.
pub(crate) struct Maker {
    ids: Ids,
    count: i64,
}

impl Maker {
    pub(crate) fn new(seed: u64) -> Self {
        Self { ids: Ids::seeded(seed), count: 0 }
    }

    pub(crate) fn event(&mut self, of: Id, raw: &str) -> Event {
        self.count += 1;
        let time = noon() + TimeDelta::microseconds(self.count * 1_000);
        let hot = Hot {
            class_uid: 3002,
            severity_id: 3,
            host: Some("máy-chủ-01".into()),
            user: Some("Nguyễn Văn Ánh".into()),
            src_ip: Some("10.0.0.7".into()),
            src_port: Some(51_515),
            event_code: Some("4625".into()),
            ..Hot::default()
        };
        let log = LogSource { product: Some("windows".into()), service: Some("security".into()), category: None };
        let fields = json!({ "EventID": 4625, "Data": { "sâu": ["một", 2, null] }, "b": true });
        Event {
            id: self.ids.next(time),
            time,
            received: time + TimeDelta::seconds(2),
            source: Id::from_u128(7),
            system: Id::from_u128(8),
            unit: of,
            record: Record {
                time: Some(time),
                log,
                hot,
                fields: fields.as_object().cloned().unwrap().into(),
                raw: raw.to_owned(),
                key: None,
            },
        }
    }

    pub(crate) fn events(&mut self, of: Id, count: usize) -> Vec<Event> {
        (0..count).map(|n| self.event(of, &format!("dòng {n} đăng nhập thất bại"))).collect()
    }
}

/// What a search bar says.
pub(crate) fn said(text: &str) -> Filter {
    khien_base::filter::read(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

/// Everything within reach, newest first.
pub(crate) fn all(reach: Reach) -> Search {
    Search { limit: 1_000, ..Search::within(reach) }
}
