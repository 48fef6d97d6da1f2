//! What other pages show of incidents: open ones with their clocks, the nearest deadline, counts.

use chrono::{DateTime, Utc};
use khien_base::{Id, Reach, Result};
use khien_web::Kit;
use schemars::JsonSchema;
use serde::Serialize;

use super::regime::Regime;
use super::store;

/// An open incident with the clock that ends first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OpenIncident {
    /// Where it is dealt with.
    pub href: String,
    /// Identity.
    pub id: Id,
    /// `SC-2026-0001`
    pub number: String,
    /// Title.
    pub title: String,
    /// `M1`–`M4`
    pub level: String,
    /// `new` … `closed`
    pub state: String,
    /// The unit.
    pub unit: Id,
    /// T0.
    pub detected_at: DateTime<Utc>,
    /// The clock that ends first; none where nothing with a limit is owed.
    pub clock: Option<Nearest>,
}

/// A running clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Nearest {
    /// Name in Vietnamese.
    pub name_vi: String,
    /// Name in English.
    pub name_en: String,
    /// When it ends.
    pub due_at: DateTime<Utc>,
    /// Seconds left; below zero once it is over.
    pub left_seconds: i64,
}

/// The nearest legal deadline, for the top bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deadline {
    /// Where it is dealt with.
    pub href: String,
    /// Number of the incident and name of the duty, in Vietnamese.
    pub text: String,
    /// The same in English.
    pub text_en: String,
    /// When it ends.
    pub at: DateTime<Utc>,
}

/// Figures of incidents within reach.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Not closed.
    pub open: u64,
    /// Not closed, at a level that the regime calls serious.
    pub serious: u64,
    /// With a clock whose time is over and of which nothing was sent.
    pub overdue: u64,
}

/// Incidents within reach that are not closed or still owe a report, those whose time ends first at the top.
pub async fn open_with_clocks(kit: &Kit, reach: &Reach, now: DateTime<Utc>, limit: u64) -> Result<Vec<OpenIncident>> {
    let rows = store::open(&kit.db, reach, limit).await?;
    let mut owed = store::owed(kit.db.read(), rows.iter().map(|row| row.id)).await?;
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        let first = owed.remove(&row.id).unwrap_or_default().into_iter().next();
        let clock = match first.as_ref().and_then(|first| first.due_at.map(|due| (first, due))) {
            None => None,
            Some((first, due_at)) => {
                let rule = first.rule()?;
                let left_seconds = (due_at - now).num_seconds();
                Some(Nearest { name_vi: rule.name_vi, name_en: rule.name_en, due_at, left_seconds })
            }
        };
        out.push(OpenIncident {
            href: format!("/incidents/{}", row.id),
            id: row.id,
            number: row.number,
            title: row.title,
            level: row.level,
            state: row.state,
            unit: row.unit,
            detected_at: row.detected_at,
            clock,
        });
    }
    Ok(out)
}

/// The legal clock within reach that ends first; where all are over, the one that ended last. One indexed query
/// while anything runs.
pub async fn nearest(kit: &Kit, reach: &Reach, now: DateTime<Utc>) -> Result<Option<Deadline>> {
    let Some(row) = store::nearest_clock(&kit.db, reach, now).await? else { return Ok(None) };
    let Some(at) = row.due_at else { return Ok(None) };
    let rule = row.rule()?;
    Ok(Some(Deadline {
        href: format!("/incidents/{}", row.incident),
        text: format!("{}: {}", row.number, rule.name_vi),
        text_en: format!("{}: {}", row.number, rule.name_en),
        at,
    }))
}

/// Figures of incidents within reach.
pub async fn counts(kit: &Kit, reach: &Reach, now: DateTime<Utc>) -> Result<Counts> {
    let serious = Regime::get()?.serious();
    let (open, serious, overdue) = store::counts(&kit.db, reach, &serious, now).await?;
    Ok(Counts { open, serious, overdue })
}
