//! Every query of people, roles and sessions.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::key::key;
use khien_base::{Fault, Id, Reach, Result, Role};
use khien_db::{Db, fault, page, within};
use khien_web::Paging;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::model::{ActiveModel, Column, Entity, Model, NewPerson, held, session};
use crate::seal::MARK;

/// One person.
pub async fn get(db: &Db, id: Id) -> Result<Model> {
    Entity::find_by_id(id).one(db.read()).await.map_err(fault)?.ok_or_else(|| Fault::not_found("people.not-found"))
}

/// The person of a user name.
pub async fn by_username(db: &Db, username: &str) -> Result<Option<Model>> {
    Entity::find().filter(Column::Username.eq(username.to_lowercase())).one(db.read()).await.map_err(fault)
}

/// What a list of people is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// A part of the name.
    pub text: String,
    /// Only of this unit.
    pub unit: Option<Id>,
}

/// A page of people within reach, by name, and how many there are.
pub async fn list(db: &Db, reach: &Reach, filter: &Filter, paging: Paging) -> Result<(Vec<Model>, u64)> {
    let mut wanted = Condition::all().add(within(Column::Unit, reach));
    if !filter.text.is_empty() {
        wanted = wanted.add(Column::SearchKey.contains(key(&filter.text)));
    }
    if let Some(unit) = filter.unit {
        wanted = wanted.add(Column::Unit.eq(unit));
    }
    let query = Entity::find().filter(wanted);
    let query = query.order_by_asc(Column::SearchKey);
    page(db, query, paging.offset(), paging.size).await
}

/// People who can be given work: active, of these units, by name.
pub async fn of_units(db: &Db, reach: &Reach) -> Result<Vec<Model>> {
    Entity::find()
        .filter(within(Column::Unit, reach))
        .filter(Column::Active.eq(true))
        .order_by_asc(Column::SearchKey)
        .limit(1000)
        .all(db.read())
        .await
        .map_err(fault)
}

/// Names of people.
pub async fn names(db: &Db, ids: impl IntoIterator<Item = Id>) -> Result<HashMap<Id, String>> {
    let rows = Entity::find().filter(Column::Id.is_in(ids)).all(db.read()).await.map_err(fault)?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Makes a person.
pub async fn insert<C: ConnectionTrait>(conn: &C, id: Id, person: NewPerson, now: DateTime<Utc>) -> Result<()> {
    let row = ActiveModel {
        id: ActiveValue::Set(id),
        search_key: ActiveValue::Set(key(&person.name)),
        name: ActiveValue::Set(person.name),
        post: ActiveValue::Set(person.post),
        unit: ActiveValue::Set(person.unit),
        email: ActiveValue::Set(person.email),
        phone: ActiveValue::Set(person.phone),
        username: ActiveValue::Set(person.username.map(|name| name.to_lowercase())),
        password_at: ActiveValue::Set(person.password_hash.as_ref().map(|_| now)),
        password_hash: ActiveValue::Set(person.password_hash),
        must_change: ActiveValue::Set(person.must_change),
        totp_secret: ActiveValue::Set(None),
        totp_step: ActiveValue::Set(None),
        failures: ActiveValue::Set(0),
        locked_until: ActiveValue::Set(None),
        active: ActiveValue::Set(true),
        created_at: ActiveValue::Set(now),
    };
    Entity::insert(row).exec_without_returning(conn).await.map_err(|error| {
        let fault = fault(error);
        if fault.code == "db.exists" { Fault::conflict("people.username-taken").on("username") } else { fault }
    })?;
    Ok(())
}

/// One person, held until the change ends, so that two tries at signing in count as two.
pub async fn hold<C: ConnectionTrait>(conn: &C, id: Id) -> Result<Model> {
    Entity::find_by_id(id)
        .lock_exclusive()
        .one(conn)
        .await
        .map_err(fault)?
        .ok_or_else(|| Fault::not_found("people.not-found"))
}

/// Keeps a person's second factor: the sealed secret, and the step of the code that confirmed it.
pub async fn set_second_factor<C: ConnectionTrait>(conn: &C, person: Model, sealed: String, step: i64) -> Result<()> {
    update(conn, person, |row| {
        row.totp_secret = ActiveValue::Set(Some(sealed));
        row.totp_step = ActiveValue::Set(Some(step));
    })
    .await?;
    Ok(())
}

/// Removes a person's second factor and ends all sessions and tokens.
pub async fn forget_second_factor<C: ConnectionTrait>(conn: &C, person: Model) -> Result<()> {
    let id = person.id;
    update(conn, person, |row| {
        row.totp_secret = ActiveValue::Set(None);
        row.totp_step = ActiveValue::Set(None);
    })
    .await?;
    end_sessions(conn, id, "").await
}

/// Uses up a time step of a person's second factor; false when it or a newer one was used before.
pub async fn use_step<C: ConnectionTrait>(conn: &C, id: Id, step: i64) -> Result<bool> {
    let used = Entity::update_many()
        .col_expr(Column::TotpStep, Expr::value(step))
        .filter(Column::Id.eq(id))
        .filter(Column::TotpStep.is_null().or(Column::TotpStep.lt(step)))
        .exec(conn)
        .await
        .map_err(fault)?;
    Ok(used.rows_affected == 1)
}

/// Puts another form of a secret in the place of the one that was read; false when it changed meanwhile.
pub async fn replace_secret<C: ConnectionTrait>(conn: &C, id: Id, old: &str, new: &str) -> Result<bool> {
    let replaced = Entity::update_many()
        .col_expr(Column::TotpSecret, Expr::value(new))
        .filter(Column::Id.eq(id))
        .filter(Column::TotpSecret.eq(old))
        .exec(conn)
        .await
        .map_err(fault)?;
    Ok(replaced.rows_affected == 1)
}

/// People whose second factor stands there in the clear, and its secret; at most 1,000.
pub async fn clear_secrets(db: &Db) -> Result<Vec<(Id, String)>> {
    Entity::find()
        .select_only()
        .columns([Column::Id, Column::TotpSecret])
        .filter(Column::TotpSecret.is_not_null())
        .filter(Column::TotpSecret.not_like(format!("{MARK}%")))
        .limit(1000)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)
}

