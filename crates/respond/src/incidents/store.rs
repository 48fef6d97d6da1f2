//! Every query of incidents, their clocks, tasks and timeline.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::key::key;
use khien_base::{Fault, Id, Reach, Result};
use khien_db::{Db, fault, page, within};
use khien_directory::people::model::held;
use khien_web::Paging;
use sea_orm::sea_query::{Expr, Query, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseBackend, EntityTrait, ExprTrait,
    IntoActiveModel, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::model::{Act, Column, Entity, Model, State, TaskState, clock, entry, task};

/// What a list of incidents is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// A part of number or title.
    pub text: String,
    /// One state; `open` means all but closed.
    pub state: String,
    /// `M1`–`M4`
    pub level: String,
    /// Only of this unit.
    pub unit: Option<Id>,
    /// Only of this system.
    pub system: Option<Id>,
    /// Only with a clock that is overdue.
    pub overdue: bool,
    /// `number`, `level`, `state`, `detected`, `due`; a `-` before it turns the order round.
    pub sort: String,
}

/// How far somebody sees: incidents of these units, and incidents in which these units have a task.
#[derive(Debug, Clone)]
pub struct Sight {
    /// Reach of `incidents:read`.
    pub read: Reach,
    /// Reach of `incidents:task`.
    pub task: Reach,
}

/// Whether an incident lies within a reach: its unit, or the unit that leads the response.
pub fn owns(reach: &Reach, incident: &Model) -> bool {
    reach.covers(incident.unit) || incident.assigned_unit.is_some_and(|unit| reach.covers(unit))
}

fn seen(sight: &Sight) -> Condition {
    let with_task = Query::select()
        .column(task::Column::Incident)
        .from(task::Entity)
        .and_where(within(task::Column::Unit, &sight.task))
        .to_owned();
    owned(&sight.read).add(Column::Id.in_subquery(with_task))
}

fn owned(reach: &Reach) -> Condition {
    Condition::any().add(within(Column::Unit, reach)).add(within(Column::AssignedUnit, reach))
}

/// One incident, whoever asks; rights are checked by the caller.
pub async fn get<C: ConnectionTrait>(conn: &C, id: Id) -> Result<Model> {
    Entity::find_by_id(id).one(conn).await.map_err(fault)?.ok_or_else(|| Fault::not_found("web.not-found"))
}

/// A page of incidents within sight, and how many there are.
pub async fn list(
    db: &Db,
    sight: &Sight,
    filter: &Filter,
    paging: Paging,
    now: DateTime<Utc>,
) -> Result<(Vec<Model>, u64)> {
    let query = Entity::find().filter(Condition::all().add(seen(sight)).add(narrowed(filter, now)));
    let (name, order) = match filter.sort.strip_prefix('-') {
        Some(name) => (name, Order::Desc),
        None => (filter.sort.as_str(), Order::Asc),
    };
    let query = match name {
        "number" => query.order_by(Column::Year, order.clone()).order_by(Column::Serial, order),
        "level" => query.order_by(Column::Level, order).order_by_desc(Column::DetectedAt),
        "state" => query.order_by(Column::State, order).order_by_desc(Column::DetectedAt),
        "detected" => query.order_by(Column::DetectedAt, order),
        "due" => query
            .order_by(Column::NextDue.is_null(), Order::Asc)
            .order_by(Column::NextDue, order)
            .order_by_desc(Column::DetectedAt),
        _ => query.order_by_desc(Column::DetectedAt),
    };
    let query = query.order_by_desc(Column::Id);
    page(db, query, paging.offset(), paging.size).await
}

fn narrowed(filter: &Filter, now: DateTime<Utc>) -> Condition {
    let mut wanted = Condition::all();
    if !filter.text.is_empty() {
        wanted = wanted.add(Column::SearchKey.contains(key(&filter.text)));
    }
    match filter.state.as_str() {
        "" => {}
        "open" => wanted = wanted.add(Column::State.ne(State::Closed.name())),
        state => wanted = wanted.add(Column::State.eq(state)),
    }
    if !filter.level.is_empty() {
        wanted = wanted.add(Column::Level.eq(filter.level.as_str()));
    }
    if let Some(unit) = filter.unit {
        wanted = wanted.add(Column::Unit.eq(unit));
    }
    if let Some(system) = filter.system {
        wanted = wanted.add(Column::System.eq(system));
    }
    if filter.overdue {
        wanted = wanted.add(Column::NextDue.lt(now));
    }
    wanted
}

/// The next position of a year's numbers. SQLite has one writer; PostgreSQL takes a lock that ends with the change.
pub async fn next_serial<C: ConnectionTrait>(conn: &C, year: i32) -> Result<i32> {
    if conn.get_database_backend() == DatabaseBackend::Postgres {
        conn.execute_unprepared("SELECT pg_advisory_xact_lock(8207)").await.map_err(fault)?;
    }
    let last = Entity::find()
        .filter(Column::Year.eq(year))
        .order_by_desc(Column::Serial)
        .limit(1)
        .one(conn)
        .await
        .map_err(fault)?;
    Ok(last.map_or(1, |row| row.serial + 1))
}

