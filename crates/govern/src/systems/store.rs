//! Every query of systems.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::key::key;
use khien_base::{Fault, Id, Reach, Result};
use khien_db::{Db, fault, page, within};
use khien_web::Paging;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult,
    IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::model::{ActiveModel, Column, Entity, Model, System};

/// One system, whoever's.
pub async fn get(db: &Db, id: Id) -> Result<Model> {
    Entity::find_by_id(id).one(db.read()).await.map_err(fault)?.ok_or_else(|| Fault::not_found("systems.not-found"))
}

/// Systems of these identities.
pub async fn some(db: &Db, ids: Vec<Id>) -> Result<Vec<Model>> {
    Entity::find().filter(Column::Id.is_in(ids)).all(db.read()).await.map_err(fault)
}

/// Systems in use within reach, by name, at most `limit`.
pub async fn running(db: &Db, reach: &Reach, limit: u64) -> Result<Vec<Model>> {
    Entity::find()
        .filter(within(Column::Owner, reach))
        .filter(Column::State.ne("ended"))
        .order_by_asc(Column::SearchKey)
        .limit(limit)
        .all(db.read())
        .await
        .map_err(fault)
}

/// What a list of systems is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// A part of the name.
    pub text: String,
    /// Of this owner.
    pub owner: Option<Id>,
    /// Of this level.
    pub level: Option<i16>,
    /// In this state of the level's dossier.
    pub level_state: String,
    /// In this state of use; empty for all but ended.
    pub state: String,
    /// Only these systems, or all but these: connected ones.
    pub connected: Option<(bool, HashSet<Id>)>,
}

fn condition(reach: &Reach, filter: &Filter) -> Condition {
    let mut wanted = Condition::all().add(within(Column::Owner, reach));
    if !filter.text.is_empty() {
        wanted = wanted.add(Column::SearchKey.contains(key(&filter.text)));
    }
    if let Some(owner) = filter.owner {
        wanted = wanted.add(Column::Owner.eq(owner));
    }
    if let Some(level) = filter.level {
        wanted = wanted.add(Column::Level.eq(level));
    }
    if !filter.level_state.is_empty() {
        wanted = wanted.add(Column::LevelState.eq(&filter.level_state));
    }
    wanted = if filter.state.is_empty() {
        wanted.add(Column::State.ne("ended"))
    } else {
        wanted.add(Column::State.eq(&filter.state))
    };
    match &filter.connected {
        Some((true, ids)) => wanted.add(Column::Id.is_in(ids.iter().copied())),
        Some((false, ids)) => wanted.add(Column::Id.is_not_in(ids.iter().copied())),
        None => wanted,
    }
}

/// A page of systems within reach, by name, and how many there are.
pub async fn list(db: &Db, reach: &Reach, filter: &Filter, paging: Paging) -> Result<(Vec<Model>, u64)> {
    let query = Entity::find().filter(condition(reach, filter));
    let query = query.order_by_asc(Column::SearchKey);
    page(db, query, paging.offset(), paging.size).await
}

#[derive(FromQueryResult)]
struct Only {
    id: Id,
}

/// Identities of the running systems within reach.
pub async fn running_ids(db: &Db, reach: &Reach) -> Result<Vec<Id>> {
    let rows = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(within(Column::Owner, reach))
        .filter(Column::State.eq("running"))
        .into_model::<Only>()
        .all(db.read())
        .await
        .map_err(fault)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// How many running systems there are within reach, and how many of them have an approved level.
pub async fn approved(db: &Db, reach: &Reach) -> Result<(u64, u64)> {
    let running = Entity::find().filter(within(Column::Owner, reach)).filter(Column::State.eq("running"));
    let all = running.clone().count(db.read()).await.map_err(fault)?;
    let approved = running.filter(Column::LevelState.eq("approved")).count(db.read()).await.map_err(fault)?;
    Ok((approved, all))
}

/// Makes a system.
pub async fn insert<C: ConnectionTrait>(conn: &C, id: Id, system: System, now: DateTime<Utc>) -> Result<()> {
    let mut row = ActiveModel {
        id: ActiveValue::Set(id),
        decision: ActiveValue::Set(String::new()),
        decided_on: ActiveValue::Set(None),
        created_at: ActiveValue::Set(now),
        ..Default::default()
    };
    fill(&mut row, system, now);
    Entity::insert(row).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// Changes a system.
pub async fn update<C: ConnectionTrait>(conn: &C, before: Model, system: System, now: DateTime<Utc>) -> Result<()> {
    let mut row = before.into_active_model();
    fill(&mut row, system, now);
    row.update(conn).await.map_err(fault)?;
    Ok(())
}

fn fill(row: &mut ActiveModel, system: System, now: DateTime<Utc>) {
    row.search_key = ActiveValue::Set(key(&system.name));
    row.name = ActiveValue::Set(system.name);
    row.owner = ActiveValue::Set(system.owner);
    row.operator = ActiveValue::Set(system.operator);
    row.purpose = ActiveValue::Set(system.purpose);
    row.hosting = ActiveValue::Set(system.hosting);
    row.network = ActiveValue::Set(system.network);
    row.addresses = ActiveValue::Set(serde_json::json!(system.addresses));
    row.domains = ActiveValue::Set(serde_json::json!(system.domains));
    row.level = ActiveValue::Set(system.level);
    row.level_state = ActiveValue::Set(system.level_state);
    row.regime = ActiveValue::Set(system.regime);
    row.state = ActiveValue::Set(system.state);
    row.updated_at = ActiveValue::Set(now);
}

/// Records the decision that approves the level.
pub async fn approve<C: ConnectionTrait>(
    conn: &C,
    system: Model,
    decision: &str,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut row = system.into_active_model();
    row.level_state = ActiveValue::Set("approved".to_owned());
    row.decision = ActiveValue::Set(decision.trim().to_owned());
    row.decided_on = ActiveValue::Set(Some(day));
    row.updated_at = ActiveValue::Set(now);
    row.update(conn).await.map_err(fault)?;
    Ok(())
}

/// Takes a system out of use.
pub async fn end<C: ConnectionTrait>(conn: &C, system: Model, now: DateTime<Utc>) -> Result<()> {
    let mut row = system.into_active_model();
    row.state = ActiveValue::Set("ended".to_owned());
    row.updated_at = ActiveValue::Set(now);
    row.update(conn).await.map_err(fault)?;
    Ok(())
}