/// How many second factors another key sealed than the one of this mark.
pub async fn sealed_elsewhere(db: &Db, mark: &str) -> Result<u64> {
    Entity::find()
        .filter(Column::TotpSecret.like(format!("{MARK}%")))
        .filter(Column::TotpSecret.not_like(format!("{mark}%")))
        .count(db.read())
        .await
        .map_err(fault)
}

/// Changes a person.
pub async fn update<C: ConnectionTrait>(
    conn: &C,
    person: Model,
    change: impl FnOnce(&mut ActiveModel) + Send,
) -> Result<Model> {
    let mut row = person.into_active_model();
    change(&mut row);
    row.update(conn).await.map_err(fault)
}

/// Roles that a person holds on a day.
pub async fn roles(db: &Db, person: Id, day: NaiveDate) -> Result<Vec<held::Model>> {
    held::Entity::find()
        .filter(held::Column::Person.eq(person))
        .filter(held::Column::ValidFrom.lte(day))
        .filter(held::Column::ValidTo.is_null().or(held::Column::ValidTo.gte(day)))
        .all(db.read())
        .await
        .map_err(fault)
}

/// A role to be held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRole {
    /// Who.
    pub person: Id,
    /// Which.
    pub role: Role,
    /// Where.
    pub unit: Id,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: Option<NaiveDate>,
    /// By which decision.
    pub document: String,
    /// Who records it.
    pub by: Option<Id>,
}

