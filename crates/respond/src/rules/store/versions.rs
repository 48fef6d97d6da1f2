//! Versions of rules.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use khien_base::{Fault, Id, Result};
use khien_db::{Db, fault, page};
use khien_web::Paging;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseBackend, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::rules::flow::State;
use crate::rules::loaded::Kept;
use crate::rules::model::{ActiveModel, Column, Entity, FILTER, Model, setting};

/// Rows of one insert, and identities of one `IN`: well under what a statement of either database may carry.
const ROWS: usize = 200;

/// Two changes at once must not put two versions of a rule in force. SQLite writes one at a time anyway.
pub async fn lock<C: ConnectionTrait>(conn: &C) -> Result<()> {
    if conn.get_database_backend() == DatabaseBackend::Postgres {
        conn.execute_unprepared("SELECT pg_advisory_xact_lock(8210)").await.map_err(fault)?;
    }
    Ok(())
}

/// What tells one state of approved documents and switches from another: how many there are, and the last decision.
pub async fn mark(db: &Db) -> Result<String> {
    let approved: Option<(i64, Option<DateTime<Utc>>)> = Entity::find()
        .select_only()
        .column_as(Column::Id.count(), "versions")
        .column_as(Column::ReviewedAt.max(), "last")
        .filter(Column::State.eq(State::Approved.name()))
        .into_tuple()
        .one(db.read())
        .await
        .map_err(fault)?;
    let switched: Option<(i64, Option<DateTime<Utc>>)> = setting::Entity::find()
        .select_only()
        .column_as(setting::Column::Rule.count(), "switches")
        .column_as(setting::Column::At.max(), "last")
        .into_tuple()
        .one(db.read())
        .await
        .map_err(fault)?;
    let told = |part: Option<(i64, Option<DateTime<Utc>>)>| {
        let (count, last) = part.unwrap_or_default();
        format!("{count}@{}", last.map_or(0, |at| at.timestamp_micros()))
    };
    Ok(format!("{} {}", told(approved), told(switched)))
}

/// What the database adds to the rule files: approved documents, oldest first, and what is switched off.
pub async fn kept(db: &Db) -> Result<Kept> {
    // Read first: what changes while the rest is read is noticed the next time.
    let mark = mark(db).await?;
    let off: Vec<String> = setting::Entity::find()
        .select_only()
        .column(setting::Column::Rule)
        .filter(setting::Column::Enabled.eq(false))
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    let off: std::collections::HashSet<String> = off.into_iter().collect();
    let rows: Vec<(String, String, String, String, String)> = Entity::find()
        .select_only()
        .columns([Column::Origin, Column::Path, Column::Rule, Column::Kind, Column::Yaml])
        .filter(Column::State.eq(State::Approved.name()))
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    // A rule that is off is shown with its switch; a filter that is off is simply not there.
    let wanted =
        |(_, _, rule, kind, _): &(String, String, String, String, String)| kind != FILTER || !off.contains(rule);
    let document = |(origin, path, rule, _, yaml): (String, String, String, String, String)| {
        let name = if path.is_empty() { format!("{rule}.yml") } else { path };
        (origin, name, yaml)
    };
    Ok(Kept { documents: rows.into_iter().filter(wanted).map(document).collect(), off, mark })
}

/// One version.
pub async fn get(db: &Db, id: Id) -> Result<Model> {
    Entity::find_by_id(id).one(db.read()).await.map_err(fault)?.ok_or_else(|| Fault::not_found("rules.no-version"))
}

/// Versions of a rule, newest first, at most 200.
pub async fn of_rule(db: &Db, rule: &str) -> Result<Vec<Model>> {
    Entity::find()
        .filter(Column::Rule.eq(rule))
        .order_by_desc(Column::Number)
        .limit(200)
        .all(db.read())
        .await
        .map_err(fault)
}

/// The version of a rule that is in force.
pub async fn in_force<C: ConnectionTrait>(conn: &C, rule: &str) -> Result<Option<Model>> {
    Entity::find()
        .filter(Column::Rule.eq(rule))
        .filter(Column::State.eq(State::Approved.name()))
        .one(conn)
        .await
        .map_err(fault)
}

/// The newest version of a rule, in whatever state.
pub async fn newest<C: ConnectionTrait>(conn: &C, rule: &str) -> Result<Option<Model>> {
    Entity::find().filter(Column::Rule.eq(rule)).order_by_desc(Column::Number).one(conn).await.map_err(fault)
}

/// Filters that were approved or are on the way to it, newest first.
pub async fn filters(db: &Db) -> Result<Vec<Model>> {
    let states = [State::Approved, State::Review, State::Draft].map(State::name);
    Entity::find()
        .filter(Column::Kind.eq(FILTER))
        .filter(Column::State.is_in(states))
        .order_by_desc(Column::WrittenAt)
        .limit(2000)
        .all(db.read())
        .await
        .map_err(fault)
}

