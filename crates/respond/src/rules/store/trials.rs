//! Trials of rules on stored days.

use chrono::{DateTime, Utc};
use khien_base::{Fault, Id, Result};
use khien_db::{Db, fault};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::rules::model::trial::{CANCELLED, Column, Entity, Model, RUNNING};

/// One trial.
pub async fn get(db: &Db, id: Id) -> Result<Model> {
    Entity::find_by_id(id).one(db.read()).await.map_err(fault)?.ok_or_else(|| Fault::not_found("rules.no-trial"))
}

/// The newest trials of one person, of one rule where it is given.
pub async fn list(db: &Db, by: Id, rule: Option<&str>) -> Result<Vec<Model>> {
    let mut query = Entity::find().filter(Column::By.eq(by));
    if let Some(rule) = rule {
        query = query.filter(Column::Rule.eq(rule));
    }
    query.order_by_desc(Column::At).limit(20).all(db.read()).await.map_err(fault)
}

/// Trials of a person that are under way, with a sign of life after a moment.
pub async fn running(db: &Db, by: Id, since: DateTime<Utc>) -> Result<u64> {
    Entity::find()
        .filter(Column::By.eq(by))
        .filter(Column::State.eq(RUNNING))
        .filter(Column::SeenAt.gt(since))
        .count(db.read())
        .await
        .map_err(fault)
}

/// Keeps how far a trial has come, unless it was stopped meanwhile: then nothing is kept and `false` given. What a machine
/// counts needs no audit entry.
pub async fn save(db: &Db, trial: &Model) -> Result<bool> {
    let tx = db.begin().await?;
    let kept = Entity::update_many()
        .set(trial.clone().into_active_model().reset_all())
        .filter(Column::Id.eq(trial.id))
        .filter(Column::State.eq(RUNNING))
        .exec(tx.conn())
        .await
        .map_err(fault)?;
    tx.commit_machine().await?;
    Ok(kept.rows_affected > 0)
}

/// Stops a trial that is under way; whether it was.
pub async fn stop<C: sea_orm::ConnectionTrait>(conn: &C, id: Id) -> Result<bool> {
    let stopped = Entity::update_many()
        .col_expr(Column::State, Expr::value(CANCELLED))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(RUNNING))
        .exec(conn)
        .await
        .map_err(fault)?;
    Ok(stopped.rows_affected > 0)
}

/// Begins a trial within a change.
pub async fn insert<C: sea_orm::ConnectionTrait>(conn: &C, trial: Model) -> Result<()> {
    Entity::insert(trial.into_active_model().reset_all()).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// Forgets trials from before a moment.
pub async fn forget<C: sea_orm::ConnectionTrait>(conn: &C, before: DateTime<Utc>) -> Result<()> {
    Entity::delete_many().filter(Column::At.lt(before)).exec(conn).await.map_err(fault).map(|_| ())
}
