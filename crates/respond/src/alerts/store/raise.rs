//! Alerts that no rule made: a log source fell silent.

use chrono::{DateTime, Utc};
use khien_base::clock::day_in_vietnam;
use khien_base::key::key;
use khien_base::{Id, Ids, Result};
use khien_db::{Db, fault};
use khien_detect::Level;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ActiveValue, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use super::record::{hour, lock};
use crate::alerts::model::{self, Column, Entity, Model};
use crate::alerts::rules;

/// Something that is to be looked at though no rule found it.
#[derive(Debug, Clone, PartialEq)]
pub struct Raised {
    /// `source-silent`; its name is the text `alerts.kind.<kind>`.
    pub kind: &'static str,
    /// A sentence.
    pub title: String,
    /// How bad it is.
    pub level: Level,
    /// Whose it is.
    pub unit: Id,
    /// The information system.
    pub system: Option<Id>,
    /// The computer or log source.
    pub host: String,
    /// What else is known, by name.
    pub detail: Value,
}

/// Raises an alert; one of the same kind, system and host that is still open only gets a newer time. Says whether a
/// new one was made, so that the caller can [`super::tell`].
pub async fn raise(db: &Db, ids: &Ids, now: DateTime<Utc>, raised: Raised) -> Result<bool> {
    let tx = db.begin().await?;
    lock(tx.conn()).await?;
    let mut same = Entity::find()
        .filter(Column::Kind.eq(raised.kind))
        .filter(Column::Host.eq(&raised.host))
        .filter(Column::State.ne(model::CLOSED));
    same = match raised.system {
        Some(system) => same.filter(Column::System.eq(system)),
        None => same.filter(Column::System.is_null()).filter(Column::Unit.eq(raised.unit)),
    };
    let open = same.order_by_desc(Column::LastAt).one(tx.conn()).await.map_err(fault)?;
    let new = open.is_none();
    match open {
        Some(group) => {
            let mut row = group.into_active_model();
            row.last_at = ActiveValue::Set(now);
            row.updated_at = ActiveValue::Set(now);
            row.detail = ActiveValue::Set(raised.detail);
            row.update(tx.conn()).await.map_err(fault)?;
        }
        None => {
            let row = begin(ids, now, raised).into_active_model().reset_all();
            Entity::insert(row).exec_without_returning(tx.conn()).await.map_err(fault)?;
        }
    }
    tx.commit_machine().await?;
    Ok(new)
}

/// What was raised has passed by itself (the source speaks again): closes the open alerts of this kind, system and host
/// as dealt with. Gives how many; those of an incident stay.
pub async fn settle(db: &Db, now: DateTime<Utc>, kind: &str, system: Id, host: &str, note: &str) -> Result<u64> {
    let tx = db.begin().await?;
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(model::CLOSED))
        .col_expr(Column::Reason, Expr::value(Some("handled")))
        .col_expr(Column::Note, Expr::value(note))
        .col_expr(Column::ClosedAt, Expr::value(Some(now)))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Kind.eq(kind))
        .filter(Column::System.eq(system))
        .filter(Column::Host.eq(host))
        .filter(Column::State.is_in([model::NEW, model::SEEN]))
        .exec(tx.conn())
        .await
        .map_err(fault)?;
    tx.commit_machine().await?;
    Ok(done.rows_affected)
}

fn begin(ids: &Ids, now: DateTime<Utc>, raised: Raised) -> Model {
    Model {
        id: ids.next(now),
        kind: raised.kind.to_owned(),
        rule: raised.kind.to_owned(),
        search_key: key(&format!("{} {}", raised.title, raised.host)),
        title: raised.title,
        level: rules::weight(raised.level),
        techniques: json!([]),
        unit: raised.unit,
        system: raised.system,
        host: raised.host,
        state: model::NEW.to_owned(),
        reason: None,
        note: String::new(),
        incident: None,
        hits: 1,
        kept: 0,
        kept_day: day_in_vietnam(now),
        first_at: now,
        last_at: now,
        hour: hour(now),
        detail: raised.detail,
        created_at: now,
        updated_at: now,
        closed_at: None,
    }
}
