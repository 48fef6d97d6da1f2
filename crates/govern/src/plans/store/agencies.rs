//! Names of agencies, and the units of the day that they may mean.

use std::collections::HashMap;

use chrono::NaiveDate;
use khien_base::key::key;
use khien_base::{Fault, Id, Result};
use khien_db::{Db, fault};
use khien_directory::Tree;
use khien_directory::units::model as unit;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use crate::plans::mapping::{Bodies, Body};
use crate::plans::model::agency::{Column, Entity, Model, party};

/// The units of a day with all their names, and who stands under whom.
pub async fn bodies(db: &Db, tree: &Tree, day: NaiveDate) -> Result<Bodies> {
    let rows = unit::Entity::find()
        .filter(unit::Column::ValidFrom.lte(day))
        .filter(unit::Column::ValidTo.is_null().or(unit::Column::ValidTo.gte(day)))
        .order_by_asc(unit::Column::SearchKey)
        .all(db.read())
        .await
        .map_err(fault)?;
    let body = |row: unit::Model| {
        let mut keys = vec![row.search_key, key(&row.short)];
        keys.extend(serde_json::from_value::<Vec<String>>(row.aliases).unwrap_or_default());
        keys.retain(|key| !key.is_empty());
        let parent = tree.get(row.id).and_then(|node| node.parent);
        Body { id: row.id, parent, kind: row.kind, code: row.code.unwrap_or_default(), name: row.name, keys }
    };
    Ok(Bodies::of(rows.into_iter().map(body).collect()))
}

/// Agencies that a plan names, by name.
pub async fn list<C: ConnectionTrait>(conn: &C, plan: Id) -> Result<Vec<Model>> {
    Entity::find().filter(Column::Plan.eq(plan)).order_by_asc(Column::SearchKey).all(conn).await.map_err(fault)
}

/// How many names that still stand somewhere in a plan mean nobody known.
pub async fn unmapped<C: ConnectionTrait>(conn: &C, plan: Id) -> Result<u64> {
    let standing = party::Entity::find().select_only().column(party::Column::Agency);
    let standing = standing.filter(party::Column::Plan.eq(plan)).into_query();
    Entity::find()
        .filter(Column::Plan.eq(plan))
        .filter(Column::Means.eq("unknown"))
        .filter(Column::Id.in_subquery(standing))
        .count(conn)
        .await
        .map_err(fault)
}

/// Names that stand in one role of these targets, tasks or duties, joined.
pub async fn named_in(db: &Db, subjects: Vec<Id>, role: &str) -> Result<HashMap<Id, String>> {
    let parties = party::Entity::find()
        .filter(party::Column::Subject.is_in(subjects))
        .filter(party::Column::Role.eq(role))
        .order_by_asc(party::Column::Position)
        .all(db.read())
        .await
        .map_err(fault)?;
    let wanted = parties.iter().map(|party| party.agency);
    let rows = Entity::find().filter(Column::Id.is_in(wanted)).all(db.read()).await.map_err(fault)?;
    let names: HashMap<Id, String> = rows.into_iter().map(|row| (row.id, row.name)).collect();
    let mut out: HashMap<Id, String> = HashMap::new();
    for party in parties {
        let Some(name) = names.get(&party.agency) else { continue };
        let joined = out.entry(party.subject).or_default();
        if !joined.is_empty() {
            joined.push_str("; ");
        }
        joined.push_str(name);
    }
    Ok(out)
}

/// One agency of a plan.
pub async fn get<C: ConnectionTrait>(conn: &C, plan: Id, id: Id) -> Result<Model> {
    Entity::find_by_id(id)
        .filter(Column::Plan.eq(plan))
        .one(conn)
        .await
        .map_err(fault)?
        .ok_or_else(|| Fault::not_found("plans.no-agency"))
}

/// Says what an agency means; `new` already counts one version up.
pub async fn confirm<C: ConnectionTrait>(conn: &C, new: &Model) -> Result<()> {
    let update = Entity::update_many()
        .col_expr(Column::Means, Expr::value(new.means.clone()))
        .col_expr(Column::GroupKey, Expr::value(new.group_key.clone()))
        .col_expr(Column::Units, Expr::value(new.units.clone()))
        .col_expr(Column::Confirmed, Expr::value(new.confirmed))
        .col_expr(Column::Version, Expr::value(new.version));
    super::items::take(update, conn, |update| {
        update.filter(Column::Id.eq(new.id)).filter(Column::Version.eq(new.version - 1))
    })
    .await
}
