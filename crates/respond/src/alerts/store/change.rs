//! What people do with alerts.

use chrono::{DateTime, Utc};
use khien_base::{Id, Result};
use khien_db::fault;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::alerts::model::{self, Column, Entity, counted};

/// How alerts are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing<'a> {
    /// One of [`model::REASONS`].
    pub reason: &'static str,
    /// What is said of it.
    pub note: &'a str,
    /// When.
    pub at: DateTime<Utc>,
}

/// Closes alerts that are new or seen; gives how many. The caller has checked who may.
pub async fn close<C: ConnectionTrait>(conn: &C, groups: &[Id], closing: Closing<'_>) -> Result<u64> {
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(model::CLOSED))
        .col_expr(Column::Reason, Expr::value(Some(closing.reason)))
        .col_expr(Column::Note, Expr::value(closing.note))
        .col_expr(Column::ClosedAt, Expr::value(Some(closing.at)))
        .col_expr(Column::UpdatedAt, Expr::value(closing.at))
        .filter(Column::Id.is_in(groups.iter().copied()))
        .filter(Column::State.is_in([model::NEW, model::SEEN]))
        .exec(conn)
        .await
        .map_err(fault)?;
    Ok(done.rows_affected)
}

/// Notes that somebody has looked at new alerts; gives how many were new.
pub async fn mark_seen<C: ConnectionTrait>(conn: &C, groups: &[Id], now: DateTime<Utc>) -> Result<u64> {
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(model::SEEN))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.is_in(groups.iter().copied()))
        .filter(Column::State.eq(model::NEW))
        .exec(conn)
        .await
        .map_err(fault)?;
    Ok(done.rows_affected)
}

/// Makes alerts part of an incident, inside the change that opens or widens it; gives how many. An alert that is part
/// of another incident stays there. The caller has checked who may, with [`super::some`].
pub async fn join<C: ConnectionTrait>(conn: &C, groups: &[Id], incident: Id) -> Result<u64> {
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(model::INCIDENT))
        .col_expr(Column::Incident, Expr::value(Some(incident)))
        .col_expr(Column::Reason, Expr::value(None::<String>))
        .col_expr(Column::ClosedAt, Expr::value(None::<DateTime<Utc>>))
        .filter(Column::Id.is_in(groups.iter().copied()))
        .filter(Column::Incident.is_null())
        .exec(conn)
        .await
        .map_err(fault)?;
    Ok(done.rows_affected)
}

/// Forgets fingerprints of events that were only counted, before a moment.
pub async fn forget<C: ConnectionTrait>(conn: &C, before: DateTime<Utc>) -> Result<u64> {
    let done = counted::Entity::delete_many().filter(counted::Column::At.lt(before)).exec(conn).await.map_err(fault)?;
    Ok(done.rows_affected)
}
