//! Every query of units.

use chrono::NaiveDate;
use khien_base::key::key;
use khien_base::{Fault, Id, Result};
use khien_db::{Db, fault};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder,
};

use super::model::{ActiveModel, Column, Entity, Model, NewUnit, link};

/// One unit, whatever its dates.
pub async fn get(db: &Db, id: Id) -> Result<Model> {
    Entity::find_by_id(id).one(db.read()).await.map_err(fault)?.ok_or_else(|| Fault::not_found("units.not-found"))
}

/// The unit of an official code or template key, as it is on a day.
pub async fn by_code<C: ConnectionTrait>(conn: &C, code: &str, day: NaiveDate) -> Result<Option<Model>> {
    Entity::find()
        .filter(Column::Code.eq(code))
        .filter(Column::ValidFrom.lte(day))
        .filter(Column::ValidTo.is_null().or(Column::ValidTo.gte(day)))
        .one(conn)
        .await
        .map_err(fault)
}

/// Units of these identities.
pub async fn some(db: &Db, ids: impl IntoIterator<Item = Id>) -> Result<Vec<Model>> {
    Entity::find().filter(Column::Id.is_in(ids)).all(db.read()).await.map_err(fault)
}

/// Makes a unit and, where it has one, its place under another.
pub async fn insert<C: ConnectionTrait>(conn: &C, id: Id, unit: NewUnit, under: Option<(Id, Id)>) -> Result<()> {
    let from = unit.valid_from;
    let aliases: Vec<String> = unit.aliases.iter().map(|alias| key(alias)).collect();
    let row = ActiveModel {
        id: ActiveValue::Set(id),
        code: ActiveValue::Set(unit.code),
        kind: ActiveValue::Set(unit.kind),
        search_key: ActiveValue::Set(key(&unit.name)),
        name: ActiveValue::Set(unit.name),
        name_en: ActiveValue::Set(unit.name_en),
        short: ActiveValue::Set(unit.short),
        aliases: ActiveValue::Set(serde_json::json!(aliases)),
        lat: ActiveValue::Set(unit.place.map(|at| at.0)),
        lon: ActiveValue::Set(unit.place.map(|at| at.1)),
        valid_from: ActiveValue::Set(from),
        valid_to: ActiveValue::Set(None),
    };
    Entity::insert(row).exec_without_returning(conn).await.map_err(fault)?;
    if let Some((link_id, parent)) = under {
        put_under(conn, link_id, id, parent, from).await?;
    }
    Ok(())
}

/// Sets the names of a unit.
pub async fn rename<C: ConnectionTrait>(conn: &C, unit: Model, new: &NewUnit) -> Result<()> {
    let mut row = unit.into_active_model();
    row.kind = ActiveValue::Set(new.kind.clone());
    row.name = ActiveValue::Set(new.name.clone());
    row.search_key = ActiveValue::Set(key(&new.name));
    row.name_en = ActiveValue::Set(new.name_en.clone());
    row.short = ActiveValue::Set(new.short.clone());
    row.aliases = ActiveValue::Set(serde_json::json!(new.aliases.iter().map(|alias| key(alias)).collect::<Vec<_>>()));
    row.update(conn).await.map_err(fault)?;
    Ok(())
}

