//! Assignments and progress.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use khien_base::clock::day_in_vietnam;
use khien_base::key::key;
use khien_base::{Fault, Id, Reach, Result};
use khien_db::{Db, fault, page, within};
use khien_web::Paging;
use sea_orm::sea_query::{Expr, NullOrdering};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel, Order,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use super::plans::of_live;
use crate::plans::model::work::{Column, DONE, Entity, Model, OPEN, progress};
use crate::plans::model::{COORDINATE, LEAD, task};
use crate::plans::rules::due::{Bucket, RECURRING, SOON};

/// What the board is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this plan.
    pub plan: Option<Id>,
    /// Only owed by this unit.
    pub unit: Option<Id>,
    /// Only of these units, besides: a unit with those under it.
    pub units: Option<Vec<Id>>,
    /// Only of this task.
    pub task: Option<Id>,
    /// Only in this section of a plan.
    pub group: String,
    /// A part of the task's text.
    pub text: String,
    /// `lead`, `coordinate`; none for both.
    pub role: Option<&'static str>,
    /// Only in this column of the board.
    pub bucket: Option<Bucket>,
    /// Only those whose last day has passed, done or not.
    pub passed: bool,
    /// Only in this state.
    pub state: String,
}

impl Filter {
    fn condition(&self, reach: &Reach, day: NaiveDate) -> Condition {
        let mut wanted = Condition::all().add(within(Column::Unit, reach)).add(of_live(Column::Plan));
        if let Some(plan) = self.plan {
            wanted = wanted.add(Column::Plan.eq(plan));
        }
        if let Some(unit) = self.unit {
            wanted = wanted.add(Column::Unit.eq(unit));
        }
        if let Some(units) = &self.units {
            wanted = wanted.add(Column::Unit.is_in(units.iter().copied()));
        }
        if let Some(task) = self.task {
            wanted = wanted.add(Column::Task.eq(task));
        }
        if let Some(role) = self.role {
            wanted = wanted.add(Column::Role.eq(role));
        }
        if !self.state.is_empty() {
            wanted = wanted.add(Column::State.eq(self.state.as_str()));
        }
        if let Some(bucket) = self.bucket {
            wanted = wanted.add(in_bucket(bucket, day));
        }
        if self.passed {
            wanted = wanted.add(Column::DueOn.lt(day));
        }
        if !self.group.is_empty() || !self.text.is_empty() {
            let mut tasks = task::Entity::find().select_only().column(task::Column::Id);
            if !self.group.is_empty() {
                tasks = tasks.filter(task::Column::GroupName.eq(self.group.as_str()));
            }
            if !self.text.is_empty() {
                tasks = tasks.filter(task::Column::SearchKey.contains(key(&self.text)));
            }
            wanted = wanted.add(Column::Task.in_subquery(tasks.into_query()));
        }
        wanted
    }
}

/// [`crate::plans::rules::due::bucket`] as a condition.
fn in_bucket(bucket: Bucket, day: NaiveDate) -> Condition {
    let soon = day + SOON;
    let year_end = NaiveDate::from_ymd_opt(day.year(), 12, 31).unwrap_or(day);
    let open = Condition::all().add(Column::State.eq(OPEN));
    match bucket {
        Bucket::Done => Condition::all().add(Column::State.ne(OPEN)),
        Bucket::Late => open.add(Column::DueOn.lt(day)),
        Bucket::Soon => open.add(Column::DueOn.gte(day)).add(Column::DueOn.lte(soon)),
        Bucket::Year => {
            open.add(Column::DueOn.gt(soon)).add(Column::DueOn.lte(year_end)).add(Column::Rhythm.ne(RECURRING))
        }
        Bucket::Later => {
            open.add(Column::DueOn.gt(soon)).add(Column::DueOn.gt(year_end)).add(Column::Rhythm.ne(RECURRING))
        }
        Bucket::Standing => open.add(
            Condition::any()
                .add(Column::DueOn.is_null())
                .add(Condition::all().add(Column::DueOn.gt(soon)).add(Column::Rhythm.eq(RECURRING))),
        ),
    }
}

/// A page of assignments within reach, nearest last day first, and how many there are.
pub async fn list(
    db: &Db,
    reach: &Reach,
    filter: &Filter,
    day: NaiveDate,
    paging: Paging,
) -> Result<(Vec<Model>, u64)> {
    let query = Entity::find().filter(filter.condition(reach, day));
    let query = query
        .order_by_with_nulls(Column::DueOn, Order::Asc, NullOrdering::Last)
        .order_by_asc(Column::Plan)
        .order_by_asc(Column::Task)
        .order_by_asc(Column::Unit)
        .order_by_asc(Column::Period);
    page(db, query, paging.offset(), paging.size).await
}