/// A page of what people wrote, changed last first: in these states, of these kinds of origin.
pub async fn written(db: &Db, state: Option<State>, paging: Paging) -> Result<(Vec<Model>, u64)> {
    let mut query = Entity::find().filter(Column::Origin.eq(crate::rules::model::OWN));
    if let Some(state) = state {
        query = query.filter(Column::State.eq(state.name()));
    }
    page(db, query.order_by_desc(Column::WrittenAt).order_by_desc(Column::Id), paging.offset(), paging.size).await
}

/// How many versions of people stand in each state.
pub async fn counts(db: &Db) -> Result<HashMap<String, i64>> {
    let rows: Vec<(String, i64)> = Entity::find()
        .select_only()
        .column(Column::State)
        .column_as(Column::Id.count(), "versions")
        .filter(Column::Origin.eq(crate::rules::model::OWN))
        .group_by(Column::State)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    Ok(rows.into_iter().collect())
}

/// A new version.
pub async fn insert<C: ConnectionTrait>(conn: &C, row: Model) -> Result<()> {
    insert_all(conn, vec![row]).await
}

/// Many new versions at once.
pub async fn insert_all<C: ConnectionTrait>(conn: &C, rows: Vec<Model>) -> Result<()> {
    for batch in rows.chunks(ROWS) {
        let batch = batch.iter().map(|row| row.clone().into_active_model().reset_all());
        Entity::insert_many(batch).exec_without_returning(conn).await.map_err(fault)?;
    }
    Ok(())
}

/// Changes a version that still stands in the state in which the decision was made: else somebody was faster.
pub async fn update<C: ConnectionTrait>(
    conn: &C,
    before: &Model,
    change: impl FnOnce(&mut ActiveModel) + Send,
) -> Result<()> {
    let mut row = before.clone().into_active_model();
    change(&mut row);
    row.id = sea_orm::ActiveValue::NotSet;
    let done = Entity::update_many()
        .set(row)
        .filter(Column::Id.eq(before.id))
        .filter(Column::State.eq(before.state.as_str()))
        .filter(Column::WrittenAt.eq(before.written_at))
        .exec(conn)
        .await
        .map_err(fault)?;
    if done.rows_affected == 1 { Ok(()) } else { Err(Fault::conflict("rules.changed-meanwhile")) }
}

/// Takes versions out of force, because others take their place.
pub async fn retire<C: ConnectionTrait>(conn: &C, ids: &[Id]) -> Result<()> {
    for batch in ids.chunks(ROWS) {
        Entity::update_many()
            .col_expr(Column::State, sea_orm::sea_query::Expr::value(State::Retired.name()))
            .filter(Column::Id.is_in(batch.iter().copied()))
            .exec(conn)
            .await
            .map_err(fault)?;
    }
    Ok(())
}

/// A version in force, without its text.
#[derive(Debug, Clone, PartialEq, Eq, sea_orm::FromQueryResult)]
pub struct Brief {
    /// The version.
    pub id: Id,
    /// The rule.
    pub rule: String,
    /// Its origin.
    pub origin: String,
    /// Digest of the document.
    pub sha256: String,
    /// Title.
    pub title: String,
    /// Kind of document.
    pub kind: String,
    /// Weight of the level.
    pub level: i32,
    /// How far it has been tried.
    pub maturity: i32,
}

/// All versions in force, by rule.
pub async fn all_in_force<C: ConnectionTrait>(conn: &C) -> Result<HashMap<String, Brief>> {
    let rows: Vec<Brief> = Entity::find()
        .select_only()
        .columns([
            Column::Id,
            Column::Rule,
            Column::Origin,
            Column::Sha256,
            Column::Title,
            Column::Kind,
            Column::Level,
            Column::Maturity,
        ])
        .filter(Column::State.eq(State::Approved.name()))
        .into_model()
        .all(conn)
        .await
        .map_err(fault)?;
    Ok(rows.into_iter().map(|row| (row.rule.clone(), row)).collect())
}

/// The number of the newest version of each rule.
pub async fn numbers<C: ConnectionTrait>(conn: &C) -> Result<HashMap<String, i32>> {
    let rows: Vec<(String, i32)> = Entity::find()
        .select_only()
        .column(Column::Rule)
        .column_as(Column::Number.max(), "newest")
        .group_by(Column::Rule)
        .into_tuple()
        .all(conn)
        .await
        .map_err(fault)?;
    Ok(rows.into_iter().collect())
}

/// Removes a draft that its author gives up.
pub async fn remove<C: ConnectionTrait>(conn: &C, id: Id) -> Result<()> {
    let gone = Entity::delete_many()
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(State::Draft.name()))
        .exec(conn)
        .await
        .map_err(fault)?;
    if gone.rows_affected == 1 { Ok(()) } else { Err(Fault::conflict("rules.changed-meanwhile")) }
}

/// Saves one row as it is.
pub async fn replace<C: ConnectionTrait>(conn: &C, row: Model) -> Result<()> {
    row.into_active_model().reset_all().update(conn).await.map_err(fault).map(|_| ())
}
