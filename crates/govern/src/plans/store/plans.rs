//! Plans and their files.

use chrono::{DateTime, Utc};
use khien_base::key::key;
use khien_base::{Fault, Id, Reach, Result};
use khien_db::{Db, fault, within};
use khien_web::Paging;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use crate::plans::model::State;
use crate::plans::model::plan::{ActiveModel, Column, Entity, Model, file};
use crate::plans::model::work as owed;

/// How far somebody's look at plans reaches.
#[derive(Debug, Clone)]
pub struct Sight {
    /// With `plans:read`.
    pub read: Reach,
    /// With `plans:write`: drafts too.
    pub write: Reach,
}

impl Sight {
    /// The plans that are seen: those in force of the own line and those in which an own unit has work; plans for
    /// reading; drafts of the units that one writes plans for.
    fn condition(&self) -> Condition {
        let mine = owed::Entity::find()
            .select_only()
            .column(owed::Column::Plan)
            .filter(within(owed::Column::Unit, &self.read))
            .into_query();
        let in_force = Condition::all()
            .add(Column::State.is_in([State::Live.name(), State::Archived.name()]))
            .add(Condition::any().add(within(Column::Unit, &self.read)).add(Column::Id.in_subquery(mine)));
        Condition::any()
            .add(in_force)
            .add(Column::State.eq(State::Reference.name()))
            .add(within(Column::Unit, &self.write))
    }
}

/// What a list of plans is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// A part of title or number.
    pub text: String,
    /// Only in this state.
    pub state: Option<State>,
}

/// A page of the plans that are seen, changed last first, and how many there are. Their texts are left out.
pub async fn list(db: &Db, sight: &Sight, filter: &Filter, paging: Paging) -> Result<(Vec<Line>, u64)> {
    let mut wanted = Condition::all().add(sight.condition());
    if !filter.text.is_empty() {
        wanted = wanted.add(Column::SearchKey.contains(key(&filter.text)));
    }
    if let Some(state) = filter.state {
        wanted = wanted.add(Column::State.eq(state.name()));
    }
    let query = Entity::find().filter(wanted);
    let total = query.clone().count(db.read()).await.map_err(fault)?;
    let rows = lines(query)
        .order_by_desc(Column::UpdatedAt)
        .offset(paging.offset())
        .limit(paging.size)
        .into_model()
        .all(db.read())
        .await
        .map_err(fault)?;
    Ok((rows, total))
}

