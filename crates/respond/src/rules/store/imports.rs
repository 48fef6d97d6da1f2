//! Imports and their documents.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use khien_base::{Fault, Id, Result};
use khien_db::{Db, fault, page};
use khien_web::Paging;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::Value;

use crate::rules::model::import::{self, Column, Entity, Model};
use crate::rules::model::item;
use crate::rules::take_in::{Choices, chosen};

/// Rows of one insert.
const ROWS: usize = 200;

/// One import.
pub async fn get(db: &Db, id: Id) -> Result<Model> {
    Entity::find_by_id(id).one(db.read()).await.map_err(fault)?.ok_or_else(|| Fault::not_found("rules.no-import"))
}

/// Imports, newest first.
pub async fn list(db: &Db, paging: Paging) -> Result<(Vec<Model>, u64)> {
    page(db, Entity::find().order_by_desc(Column::At).order_by_desc(Column::Id), paging.offset(), paging.size).await
}

/// Names of imports that were put in force.
pub async fn names(db: &Db) -> Result<Vec<String>> {
    Entity::find()
        .select_only()
        .column(Column::Name)
        .filter(Column::State.eq(import::APPLIED))
        .distinct()
        .order_by_asc(Column::Name)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)
}

/// Keeps a preview.
pub async fn insert<C: ConnectionTrait>(conn: &C, import: Model, items: Vec<item::Model>) -> Result<()> {
    Entity::insert(import.into_active_model().reset_all()).exec_without_returning(conn).await.map_err(fault)?;
    for batch in items.chunks(ROWS) {
        let rows = batch.iter().map(|row| row.clone().into_active_model().reset_all());
        item::Entity::insert_many(rows).exec_without_returning(conn).await.map_err(fault)?;
    }
    Ok(())
}

/// Documents of a preview by outcome, level and maturity, and how many of each: `(outcome, level, maturity, product, n)`.
pub async fn tally(db: &Db, import: Id) -> Result<Vec<(String, i32, i32, String, i64)>> {
    item::Entity::find()
        .select_only()
        .columns([item::Column::Outcome, item::Column::Level, item::Column::Maturity, item::Column::Product])
        .column_as(item::Column::Id.count(), "documents")
        .filter(item::Column::Import.eq(import))
        .group_by(item::Column::Outcome)
        .group_by(item::Column::Level)
        .group_by(item::Column::Maturity)
        .group_by(item::Column::Product)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)
}

/// A page of the documents of a preview with one outcome, among those that are chosen.
pub async fn items(
    db: &Db,
    import: Id,
    outcome: &str,
    choices: &Choices,
    paging: Paging,
) -> Result<(Vec<item::Model>, u64)> {
    let mut query = item::Entity::find()
        .filter(item::Column::Import.eq(import))
        .filter(item::Column::Outcome.eq(outcome))
        .order_by_asc(item::Column::Position);
    if matches!(outcome, "new" | "changed" | "unchanged") {
        query = query.filter(chosen(choices));
    }
    page(db, query, paging.offset(), paging.size).await
}

/// One document of a preview.
pub async fn item(db: &Db, import: Id, id: Id) -> Result<item::Model> {
    let found = item::Entity::find_by_id(id).filter(item::Column::Import.eq(import));
    found.one(db.read()).await.map_err(fault)?.ok_or_else(|| Fault::not_found("rules.no-import"))
}

/// All documents of a preview.
pub async fn all_items<C: ConnectionTrait>(conn: &C, import: Id) -> Result<Vec<item::Model>> {
    let found = item::Entity::find().filter(item::Column::Import.eq(import)).order_by_asc(item::Column::Position);
    found.all(conn).await.map_err(fault)
}

/// Decides a preview: only one decision is taken, and its documents go.
pub async fn decide<C: ConnectionTrait>(
    conn: &C,
    id: Id,
    state: &'static str,
    counts: Option<(Value, Value)>,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut change = import::ActiveModel { state: ActiveValue::Set(state.to_owned()), ..Default::default() };
    if let Some((counts, choices)) = counts {
        change.counts = ActiveValue::Set(counts);
        change.choices = ActiveValue::Set(choices);
        change.applied_at = ActiveValue::Set(Some(now));
    }
    let done = Entity::update_many()
        .set(change)
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(import::PREVIEW))
        .exec(conn)
        .await
        .map_err(fault)?;
    if done.rows_affected != 1 {
        return Err(Fault::conflict("rules.import-decided"));
    }
    item::Entity::delete_many().filter(item::Column::Import.eq(id)).exec(conn).await.map_err(fault)?;
    Ok(())
}

/// Previews that nobody decided since a moment.
pub async fn forgotten(db: &Db, before: DateTime<Utc>) -> Result<Vec<Id>> {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::State.eq(import::PREVIEW))
        .filter(Column::At.lt(before))
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)
}

/// Counts of each outcome, for the list of imports.
pub fn counted(outcomes: impl Iterator<Item = String>) -> HashMap<String, i64> {
    outcomes.fold(HashMap::new(), |mut counts, outcome| {
        *counts.entry(outcome).or_default() += 1;
        counts
    })
}
