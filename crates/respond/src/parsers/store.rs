//! Every query of own parsers.

use chrono::{DateTime, Utc};
use khien_base::{Fault, Id, Result};
use khien_db::{Db, fault};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, SqlErr,
};

use super::model::{ActiveModel, Column, Entity, Model, version};

/// Most files that the centre keeps.
pub const FILES: u64 = 500;
/// Versions of one file that its page shows.
const SHOWN: u64 = 100;

/// What tells one state of what is in force from another.
pub async fn mark(db: &Db) -> Result<String> {
    let told: Option<(i64, Option<DateTime<Utc>>)> = Entity::find()
        .select_only()
        .column_as(Column::Id.count(), "files")
        .column_as(Column::ChangedAt.max(), "last")
        .into_tuple()
        .one(db.read())
        .await
        .map_err(fault)?;
    let (files, last) = told.unwrap_or_default();
    Ok(format!("{files}@{}", last.map_or(0, |at| at.timestamp_micros())))
}

/// Names and texts of what is in force, by name.
pub async fn in_force(db: &Db) -> Result<Vec<(String, String)>> {
    Entity::find()
        .select_only()
        .columns([Column::Name, Column::Yaml])
        .filter(Column::Enabled.eq(true))
        .order_by_asc(Column::Name)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)
}

/// All files, by name.
pub async fn all(db: &Db) -> Result<Vec<Model>> {
    Entity::find().order_by_asc(Column::Name).all(db.read()).await.map_err(fault)
}

/// One file. Fault: `parsers.not-found`.
pub async fn get(db: &Db, id: Id) -> Result<Model> {
    let found = Entity::find_by_id(id).one(db.read()).await.map_err(fault)?;
    found.ok_or_else(|| Fault::not_found("parsers.not-found"))
}

/// Versions of a file, newest first.
pub async fn versions(db: &Db, parser: Id) -> Result<Vec<version::Model>> {
    version::Entity::find()
        .filter(version::Column::Parser.eq(parser))
        .order_by_desc(version::Column::Number)
        .limit(SHOWN)
        .all(db.read())
        .await
        .map_err(fault)
}

/// One version of a file. Fault: `parsers.not-found`.
pub async fn version(db: &Db, parser: Id, number: i32) -> Result<version::Model> {
    let wanted = version::Entity::find().filter(version::Column::Parser.eq(parser));
    let found = wanted.filter(version::Column::Number.eq(number)).one(db.read()).await.map_err(fault)?;
    found.ok_or_else(|| Fault::not_found("parsers.not-found"))
}

/// Adds a file. Faults: `parsers.name-taken` (`name`), `parsers.too-many-files` (`limit`).
pub async fn add<C: ConnectionTrait>(conn: &C, file: Model) -> Result<()> {
    if Entity::find().count(conn).await.map_err(fault)? >= FILES {
        return Err(Fault::invalid("parsers.too-many-files").with("limit", FILES));
    }
    let name = file.name.clone();
    let row: ActiveModel = file.into_active_model();
    row.reset_all().insert(conn).await.map(drop).map_err(|error| taken(error, name))
}

/// Writes what changed, unless somebody else changed it meanwhile. Faults: `parsers.changed`, `parsers.name-taken`.
pub async fn update<C: ConnectionTrait>(conn: &C, before: &Model, after: Model) -> Result<()> {
    let name = after.name.clone();
    let done = Entity::update_many()
        .set(after.into_active_model().reset_all())
        .filter(Column::Id.eq(before.id))
        .filter(Column::Number.eq(before.number))
        .filter(Column::Enabled.eq(before.enabled))
        .exec(conn)
        .await
        .map_err(|error| taken(error, name))?;
    if done.rows_affected == 1 { Ok(()) } else { Err(Fault::conflict("parsers.changed")) }
}

fn taken(error: sea_orm::DbErr, name: String) -> Fault {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            Fault::conflict("parsers.name-taken").on("yaml").with("name", name)
        }
        _ => fault(error),
    }
}

/// Keeps a version.
pub async fn keep<C: ConnectionTrait>(conn: &C, version: version::Model) -> Result<()> {
    let mut row = version.into_active_model().reset_all();
    row.id = ActiveValue::Set(row.id.take().unwrap_or_default());
    row.insert(conn).await.map(drop).map_err(fault)
}
