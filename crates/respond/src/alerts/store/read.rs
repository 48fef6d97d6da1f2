//! Alerts as pages ask for them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use khien_base::key::key;
use khien_base::{Fault, Id, Reach, Result};
use khien_db::{Db, fault, page, within};
use khien_web::Paging;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::alerts::model::{self, Column, Entity, Model, member};

/// What a list of alerts is narrowed by; empty parts narrow nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Weight of the level.
    pub level: Option<i32>,
    /// States.
    pub states: Vec<String>,
    /// Identity of the rule.
    pub rule: String,
    /// Host, exactly.
    pub host: String,
    /// Unit.
    pub unit: Option<Id>,
    /// Information system.
    pub system: Option<Id>,
    /// Last event not before.
    pub from: Option<DateTime<Utc>>,
    /// First event before.
    pub to: Option<DateTime<Utc>>,
    /// Words in title, rule or host.
    pub text: String,
    /// Rules whose title in the reader's language has the words.
    pub text_rules: Vec<String>,
}

/// In which order.
#[derive(Debug, Clone, Copy)]
pub struct Sort {
    /// Which column.
    pub column: Column,
    /// Largest first.
    pub desc: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { column: Column::LastAt, desc: true }
    }
}

/// How many alerts there are of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelCount {
    /// Weight of the level.
    pub level: i32,
    /// Alerts.
    pub alerts: i64,
}

fn wanted(reach: &Reach, filter: &Filter) -> Condition {
    let mut wanted = Condition::all().add(within(Column::Unit, reach));
    wanted = wanted
        .add_option(filter.level.map(|level| Column::Level.eq(level)))
        .add_option(filter.unit.map(|unit| Column::Unit.eq(unit)))
        .add_option(filter.system.map(|system| Column::System.eq(system)))
        .add_option(filter.from.map(|from| Column::LastAt.gte(from)))
        .add_option(filter.to.map(|to| Column::FirstAt.lt(to)));
    if !filter.states.is_empty() {
        wanted = wanted.add(Column::State.is_in(filter.states.iter().map(String::as_str)));
    }
    if !filter.rule.is_empty() {
        wanted = wanted.add(Column::Rule.eq(filter.rule.as_str()));
    }
    if !filter.host.is_empty() {
        wanted = wanted.add(Column::Host.eq(filter.host.as_str()));
    }
    let words = key(&filter.text);
    if !words.is_empty() {
        let each = words.split(' ').fold(Condition::all(), |all, word| all.add(Column::SearchKey.contains(word)));
        let mut any = Condition::any().add(each);
        if !filter.text_rules.is_empty() {
            any = any.add(Column::Rule.is_in(filter.text_rules.iter().map(String::as_str)));
        }
        wanted = wanted.add(any);
    }
    wanted
}

/// A page of alerts within reach, and how many there are.
pub async fn list(db: &Db, reach: &Reach, filter: &Filter, sort: Sort, paging: Paging) -> Result<(Vec<Model>, u64)> {
    let query = Entity::find().filter(wanted(reach, filter));
    let order = if sort.desc { Order::Desc } else { Order::Asc };
    let query = query.order_by(sort.column, order).order_by_desc(Column::LastAt).order_by_desc(Column::Id);
    page(db, query, paging.offset(), paging.size).await
}

/// Alerts by level, worst first, narrowed by everything but the level.
pub async fn by_level(db: &Db, reach: &Reach, filter: &Filter) -> Result<Vec<LevelCount>> {
    let filter = Filter { level: None, ..filter.clone() };
    let rows: Vec<(i32, i64)> = Entity::find()
        .select_only()
        .column(Column::Level)
        .column_as(Column::Id.count(), "alerts")
        .filter(wanted(reach, &filter))
        .group_by(Column::Level)
        .order_by_desc(Column::Level)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    Ok(rows.into_iter().map(|(level, alerts)| LevelCount { level, alerts }).collect())
}

/// One alert.
pub async fn get(db: &Db, id: Id) -> Result<Model> {
    Entity::find_by_id(id).one(db.read()).await.map_err(fault)?.ok_or_else(|| Fault::not_found("alerts.not-found"))
}

/// Alerts of these identities within reach, oldest first.
pub async fn some(db: &Db, reach: &Reach, ids: &[Id]) -> Result<Vec<Model>> {
    Entity::find()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(within(Column::Unit, reach))
        .order_by_asc(Column::FirstAt)
        .all(db.read())
        .await
        .map_err(fault)
}

/// Alerts of an incident, oldest first.
pub async fn of_incident(db: &Db, incident: Id) -> Result<Vec<Model>> {
    Entity::find()
        .filter(Column::Incident.eq(incident))
        .order_by_asc(Column::FirstAt)
        .limit(1000)
        .all(db.read())
        .await
        .map_err(fault)
}

/// How many events an alert keeps.
pub async fn member_count(db: &Db, group: Id) -> Result<u64> {
    member::Entity::find().filter(member::Column::AlertGroup.eq(group)).count(db.read()).await.map_err(fault)
}

/// Events that an alert keeps, newest first.
pub async fn members(db: &Db, group: Id, paging: Paging) -> Result<Vec<member::Model>> {
    member::Entity::find()
        .filter(member::Column::AlertGroup.eq(group))
        .order_by_desc(member::Column::At)
        .order_by_desc(member::Column::Id)
        .offset(paging.offset())
        .limit(paging.size)
        .all(db.read())
        .await
        .map_err(fault)
}

/// Other alerts of the same host and system, newest first.
pub async fn of_same_host(db: &Db, reach: &Reach, group: &Model, since: DateTime<Utc>) -> Result<Vec<Model>> {
    if group.host.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = Entity::find()
        .filter(within(Column::Unit, reach))
        .filter(Column::Host.eq(group.host.as_str()))
        .filter(Column::Id.ne(group.id))
        .filter(Column::LastAt.gte(since));
    if let Some(system) = group.system {
        query = query.filter(Column::System.eq(system));
    }
    query.order_by_desc(Column::LastAt).limit(20).all(db.read()).await.map_err(fault)
}

/// Events counted by rule since a moment, by the time of each alert's last event.
pub async fn rule_hits(db: &Db, reach: &Reach, since: DateTime<Utc>) -> Result<HashMap<String, i64>> {
    let rows: Vec<(String, i64)> = Entity::find()
        .select_only()
        .column(Column::Rule)
        .column_as(Expr::col(Column::Hits).sum().cast_as("bigint"), "hits")
        .filter(within(Column::Unit, reach))
        .filter(Column::Kind.eq(model::SIGMA))
        .filter(Column::LastAt.gte(since))
        .group_by(Column::Rule)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    Ok(rows.into_iter().collect())
}

/// Alerts that were made of these events, within a reach, the newest first, at most 100.
pub async fn of_events(db: &Db, reach: &Reach, events: &[Id]) -> Result<Vec<Model>> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let groups: Vec<Id> = member::Entity::find()
        .select_only()
        .column(member::Column::AlertGroup)
        .filter(member::Column::Event.is_in(events.iter().copied()))
        .distinct()
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    Entity::find()
        .filter(Column::Id.is_in(groups))
        .filter(within(Column::Unit, reach))
        .order_by_desc(Column::LastAt)
        .limit(100)
        .all(db.read())
        .await
        .map_err(fault)
}
