//! Figures of targets, day by day.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::measure::Figure;
use khien_base::{Id, Result};
use khien_db::{Db, fault};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::plans::model::target::figure::{ActiveModel, Column, Entity};
use crate::plans::rules::goal::Point;

/// Keeps the figure of a target for a day; a later one of the same day takes its place.
pub async fn keep<C: ConnectionTrait>(
    conn: &C,
    id: Id,
    target: Id,
    day: NaiveDate,
    at: DateTime<Utc>,
    figure: Figure,
) -> Result<()> {
    let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let row = ActiveModel {
        id: ActiveValue::Set(id),
        target: ActiveValue::Set(target),
        day: ActiveValue::Set(day),
        at: ActiveValue::Set(at),
        numerator: ActiveValue::Set(whole(figure.numerator)),
        denominator: ActiveValue::Set(figure.denominator.map(whole)),
    };
    let newer = OnConflict::columns([Column::Target, Column::Day])
        .update_columns([Column::At, Column::Numerator, Column::Denominator])
        .to_owned();
    Entity::insert(row).on_conflict(newer).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// Only rows with a value: a share of nothing has none.
fn counted() -> Condition {
    Condition::any().add(Column::Denominator.is_null()).add(Column::Denominator.gt(0))
}

fn point((target, day, numerator, denominator): (Id, NaiveDate, i64, Option<i64>)) -> Option<(Id, Point)> {
    let whole = |n: i64| u64::try_from(n).unwrap_or(0);
    let figure = Figure { numerator: whole(numerator), denominator: denominator.map(whole) };
    Some((target, Point { day, value: figure.value()? }))
}

/// Figures of these targets that have a value, oldest first. Four years of days of sixty targets.
pub async fn points(db: &Db, targets: impl IntoIterator<Item = Id>) -> Result<HashMap<Id, Vec<Point>>> {
    let rows: Vec<(Id, NaiveDate, i64, Option<i64>)> = Entity::find()
        .select_only()
        .columns([Column::Target, Column::Day, Column::Numerator, Column::Denominator])
        .filter(Column::Target.is_in(targets))
        .filter(counted())
        .order_by_asc(Column::Day)
        .limit(100_000)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    let mut out: HashMap<Id, Vec<Point>> = HashMap::new();
    for (target, point) in rows.into_iter().filter_map(point) {
        out.entry(target).or_default().push(point);
    }
    Ok(out)
}

/// Where each of these targets began: its first figure that has a value.
pub async fn first(db: &Db, targets: Vec<Id>) -> Result<HashMap<Id, Point>> {
    let earliest: Vec<(Id, NaiveDate)> = Entity::find()
        .select_only()
        .column(Column::Target)
        .column_as(Column::Day.min(), "day")
        .filter(Column::Target.is_in(targets.iter().copied()))
        .filter(counted())
        .group_by(Column::Target)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    let mut days: Vec<NaiveDate> = earliest.iter().map(|(_, day)| *day).collect();
    days.sort_unstable();
    days.dedup();
    let wanted: HashMap<Id, NaiveDate> = earliest.into_iter().collect();
    let rows: Vec<(Id, NaiveDate, i64, Option<i64>)> = Entity::find()
        .select_only()
        .columns([Column::Target, Column::Day, Column::Numerator, Column::Denominator])
        .filter(Column::Target.is_in(targets))
        .filter(Column::Day.is_in(days))
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    let found = rows.into_iter().filter(|(target, day, ..)| wanted.get(target) == Some(day));
    Ok(found.filter_map(point).collect())
}