/// A plan without its text.
#[derive(Debug, Clone, PartialEq, Eq, sea_orm::FromQueryResult)]
pub struct Line {
    /// Identity.
    pub id: Id,
    /// Whose.
    pub unit: Id,
    /// Which plan it carries out.
    pub parent: Option<Id>,
    /// Where it stands.
    pub state: String,
    /// Title.
    pub title: String,
    /// Number.
    pub number: String,
    /// Its day.
    pub issued: Option<chrono::NaiveDate>,
    /// First day in force.
    pub live_from: Option<chrono::NaiveDate>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

fn lines(query: sea_orm::Select<Entity>) -> sea_orm::Select<Entity> {
    query.select_only().columns([
        Column::Id,
        Column::Unit,
        Column::Parent,
        Column::State,
        Column::Title,
        Column::Number,
        Column::Issued,
        Column::LiveFrom,
        Column::UpdatedAt,
    ])
}

/// Plans of these identities, without their texts.
pub async fn some(db: &Db, ids: impl IntoIterator<Item = Id>) -> Result<Vec<Line>> {
    lines(Entity::find().filter(Column::Id.is_in(ids))).into_model().all(db.read()).await.map_err(fault)
}

/// Live plans of units within reach, without their texts, by title.
pub async fn live(db: &Db, reach: &Reach) -> Result<Vec<Line>> {
    lines(Entity::find().filter(Column::State.eq(State::Live.name())).filter(within(Column::Unit, reach)))
        .order_by_asc(Column::SearchKey)
        .limit(1000)
        .into_model()
        .all(db.read())
        .await
        .map_err(fault)
}

/// Live plans in which somebody sees work or which are of the own line, for the choice in filters.
pub async fn choice(db: &Db, sight: &Sight) -> Result<Vec<Line>> {
    lines(Entity::find().filter(Column::State.eq(State::Live.name())).filter(sight.condition()))
        .order_by_asc(Column::SearchKey)
        .limit(200)
        .into_model()
        .all(db.read())
        .await
        .map_err(fault)
}

/// Plans that another one may carry out: live or for reading, of the units from `lines` up.
pub async fn parents(db: &Db, upper: Vec<Id>) -> Result<Vec<Line>> {
    let states = [State::Live.name(), State::Reference.name()];
    lines(Entity::find().filter(Column::State.is_in(states)).filter(Column::Unit.is_in(upper)))
        .order_by_asc(Column::SearchKey)
        .limit(200)
        .into_model()
        .all(db.read())
        .await
        .map_err(fault)
}

/// A plan that is seen; anything else is not there.
pub async fn seen(db: &Db, sight: &Sight, id: Id) -> Result<Model> {
    Entity::find_by_id(id)
        .filter(sight.condition())
        .one(db.read())
        .await
        .map_err(fault)?
        .ok_or_else(|| Fault::not_found("plans.not-found"))
}

/// A plan, whoever looks.
pub async fn get<C: ConnectionTrait>(conn: &C, id: Id) -> Result<Model> {
    Entity::find_by_id(id).one(conn).await.map_err(fault)?.ok_or_else(|| Fault::not_found("plans.not-found"))
}

/// Keeps a file; the same bytes are kept once.
pub async fn keep_file<C: ConnectionTrait>(conn: &C, sha256: &str, bytes: Vec<u8>) -> Result<()> {
    let row = file::ActiveModel {
        sha256: ActiveValue::Set(sha256.to_owned()),
        size: ActiveValue::Set(i64::try_from(bytes.len()).unwrap_or(i64::MAX)),
        bytes: ActiveValue::Set(bytes),
    };
    file::Entity::insert(row)
        .on_conflict_do_nothing_on([file::Column::Sha256])
        .exec_without_returning(conn)
        .await
        .map_err(fault)?;
    Ok(())
}

/// The bytes of a file.
pub async fn bytes(db: &Db, sha256: &str) -> Result<Vec<u8>> {
    let row = file::Entity::find_by_id(sha256).one(db.read()).await.map_err(fault)?;
    row.map(|row| row.bytes).ok_or_else(|| Fault::not_found("plans.not-found"))
}

/// Makes a plan.
pub async fn insert<C: ConnectionTrait>(conn: &C, plan: Model) -> Result<()> {
    Entity::insert(plan.into_active_model()).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// Changes a plan, if it is still as it was read.
pub async fn update<C: ConnectionTrait>(
    conn: &C,
    plan: Model,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut ActiveModel) + Send,
) -> Result<Model> {
    let (id, before) = (plan.id, plan.updated_at);
    let taken = Entity::update_many()
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::UpdatedAt.eq(before))
        .exec(conn)
        .await
        .map_err(fault)?;
    if taken.rows_affected == 0 {
        return Err(Fault::conflict("plans.changed-meanwhile"));
    }
    let mut row = plan.into_active_model();
    change(&mut row);
    row.updated_at = ActiveValue::Set(now);
    row.update(conn).await.map_err(fault)
}

/// Notes that something of a plan changed.
pub async fn touch<C: ConnectionTrait>(conn: &C, id: Id, now: DateTime<Utc>) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .exec(conn)
        .await
        .map_err(fault)?;
    Ok(())
}

/// The condition that a plan column names a live plan.
pub fn of_live(column: impl ColumnTrait) -> sea_orm::sea_query::SimpleExpr {
    let live =
        Entity::find().select_only().column(Column::Id).filter(Column::State.eq(State::Live.name())).into_query();
    column.in_subquery(live)
}

/// Removes a draft with everything that was read in it; the file stays while another plan has it.
pub async fn remove<C: ConnectionTrait>(conn: &C, id: Id) -> Result<()> {
    use crate::plans::model::{agency, duty, target, task};
    target::Entity::delete_many().filter(target::Column::Plan.eq(id)).exec(conn).await.map_err(fault)?;
    task::Entity::delete_many().filter(task::Column::Plan.eq(id)).exec(conn).await.map_err(fault)?;
    duty::Entity::delete_many().filter(duty::Column::Plan.eq(id)).exec(conn).await.map_err(fault)?;
    agency::party::Entity::delete_many().filter(agency::party::Column::Plan.eq(id)).exec(conn).await.map_err(fault)?;
    agency::Entity::delete_many().filter(agency::Column::Plan.eq(id)).exec(conn).await.map_err(fault)?;
    let gone = get(conn, id).await?;
    Entity::delete_by_id(id).exec(conn).await.map_err(fault)?;
    let still =
        Entity::find().filter(Column::FileSha256.eq(gone.file_sha256.as_str())).count(conn).await.map_err(fault)?;
    if still == 0 {
        file::Entity::delete_by_id(gone.file_sha256).exec(conn).await.map_err(fault)?;
    }
    Ok(())
}

/// Plans that carry out another one and are seen.
pub async fn children(db: &Db, sight: &Sight, parent: Id) -> Result<Vec<Line>> {
    lines(Entity::find().filter(Column::Parent.eq(parent)).filter(sight.condition()))
        .order_by_asc(Column::SearchKey)
        .limit(500)
        .into_model()
        .all(db.read())
        .await
        .map_err(fault)
}
