//! Which rules are switched off, by whom and why.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use khien_base::{Id, Result};
use khien_db::{Db, fault};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue, ConnectionTrait, EntityTrait};

use crate::rules::model::setting::{ActiveModel, Column, Entity, Model};

/// Rows of one insert.
const ROWS: usize = 500;

/// A switch that is turned.
#[derive(Debug, Clone, Copy)]
pub struct Turned<'a> {
    /// On or off.
    pub enabled: bool,
    /// Why.
    pub reason: &'a str,
    /// Who.
    pub by: Id,
    /// The name of who.
    pub by_name: &'a str,
    /// When.
    pub at: DateTime<Utc>,
}

/// All switches that were ever turned, by rule.
pub async fn all(db: &Db) -> Result<HashMap<String, Model>> {
    let rows = Entity::find().all(db.read()).await.map_err(fault)?;
    Ok(rows.into_iter().map(|row| (row.rule.clone(), row)).collect())
}

/// The switch of one rule.
pub async fn of_rule(db: &Db, rule: &str) -> Result<Option<Model>> {
    Entity::find_by_id(rule.to_owned()).one(db.read()).await.map_err(fault)
}

/// Turns the switches of these rules.
pub async fn turn<C: ConnectionTrait>(conn: &C, rules: &[String], turned: Turned<'_>) -> Result<()> {
    for batch in rules.chunks(ROWS) {
        let rows = batch.iter().map(|rule| ActiveModel {
            rule: ActiveValue::Set(rule.clone()),
            enabled: ActiveValue::Set(turned.enabled),
            reason: ActiveValue::Set(turned.reason.to_owned()),
            by: ActiveValue::Set(Some(turned.by)),
            by_name: ActiveValue::Set(turned.by_name.to_owned()),
            at: ActiveValue::Set(turned.at),
        });
        let again = OnConflict::column(Column::Rule)
            .update_columns([Column::Enabled, Column::Reason, Column::By, Column::ByName, Column::At])
            .to_owned();
        Entity::insert_many(rows).on_conflict(again).exec_without_returning(conn).await.map_err(fault)?;
    }
    Ok(())
}
