//! Figures of the register.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use khien_base::measure::{Figure, Unit};
use khien_base::{Reach, Result};
use khien_web::{Kit, Measure};

use super::store;

/// The measures of this module.
pub const ALL: [Measure; 3] = [
    Measure {
        id: "systems.connected",
        unit: Unit::Percent,
        compute: connected,
        rows: "/systems?state=running&connected=no",
    },
    Measure {
        id: "systems.level-approved",
        unit: Unit::Percent,
        compute: level_approved,
        rows: "/systems?state=running",
    },
    Measure { id: "systems.running", unit: Unit::Count, compute: running, rows: "/systems?state=running" },
];

fn connected<'a>(kit: &'a Kit, reach: &'a Reach, now: DateTime<Utc>) -> BoxFuture<'a, Result<Figure>> {
    Box::pin(async move {
        let live = kit.watch()?.connected(now).await?;
        let running = store::running_ids(&kit.db, reach).await?;
        let with = running.iter().filter(|id| live.contains(id)).count();
        Ok(Figure::share(with as u64, running.len() as u64))
    })
}

fn level_approved<'a>(kit: &'a Kit, reach: &'a Reach, _now: DateTime<Utc>) -> BoxFuture<'a, Result<Figure>> {
    Box::pin(async move {
        let (approved, all) = store::approved(&kit.db, reach).await?;
        Ok(Figure::share(approved, all))
    })
}

fn running<'a>(kit: &'a Kit, reach: &'a Reach, _now: DateTime<Utc>) -> BoxFuture<'a, Result<Figure>> {
    Box::pin(async move { Ok(Figure::count(store::approved(&kit.db, reach).await?.1)) })
}
