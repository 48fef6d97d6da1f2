//! Events that alerts of a rule keep.

use chrono::{DateTime, Utc};
use khien_base::{Event, Id, Reach, Result};
use khien_db::{Db, fault, within};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::alerts::model::{Column, Entity, member};

/// Alerts that are looked at.
const ALERTS: u64 = 500;
/// Events that are looked at.
const EVENTS: u64 = 2000;

/// Events that alerts of a rule keep since a moment, within reach, newest first, each with its alert.
pub async fn of_rule(db: &Db, reach: &Reach, rule: &str, since: DateTime<Utc>) -> Result<Vec<(Id, Event)>> {
    let alerts: Vec<Id> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(within(Column::Unit, reach))
        .filter(Column::Rule.eq(rule))
        .filter(Column::LastAt.gte(since))
        .order_by_desc(Column::LastAt)
        .limit(ALERTS)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    of_alerts(db, &alerts, EVENTS).await
}

/// Events that these alerts keep, newest first. The caller has checked who may see them. An event that was cut short so
/// that it is none any more is left out.
pub async fn of_alerts(db: &Db, alerts: &[Id], limit: u64) -> Result<Vec<(Id, Event)>> {
    if alerts.is_empty() {
        return Ok(Vec::new());
    }
    let rows = member::Entity::find()
        .filter(member::Column::AlertGroup.is_in(alerts.iter().copied()))
        .order_by_desc(member::Column::At)
        .limit(limit)
        .all(db.read())
        .await
        .map_err(fault)?;
    let event = |row: member::Model| Some((row.alert_group, serde_json::from_value(row.record).ok()?));
    Ok(rows.into_iter().filter_map(event).collect())
}