/// Writes a new incident.
pub async fn insert<C: ConnectionTrait>(conn: &C, incident: &Model) -> Result<()> {
    Entity::insert(incident.clone().into_active_model()).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// Writes an incident as it is now.
pub async fn save<C: ConnectionTrait>(conn: &C, incident: &Model) -> Result<()> {
    incident.clone().into_active_model().reset_all().update(conn).await.map_err(fault)?;
    Ok(())
}

/// Clocks of an incident, in the order of the regime.
pub async fn clocks<C: ConnectionTrait>(conn: &C, incident: Id) -> Result<Vec<clock::Model>> {
    clock::Entity::find()
        .filter(clock::Column::Incident.eq(incident))
        .order_by_asc(clock::Column::Position)
        .all(conn)
        .await
        .map_err(fault)
}

/// Clocks of several incidents that are still owed, the earliest end first.
pub async fn owed<C: ConnectionTrait>(
    conn: &C,
    incidents: impl IntoIterator<Item = Id>,
) -> Result<HashMap<Id, Vec<clock::Model>>> {
    let rows = clock::Entity::find()
        .filter(clock::Column::Incident.is_in(incidents))
        .filter(clock::Column::Active.eq(true))
        .filter(clock::Column::DueAt.is_not_null())
        .order_by_asc(clock::Column::DueAt)
        .all(conn)
        .await
        .map_err(fault)?;
    let mut by_incident: HashMap<Id, Vec<clock::Model>> = HashMap::new();
    for row in rows {
        by_incident.entry(row.incident).or_default().push(row);
    }
    Ok(by_incident)
}

/// One clock of an incident.
pub async fn clock<C: ConnectionTrait>(conn: &C, incident: Id, id: Id) -> Result<clock::Model> {
    clock::Entity::find_by_id(id)
        .filter(clock::Column::Incident.eq(incident))
        .one(conn)
        .await
        .map_err(fault)?
        .ok_or_else(|| Fault::not_found("web.not-found"))
}

/// A clock by its identity alone, for jobs; none when it is gone.
pub async fn clock_of_job(db: &Db, id: Id) -> Result<Option<clock::Model>> {
    clock::Entity::find_by_id(id).one(db.read()).await.map_err(fault)
}

/// Writes a new clock.
pub async fn insert_clock<C: ConnectionTrait>(conn: &C, row: &clock::Model) -> Result<()> {
    clock::Entity::insert(row.clone().into_active_model()).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// Writes a clock as it is now.
pub async fn save_clock<C: ConnectionTrait>(conn: &C, row: &clock::Model) -> Result<()> {
    row.clone().into_active_model().reset_all().update(conn).await.map_err(fault)?;
    Ok(())
}

/// The clock within reach that ends first after a moment; where none does, the one that ended last.
pub async fn nearest_clock(db: &Db, reach: &Reach, now: DateTime<Utc>) -> Result<Option<clock::Model>> {
    let owed =
        || clock::Entity::find().filter(within(clock::Column::Unit, reach)).filter(clock::Column::Active.eq(true));
    let next = owed()
        .filter(clock::Column::DueAt.gte(now))
        .order_by_asc(clock::Column::DueAt)
        .limit(1)
        .one(db.read())
        .await
        .map_err(fault)?;
    if next.is_some() {
        return Ok(next);
    }
    owed()
        .filter(clock::Column::DueAt.lt(now))
        .order_by_desc(clock::Column::DueAt)
        .limit(1)
        .one(db.read())
        .await
        .map_err(fault)
}

/// Incidents within reach that are not closed or still owe a report: those whose time ends first come first.
pub async fn open(db: &Db, reach: &Reach, limit: u64) -> Result<Vec<Model>> {
    Entity::find()
        .filter(owned(reach))
        .filter(Condition::any().add(Column::State.ne(State::Closed.name())).add(Column::NextDue.is_not_null()))
        .order_by(Column::NextDue.is_null(), Order::Asc)
        .order_by_asc(Column::NextDue)
        .order_by_desc(Column::DetectedAt)
        .limit(limit)
        .all(db.read())
        .await
        .map_err(fault)
}

/// How many incidents within reach hold to a condition.
async fn count(db: &Db, reach: &Reach, wanted: SimpleExpr) -> Result<u64> {
    Entity::find().filter(owned(reach)).filter(wanted).count(db.read()).await.map_err(fault)
}

/// Incidents within reach: not closed; of those, at the levels that the regime calls serious; with an overdue clock.
pub async fn counts(db: &Db, reach: &Reach, serious: &[&str], now: DateTime<Utc>) -> Result<(u64, u64, u64)> {
    let open = Column::State.ne(State::Closed.name());
    let all = count(db, reach, open.clone()).await?;
    let bad = count(db, reach, open.and(Column::Level.is_in(serious.iter().copied()))).await?;
    let late = count(db, reach, Column::NextDue.lt(now)).await?;
    Ok((all, bad, late))
}

/// Clocks with a limit within reach: sent in time, and all whose time is over or that were sent.
pub async fn kept_clocks(db: &Db, reach: &Reach, now: DateTime<Utc>) -> Result<(u64, u64)> {
    let settled =
        || clock::Entity::find().filter(within(clock::Column::Unit, reach)).filter(clock::Column::DueAt.is_not_null());
    let in_time = settled()
        .filter(Expr::col(clock::Column::SentAt).lte(Expr::col(clock::Column::DueAt)))
        .count(db.read())
        .await
        .map_err(fault)?;
    let over = Condition::any()
        .add(clock::Column::SentAt.is_not_null())
        .add(clock::Column::Active.eq(true).and(clock::Column::DueAt.lt(now)));
    let all = settled().filter(over).count(db.read()).await.map_err(fault)?;
    Ok((in_time, all))
}

/// Tasks of an incident, oldest first.
pub async fn tasks<C: ConnectionTrait>(conn: &C, incident: Id) -> Result<Vec<task::Model>> {
    task::Entity::find()
        .filter(task::Column::Incident.eq(incident))
        .order_by_asc(task::Column::CreatedAt)
        .order_by_asc(task::Column::Id)
        .limit(500)
        .all(conn)
        .await
        .map_err(fault)
}

/// Tasks of an incident that are not done.
pub async fn open_tasks<C: ConnectionTrait>(conn: &C, incident: Id) -> Result<u64> {
    task::Entity::find()
        .filter(task::Column::Incident.eq(incident))
        .filter(task::Column::State.is_in([TaskState::Open.name(), TaskState::Doing.name()]))
        .count(conn)
        .await
        .map_err(fault)
}

/// One task of an incident.
pub async fn task<C: ConnectionTrait>(conn: &C, incident: Id, id: Id) -> Result<task::Model> {
    task::Entity::find_by_id(id)
        .filter(task::Column::Incident.eq(incident))
        .one(conn)
        .await
        .map_err(fault)?
        .ok_or_else(|| Fault::not_found("web.not-found"))
}

/// Writes a new task.
pub async fn insert_task<C: ConnectionTrait>(conn: &C, row: &task::Model) -> Result<()> {
    task::Entity::insert(row.clone().into_active_model()).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// Writes a task as it is now.
pub async fn save_task<C: ConnectionTrait>(conn: &C, row: &task::Model) -> Result<()> {
    row.clone().into_active_model().reset_all().update(conn).await.map_err(fault)?;
    Ok(())
}

/// A line of the timeline to be written.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// `state`; its sentence is the text `incidents.log.state`.
    pub kind: &'static str,
    /// Values of the sentence.
    pub args: serde_json::Value,
    /// What a person wrote.
    pub note: String,
    /// What may be noted only once.
    pub once: Option<String>,
}

/// Appends a line to the timeline; one that was noted already stays as it is.
pub async fn log<C: ConnectionTrait>(conn: &C, act: &Act<'_>, incident: Id, line: Line) -> Result<()> {
    let row = entry::Model {
        id: act.id(),
        incident,
        at: act.now,
        person: act.person,
        name: act.name.clone(),
        kind: line.kind.to_owned(),
        args: line.args,
        note: line.note,
        once: line.once,
    };
    entry::Entity::insert(row.into_active_model())
        .on_conflict_do_nothing_on([entry::Column::Once])
        .exec_without_returning(conn)
        .await
        .map_err(fault)?;
    Ok(())
}

/// Whether something was noted.
pub async fn noted<C: ConnectionTrait>(conn: &C, once: &str) -> Result<bool> {
    let found = entry::Entity::find().filter(entry::Column::Once.eq(once)).one(conn).await.map_err(fault)?;
    Ok(found.is_some())
}

/// The timeline of an incident, newest first.
pub async fn entries<C: ConnectionTrait>(conn: &C, incident: Id, limit: u64) -> Result<Vec<entry::Model>> {
    entry::Entity::find()
        .filter(entry::Column::Incident.eq(incident))
        .order_by_desc(entry::Column::At)
        .order_by_desc(entry::Column::Id)
        .limit(limit)
        .all(conn)
        .await
        .map_err(fault)
}

/// Reports of an incident that were made, newest first.
pub async fn reports<C: ConnectionTrait>(conn: &C, incident: Id) -> Result<Vec<entry::Model>> {
    entry::Entity::find()
        .filter(entry::Column::Incident.eq(incident))
        .filter(entry::Column::Kind.eq("report"))
        .order_by_desc(entry::Column::At)
        .limit(100)
        .all(conn)
        .await
        .map_err(fault)
}

/// People who hold the role of focal point at a unit on a day.
pub async fn focal_points(db: &Db, unit: Id, day: NaiveDate) -> Result<Vec<Id>> {
    let held = held::Entity::find()
        .filter(held::Column::Unit.eq(unit))
        .filter(held::Column::Role.eq(khien_base::Role::FocalPoint.name()))
        .filter(held::Column::ValidFrom.lte(day))
        .filter(held::Column::ValidTo.is_null().or(held::Column::ValidTo.gte(day)))
        .all(db.read())
        .await
        .map_err(fault)?;
    Ok(held.into_iter().map(|held| held.person).collect())
}
