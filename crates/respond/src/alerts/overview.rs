//! Alerts as the leader's page counts them: aggregates in the database, one query each.

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::{Reach, Result};
use khien_db::{fault, within};
use khien_web::Kit;
use schemars::JsonSchema;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;

use super::model::{self, Column, Entity};
use super::rules;

/// Alerts of one level that began in one hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HourCount {
    /// Start of the hour.
    pub hour: DateTime<Utc>,
    /// `informational` … `critical`
    pub level: &'static str,
    /// Alerts.
    pub alerts: i64,
    /// Events in them.
    pub events: i64,
}

/// Open alerts of one level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OpenCount {
    /// `informational` … `critical`
    pub level: &'static str,
    /// That nobody has looked at.
    pub new: i64,
    /// That somebody has looked at.
    pub seen: i64,
}

/// Alerts of the last 24 hours by the hour of their first event and by level; hours without alerts are left out.
pub async fn last_24h(kit: &Kit, reach: &Reach, now: DateTime<Utc>) -> Result<Vec<HourCount>> {
    let since = (now - TimeDelta::hours(23)).timestamp().div_euclid(3600);
    let rows: Vec<(i64, i32, i64, i64)> = Entity::find()
        .select_only()
        .column(Column::Hour)
        .column(Column::Level)
        .column_as(Column::Id.count(), "alerts")
        .column_as(Expr::col(Column::Hits).sum().cast_as("bigint"), "events")
        .filter(within(Column::Unit, reach))
        .filter(Column::Hour.gte(since))
        .filter(Column::Hour.lte(now.timestamp().div_euclid(3600)))
        .group_by(Column::Hour)
        .group_by(Column::Level)
        .order_by_asc(Column::Hour)
        .order_by_asc(Column::Level)
        .into_tuple()
        .all(kit.db.read())
        .await
        .map_err(fault)?;
    let count = |(hour, level, alerts, events): (i64, i32, i64, i64)| HourCount {
        hour: DateTime::from_timestamp(hour.saturating_mul(3600), 0).unwrap_or_default(),
        level: rules::level_name(level),
        alerts,
        events,
    };
    Ok(rows.into_iter().map(count).collect())
}

/// Open alerts by level, worst first; levels without any are there with zeros.
pub async fn open_counts(kit: &Kit, reach: &Reach) -> Result<Vec<OpenCount>> {
    let rows: Vec<(i32, String, i64)> = Entity::find()
        .select_only()
        .column(Column::Level)
        .column(Column::State)
        .column_as(Column::Id.count(), "alerts")
        .filter(within(Column::Unit, reach))
        .filter(Column::State.is_in([model::NEW, model::SEEN]))
        .group_by(Column::Level)
        .group_by(Column::State)
        .into_tuple()
        .all(kit.db.read())
        .await
        .map_err(fault)?;
    let of = |level: i32, state: &str| {
        rows.iter().filter(|(l, s, _)| *l == level && s == state).map(|(_, _, alerts)| alerts).sum()
    };
    let all = (1..=5).rev().map(|level| OpenCount {
        level: rules::level_name(level),
        new: of(level, model::NEW),
        seen: of(level, model::SEEN),
    });
    Ok(all.collect())
}
