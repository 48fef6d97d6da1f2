//! Every query of log sources.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::key::key;
use khien_base::{Fault, Id, Reach, Result};
use khien_db::{Db, fault, page, within};
use khien_web::Paging;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::desk::stats::Tally;
use super::model::{ACTIVE, ActiveModel, CLOSED, Column, Entity, Model, PAUSED, slice};
use super::rules::{self, Fields, State};

/// Which sources are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Words of the name.
    pub q: String,
    /// How they stand.
    pub state: Option<State>,
    /// Of which system.
    pub system: Option<Id>,
}

fn standing(state: State, now: DateTime<Utc>) -> Condition {
    let active = Condition::all().add(Column::Status.eq(ACTIVE));
    match state {
        State::Live => active.add(Column::LiveUntil.gt(now)),
        State::Silent => active.add(Column::LiveUntil.lte(now)),
        State::Never => active.add(Column::LiveUntil.is_null()),
        State::Paused => Condition::all().add(Column::Status.eq(PAUSED)),
        State::Closed => Condition::all().add(Column::Status.eq(CLOSED)),
    }
}

/// A page of sources within reach, by name, and how many there are. Closed ones only when asked for.
pub async fn list(
    db: &Db,
    reach: &Reach,
    filter: &Filter,
    now: DateTime<Utc>,
    paging: Paging,
) -> Result<(Vec<Model>, u64)> {
    let mut query = Entity::find().filter(within(Column::Unit, reach));
    query = match filter.state {
        Some(state) => query.filter(standing(state, now)),
        None => query.filter(Column::Status.ne(CLOSED)),
    };
    for word in key(&filter.q).split(' ').filter(|word| !word.is_empty()).take(10) {
        query = query.filter(Column::SearchKey.contains(word));
    }
    if let Some(system) = filter.system {
        query = query.filter(Column::System.eq(system));
    }
    let query = query.order_by_asc(Column::SearchKey).order_by_asc(Column::Id);
    page(db, query, paging.offset(), paging.size).await
}

/// One source.
pub async fn get<C: ConnectionTrait>(conn: &C, id: Id) -> Result<Model> {
    Entity::find_by_id(id).one(conn).await.map_err(fault)?.ok_or_else(|| Fault::not_found("web.not-found"))
}

/// Sources of these identities within reach.
pub async fn some(db: &Db, reach: &Reach, ids: Vec<Id>) -> Result<Vec<Model>> {
    let query = Entity::find().filter(Column::Id.is_in(ids)).filter(within(Column::Unit, reach));
    query.all(db.read()).await.map_err(fault)
}

/// All sources that are not closed.
pub async fn open<C: ConnectionTrait>(conn: &C) -> Result<Vec<Model>> {
    Entity::find().filter(Column::Status.ne(CLOSED)).all(conn).await.map_err(fault)
}

/// Adds a source.
pub async fn insert<C: ConnectionTrait>(conn: &C, source: Model) -> Result<()> {
    Entity::insert(ActiveModel::from(source)).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// A source as it is made.
pub fn fresh(id: Id, fields: Fields, system: Id, unit: Id, by: Id, now: DateTime<Utc>) -> Model {
    Model {
        id,
        search_key: key(&fields.name),
        name: fields.name,
        system,
        unit,
        kind: fields.kind.to_owned(),
        status: ACTIVE.to_owned(),
        token_hash: None,
        token_end: String::new(),
        addresses: rules::stored(&fields.addresses),
        certificates: fields.certificates.into(),
        quota: fields.quota,
        silent_minutes: fields.silent_minutes,
        last_event_at: None,
        live_until: None,
        silent_since: None,
        events: 0,
        failures: 0,
        failed_at: None,
        failure: None,
        failed_line: None,
        created_at: now,
        created_by: Some(by),
        updated_at: now,
    }
}

/// Changes settings of a source that is as it was when the form was made: `sources.changed` otherwise.
pub async fn update<C: ConnectionTrait>(
    conn: &C,
    source: Model,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut ActiveModel),
) -> Result<()> {
    let seen = source.updated_at;
    let id = source.id;
    let mut row = source.into_active_model();
    change(&mut row);
    row.updated_at = ActiveValue::Set(now);
    let done = Entity::update_many()
        .set(row)
        .filter(Column::Id.eq(id))
        .filter(Column::UpdatedAt.eq(seen))
        .exec(conn)
        .await
        .map_err(fault)?;
    if done.rows_affected == 0 { Err(Fault::conflict("sources.changed")) } else { Ok(()) }
}

/// Events of each source since a moment (to the ten minutes).
pub async fn events_since(db: &Db, ids: &[Id], since: DateTime<Utc>) -> Result<HashMap<Id, i64>> {
    let rows: Vec<(Id, i64)> = slice::Entity::find()
        .select_only()
        .column(slice::Column::Source)
        // A sum of big integers is a decimal in PostgreSQL.
        .column_as(slice::Column::Events.sum().cast_as("bigint"), "events")
        .filter(slice::Column::Source.is_in(ids.iter().copied()))
        .filter(slice::Column::At.gt(since))
        .group_by(slice::Column::Source)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    Ok(rows.into_iter().collect())
}

/// Slices of one source since a moment, oldest first.
pub async fn slices(db: &Db, source: Id, since: DateTime<Utc>) -> Result<Vec<slice::Model>> {
    slice::Entity::find()
        .filter(slice::Column::Source.eq(source))
        .filter(slice::Column::At.gt(since))
        .order_by_asc(slice::Column::At)
        .all(db.read())
        .await
        .map_err(fault)
}

