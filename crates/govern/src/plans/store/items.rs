//! Targets, tasks and duties of a plan, and where it names agencies.

use khien_base::{Fault, Id, Result};
use khien_db::{Db, fault};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::plans::model::agency::party;
use crate::plans::model::{duty, target, task};

/// Rows that one statement inserts: SQLite allows 32,766 values in one, rows have up to 20.
const BATCH: usize = 500;

/// Inserts rows of any table of plans, many at a time.
pub async fn insert_all<C, E>(conn: &C, rows: Vec<E::Model>) -> Result<()>
where
    C: ConnectionTrait,
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let batch: Vec<E::ActiveModel> = rows.by_ref().take(BATCH).map(IntoActiveModel::into_active_model).collect();
        E::insert_many(batch).exec_without_returning(conn).await.map_err(fault)?;
    }
    Ok(())
}

/// Targets of a plan, in its order.
pub async fn targets<C: ConnectionTrait>(conn: &C, plan: Id) -> Result<Vec<target::Model>> {
    target::Entity::find()
        .filter(target::Column::Plan.eq(plan))
        .order_by_asc(target::Column::Position)
        .all(conn)
        .await
        .map_err(fault)
}

/// Targets of these plans that are bound to a measure or could be, in their order.
pub async fn targets_of<C: ConnectionTrait>(conn: &C, plans: Vec<Id>) -> Result<Vec<target::Model>> {
    target::Entity::find()
        .filter(target::Column::Plan.is_in(plans))
        .order_by_asc(target::Column::Plan)
        .order_by_asc(target::Column::Position)
        .limit(5000)
        .all(conn)
        .await
        .map_err(fault)
}

/// Tasks of a plan, in its order.
pub async fn tasks<C: ConnectionTrait>(conn: &C, plan: Id) -> Result<Vec<task::Model>> {
    task::Entity::find()
        .filter(task::Column::Plan.eq(plan))
        .order_by_asc(task::Column::Position)
        .all(conn)
        .await
        .map_err(fault)
}

/// Tasks of these identities.
pub async fn some_tasks(db: &Db, ids: impl IntoIterator<Item = Id>) -> Result<Vec<task::Model>> {
    task::Entity::find().filter(task::Column::Id.is_in(ids)).all(db.read()).await.map_err(fault)
}

/// One task.
pub async fn task<C: ConnectionTrait>(conn: &C, id: Id) -> Result<task::Model> {
    task::Entity::find_by_id(id).one(conn).await.map_err(fault)?.ok_or_else(|| Fault::not_found("plans.no-task"))
}

/// Sections of live plans' tasks, for the choice in filters.
pub async fn groups(db: &Db, plans: Vec<Id>) -> Result<Vec<String>> {
    task::Entity::find()
        .select_only()
        .column(task::Column::GroupName)
        .filter(task::Column::Plan.is_in(plans))
        .filter(task::Column::GroupName.ne(""))
        .distinct()
        .order_by_asc(task::Column::GroupName)
        .limit(200)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)
}

/// Duties of a plan, in its order.
pub async fn duties<C: ConnectionTrait>(conn: &C, plan: Id) -> Result<Vec<duty::Model>> {
    duty::Entity::find()
        .filter(duty::Column::Plan.eq(plan))
        .order_by_asc(duty::Column::Position)
        .all(conn)
        .await
        .map_err(fault)
}

/// Duties of these identities.
pub async fn some_duties(db: &Db, ids: impl IntoIterator<Item = Id>) -> Result<Vec<duty::Model>> {
    duty::Entity::find().filter(duty::Column::Id.is_in(ids)).all(db.read()).await.map_err(fault)
}

/// Duties of these plans, in their order.
pub async fn duties_of(db: &Db, plans: Vec<Id>) -> Result<Vec<duty::Model>> {
    duty::Entity::find()
        .filter(duty::Column::Plan.is_in(plans))
        .order_by_asc(duty::Column::Plan)
        .order_by_asc(duty::Column::Position)
        .limit(2000)
        .all(db.read())
        .await
        .map_err(fault)
}

/// Where a plan names agencies, in its order.
pub async fn parties<C: ConnectionTrait>(conn: &C, plan: Id) -> Result<Vec<party::Model>> {
    party::Entity::find()
        .filter(party::Column::Plan.eq(plan))
        .order_by_asc(party::Column::Position)
        .all(conn)
        .await
        .map_err(fault)
}

/// How many targets, tasks and duties a plan has.
pub async fn count<C: ConnectionTrait>(conn: &C, plan: Id) -> Result<u64> {
    let targets = target::Entity::find().filter(target::Column::Plan.eq(plan)).count(conn).await.map_err(fault)?;
    let tasks = task::Entity::find().filter(task::Column::Plan.eq(plan)).count(conn).await.map_err(fault)?;
    let duties = duty::Entity::find().filter(duty::Column::Plan.eq(plan)).count(conn).await.map_err(fault)?;
    Ok(targets + tasks + duties)
}

