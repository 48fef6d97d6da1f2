//! Every query of the health of sources.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::{Id, Reach, Result};
use khien_db::{Db, fault, within};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::rules::{DAYS_BACK, Signs};
use crate::sources::model::{self, CLOSED, slice};
use crate::sources::rules::{SLICE, slice as slice_of};

/// How late the last batch of a source was.
pub mod lag {
    use sea_orm::entity::prelude::*;

    /// The lag of a source's last batch.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "log_source_lag")]
    pub struct Model {
        /// The source.
        #[sea_orm(primary_key, auto_increment = false)]
        pub source: Uuid,
        /// When the batch came.
        pub at: DateTimeUtc,
        /// Seconds from the newest record's time to its receipt.
        pub seconds: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Sources within reach that are not closed, at most so many, by name.
pub async fn sources(db: &Db, reach: &Reach, most: u64) -> Result<Vec<model::Model>> {
    model::Entity::find()
        .filter(within(model::Column::Unit, reach))
        .filter(model::Column::Status.ne(CLOSED))
        .order_by_asc(model::Column::SearchKey)
        .order_by_asc(model::Column::Id)
        .limit(most)
        .all(db.read())
        .await
        .map_err(fault)
}

/// Notes how late a source's last batch was.
pub async fn note_lag<C: ConnectionTrait>(conn: &C, source: Id, at: DateTime<Utc>, seconds: i64) -> Result<()> {
    let row = lag::ActiveModel {
        source: ActiveValue::Set(source),
        at: ActiveValue::Set(at),
        seconds: ActiveValue::Set(seconds),
    };
    let mut again = OnConflict::column(lag::Column::Source);
    again.update_columns([lag::Column::At, lag::Column::Seconds]);
    lag::Entity::insert(row).on_conflict(again).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// Events and unreadable records of each source in the hour before a moment.
async fn hour(db: &Db, before: DateTime<Utc>) -> Result<HashMap<Id, (i64, i64)>> {
    let rows: Vec<(Id, i64, i64)> = slice::Entity::find()
        .select_only()
        .column(slice::Column::Source)
        // A sum of big integers is a decimal in PostgreSQL.
        .column_as(slice::Column::Events.sum().cast_as("bigint"), "events")
        .column_as(slice::Column::Failures.sum().cast_as("bigint"), "failures")
        .filter(slice::Column::At.gte(before - TimeDelta::hours(1)))
        .filter(slice::Column::At.lt(before))
        .group_by(slice::Column::Source)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    Ok(rows.into_iter().map(|(source, events, failures)| (source, (events, failures))).collect())
}

/// What is known of these sources: a query for each day that the present hour is compared with.
pub async fn signs(db: &Db, sources: &[model::Model], now: DateTime<Utc>) -> Result<HashMap<Id, Signs>> {
    let end = slice_of(now);
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let mut signs: HashMap<Id, Signs> = sources.iter().map(|source| (source.id, Signs::default())).collect();
    // What could not be read in the slice that is under way counts too.
    for (source, (_, failures)) in hour(db, end + SLICE).await? {
        if let Some(signs) = signs.get_mut(&source) {
            signs.failures = count(failures);
        }
    }
    for (source, (events, _)) in hour(db, end).await? {
        if let Some(signs) = signs.get_mut(&source) {
            signs.hour = count(events);
        }
    }
    for days in DAYS_BACK {
        let then = end - TimeDelta::days(days);
        let came = hour(db, then).await?;
        for source in sources.iter().filter(|source| source.created_at <= then - TimeDelta::hours(1)) {
            if let Some(signs) = signs.get_mut(&source.id) {
                signs.before.push(came.get(&source.id).map_or(0, |(events, _)| count(*events)));
            }
        }
    }
    let ids = sources.iter().map(|source| source.id);
    let lags = lag::Entity::find().filter(lag::Column::Source.is_in(ids)).all(db.read()).await.map_err(fault)?;
    for row in lags {
        if let Some(signs) = signs.get_mut(&row.source) {
            signs.lag = Some(row.seconds);
        }
    }
    Ok(signs)
}
