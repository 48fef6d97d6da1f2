//! Reports owed.

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::{Fault, Id, Reach, Result};
use khien_db::{Db, fault, page, within};
use khien_web::Paging;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::plans::of_live;
use crate::plans::model::duty::owed::{Column, Entity, Model};

/// What a list of reports owed is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this plan.
    pub plan: Option<Id>,
    /// Only owed by this unit.
    pub unit: Option<Id>,
    /// Only of this duty.
    pub duty: Option<Id>,
    /// Only those in this state.
    pub state: Option<Owed>,
    /// Only those that were not sent.
    pub unsent: bool,
}

/// Where a report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owed {
    /// Its last day has passed.
    Late,
    /// Its last day is to come.
    Ahead,
    /// It was sent.
    Sent,
}

impl Owed {
    /// All, in the order of the page.
    pub const ALL: [Self; 3] = [Self::Late, Self::Ahead, Self::Sent];

    /// Its name in addresses and texts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Ahead => "ahead",
            Self::Sent => "sent",
        }
    }
}

impl Filter {
    fn condition(&self, reach: &Reach, day: NaiveDate) -> Condition {
        let mut wanted = Condition::all().add(within(Column::Unit, reach)).add(of_live(Column::Plan));
        for (column, id) in [(Column::Plan, self.plan), (Column::Unit, self.unit), (Column::Duty, self.duty)] {
            if let Some(id) = id {
                wanted = wanted.add(column.eq(id));
            }
        }
        if self.unsent {
            wanted = wanted.add(Column::SentOn.is_null());
        }
        match self.state {
            None => wanted,
            Some(Owed::Sent) => wanted.add(Column::SentOn.is_not_null()),
            Some(Owed::Late) => wanted.add(Column::SentOn.is_null()).add(Column::DueOn.lt(day)),
            Some(Owed::Ahead) => wanted.add(Column::SentOn.is_null()).add(Column::DueOn.gte(day)),
        }
    }
}

/// A page of reports owed within reach, nearest last day first, and how many there are.
pub async fn list(
    db: &Db,
    reach: &Reach,
    filter: &Filter,
    day: NaiveDate,
    paging: Paging,
) -> Result<(Vec<Model>, u64)> {
    let query = Entity::find().filter(filter.condition(reach, day));
    let query = query.order_by_asc(Column::DueOn).order_by_asc(Column::Duty).order_by_asc(Column::Unit);
    page(db, query, paging.offset(), paging.size).await
}

/// How many reports are late, and how many are to come.
pub async fn count(db: &Db, reach: &Reach, filter: &Filter, day: NaiveDate) -> Result<u64> {
    Entity::find().filter(filter.condition(reach, day)).count(db.read()).await.map_err(fault)
}

/// One report owed.
pub async fn get(db: &Db, id: Id) -> Result<Model> {
    Entity::find_by_id(id).one(db.read()).await.map_err(fault)?.ok_or_else(|| Fault::not_found("plans.no-report"))
}

/// Last days of a plan's duties that are owed already, by duty and unit.
pub async fn of_plan<C: ConnectionTrait>(conn: &C, plan: Id) -> Result<Vec<(Id, Id, NaiveDate)>> {
    Entity::find()
        .select_only()
        .columns([Column::Duty, Column::Unit, Column::DueOn])
        .filter(Column::Plan.eq(plan))
        .into_tuple()
        .all(conn)
        .await
        .map_err(fault)
}

/// A report that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its number.
    pub number: String,
    /// Its day.
    pub on: NaiveDate,
    /// Who writes it down.
    pub by: Option<Id>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Writes down that a report was sent; a second time is a conflict.
pub async fn mark_sent<C: ConnectionTrait>(conn: &C, id: Id, sent: Sent) -> Result<()> {
    let done = Entity::update_many()
        .col_expr(Column::SentNumber, Expr::value(sent.number))
        .col_expr(Column::SentOn, Expr::value(sent.on))
        .col_expr(Column::SentBy, Expr::value(sent.by))
        .col_expr(Column::SentAt, Expr::value(sent.at))
        .filter(Column::Id.eq(id))
        .filter(Column::SentOn.is_null())
        .exec(conn)
        .await
        .map_err(fault)?;
    if done.rows_affected == 0 { Err(Fault::conflict("plans.sent-already")) } else { Ok(()) }
}

/// Keeps reports that are owed from now on.
pub async fn insert<C: ConnectionTrait>(conn: &C, rows: Vec<Model>) -> Result<()> {
    for batch in rows.chunks(500) {
        let batch = batch.iter().cloned().map(IntoActiveModel::into_active_model);
        Entity::insert_many(batch).exec_without_returning(conn).await.map_err(fault)?;
    }
    Ok(())
}
