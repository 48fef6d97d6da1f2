//! Figures of targets, day by day.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::measure::Figure;
use khien_base::{Id, Result};
use khien_db::{Db, fault};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::plans::model::target::figure::{ActiveModel, Column, Entity, Model};

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

/// Figures of these targets, oldest first. Four years of days of one target, or the same number among several.
pub async fn of(db: &Db, targets: impl IntoIterator<Item = Id>) -> Result<HashMap<Id, Vec<Model>>> {
    let rows = Entity::find()
        .filter(Column::Target.is_in(targets))
        .order_by_asc(Column::Day)
        .limit(100_000)
        .all(db.read())
        .await
        .map_err(fault)?;
    let mut out: HashMap<Id, Vec<Model>> = HashMap::new();
    for row in rows {
        out.entry(row.target).or_default().push(row);
    }
    Ok(out)
}

/// The first figure of each of these targets.
pub async fn first(db: &Db, targets: Vec<Id>) -> Result<HashMap<Id, Model>> {
    let earliest: Vec<(Id, NaiveDate)> = Entity::find()
        .select_only()
        .column(Column::Target)
        .column_as(Column::Day.min(), "day")
        .filter(Column::Target.is_in(targets.iter().copied()))
        .group_by(Column::Target)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    let mut days: Vec<NaiveDate> = earliest.iter().map(|(_, day)| *day).collect();
    days.sort_unstable();
    days.dedup();
    let wanted: HashMap<Id, NaiveDate> = earliest.into_iter().collect();
    let rows = Entity::find()
        .filter(Column::Target.is_in(targets))
        .filter(Column::Day.is_in(days))
        .all(db.read())
        .await
        .map_err(fault)?;
    Ok(rows.into_iter().filter(|row| wanted.get(&row.target) == Some(&row.day)).map(|row| (row.target, row)).collect())
}
