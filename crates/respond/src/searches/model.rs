//! Saved searches.

use sea_orm::entity::prelude::*;

/// One search.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "saved_search")]
pub struct Model {
    /// Identity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Its unit: who may see it when it is shared, whose events it finds when it runs by itself, whose alerts it raises.
    pub unit: Uuid,
    /// Who made it.
    pub by: Uuid,
    /// The name of who, as it was then.
    pub by_name: String,
    /// Its name.
    pub name: String,
    /// What the bar says.
    pub q: String,
    /// The span that it opens with: `15m`, `1h`, `24h`, `7d`, `30d`.
    pub range: String,
    /// Only events of this log source.
    pub source: Option<Uuid>,
    /// Only events of this information system.
    pub system: Option<Uuid>,
    /// Whether others of the unit see it.
    pub shared: bool,
    /// Minutes between two runs; `None`: it never runs by itself.
    pub every_minutes: Option<i32>,
    /// Events in one span at which it raises an alert.
    pub threshold: i64,
    /// Weight of the alert, see [`crate::alerts::rules::weight`].
    pub level: i32,
    /// Up to when its runs have looked; `None` before the first.
    pub covered_at: Option<DateTimeUtc>,
    /// What the last run found.
    pub last_count: Option<i64>,
    /// Code of what went wrong in the last run.
    pub last_fault: Option<String>,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When a person last changed it.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
