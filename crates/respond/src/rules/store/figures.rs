//! How often rules fired, what became of their alerts, what they cost.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::{Reach, Result};
use khien_db::{Db, fault, within};
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QuerySelect,
};

use crate::alerts::model as alert;
use crate::rules::model::cost;

/// What one rule did within the reader's reach.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sea_orm::FromQueryResult)]
pub struct Figures {
    /// Events of the last 7 days.
    pub week: i64,
    /// Events of the last 30 days.
    pub month: i64,
    /// Alerts of the last 7 days.
    pub alerts: i64,
    /// Alerts of the last 30 days that were closed.
    pub closed: i64,
    /// Those of them that were false positives.
    pub wrong: i64,
}

/// Alerts a week from which on a rule may be noisy: five a day.
const NOISY_ALERTS: i64 = 35;
/// Closed alerts that a judgement needs.
const NOISY_CLOSED: i64 = 5;

impl Figures {
    /// Whether the rule costs more than it gives: five alerts a day and more, of which at least half of those that were
    /// looked at were false positives.
    pub fn is_noisy(&self) -> bool {
        self.alerts >= NOISY_ALERTS && self.closed >= NOISY_CLOSED && self.wrong * 2 >= self.closed
    }
}

/// What every rule did in the last 30 days, in one query.
pub async fn all(db: &Db, reach: &Reach, now: DateTime<Utc>) -> Result<HashMap<String, Figures>> {
    let (week, month) = (now - TimeDelta::days(7), now - TimeDelta::days(30));
    let sum = |condition: SimpleExpr, value: SimpleExpr| {
        let counted: SimpleExpr = Expr::case(condition, value).finally(Expr::val(0i64)).into();
        counted.sum().cast_as("bigint")
    };
    let hits = || Expr::col(alert::Column::Hits);
    let one = || Expr::val(1i64);
    let lately = || alert::Column::LastAt.gte(week);
    let closed = || alert::Column::State.eq(alert::CLOSED);
    let wrong = || closed().and(alert::Column::Reason.eq("false_positive"));
    let rows: Vec<(String, i64, i64, i64, i64, i64)> = alert::Entity::find()
        .select_only()
        .column(alert::Column::Rule)
        .column_as(sum(lately(), hits()), "week")
        .column_as(hits().sum().cast_as("bigint"), "month")
        .column_as(sum(lately(), one()), "alerts")
        .column_as(sum(closed(), one()), "closed")
        .column_as(sum(wrong(), one()), "wrong")
        .filter(within(alert::Column::Unit, reach))
        .filter(alert::Column::Kind.ne(alert::SILENT))
        .filter(alert::Column::LastAt.gte(month))
        .group_by(alert::Column::Rule)
        .into_tuple()
        .all(db.read())
        .await
        .map_err(fault)?;
    let named = |(rule, week, month, alerts, closed, wrong)| (rule, Figures { week, month, alerts, closed, wrong });
    Ok(rows.into_iter().map(named).collect())
}

/// What rules cost, as it was measured last.
pub async fn costs(db: &Db) -> Result<HashMap<String, cost::Model>> {
    let rows = cost::Entity::find().all(db.read()).await.map_err(fault)?;
    Ok(rows.into_iter().map(|row| (row.rule.clone(), row)).collect())
}

/// Replaces all measured costs.
pub async fn keep_costs<C: ConnectionTrait>(conn: &C, rows: Vec<cost::Model>) -> Result<()> {
    cost::Entity::delete_many().exec(conn).await.map_err(fault)?;
    for batch in rows.chunks(500) {
        let batch = batch.iter().map(|row| row.clone().into_active_model().reset_all());
        cost::Entity::insert_many(batch).exec_without_returning(conn).await.map_err(fault)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_noisy_when_most_of_its_many_alerts_were_wrong() {
        let noisy = Figures { week: 500, month: 900, alerts: 35, closed: 10, wrong: 5 };
        assert!(noisy.is_noisy());
        assert!(!Figures { alerts: 34, ..noisy }.is_noisy());
        assert!(!Figures { wrong: 4, ..noisy }.is_noisy());
        assert!(!Figures { closed: 4, wrong: 4, ..noisy }.is_noisy());
    }
}