/// Places a unit under another from a day on; an earlier place ends the day before.
pub async fn put_under<C: ConnectionTrait>(
    conn: &C,
    link_id: Id,
    child: Id,
    parent: Id,
    from: NaiveDate,
) -> Result<()> {
    let open = link::Entity::find()
        .filter(link::Column::Hierarchy.eq(link::ADMINISTRATION))
        .filter(link::Column::Child.eq(child))
        .filter(link::Column::ValidTo.is_null())
        .all(conn)
        .await
        .map_err(fault)?;
    for old in open {
        let mut row = old.into_active_model();
        row.valid_to = ActiveValue::Set(from.pred_opt());
        row.update(conn).await.map_err(fault)?;
    }
    let row = link::ActiveModel {
        id: ActiveValue::Set(link_id),
        hierarchy: ActiveValue::Set(link::ADMINISTRATION.to_owned()),
        parent: ActiveValue::Set(parent),
        child: ActiveValue::Set(child),
        valid_from: ActiveValue::Set(from),
        valid_to: ActiveValue::Set(None),
    };
    link::Entity::insert(row).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// Ends a unit on a day; its records stay.
pub async fn close<C: ConnectionTrait>(conn: &C, unit: Model, last: NaiveDate) -> Result<()> {
    let mut row = unit.into_active_model();
    row.valid_to = ActiveValue::Set(Some(last));
    row.update(conn).await.map_err(fault)?;
    Ok(())
}

/// The communes of a day, with where they are.
pub async fn communes(db: &Db, day: NaiveDate) -> Result<Vec<Model>> {
    Entity::find()
        .filter(Column::Kind.is_in(super::model::COMMUNES))
        .filter(Column::ValidFrom.lte(day))
        .filter(Column::ValidTo.is_null().or(Column::ValidTo.gte(day)))
        .all(db.read())
        .await
        .map_err(fault)
}

/// One unit, whatever its dates, as a change sees it.
pub async fn find<C: ConnectionTrait>(conn: &C, id: Id) -> Result<Model> {
    Entity::find_by_id(id).one(conn).await.map_err(fault)?.ok_or_else(|| Fault::not_found("units.not-found"))
}

/// Units of a day, by name.
pub async fn of_day(db: &Db, day: NaiveDate) -> Result<Vec<Model>> {
    Entity::find()
        .filter(Column::ValidFrom.lte(day))
        .filter(Column::ValidTo.is_null().or(Column::ValidTo.gte(day)))
        .order_by_asc(Column::SearchKey)
        .all(db.read())
        .await
        .map_err(fault)
}

/// Places that hold on a day or later.
pub async fn places_from<C: ConnectionTrait>(conn: &C, day: NaiveDate) -> Result<Vec<link::Model>> {
    link::Entity::find()
        .filter(link::Column::Hierarchy.eq(link::ADMINISTRATION))
        .filter(link::Column::ValidTo.is_null().or(link::Column::ValidTo.gte(day)))
        .all(conn)
        .await
        .map_err(fault)
}

/// All places that a unit had, has and will have, oldest first.
pub async fn places<C: ConnectionTrait>(conn: &C, child: Id) -> Result<Vec<link::Model>> {
    link::Entity::find()
        .filter(link::Column::Hierarchy.eq(link::ADMINISTRATION))
        .filter(link::Column::Child.eq(child))
        .order_by_asc(link::Column::ValidFrom)
        .all(conn)
        .await
        .map_err(fault)
}

/// How many units stand under a unit after a day and are open then.
pub async fn open_children<C: ConnectionTrait>(conn: &C, parent: Id, last: NaiveDate) -> Result<u64> {
    let links = link::Entity::find()
        .filter(link::Column::Hierarchy.eq(link::ADMINISTRATION))
        .filter(link::Column::Parent.eq(parent))
        .filter(link::Column::ValidTo.is_null().or(link::Column::ValidTo.gt(last)))
        .all(conn)
        .await
        .map_err(fault)?;
    Entity::find()
        .filter(Column::Id.is_in(links.into_iter().map(|link| link.child)))
        .filter(Column::ValidTo.is_null().or(Column::ValidTo.gt(last)))
        .count(conn)
        .await
        .map_err(fault)
}

/// Ends the place of a unit that ends.
pub async fn end_place<C: ConnectionTrait>(conn: &C, child: Id, last: NaiveDate) -> Result<()> {
    link::Entity::update_many()
        .col_expr(link::Column::ValidTo, Expr::value(last))
        .filter(link::Column::Hierarchy.eq(link::ADMINISTRATION))
        .filter(link::Column::Child.eq(child))
        .filter(link::Column::ValidTo.is_null())
        .exec(conn)
        .await
        .map_err(fault)?;
    Ok(())
}
