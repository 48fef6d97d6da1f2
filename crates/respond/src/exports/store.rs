//! Every query of files of events.

use chrono::{DateTime, Utc};
use khien_base::{Fault, Id, Result};
use khien_db::{Db, fault};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::model::{Column, DONE, Entity, FAILED, GONE, Model, RUNNING, STOPPED};

/// A file of a person; anybody else's is not found.
pub async fn get(db: &Db, id: Id, by: Id) -> Result<Model> {
    let found = Entity::find_by_id(id).filter(Column::By.eq(by)).one(db.read()).await.map_err(fault)?;
    found.ok_or_else(|| Fault::not_found("exports.not-found"))
}

/// The newest files of a person.
pub async fn list(db: &Db, by: Id) -> Result<Vec<Model>> {
    let query = Entity::find().filter(Column::By.eq(by)).order_by_desc(Column::At).limit(50);
    query.all(db.read()).await.map_err(fault)
}

/// Files of a person that are being written.
pub async fn running(db: &Db, by: Id) -> Result<u64> {
    let query = Entity::find().filter(Column::By.eq(by)).filter(Column::State.eq(RUNNING));
    query.count(db.read()).await.map_err(fault)
}

/// Files that lie on the shelf or are on their way there.
pub async fn held(db: &Db) -> Result<Vec<Model>> {
    let query = Entity::find().filter(Column::State.is_in([RUNNING, DONE]));
    query.all(db.read()).await.map_err(fault)
}

/// Begins a file within a change.
pub async fn insert<C: ConnectionTrait>(conn: &C, file: Model) -> Result<()> {
    let row = file.into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(conn).await.map_err(fault).map(|_| ())
}

/// Keeps how far a file has come, unless it was stopped meanwhile: then nothing is kept and `false` given.
pub async fn save(db: &Db, file: &Model) -> Result<bool> {
    let tx = db.begin().await?;
    let kept = Entity::update_many()
        .set(file.clone().into_active_model().reset_all())
        .filter(Column::Id.eq(file.id))
        .filter(Column::State.eq(RUNNING))
        .exec(tx.conn())
        .await
        .map_err(fault)?;
    tx.commit_machine().await?;
    Ok(kept.rows_affected > 0)
}

/// Moves a file from one state to another; whether it was in it.
pub async fn turn<C: ConnectionTrait>(conn: &C, id: Id, from: &str, to: &'static str) -> Result<bool> {
    let turned = Entity::update_many()
        .col_expr(Column::State, Expr::value(to))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(from))
        .exec(conn)
        .await
        .map_err(fault)?;
    Ok(turned.rows_affected > 0)
}

/// Gives up the files without a sign of life since a moment.
pub async fn lose<C: ConnectionTrait>(conn: &C, since: DateTime<Utc>) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(FAILED))
        .col_expr(Column::Fault, Expr::value(Some("exports.lost")))
        .filter(Column::State.eq(RUNNING))
        .filter(Column::SeenAt.lt(since))
        .exec(conn)
        .await
        .map_err(fault)
        .map(|_| ())
}

/// Forgets files that are gone, from before a moment.
pub async fn forget<C: ConnectionTrait>(conn: &C, before: DateTime<Utc>) -> Result<()> {
    let old = Entity::delete_many().filter(Column::At.lt(before)).filter(Column::State.is_in([GONE, FAILED, STOPPED]));
    old.exec(conn).await.map_err(fault).map(|_| ())
}