/// Adds what was counted; gives the sources that came back from silence.
pub async fn add<C: ConnectionTrait>(conn: &C, tallies: &HashMap<Id, Tally>) -> Result<Vec<Model>> {
    let ids = tallies.keys().copied();
    let sources = Entity::find().filter(Column::Id.is_in(ids)).all(conn).await.map_err(fault)?;
    let mut back = Vec::new();
    for source in sources {
        let Some(tally) = tallies.get(&source.id) else { continue };
        let mut update = Entity::update_many()
            .col_expr(Column::Events, Expr::col(Column::Events).add(tally.events))
            .col_expr(Column::Failures, Expr::col(Column::Failures).add(tally.failures))
            .filter(Column::Id.eq(source.id));
        if let Some(last) = Ord::max(tally.last_event_at, source.last_event_at).filter(|_| tally.events > 0) {
            update = update
                .col_expr(Column::LastEventAt, Expr::value(last))
                .col_expr(Column::LiveUntil, Expr::value(rules::live_until(last, source.silent_minutes)))
                .col_expr(Column::SilentSince, Expr::value(Option::<DateTime<Utc>>::None));
        }
        if let Some((at, code, line)) = &tally.failed {
            update = update
                .col_expr(Column::FailedAt, Expr::value(*at))
                .col_expr(Column::Failure, Expr::value(code.clone()))
                .col_expr(Column::FailedLine, Expr::value(line.clone()));
        }
        update.exec(conn).await.map_err(fault)?;
        if let Some((at, seconds)) = tally.lag {
            crate::health::store::note_lag(conn, source.id, at, seconds).await?;
        }
        for (at, (events, failures)) in &tally.slices {
            add_slice(conn, source.id, *at, *events, *failures).await?;
        }
        if source.silent_since.is_some() && tally.events > 0 {
            back.push(source);
        }
    }
    Ok(back)
}

async fn add_slice<C: ConnectionTrait>(
    conn: &C,
    source: Id,
    at: DateTime<Utc>,
    events: i64,
    failures: i64,
) -> Result<()> {
    let row = slice::ActiveModel {
        source: ActiveValue::Set(source),
        at: ActiveValue::Set(at),
        events: ActiveValue::Set(events),
        failures: ActiveValue::Set(failures),
    };
    let mut twice = OnConflict::columns([slice::Column::Source, slice::Column::At]);
    let own = |column| Expr::col((slice::Entity, column));
    twice
        .value(slice::Column::Events, own(slice::Column::Events).add(events))
        .value(slice::Column::Failures, own(slice::Column::Failures).add(failures));
    slice::Entity::insert(row).on_conflict(twice).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// Removes slices from before a moment.
pub async fn trim<C: ConnectionTrait>(conn: &C, before: DateTime<Utc>) -> Result<()> {
    slice::Entity::delete_many().filter(slice::Column::At.lt(before)).exec(conn).await.map_err(fault)?;
    Ok(())
}

/// Sources whose time ran out and that nobody was told of.
pub async fn newly_silent<C: ConnectionTrait>(conn: &C, now: DateTime<Utc>) -> Result<Vec<Model>> {
    let silent = Entity::find().filter(standing(State::Silent, now)).filter(Column::SilentSince.is_null());
    silent.order_by_asc(Column::LiveUntil).limit(500).all(conn).await.map_err(fault)
}

/// Marks a source as silent.
pub async fn mark_silent<C: ConnectionTrait>(conn: &C, source: &Model) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::SilentSince, Expr::value(source.last_event_at))
        .filter(Column::Id.eq(source.id))
        .exec(conn)
        .await
        .map_err(fault)?;
    Ok(())
}

/// Silent sources within reach, the longest silent first.
pub async fn silent(db: &Db, reach: &Reach, now: DateTime<Utc>, limit: u64) -> Result<Vec<Model>> {
    let silent = Entity::find().filter(within(Column::Unit, reach)).filter(standing(State::Silent, now));
    silent.order_by_asc(Column::LastEventAt).limit(limit).all(db.read()).await.map_err(fault)
}

/// How many sources within reach stand how.
pub async fn count(db: &Db, reach: &Reach, state: State, now: DateTime<Utc>) -> Result<u64> {
    let query = Entity::find().filter(within(Column::Unit, reach)).filter(standing(state, now));
    query.count(db.read()).await.map_err(fault)
}

/// Systems with at least one live source.
pub async fn connected(db: &Db, now: DateTime<Utc>) -> Result<HashSet<Id>> {
    let rows: Vec<Id> = Entity::find()
        .select_only()
        .column(Column::System)
        .distinct()
        .filter(standing(State::Live, now))
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    Ok(rows.into_iter().collect())
}

/// How long slices are kept: the health of a source is told by the same hour of the last four weeks.
pub const SLICES_KEPT: TimeDelta = TimeDelta::days(29);

/// The open source of a name (whatever its case and diacritics) or identity: for the command line.
pub async fn by_name_or_id(db: &Db, wanted: &str) -> Result<Option<Model>> {
    let open = Entity::find().filter(Column::Status.ne(super::model::CLOSED));
    let found = match wanted.parse::<Id>() {
        Ok(id) => open.filter(Column::Id.eq(id)),
        Err(_) => open.filter(Column::SearchKey.eq(key(wanted))),
    };
    found.order_by_asc(Column::CreatedAt).one(db.read()).await.map_err(fault)
}
