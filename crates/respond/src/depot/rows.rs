//! Every query of holds, deletions and the decision on retention.

use chrono::{DateTime, Utc};
use khien_base::{Fault, Id, Reach, Result};
use khien_db::{Db, fault, page, within};
use khien_web::Paging;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::model::{decision, gone, hold};

/// Holds within reach, those in force first, the newest first.
pub(super) async fn holds(db: &Db, reach: &Reach, paging: Paging) -> Result<(Vec<hold::Model>, u64)> {
    let query = hold::Entity::find()
        .filter(within(hold::Column::Unit, reach))
        .order_by_desc(hold::Column::LiftedAt.is_null())
        .order_by_desc(hold::Column::SetAt)
        .order_by_desc(hold::Column::Id);
    page(db, query, paging.offset(), paging.size).await
}

/// All holds in force.
pub(super) async fn in_force<C: ConnectionTrait>(conn: &C) -> Result<Vec<hold::Model>> {
    hold::Entity::find().filter(hold::Column::LiftedAt.is_null()).all(conn).await.map_err(fault)
}

/// One hold.
pub(super) async fn one_hold<C: ConnectionTrait>(conn: &C, id: Id) -> Result<hold::Model> {
    hold::Entity::find_by_id(id).one(conn).await.map_err(fault)?.ok_or_else(|| Fault::not_found("web.not-found"))
}

/// Sets a hold.
pub(super) async fn set_hold<C: ConnectionTrait>(conn: &C, hold: hold::Model) -> Result<()> {
    hold::Entity::insert(hold::ActiveModel::from(hold)).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// Lifts a hold that is in force: `depot.lifted` otherwise.
pub(super) async fn lift<C: ConnectionTrait>(
    conn: &C,
    id: Id,
    by: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let done = hold::Entity::update_many()
        .col_expr(hold::Column::LiftedAt, Expr::value(now))
        .col_expr(hold::Column::LiftedByName, Expr::value(by))
        .col_expr(hold::Column::LiftedReason, Expr::value(reason))
        .filter(hold::Column::Id.eq(id))
        .filter(hold::Column::LiftedAt.is_null())
        .exec(conn)
        .await
        .map_err(fault)?;
    if done.rows_affected == 0 { Err(Fault::conflict("depot.lifted")) } else { Ok(()) }
}

/// The decision that is in force; none before the first.
pub(super) async fn decision<C: ConnectionTrait>(conn: &C) -> Result<Option<decision::Model>> {
    decision::Entity::find_by_id(1).one(conn).await.map_err(fault)
}

/// Puts a decision in force.
pub(super) async fn decide<C: ConnectionTrait>(conn: &C, decided: decision::Model) -> Result<()> {
    use decision::Column::{At, By, ByName, Deletes, LeastMonths};
    let mut again = OnConflict::column(decision::Column::Id);
    again.update_columns([Deletes, LeastMonths, By, ByName, At]);
    let row = decision::Entity::insert(decision::ActiveModel::from(decided)).on_conflict(again);
    row.exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// Announces deletions.
pub(super) async fn plan<C: ConnectionTrait>(conn: &C, rows: Vec<gone::Model>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.into_iter().map(gone::ActiveModel::from);
    gone::Entity::insert_many(rows).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// Deletions that were announced and of which nobody wrote down that they are done.
pub(super) async fn planned<C: ConnectionTrait>(conn: &C) -> Result<Vec<gone::Model>> {
    gone::Entity::find().filter(gone::Column::DoneAt.is_null()).all(conn).await.map_err(fault)
}

/// Writes down that a deletion is done, and of how many events.
pub(super) async fn done<C: ConnectionTrait>(conn: &C, id: Id, events: i64, now: DateTime<Utc>) -> Result<()> {
    gone::Entity::update_many()
        .col_expr(gone::Column::Events, Expr::value(events))
        .col_expr(gone::Column::DoneAt, Expr::value(now))
        .filter(gone::Column::Id.eq(id))
        .exec(conn)
        .await
        .map_err(fault)?;
    Ok(())
}

/// Deletions within reach, the newest first.
pub(super) async fn deletions(db: &Db, reach: &Reach, limit: u64) -> Result<Vec<gone::Model>> {
    gone::Entity::find()
        .filter(within(gone::Column::Unit, reach))
        .filter(gone::Column::DoneAt.is_not_null())
        .order_by_desc(gone::Column::DoneAt)
        .order_by_desc(gone::Column::Day)
        .limit(limit)
        .all(db.read())
        .await
        .map_err(fault)
}