/// How many assignments are alike in what says where they stand.
#[derive(Debug, Clone, PartialEq, Eq, sea_orm::FromQueryResult)]
pub struct Alike {
    /// Who owes them.
    pub unit: Id,
    /// State.
    pub state: String,
    /// Rhythm.
    pub rhythm: String,
    /// Last day.
    pub due_on: Option<NaiveDate>,
    /// When done.
    pub done_on: Option<NaiveDate>,
    /// How many.
    pub n: i64,
}

/// Counts of assignments within reach, by unit and by what says where they stand: rules make columns of them.
pub async fn alike(db: &Db, reach: &Reach, filter: &Filter, day: NaiveDate) -> Result<Vec<Alike>> {
    Entity::find()
        .select_only()
        .columns([Column::Unit, Column::State, Column::Rhythm, Column::DueOn, Column::DoneOn])
        .column_as(Column::Id.count(), "n")
        .filter(filter.condition(reach, day))
        .group_by(Column::Unit)
        .group_by(Column::State)
        .group_by(Column::Rhythm)
        .group_by(Column::DueOn)
        .group_by(Column::DoneOn)
        .into_model()
        .all(db.read())
        .await
        .map_err(fault)
}

/// Of the tasks that lead units owed by yesterday: how many were done in time, and how many there are.
pub async fn in_time(db: &Db, reach: &Reach, day: NaiveDate) -> Result<(u64, u64)> {
    let filter = Filter { role: Some(LEAD), passed: true, ..Filter::default() };
    let query = Entity::find().filter(filter.condition(reach, day));
    let all = query.clone().count(db.read()).await.map_err(fault)?;
    let timely = query
        .filter(Column::State.ne(OPEN))
        .filter(Expr::col(Column::DoneOn).lte(Expr::col(Column::DueOn)))
        .count(db.read())
        .await
        .map_err(fault)?;
    Ok((timely, all))
}

/// How many tasks of lead units are late on a day.
pub async fn late(db: &Db, reach: &Reach, day: NaiveDate) -> Result<u64> {
    let filter = Filter { role: Some(LEAD), bucket: Some(Bucket::Late), ..Filter::default() };
    Entity::find().filter(filter.condition(reach, day)).count(db.read()).await.map_err(fault)
}

/// All assignments of a task.
pub async fn of_task(db: &Db, task: Id) -> Result<Vec<Model>> {
    Entity::find()
        .filter(Column::Task.eq(task))
        .order_by_asc(Column::Period)
        .order_by_desc(Column::Role)
        .limit(5000)
        .all(db.read())
        .await
        .map_err(fault)
}

/// All assignments of a plan.
pub async fn of_plan<C: ConnectionTrait>(conn: &C, plan: Id) -> Result<Vec<Model>> {
    Entity::find().filter(Column::Plan.eq(plan)).all(conn).await.map_err(fault)
}

/// One assignment.
pub async fn get<C: ConnectionTrait>(conn: &C, id: Id) -> Result<Model> {
    Entity::find_by_id(id).one(conn).await.map_err(fault)?.ok_or_else(|| Fault::not_found("plans.no-task"))
}

/// Puts a changed assignment in the place of the one with its version; `new` already counts one up.
pub async fn replace<C: ConnectionTrait>(conn: &C, new: Model) -> Result<()> {
    super::items::take(Entity::update_many().col_expr(Column::Version, Expr::value(new.version)), conn, |update| {
        update.filter(Column::Id.eq(new.id)).filter(Column::Version.eq(new.version - 1))
    })
    .await?;
    Entity::update(new.into_active_model().reset_all()).exec(conn).await.map_err(fault)?;
    Ok(())
}

/// Those who help are done when all who lead are, and open again when one of them is.
pub async fn follow<C: ConnectionTrait>(conn: &C, task: Id, period: &str, now: DateTime<Utc>) -> Result<()> {
    let of = |role: &str| {
        Condition::all().add(Column::Task.eq(task)).add(Column::Period.eq(period)).add(Column::Role.eq(role))
    };
    let leads = Entity::find().filter(of(LEAD)).filter(Column::State.eq(OPEN));
    let open = leads.count(conn).await.map_err(fault)?;
    let (state, done_on) = if open == 0 { (DONE, Some(day_in_vietnam(now))) } else { (OPEN, None) };
    Entity::update_many()
        .col_expr(Column::State, Expr::value(state))
        .col_expr(Column::DoneOn, Expr::value(done_on))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(of(COORDINATE))
        .filter(Column::State.ne(state))
        .exec(conn)
        .await
        .map_err(fault)?;
    Ok(())
}

/// Keeps a report of progress.
pub async fn report<C: ConnectionTrait>(conn: &C, row: progress::Model) -> Result<()> {
    progress::Entity::insert(row.into_active_model()).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// Reports on these assignments, newest first.
pub async fn reports(db: &Db, assignments: Vec<Id>) -> Result<Vec<progress::Model>> {
    progress::Entity::find()
        .filter(progress::Column::Assignment.is_in(assignments))
        .order_by_desc(progress::Column::At)
        .order_by_desc(progress::Column::Id)
        .limit(500)
        .all(db.read())
        .await
        .map_err(fault)
}