/// Gives a role.
pub async fn give<C: ConnectionTrait>(conn: &C, id: Id, role: NewRole) -> Result<()> {
    let row = held::ActiveModel {
        id: ActiveValue::Set(id),
        person: ActiveValue::Set(role.person),
        role: ActiveValue::Set(role.role.name().to_owned()),
        unit: ActiveValue::Set(role.unit),
        valid_from: ActiveValue::Set(role.from),
        valid_to: ActiveValue::Set(role.to),
        document: ActiveValue::Set(role.document),
        granted_by: ActiveValue::Set(role.by),
    };
    held::Entity::insert(row).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// One role held.
pub async fn role(db: &Db, id: Id) -> Result<held::Model> {
    held::Entity::find_by_id(id)
        .one(db.read())
        .await
        .map_err(fault)?
        .ok_or_else(|| Fault::not_found("people.role-not-found"))
}

/// Ends a role on a day.
pub async fn end_role<C: ConnectionTrait>(conn: &C, role: held::Model, last: NaiveDate) -> Result<()> {
    let mut row = role.into_active_model();
    row.valid_to = ActiveValue::Set(Some(last));
    row.update(conn).await.map_err(fault)?;
    Ok(())
}

/// Begins a session.
pub async fn begin_session<C: ConnectionTrait>(conn: &C, new: session::Model) -> Result<()> {
    session::Entity::insert(new.into_active_model()).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// A session that still holds, with its person.
pub async fn session(
    db: &Db,
    token_hash: &str,
    api: bool,
    now: DateTime<Utc>,
) -> Result<Option<(session::Model, Model)>> {
    let found = session::Entity::find_by_id(token_hash)
        .filter(session::Column::ExpiresAt.gt(now))
        .filter(session::Column::Api.eq(api))
        .one(db.read())
        .await
        .map_err(fault)?;
    let Some(session) = found else { return Ok(None) };
    let person = Entity::find_by_id(session.person).one(db.read()).await.map_err(fault)?;
    Ok(person.filter(|person| person.active).map(|person| (session, person)))
}

/// Notes that a session is in use.
pub async fn seen(db: &Db, token_hash: &str, now: DateTime<Utc>) -> Result<()> {
    let tx = db.begin().await?;
    session::Entity::update_many()
        .col_expr(session::Column::SeenAt, Expr::value(now))
        .filter(session::Column::TokenHash.eq(token_hash))
        .exec(tx.conn())
        .await
        .map_err(fault)?;
    tx.commit_machine().await
}

/// Sessions and tokens of a person that still hold, newest first.
pub async fn sessions(db: &Db, person: Id, now: DateTime<Utc>) -> Result<Vec<session::Model>> {
    session::Entity::find()
        .filter(session::Column::Person.eq(person))
        .filter(session::Column::ExpiresAt.gt(now))
        .order_by_desc(session::Column::CreatedAt)
        .limit(200)
        .all(db.read())
        .await
        .map_err(fault)
}

/// Ends one session of a person.
pub async fn end_session<C: ConnectionTrait>(conn: &C, person: Id, token_hash: &str) -> Result<()> {
    session::Entity::delete_many()
        .filter(session::Column::Person.eq(person))
        .filter(session::Column::TokenHash.eq(token_hash))
        .exec(conn)
        .await
        .map_err(fault)?;
    Ok(())
}

/// Ends all sessions and tokens of a person but one: after a new password.
pub async fn end_sessions<C: ConnectionTrait>(conn: &C, person: Id, but: &str) -> Result<()> {
    session::Entity::delete_many()
        .filter(session::Column::Person.eq(person))
        .filter(session::Column::TokenHash.ne(but))
        .exec(conn)
        .await
        .map_err(fault)?;
    Ok(())
}

/// One person, as a change sees it.
pub async fn find<C: ConnectionTrait>(conn: &C, id: Id) -> Result<Model> {
    Entity::find_by_id(id).one(conn).await.map_err(fault)?.ok_or_else(|| Fault::not_found("people.not-found"))
}

/// Active people of each unit within reach.
pub async fn counts(db: &Db, reach: &Reach) -> Result<HashMap<Id, u64>> {
    let rows: Vec<(Id, i64)> = Entity::find()
        .select_only()
        .column(Column::Unit)
        .column_as(Column::Id.count(), "people")
        .filter(within(Column::Unit, reach))
        .filter(Column::Active.eq(true))
        .group_by(Column::Unit)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    Ok(rows.into_iter().map(|(unit, people)| (unit, u64::try_from(people).unwrap_or(0))).collect())
}

/// Roles held at a unit on a day.
pub async fn held_at(db: &Db, unit: Id, day: NaiveDate) -> Result<Vec<held::Model>> {
    held::Entity::find()
        .filter(held::Column::Unit.eq(unit))
        .filter(held::Column::ValidFrom.lte(day))
        .filter(held::Column::ValidTo.is_null().or(held::Column::ValidTo.gte(day)))
        .order_by_asc(held::Column::ValidFrom)
        .limit(500)
        .all(db.read())
        .await
        .map_err(fault)
}

/// Roles that some people hold on a day.
pub async fn held_by(db: &Db, people: impl IntoIterator<Item = Id>, day: NaiveDate) -> Result<Vec<held::Model>> {
    held::Entity::find()
        .filter(held::Column::Person.is_in(people))
        .filter(held::Column::ValidFrom.lte(day))
        .filter(held::Column::ValidTo.is_null().or(held::Column::ValidTo.gte(day)))
        .all(db.read())
        .await
        .map_err(fault)
}

/// All roles that a person held, holds and will hold, newest first.
pub async fn all_roles<C: ConnectionTrait>(conn: &C, person: Id) -> Result<Vec<held::Model>> {
    held::Entity::find()
        .filter(held::Column::Person.eq(person))
        .order_by_desc(held::Column::ValidFrom)
        .all(conn)
        .await
        .map_err(fault)
}

/// Who administers the centre today without a last day: roles of active people with a user name. The rows are held
/// until the change ends, so that two administrators cannot remove each other at the same moment.
pub async fn administrators<C: ConnectionTrait>(conn: &C, root: Id, day: NaiveDate) -> Result<Vec<held::Model>> {
    let roles = held::Entity::find()
        .filter(held::Column::Unit.eq(root))
        .filter(held::Column::Role.eq(Role::Administrator.name()))
        .filter(held::Column::ValidFrom.lte(day))
        .filter(held::Column::ValidTo.is_null())
        .lock_exclusive()
        .all(conn)
        .await
        .map_err(fault)?;
    let users: Vec<Id> = Entity::find()
        .filter(Column::Id.is_in(roles.iter().map(|role| role.person)))
        .filter(Column::Active.eq(true))
        .filter(Column::Username.is_not_null())
        .all(conn)
        .await
        .map_err(fault)?
        .into_iter()
        .map(|person| person.id)
        .collect();
    Ok(roles.into_iter().filter(|role| users.contains(&role.person)).collect())
}

/// People whose name holds a text, at most 500.
pub async fn named(db: &Db, text: &str) -> Result<Vec<Id>> {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::SearchKey.contains(key(text)))
        .limit(500)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)
}
