//! Alerts that no rule made: a log source fell silent, a scheduled search found something.

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
    /// `source-silent`, `search`
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

/// Who an alert is of: the log source or search that its detail names, whatever it is called now; the host where it names
/// none.
fn is_of(alert: &Model, named: Option<&Value>, host: &str) -> bool {
    match (named_in(&alert.detail), named) {
        (Some(own), Some(named)) => own == named,
        _ => alert.host == host,
    }
}

fn named_in(detail: &Value) -> Option<&Value> {
    detail.get("source").or_else(|| detail.get("search"))
}

/// Raises an alert; one of the same kind, system and log source that is still open only gets a newer time and the name
/// of today. Says whether a new one was made, so that the caller can [`super::tell`].
pub async fn raise(db: &Db, ids: &Ids, now: DateTime<Utc>, raised: Raised) -> Result<bool> {
    let tx = db.begin().await?;
    lock(tx.conn()).await?;
    let mut same = Entity::find().filter(Column::Kind.eq(raised.kind)).filter(Column::State.ne(model::CLOSED));
    same = match raised.system {
        Some(system) => same.filter(Column::System.eq(system)),
        None => same.filter(Column::System.is_null()).filter(Column::Unit.eq(raised.unit)),
    };
    let open = same.order_by_desc(Column::LastAt).all(tx.conn()).await.map_err(fault)?;
    let open = open.into_iter().find(|alert| is_of(alert, named_in(&raised.detail), &raised.host));
    let new = open.is_none();
    match open {
        Some(group) => {
            let mut row = group.into_active_model();
            row.last_at = ActiveValue::Set(now);
            row.updated_at = ActiveValue::Set(now);
            row.search_key = ActiveValue::Set(key(&format!("{} {}", raised.title, raised.host)));
            row.host = ActiveValue::Set(raised.host);
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

/// What was raised and has passed by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled<'a> {
    /// Kind of the alert.
    pub kind: &'static str,
    /// Its information system.
    pub system: Id,
    /// The log source that it is of.
    pub source: Id,
    /// The name of the source, for alerts that name no source.
    pub host: &'a str,
    /// What is said of it.
    pub note: &'a str,
}

/// What was raised has passed by itself (the source speaks again): closes its open alerts as dealt with, also those
/// raised under a name that the source had before. Gives how many; those of an incident stay.
pub async fn settle(db: &Db, now: DateTime<Utc>, settled: Settled<'_>) -> Result<u64> {
    let tx = db.begin().await?;
    let open = Entity::find()
        .filter(Column::Kind.eq(settled.kind))
        .filter(Column::System.eq(settled.system))
        .filter(Column::State.is_in([model::NEW, model::SEEN]))
        .all(tx.conn())
        .await
        .map_err(fault)?;
    let source = json!(settled.source);
    let of_it = open.iter().filter(|alert| is_of(alert, Some(&source), settled.host)).map(|alert| alert.id);
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(model::CLOSED))
        .col_expr(Column::Reason, Expr::value(Some("handled")))
        .col_expr(Column::Note, Expr::value(settled.note))
        .col_expr(Column::ClosedAt, Expr::value(Some(now)))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.is_in(of_it))
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
