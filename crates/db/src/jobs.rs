//! Background work as rows, written in the same transaction as the change that asks for it.
//!
//! Work is idempotent: it may run again after a crash. A job that fails is tried again later, ever more slowly,
//! and stays visible with its error.

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::{Id, Result};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue, ConnectionTrait, QueryOrder, QuerySelect};
use serde_json::Value;

use crate::{Db, fault};

/// The table.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    /// Identity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Which work: `incidents.remind`.
    pub kind: String,
    /// One row per key: asking twice is asking once.
    pub key: String,
    /// What the work needs.
    pub payload: Json,
    /// Not before.
    pub run_at: DateTimeUtc,
    /// How often it was tried.
    pub attempts: i32,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it was done.
    pub done_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Asks for work, within a change. A job of the same key that is there already stays as it is.
pub async fn enqueue<C: ConnectionTrait>(
    conn: &C,
    id: Id,
    kind: &str,
    key: &str,
    payload: Value,
    run_at: DateTime<Utc>,
) -> Result<()> {
    let row = ActiveModel {
        id: ActiveValue::Set(id),
        kind: ActiveValue::Set(kind.to_owned()),
        key: ActiveValue::Set(key.to_owned()),
        payload: ActiveValue::Set(payload),
        run_at: ActiveValue::Set(run_at),
        attempts: ActiveValue::Set(0),
        last_error: ActiveValue::Set(None),
        done_at: ActiveValue::Set(None),
    };
    Entity::insert(row).on_conflict_do_nothing_on([Column::Key]).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// Jobs whose time has come, oldest first.
pub async fn due(db: &Db, now: DateTime<Utc>, limit: u64) -> Result<Vec<Model>> {
    Entity::find()
        .filter(Column::DoneAt.is_null())
        .filter(Column::RunAt.lte(now))
        .order_by_asc(Column::RunAt)
        .limit(limit)
        .all(db.read())
        .await
        .map_err(fault)
}

/// Records the end of a try: done, or failed and due again after 1, 2, 4 … minutes, at most a day.
pub async fn finish(db: &Db, job: &Model, outcome: std::result::Result<(), String>, now: DateTime<Utc>) -> Result<()> {
    let tx = db.begin().await?;
    let mut row: ActiveModel = job.clone().into();
    row.attempts = ActiveValue::Set(job.attempts + 1);
    match outcome {
        Ok(()) => row.done_at = ActiveValue::Set(Some(now)),
        Err(error) => {
            let minutes = 1i64 << job.attempts.clamp(0, 10);
            row.last_error = ActiveValue::Set(Some(error));
            row.run_at = ActiveValue::Set(now + TimeDelta::minutes(minutes.min(1440)));
        }
    }
    row.update(tx.conn()).await.map_err(fault)?;
    tx.commit_machine().await
}
