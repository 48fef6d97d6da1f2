//! Files of events, as they are known.

use sea_orm::entity::prelude::*;

/// One file.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_file")]
pub struct Model {
    /// Identity, which is also its name on the shelf.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who asked.
    pub by: Uuid,
    /// The name of who, as it was then.
    pub by_name: String,
    /// What the bar said.
    pub q: String,
    /// From this moment.
    pub from_at: DateTimeUtc,
    /// To this moment.
    pub to_at: DateTimeUtc,
    /// Only events of this log source.
    pub source: Option<Uuid>,
    /// Only events of this information system.
    pub system: Option<Uuid>,
    /// [`super::shelf::Format::name`]
    pub format: String,
    /// Whether personal data are plain.
    pub personal: bool,
    /// One of [`RUNNING`], [`DONE`], [`FAILED`], [`STOPPED`], [`GONE`].
    pub state: String,
    /// Code of what went wrong.
    pub fault: Option<String>,
    /// Events that are to be written.
    pub total: i64,
    /// Events that are written.
    pub rows: i64,
    /// Bytes that are written.
    pub bytes: i64,
    /// When it was asked for.
    pub at: DateTimeUtc,
    /// The last sign of life.
    pub seen_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// Being written.
pub const RUNNING: &str = "running";
/// To be fetched.
pub const DONE: &str = "done";
/// Given up.
pub const FAILED: &str = "failed";
/// Stopped by who asked.
pub const STOPPED: &str = "stopped";
/// Taken off the shelf.
pub const GONE: &str = "gone";
