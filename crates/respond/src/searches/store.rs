//! Every query of saved searches.

use chrono::{DateTime, Utc};
use khien_base::{Fault, Id, Reach, Result};
use khien_db::{Db, fault, within};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::model::{Column, Entity, Model};

fn seen(by: Id, reach: &Reach) -> Condition {
    let shared = Condition::all().add(Column::Shared.eq(true)).add(within(Column::Unit, reach));
    Condition::any().add(Column::By.eq(by)).add(shared)
}

/// Searches that a person sees, by name.
pub async fn list(db: &Db, by: Id, reach: &Reach) -> Result<Vec<Model>> {
    let query = Entity::find().filter(seen(by, reach)).order_by_asc(Column::Name).limit(500);
    query.all(db.read()).await.map_err(fault)
}

/// A search that a person sees.
pub async fn get(db: &Db, id: Id, by: Id, reach: &Reach) -> Result<Model> {
    let found = Entity::find_by_id(id).filter(seen(by, reach)).one(db.read()).await.map_err(fault)?;
    found.ok_or_else(|| Fault::not_found("searches.not-found"))
}

/// Searches of a person.
pub async fn count(db: &Db, by: Id) -> Result<u64> {
    Entity::find().filter(Column::By.eq(by)).count(db.read()).await.map_err(fault)
}

/// Searches that run by themselves.
pub async fn scheduled(db: &Db) -> Result<Vec<Model>> {
    let query = Entity::find().filter(Column::EveryMinutes.is_not_null()).order_by_asc(Column::CoveredAt);
    query.all(db.read()).await.map_err(fault)
}

/// Adds a search within a change.
pub async fn insert<C: ConnectionTrait>(conn: &C, search: Model) -> Result<()> {
    let row = search.into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(conn).await.map_err(fault).map(|_| ())
}

/// Changes a search, unless somebody changed it since `seen`. What runs have found stays.
pub async fn change<C: ConnectionTrait>(conn: &C, search: &Model, seen: DateTime<Utc>) -> Result<()> {
    let changed = Entity::update_many()
        .col_expr(Column::Name, Expr::value(search.name.clone()))
        .col_expr(Column::Q, Expr::value(search.q.clone()))
        .col_expr(Column::Range, Expr::value(search.range.clone()))
        .col_expr(Column::Source, Expr::value(search.source))
        .col_expr(Column::System, Expr::value(search.system))
        .col_expr(Column::Shared, Expr::value(search.shared))
        .col_expr(Column::EveryMinutes, Expr::value(search.every_minutes))
        .col_expr(Column::Threshold, Expr::value(search.threshold))
        .col_expr(Column::Level, Expr::value(search.level))
        .col_expr(Column::CoveredAt, Expr::value(search.covered_at))
        .col_expr(Column::UpdatedAt, Expr::value(search.updated_at))
        .filter(Column::Id.eq(search.id))
        .filter(Column::UpdatedAt.eq(seen))
        .exec(conn)
        .await
        .map_err(fault)?;
    if changed.rows_affected == 0 { Err(Fault::conflict("searches.changed")) } else { Ok(()) }
}

/// Removes a search within a change.
pub async fn remove<C: ConnectionTrait>(conn: &C, id: Id) -> Result<()> {
    Entity::delete_by_id(id).exec(conn).await.map_err(fault).map(|_| ())
}

/// Keeps what a run found.
pub async fn ran(
    db: &Db,
    id: Id,
    to: Option<DateTime<Utc>>,
    count: Option<i64>,
    fault_code: Option<String>,
) -> Result<()> {
    let tx = db.begin().await?;
    let mut update = Entity::update_many().col_expr(Column::LastFault, Expr::value(fault_code));
    if let Some(to) = to {
        update = update.col_expr(Column::CoveredAt, Expr::value(Some(to)));
    }
    if let Some(count) = count {
        update = update.col_expr(Column::LastCount, Expr::value(Some(count)));
    }
    update.filter(Column::Id.eq(id)).exec(tx.conn()).await.map_err(fault)?;
    tx.commit_machine().await
}