/// How many targets and tasks each of these plans has: `(targets, tasks)`.
pub async fn counts(db: &Db, plans: &[Id]) -> Result<std::collections::HashMap<Id, (i64, i64)>> {
    let mut out: std::collections::HashMap<Id, (i64, i64)> = std::collections::HashMap::new();
    let targets: Vec<(Id, i64)> = target::Entity::find()
        .select_only()
        .column(target::Column::Plan)
        .column_as(target::Column::Id.count(), "n")
        .filter(target::Column::Plan.is_in(plans.iter().copied()))
        .group_by(target::Column::Plan)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    let tasks: Vec<(Id, i64)> = task::Entity::find()
        .select_only()
        .column(task::Column::Plan)
        .column_as(task::Column::Id.count(), "n")
        .filter(task::Column::Plan.is_in(plans.iter().copied()))
        .group_by(task::Column::Plan)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    for (plan, n) in targets {
        out.entry(plan).or_default().0 = n;
    }
    for (plan, n) in tasks {
        out.entry(plan).or_default().1 = n;
    }
    Ok(out)
}

/// Puts a changed target in the place of the one with its version; `new` already counts one up.
pub async fn replace_target<C: ConnectionTrait>(conn: &C, new: target::Model) -> Result<()> {
    take(target::Entity::update_many().col_expr(target::Column::Version, Expr::value(new.version)), conn, |update| {
        update.filter(target::Column::Id.eq(new.id)).filter(target::Column::Version.eq(new.version - 1))
    })
    .await?;
    let row = new.into_active_model().reset_all();
    target::Entity::update(row).exec(conn).await.map_err(fault)?;
    Ok(())
}

/// Puts a changed task in the place of the one with its version.
pub async fn replace_task<C: ConnectionTrait>(conn: &C, new: task::Model) -> Result<()> {
    take(task::Entity::update_many().col_expr(task::Column::Version, Expr::value(new.version)), conn, |update| {
        update.filter(task::Column::Id.eq(new.id)).filter(task::Column::Version.eq(new.version - 1))
    })
    .await?;
    let row = new.into_active_model().reset_all();
    task::Entity::update(row).exec(conn).await.map_err(fault)?;
    Ok(())
}

/// Puts a changed duty in the place of the one with its version.
pub async fn replace_duty<C: ConnectionTrait>(conn: &C, new: duty::Model) -> Result<()> {
    take(duty::Entity::update_many().col_expr(duty::Column::Version, Expr::value(new.version)), conn, |update| {
        update.filter(duty::Column::Id.eq(new.id)).filter(duty::Column::Version.eq(new.version - 1))
    })
    .await?;
    let row = new.into_active_model().reset_all();
    duty::Entity::update(row).exec(conn).await.map_err(fault)?;
    Ok(())
}

/// Takes a version: who comes second finds it gone.
pub(super) async fn take<E: EntityTrait, C: ConnectionTrait>(
    update: sea_orm::UpdateMany<E>,
    conn: &C,
    narrow: impl FnOnce(sea_orm::UpdateMany<E>) -> sea_orm::UpdateMany<E>,
) -> Result<()> {
    let done = narrow(update).exec(conn).await.map_err(fault)?;
    if done.rows_affected == 0 { Err(Fault::conflict("plans.changed-meanwhile")) } else { Ok(()) }
}

/// Removes a target, task or duty of a plan with the names in it; says whether there was one.
pub async fn remove<C: ConnectionTrait>(conn: &C, plan: Id, kind: Kind, id: Id) -> Result<bool> {
    let gone = match kind {
        Kind::Target => {
            let rows = target::Entity::delete_many().filter(target::Column::Id.eq(id));
            rows.filter(target::Column::Plan.eq(plan)).exec(conn).await
        }
        Kind::Task => {
            let rows = task::Entity::delete_many().filter(task::Column::Id.eq(id));
            rows.filter(task::Column::Plan.eq(plan)).exec(conn).await
        }
        Kind::Duty => {
            let rows = duty::Entity::delete_many().filter(duty::Column::Id.eq(id));
            rows.filter(duty::Column::Plan.eq(plan)).exec(conn).await
        }
    };
    if gone.map_err(fault)?.rows_affected == 0 {
        return Ok(false);
    }
    clear_parties(conn, id).await?;
    Ok(true)
}

/// What a plan is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number to reach.
    Target,
    /// A piece of work.
    Task,
    /// A duty to report.
    Duty,
}

/// Removes the names in a target, task or duty.
pub async fn clear_parties<C: ConnectionTrait>(conn: &C, subject: Id) -> Result<()> {
    party::Entity::delete_many().filter(party::Column::Subject.eq(subject)).exec(conn).await.map_err(fault)?;
    Ok(())
}
