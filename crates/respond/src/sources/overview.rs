//! What overview pages ask of log sources.

use chrono::{DateTime, Utc};
use khien_base::{Id, Reach, Result};
use khien_web::Kit;
use schemars::JsonSchema;
use serde::Serialize;

use super::rules::State;
use super::store;

/// How many sources stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Events come.
    pub live: u64,
    /// Events came once and no more.
    pub silent: u64,
    /// No event has come yet.
    pub never: u64,
    /// Paused by somebody.
    pub paused: u64,
}

/// A silent source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Silent {
    /// The source.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Its information system.
    pub system: Id,
    /// The unit that owns the system.
    pub unit: Id,
    /// Its last event.
    pub last_event_at: Option<DateTime<Utc>>,
}

/// How many sources within reach stand how.
pub async fn counts(kit: &Kit, reach: &Reach, now: DateTime<Utc>) -> Result<Counts> {
    Ok(Counts {
        live: store::count(&kit.db, reach, State::Live, now).await?,
        silent: store::count(&kit.db, reach, State::Silent, now).await?,
        never: store::count(&kit.db, reach, State::Never, now).await?,
        paused: store::count(&kit.db, reach, State::Paused, now).await?,
    })
}

/// Silent sources within reach, the longest silent first.
pub async fn silent(kit: &Kit, reach: &Reach, now: DateTime<Utc>, limit: u64) -> Result<Vec<Silent>> {
    let rows = store::silent(&kit.db, reach, now, limit).await?;
    Ok(rows
        .into_iter()
        .map(|source| Silent {
            id: source.id,
            name: source.name,
            system: source.system,
            unit: source.unit,
            last_event_at: source.last_event_at,
        })
        .collect())
}
